"""How far a sync is: each stream under way and what limits its pace, and all streams together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from source_opsgenie.api.connection import Connection
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import COMMON_LIMITS, Estimate, busiest_lane, seconds_at_common_limits
from source_opsgenie.archive.writing import Written
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.events import Expected, Proof
from source_opsgenie.streams import Stream, request_domains

# A read at this share of the known rate limit counts as limited by it.
NEARLY = 0.9
# A read that spends this share of its time on storing rows is limited by the file.
MOSTLY = 0.5
READ_AGAIN = "To search for them again, sync the stream into a new file."
# Each unit of a duration with the next smaller one, in seconds.
UNITS = ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


@dataclass(slots=True)
class Progress:
    """One stream under way: what was read and written so far, compared with its estimate.

    *rows_before* were read by the interrupted sync that this one resumes.
    """

    estimate: Estimate
    connection: Connection
    rows_before: int = 0
    rows: int = 0
    expected_rows: int | None = None
    written: Written = field(default_factory=Written)
    not_held: str = ""
    proof: Proof = field(default_factory=partial(Proof, ""))
    _seconds_storing: float = 0.0
    _started: float = field(init=False)
    _requests_before: int = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.connection.clock.monotonic()
        self._requests_before = self.connection.client.requests

    @property
    def stream(self) -> Stream:
        """The stream that is read."""
        return self.estimate.stream

    @property
    def seconds(self) -> float:
        """How long the read has taken."""
        return self.connection.clock.monotonic() - self._started

    @property
    def requests(self) -> int:
        """How many requests the read has sent."""
        return self.connection.client.requests - self._requests_before

    @property
    def lack(self) -> str:
        """What is missing although the read reached its end; empty if nothing is."""
        unlisted, uncounted = self.proof.unlisted, self.proof.uncounted
        sentences = [
            f"Opsgenie counts {unlisted:,} rows that it never lists." if unlisted else "",
            f"{uncounted:,} rows were not compared with a count." if uncounted else "",
            f"{self.proof.text}. {READ_AGAIN}" if unlisted or uncounted else "",
            self.proof.lack,
            self.not_held,
        ]
        return " ".join(filter(None, sentences))

    def expect(self, expected: Expected) -> None:
        """Remember the expected number of rows; a number of parents is ignored."""
        if expected.of == self.stream.name:
            self.expected_rows = expected.total

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Count the time of the block as time spent on the file, not on waiting for the API."""
        started = self.seconds
        try:
            yield
        finally:
            self._seconds_storing += self.seconds - started

    def lines(self) -> tuple[str, ...]:
        """How far the read is and what limits its pace, the most important first, in one line.

        If the rate limit is unknown, a second line has the time left at common limits.
        """
        rows = f"{self.rows_before + self.rows:,}"
        rows += f" of {self.expected_rows:,} rows" if self.expected_rows is not None else " rows"
        if self.expected_rows is None and self.estimate.requests:
            rows += f", {self.requests:,} of about {max(self.estimate.requests, self.requests):,} requests"
        seconds_left = self.seconds_left()
        unknown = self._at_common_limits()
        left = "" if seconds_left is None else format_time_left(seconds_left, is_bound=bool(unknown))
        pace = f"{self.requests / max(self.seconds, 1e-3):,.0f} requests/s"
        return f"{self.stream.name}: {rows}{left}, {self.bottleneck()}, {pace}", *unknown

    def bottleneck(self) -> str:
        """What limits the pace: the account's rate limit, the file, or the network."""
        client, domain = self.connection.client, self.stream.domain
        own = request_domains(self.stream)
        waits = {waiting: seconds for waiting, seconds in client.throttled_domains().items() if waiting in own}
        for waiting, seconds in waits.items():
            return f"waiting {seconds:.0f} s: {waiting.value} rate limit"
        if self._seconds_storing > MOSTLY * self.seconds:
            return "limited by the file"
        per_minute = client.per_minute(domain)
        is_at_limit = per_minute and self.requests * 60 >= NEARLY * per_minute * self.seconds
        return f"limited by the {domain.value} rate limit" if is_at_limit else "limited by the network"

    def outcome(
        self,
        *,
        error: str = "",
        failure: OpsgenieError | None = None,
        ends_sync: bool = False,
        is_interrupted: bool = False,
    ) -> Outcome:
        """How the read ended; *failure* is the exception that ended it, if any."""
        reason, as_of = error or str(failure or "") or self.lack, self.proof.as_of
        return Outcome(
            self.stream,
            self.written,
            self.requests,
            self.seconds,
            proof=self.proof.text,
            error=reason,
            failure=failure,
            owed=len(self.proof.owed),
            as_of=format_timestamp(as_of) if as_of and not reason else "",
            ends_sync=ends_sync,
            is_interrupted=is_interrupted,
        )

    def seconds_left(self) -> float | None:
        """The time left, by rows if their number is known, else by planned requests."""
        done, total = self.requests, self.estimate.requests
        if self.expected_rows is not None:
            done, total = self.rows, self.expected_rows - self.rows_before
        if not done or total is None:
            return None
        return max(0.0, self.seconds * (total - done) / done)

    def _at_common_limits(self) -> list[str]:
        """The time left at each common limit, in a line, if the rate limit is unknown."""
        if self.connection.client.is_known(self.stream.domain) or not self.estimate.requests:
            return []
        left = max(0, self.estimate.requests - self.requests)
        times = zip(COMMON_LIMITS, seconds_at_common_limits(left, self.connection.config), strict=True)
        return ["limit unknown: " + ", ".join(f"{limit:,}/min {format_duration(seconds)}" for limit, seconds in times)]


@dataclass(slots=True)
class Overview:
    """All streams of a sync: those under way, and how much of the plan is left."""

    estimates: Sequence[Estimate]
    connection: Connection
    under_way: dict[str, Progress] = field(default_factory=dict)
    _requests_before: int = field(init=False)
    # The requests that ended streams sent.
    _sent: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._requests_before = self.connection.client.requests

    def begin(self, progress: Progress) -> None:
        """Show *progress* from now on."""
        self.under_way[progress.stream.name] = progress

    def end(self, progress: Progress) -> None:
        """Show *progress* no more."""
        self._sent[progress.stream.name] = progress.requests
        del self.under_way[progress.stream.name]

    def lines(self) -> list[tuple[str, ...]]:
        """The lines of each stream under way, and if there are several streams, one about all of them."""
        lines = [progress.lines() for progress in list(self.under_way.values())]
        return [*lines, (self._total(),)] if len(self.estimates) > 1 else lines

    def _total(self) -> str:
        """How many requests were sent, of how many, and the time left: that of the busiest domain."""
        sent = self.connection.client.requests - self._requests_before
        planned = sum(map(self._requests, self.estimates))
        left = format_time_left(self._seconds_left(), is_bound=self._is_bound())
        return f"total: {sent:,} of about {max(sent, planned):,} requests{left}"

    def _requests(self, estimate: Estimate) -> int:
        """The requests that a stream sent if it has ended, else those planned, but not less than were sent."""
        name, planned = estimate.stream.name, estimate.requests or 0
        if name in self._sent:
            return self._sent[name]
        progress = self.under_way.get(name)
        return max(planned, progress.requests) if progress else planned

    def _seconds_left(self) -> float:
        return busiest_lane((estimate.stream, self._seconds_left_of(estimate)) for estimate in self.estimates)[1]

    def _seconds_left_of(self, estimate: Estimate) -> float:
        name = estimate.stream.name
        progress = self.under_way.get(name)
        left = progress.seconds_left() if progress else None
        return 0.0 if name in self._sent else (estimate.seconds or 0.0) if left is None else left

    def _is_bound(self) -> bool:
        """Whether a stream that has not ended may take longer, because its limit or its requests are unknown."""
        left = [estimate for estimate in self.estimates if estimate.stream.name not in self._sent]
        return any(estimate.seconds_at or estimate.requests is None for estimate in left)


def format_duration(seconds: float) -> str:
    """*seconds* in the two largest units, short enough for a column."""
    whole = round(seconds)
    for unit, name, part, part_name in UNITS:
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // part} {part_name}"
    return f"{whole} s"


def format_time_left(seconds: float, *, is_bound: bool) -> str:
    """The end of a line that says how much time is left, at least that if *is_bound*; that it is none says nothing."""
    at_least = "at least " if is_bound else ""
    return "" if is_bound and seconds < 1 else f", {at_least}{format_duration(seconds)} left"
