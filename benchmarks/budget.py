"""What the journal of a limited account says of one read: how much of the budget it used, and how it was refused."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.report import Target, ratio
from opsgenie_simulator import RateLimit, Request
from source_opsgenie.options import OPTIONS

ROUTE = "/v2/alerts/{identifier}/recipients"
OTHERS_ROUTE = "/v2/alerts/{identifier}/notes"
REFUSED = 429
# The defaults of the connector: so much of a limit it may use, and so many requests may be under way.
SHARE = 0.8
IN_FLIGHT = OPTIONS["max_concurrent_requests"]["default"]
# Refusals no further apart than this are one episode.
EPISODE_SECONDS = 5.0
PER_SECOND, PER_MINUTE = RateLimit(20, 1), RateLimit(300, 60)
HEADINGS = (
    *("limit", "kept as", "limit is", "others take", "seconds", "answered", "share used %", "most in a period"),
    *("refused", "refused %", "episodes/min", "largest", "others refused"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One limit, how the account keeps it, whether it tells it, and who else draws on it."""

    limit: RateLimit
    model: str
    is_known: bool
    others: float = 0.0

    @property
    def name(self) -> str:
        """The case in words."""
        known = "known" if self.is_known else "unknown"
        beside = ", beside another client" if self.others else ""
        return f"{self.limit.limit} in {self.limit.period_in_sec} s, {self.model}, {known}{beside}"

    @property
    def budget(self) -> float:
        """The requests a second that the connector may have: its share, or what the others leave."""
        return min(SHARE, 1 - self.others) * self.limit.limit / self.limit.period_in_sec


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the journal says of one case."""

    case: Case
    seconds: float
    answered: int
    densest: int
    episodes: list[int]
    others_refused: int = 0

    @property
    def refused(self) -> int:
        """Requests that were refused."""
        return sum(self.episodes)

    @property
    def refused_percent(self) -> float:
        """Rejected requests, of all."""
        return 100 * ratio(self.refused, self.answered + self.refused)

    @property
    def used_percent(self) -> float:
        """The part of the budget that was used."""
        return 100 * ratio(self.answered, self.case.budget * self.seconds)

    @property
    def episodes_a_minute(self) -> float:
        """How often a minute refusals came."""
        return 60 * ratio(len(self.episodes), self.seconds)

    def row(self) -> list[object]:
        """The line of the table."""
        limit, known = self.case.limit, "known" if self.case.is_known else "not known"
        return [
            *(f"{limit.limit} in {limit.period_in_sec} s", self.case.model, known, f"{self.case.others:.0%}"),
            *(int(self.seconds), self.answered, self.used_percent, self.densest, self.refused, self.refused_percent),
            *(self.episodes_a_minute, max(self.episodes, default=0), self.others_refused),
        ]

    def targets(self) -> Iterator[Target]:
        """What must hold in this case; nothing beside another client."""
        name = self.case.name
        if self.case.others:
            return
        if self.case.is_known:
            yield Target(f"{name}: share used", self.used_percent, 95.0, unit=" %")
            yield Target(f"{name}: refused", self.refused_percent, 0.5, at_most=True, unit=" %")
        elif self.case.limit == PER_SECOND:
            yield Target(f"{name}: share used", self.used_percent, 85.0, unit=" %")
            yield Target(f"{name}: refused", self.refused_percent, 3.0, at_most=True, unit=" %")
        else:
            yield Target(f"{name}: episodes a minute", self.episodes_a_minute, 1.0, at_most=True)
            yield Target(f"{name}: largest episode", max(self.episodes, default=0), IN_FLIGHT, at_most=True)


def episodes(moments: Sequence[float], *, apart: float = EPISODE_SECONDS) -> list[int]:
    """How many of *moments* belong together: each is less than *apart* seconds after the one before."""
    found: list[int] = []
    before = float("-inf")
    for moment in sorted(moments):
        if moment - before > apart:
            found.append(0)
        found[-1] += 1
        before = moment
    return found


def most_within(seconds: float, moments: Sequence[float]) -> int:
    """The most of *moments*, which are in order, that lie within any so many *seconds*."""
    return max((at + 1 - bisect_right(moments, moment - seconds) for at, moment in enumerate(moments)), default=0)


def outcome(case: Case, requests: Sequence[Request], *, seconds: float) -> Outcome:
    """What became of *case* in so many *seconds* from the connector's first request on."""
    ours = [one for one in requests if one.route == ROUTE]
    begun = min((one.at for one in ours), default=0.0)
    inside = [one for one in ours if one.at < begun + seconds]
    refused = [one.at for one in inside if one.status == REFUSED]
    others = sum(1 for one in requests if one.route == OTHERS_ROUTE and one.status == REFUSED)
    answered = [one.at for one in inside if one.status != REFUSED]
    densest = most_within(case.limit.period_in_sec, answered)
    return Outcome(case, seconds, len(answered), densest, episodes(refused), others)
