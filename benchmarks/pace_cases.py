"""Rate-limited accounts for the model: limits, how they are enforced, who else uses them, and what is measured."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.pace_model import Lane, Model, Sent
from benchmarks.rate_limit_outcomes import PER_MINUTE, PER_SECOND, SHARE, group_episodes
from benchmarks.report import ratio
from opsgenie_simulator.limits import Clock, OtherClient, RateLimit, Throttle
from opsgenie_simulator.limits import Model as Enforced
from source_opsgenie.api.pacing import Domain, Limit, make_pacers

SECONDS = 1800.0
THIRD_MINUTE = 120.0
# The share of the limit that other clients use while they are active: 95 %. At exactly 19 per second, whether the
# twentieth falls into the same second would depend on how floating-point numbers are rounded.
OTHERS_SHARE = 0.9499
RETURNED_PERCENT = 85.0
# A pace is measured in spans of this length.
SPAN = 30.0
LATENCY, THREADS = 0.1, 48
# Of a read of alerts and their logs: pages, logs, and counts.
COUNTING = (Lane(Domain.SEARCH, "search", 4), Lane(Domain.ALERT, "alert", 48))


@dataclass(frozen=True, slots=True)
class Timetable:
    """When other clients are active: from *start* to *end*, and again after each *every* seconds."""

    name: str
    end: float
    every: float

    @property
    def spans(self) -> list[tuple[float, float]]:
        """The spans of activity that end early enough for five minutes to follow."""
        starts = (turn * self.every for turn in range(math.ceil(SECONDS / self.every)))
        return [(start, start + self.end) for start in starts if start + self.end + 300 <= SECONDS]


ABSENT = Timetable("no other client", 0.0, math.inf)
TIMETABLES = (
    Timetable("6 s", 6.0, 900.0),
    Timetable("2 min", 120.0, 900.0),
    Timetable("10 s every 5 min", 10.0, 300.0),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A limit of each domain, how it is enforced, whether it is reported, and who else uses that of alerts."""

    limit: RateLimit
    enforced: Enforced
    is_reported: bool = False
    others: Timetable = ABSENT
    count_domain: str = ""
    latency: float = LATENCY
    threads: int = THREADS
    seed: int = 1
    others_share: float = OTHERS_SHARE

    @property
    def name(self) -> str:
        """The case in words."""
        reported = "reported" if self.is_reported else "not reported"
        counting = f", counts limited with {self.count_domain}" if self.count_domain else ""
        others = f", others for {self.others.name}" if self.others.end else ""
        return f"{self.limit.limit} in {self.limit.period_in_sec} s, {self.enforced}, {reported}{counting}{others}"

    @property
    def per_second(self) -> float:
        """The requests per second that the limit allows."""
        return self.limit.limit / self.limit.period_in_sec

    def run(self) -> "Outcome":
        """Read for half an hour."""
        pacers = make_pacers(share=SHARE, cap=None)
        if self.is_reported:
            for domain in (Domain.SEARCH, Domain.ALERT):
                pacers[domain].add_limit(Limit(self.limit.limit, float(self.limit.period_in_sec)))
        model = Model(self._throttle, pacers, list(self._lanes()), self.latency, self.seed)
        return Outcome(self, model.run(seconds=SECONDS), model.throttle.others_throttled)

    def _lanes(self) -> Iterator[Lane]:
        if not self.count_domain:
            yield Lane(Domain.ALERT, "alert", self.threads)
            return
        yield from COUNTING
        yield Lane(Domain.ALERT_COUNT, self.count_domain, 1, pause=1.0)

    def _throttle(self, clock: Clock) -> Throttle:
        limits = {domain: [self.limit] for domain in ("alert", "search")}
        pace = self.others_share * self.per_second
        others = [OtherClient("alert", pace, 0.0, self.others.end, self.others.every)] if self.others.end else []
        return Throttle(limits, clock=clock, model=self.enforced, others=others)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The requests of one case in the order of arrival, and when those of others were throttled."""

    case: Case
    sent: Sequence[Sent] = field(repr=False)
    others_throttled: Sequence[float] = field(repr=False)

    def used_percent(self, start: float, end: float = SECONDS) -> float:
        """Accepted requests as a percentage of our share from *start* to *end*, in the domain that uses least."""
        paces = [self._accepted(domain, start, end) / (end - start) for domain in self.domains]
        return 100 * min(paces) / (SHARE * self.case.per_second)

    @property
    def domains(self) -> list[str]:
        """The domains in which the API counted requests."""
        return sorted({request.counted_in for request in self.sent})

    @property
    def throttled(self) -> list[float]:
        """When our requests were throttled."""
        return [request.at for request in self.sent if request.throttled]

    @property
    def throttled_percent(self) -> float:
        """Throttled requests as a percentage of all."""
        return 100 * ratio(len(self.throttled), len(self.sent))

    @property
    def episodes(self) -> int:
        """The most episodes of throttling in a domain."""
        times = [[one.at for one in self.sent if one.throttled and one.counted_in == name] for name in self.domains]
        return max(len(group_episodes(each)) for each in times)

    @property
    def returned_after(self) -> float:
        """How many seconds after others had ended their use we used our share again; the longest of all times."""
        return max(self._returned_after(end) for _, end in self.case.others.spans)

    @property
    def others_episodes(self) -> int:
        """How often others were throttled in all, in episodes."""
        return len(group_episodes(self.others_throttled))

    @property
    def others_episodes_allowed(self) -> int:
        """One a minute while others are active."""
        others = self.case.others
        return math.ceil(SECONDS / others.every) * max(1, math.ceil(others.end / 60))

    def _returned_after(self, end: float) -> float:
        starts = (end + 5.0 * number for number in range(int((SECONDS - SPAN - end) / 5)))
        back = (start for start in starts if self.used_percent(start, start + SPAN) >= RETURNED_PERCENT)
        return next(back, math.inf) - end + SPAN

    def _accepted(self, domain: str, start: float, end: float) -> int:
        first = bisect_left(self.sent, start, key=lambda request: request.at)
        last = bisect_left(self.sent, end, key=lambda request: request.at)
        return sum(not one.throttled and one.counted_in == domain for one in self.sent[first:last])


BOTH = (PER_SECOND, PER_MINUTE)
MODELS: tuple[Enforced, ...] = ("buckets", "rolling")
SPEEDS = ((0.02, 48), (0.1, 48), (0.3, 10))
ALONE = [
    Case(limit, model, latency=latency, threads=threads)
    for limit in BOTH
    for model in MODELS
    for latency, threads in SPEEDS
]
COUNTED = [Case(limit, model, count_domain=name) for limit in BOTH for model in MODELS for name in ("alert", "search")]
REPORTED = [Case(limit, model, is_reported=True) for limit in BOTH for model in MODELS]
SHARED = [
    Case(limit, model, is_reported, others)
    for limit in BOTH
    for is_reported in (False, True)
    for others in TIMETABLES
    for model in MODELS
]
