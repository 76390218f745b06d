"""Rate limits of each request domain, as token buckets or as rolling windows (docs/opsgenie-api.md#rate-domains)."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import count
from typing import Literal, Protocol

DOMAINS = ("search", "alert", "incident", "schedule-oncalls", "configuration", "heartbeat")

Clock = Callable[[], float]
Model = Literal["buckets", "rolling"]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The maximum number of requests in a period."""

    limit: int
    period_in_sec: int


Limits = Mapping[str, Sequence[RateLimit]]


@dataclass(frozen=True, slots=True)
class OtherClient:
    """Another client of the account: it sends *per_second* requests in *domain* and ignores every 429.

    It sends from *start* until *end*, in seconds since the simulator started, and again after each *every* seconds.
    """

    domain: str
    per_second: float
    start: float = 0.0
    end: float = math.inf
    every: float = math.inf

    def times(self) -> Iterator[float]:
        """When it sends, in seconds since the simulator started."""
        for turn in count():
            began = self.start + turn * self.every if turn else self.start
            requests = count() if self.end == math.inf else range(math.ceil((self.end - self.start) * self.per_second))
            yield from (began + number / self.per_second for number in requests)
            if self.every == math.inf:
                return


class _Gauge(Protocol):
    limit: RateLimit

    def has_room(self, now: float) -> bool: ...

    def take(self, now: float) -> None: ...


@dataclass(slots=True)
class _Bucket:
    limit: RateLimit
    filled_at: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = float(self.limit.limit)

    def has_room(self, now: float) -> bool:
        refilled = (now - self.filled_at) * self.limit.limit / self.limit.period_in_sec
        self.tokens = min(float(self.limit.limit), self.tokens + refilled)
        self.filled_at = now
        return self.tokens >= 1

    def take(self, now: float) -> None:  # noqa: ARG002 - a window needs the time, a bucket does not
        self.tokens -= 1


@dataclass(slots=True)
class _Window:
    limit: RateLimit
    filled_at: float
    taken: deque[float] = field(default_factory=deque)

    def has_room(self, now: float) -> bool:
        while self.taken and self.taken[0] <= now - self.limit.period_in_sec:
            self.taken.popleft()
        return len(self.taken) < self.limit.limit

    def take(self, now: float) -> None:
        self.taken.append(now)


_MODELS: dict[Model, Callable[[RateLimit, float], _Gauge]] = {"buckets": _Bucket, "rolling": _Window}


class Throttle:
    """Admits or throttles each request of a domain; a throttled request does not count.

    The requests of *others* are simulated: each is due before the next request that arrives after it.
    """

    def __init__(
        self, limits: Limits, *, clock: Clock, model: Model = "buckets", others: Sequence[OtherClient] = ()
    ) -> None:
        """Start with all buckets full, or all windows empty."""
        unknown = sorted({*limits, *(other.domain for other in others)} - set(DOMAINS))
        if unknown:
            message = f"{unknown[0]!r} is not a rate-limit domain; use one of {', '.join(DOMAINS)}"
            raise ValueError(message)
        self._clock, self._started = clock, clock()
        self._gauges = {domain: [_MODELS[model](limit, clock()) for limit in each] for domain, each in limits.items()}
        self._others = merge(*map(_requests, others))
        self._due = next(self._others, None)
        self.others_throttled: list[float] = []

    def admit(self, domain: str) -> RateLimit | None:
        """Count a request, or return the limit that throttles it: the one with the longest period."""
        now = self._clock()
        self.admit_others(now)
        return self._admit(domain, now)

    def admit_others(self, now: float) -> None:
        """Count the requests that others have sent until *now*, and note when one of them was throttled."""
        while self._due and self._started + self._due[0] <= now:
            at, domain = self._started + self._due[0], self._due[1]
            if self._admit(domain, at):
                self.others_throttled.append(at)
            self._due = next(self._others, None)

    def _admit(self, domain: str, now: float) -> RateLimit | None:
        gauges = self._gauges.get(domain, ())
        exceeded = [gauge.limit for gauge in gauges if not gauge.has_room(now)]
        if exceeded:
            return max(exceeded, key=lambda limit: limit.period_in_sec)
        for gauge in gauges:
            gauge.take(now)
        return None


def _requests(other: OtherClient) -> Iterator[tuple[float, str]]:
    """When *other* sends a request, and in which domain."""
    return ((at, other.domain) for at in other.times())
