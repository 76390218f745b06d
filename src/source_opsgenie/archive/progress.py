"""How far the reading of one stream is, and what limits it just now."""

from dataclasses import dataclass, field
from functools import partial

from source_opsgenie.api.connection import Connection
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.store import Written
from source_opsgenie.reading.events import Expected, Proof
from source_opsgenie.streams import Stream

# Of the pace that is known, so much counts as having reached it.
NEARLY = 0.9
TRY_AGAIN = "To look for them once more, read the stream into a new file."
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(slots=True)
class Progress:
    """One stream under way: what was read and written so far, against what it will cost.

    *rows_before* were read of it by the sync that this one goes on with.
    """

    estimate: Estimate
    connection: Connection
    rows_before: int = 0
    rows: int = 0
    total: int | None = None
    written: Written = field(default_factory=Written)
    proof: Proof = field(default_factory=partial(Proof, ""))
    _began: float = field(init=False)
    _requests_before: int = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.connection.clock.monotonic()
        self._requests_before = self.connection.client.requests

    @property
    def stream(self) -> Stream:
        """The stream that is read."""
        return self.estimate.stream

    @property
    def seconds(self) -> float:
        """For how long it has been read."""
        return self.connection.clock.monotonic() - self._began

    @property
    def requests(self) -> int:
        """How many requests it has cost."""
        return self.connection.client.requests - self._requests_before

    def counted(self, counted: Expected) -> None:
        """Remember how many rows there will be, if it is the stream's own that were counted."""
        if counted.of == self.stream.name:
            self.total = counted.total

    def lines(self) -> tuple[str, str]:
        """How far it is, and what it waits for: two lines that fit 80 columns."""
        requests, planned = f"{self.requests:,}", self.estimate.requests
        if self.total is None and planned:
            requests += f" of about {max(planned, self.requests):,}"
        of = f" of {self.total:,}" if self.total is not None else ""
        left = self._left()
        return (
            f"{self.stream.name}: {self.rows_before + self.rows:,}{of} rows, {requests} requests",
            f"{self.requests / max(self.seconds, 1e-3):,.0f} requests/s, {self.limit()}"
            + (f", {duration(left)} left" if left is not None else ""),
        )

    def limit(self) -> str:
        """What limits the reading just now."""
        client, domain = self.connection.client, self.stream.domain
        for waiting, seconds in client.throttled_domains().items():
            return f"waiting {seconds:.0f} s: rate limit of {waiting.value}"
        per_minute = client.per_minute(domain)
        is_at_limit = per_minute and self.requests * 60 >= NEARLY * per_minute * self.seconds
        return f"limited by the rate of {domain.value}" if is_at_limit else "limited by latency"

    @property
    def lack(self) -> str:
        """What is missing although the read came to its end; empty if nothing is."""
        if not self.proof.unlisted:
            return ""
        return f"Opsgenie counts {self.proof.unlisted:,} rows that it never lists. {self.proof.text}. {TRY_AGAIN}"

    def outcome(self, *, problem: str = "", ends_sync: bool = False, is_stopped: bool = False) -> Outcome:
        """What the reading came to, now that it is over."""
        return Outcome(
            self.stream,
            self.written,
            self.requests,
            self.seconds,
            proof=self.proof.text,
            problem=problem or self.lack,
            ends_sync=ends_sync,
            is_stopped=is_stopped,
        )

    def _left(self) -> float | None:
        """Seconds to go, by the rows where they were counted, else by the requests that were planned."""
        done, whole = self.requests, self.estimate.requests
        if self.total is not None:
            done, whole = self.rows, self.total - self.rows_before
        if not done or whole is None:
            return None
        return max(0.0, self.seconds * (whole - done) / done)


def duration(seconds: float) -> str:
    """A number of *seconds* in words that fit a column."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    if seconds < DAY:
        return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:.0f} min"
    return f"{seconds // DAY:.0f} d {seconds % DAY // HOUR:.0f} h"
