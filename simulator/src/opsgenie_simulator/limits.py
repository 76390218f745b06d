"""Rate limits of each request domain, as token buckets or as rolling windows (docs/opsgenie-api.md#rate-domains)."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    """Admits or throttles each request of a domain; a throttled request does not count."""

    def __init__(self, limits: Limits, *, clock: Clock, model: Model = "buckets") -> None:
        """Start with all buckets full, or all windows empty."""
        unknown = sorted(set(limits) - set(DOMAINS))
        if unknown:
            message = f"{unknown[0]!r} is not a rate-limit domain; use one of {', '.join(DOMAINS)}"
            raise ValueError(message)
        self._clock = clock
        self._gauges = {domain: [_MODELS[model](limit, clock()) for limit in each] for domain, each in limits.items()}

    def admit(self, domain: str) -> RateLimit | None:
        """Count a request, or return the limit that throttles it: the one with the longest period."""
        gauges, now = self._gauges.get(domain, ()), self._clock()
        exceeded = [gauge.limit for gauge in gauges if not gauge.has_room(now)]
        if exceeded:
            return max(exceeded, key=lambda limit: limit.period_in_sec)
        for gauge in gauges:
            gauge.take(now)
        return None
