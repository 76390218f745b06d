"""Evaluate the journal of a rate-limited account: how much of the budget a read used, and how it was throttled."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.report import Target, ratio
from opsgenie_simulator import RateLimit, Request
from source_opsgenie.options import OPTIONS

ROUTE = "/v2/alerts/{identifier}/recipients"
OTHER_CLIENT_ROUTE = "/v2/alerts/{identifier}/notes"
THROTTLED = 429
# The connector's defaults: its share of a limit, and its concurrent requests.
SHARE = 0.8
MAX_CONCURRENT_REQUESTS = OPTIONS["max_concurrent_requests"]["default"]
# 429s that are at most this far apart are one episode.
EPISODE_SECONDS = 5.0
PER_SECOND, PER_MINUTE = RateLimit(20, 1), RateLimit(300, 60)
HEADINGS = (
    *("limit", "model", "known", "other clients", "seconds", "successful", "share used %", "peak per period"),
    *("throttled", "throttled %", "episodes/min", "largest episode", "others throttled"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One limit, how it is enforced, whether the API reports it, and the share that another client uses."""

    limit: RateLimit
    model: str
    is_known: bool
    others_share: float = 0.0

    @property
    def name(self) -> str:
        """The case in words."""
        known = "known" if self.is_known else "unknown"
        others = ", with another client" if self.others_share else ""
        return f"{self.limit.limit} in {self.limit.period_in_sec} s, {self.model}, {known}{others}"

    @property
    def budget(self) -> float:
        """The requests per second that the connector may send: its share, or what the other client leaves."""
        return min(SHARE, 1 - self.others_share) * self.limit.limit / self.limit.period_in_sec


@dataclass(frozen=True, slots=True)
class Outcome:
    """The requests of one case, as the journal has them."""

    case: Case
    seconds: float
    successful: int
    peak: int
    episodes: list[int]
    others_throttled: int = 0

    @property
    def throttled(self) -> int:
        """The number of throttled requests."""
        return sum(self.episodes)

    @property
    def throttled_percent(self) -> float:
        """Throttled requests as a percentage of all."""
        return 100 * ratio(self.throttled, self.successful + self.throttled)

    @property
    def used_percent(self) -> float:
        """Successful requests as a percentage of the budget."""
        return 100 * ratio(self.successful, self.case.budget * self.seconds)

    @property
    def episodes_per_minute(self) -> float:
        """Episodes of throttling per minute."""
        return 60 * ratio(len(self.episodes), self.seconds)

    def row(self) -> list[object]:
        """The row of the table."""
        limit, known = self.case.limit, "yes" if self.case.is_known else "no"
        return [
            *(f"{limit.limit} in {limit.period_in_sec} s", self.case.model, known, f"{self.case.others_share:.0%}"),
            *(int(self.seconds), self.successful, self.used_percent, self.peak),
            *(self.throttled, self.throttled_percent),
            *(self.episodes_per_minute, max(self.episodes, default=0), self.others_throttled),
        ]

    def targets(self) -> Iterator[Target]:
        """The targets of this case; none with another client."""
        name = self.case.name
        if self.case.others_share:
            return
        if self.case.is_known:
            yield Target(f"{name}: share used", self.used_percent, 95.0, unit=" %")
            yield Target(f"{name}: throttled", self.throttled_percent, 0.5, at_most=True, unit=" %")
        elif self.case.limit == PER_SECOND:
            yield Target(f"{name}: share used", self.used_percent, 85.0, unit=" %")
            yield Target(f"{name}: throttled", self.throttled_percent, 3.0, at_most=True, unit=" %")
        else:
            yield Target(f"{name}: episodes per minute", self.episodes_per_minute, 1.0, at_most=True)
            largest = max(self.episodes, default=0)
            yield Target(f"{name}: largest episode", largest, MAX_CONCURRENT_REQUESTS, at_most=True)


def group_episodes(times: Sequence[float], *, gap: float = EPISODE_SECONDS) -> list[int]:
    """Group *times* that follow each other within *gap* seconds; returns the sizes of the groups."""
    sizes: list[int] = []
    previous = float("-inf")
    for time in sorted(times):
        if time - previous > gap:
            sizes.append(0)
        sizes[-1] += 1
        previous = time
    return sizes


def find_peak(period: float, times: Sequence[float]) -> int:
    """Return the largest number of the sorted *times* within any *period* in seconds."""
    return max((index + 1 - bisect_right(times, time - period) for index, time in enumerate(times)), default=0)


def evaluate(case: Case, requests: Sequence[Request], *, seconds: float) -> Outcome:
    """Evaluate the *requests* of *case*, for a number of *seconds* from the connector's first request on."""
    ours = [request for request in requests if request.route == ROUTE]
    started = min((request.at for request in ours), default=0.0)
    counted = [request for request in ours if request.at < started + seconds]
    throttled = [request.at for request in counted if request.status == THROTTLED]
    successful = [request.at for request in counted if request.status != THROTTLED]
    others = sum(1 for request in requests if request.route == OTHER_CLIENT_ROUTE and request.status == THROTTLED)
    peak = find_peak(case.limit.period_in_sec, successful)
    return Outcome(case, seconds, len(successful), peak, group_episodes(throttled), others)
