"""Decide when a request may be sent: one Pacer for each domain; no I/O and no clock of its own."""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from source_opsgenie.api.in_flight import InFlight
from source_opsgenie.api.learning import Learner, ThrottleLearner
from source_opsgenie.api.limiter import RateLimiter


class Domain(Enum):
    """A domain of requests with a rate limit of its own (docs/opsgenie-api.md#rate-domains)."""

    SEARCH = "search"
    ALERT = "alert"
    INCIDENT = "incident"
    SCHEDULE_ONCALLS = "schedule-oncalls"
    CONFIGURATION = "configuration"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *requests* in any *period* of seconds."""

    requests: int
    period: float


class Pacer:
    """Keeps one domain within a *share* of its limits and waits out throttling; safe to use from any thread.

    *limits* are those that the API reports; limits that it does not report are learned from throttled responses.
    *cap* is the user's own limit, which no share applies to. Until any limit is known, `in_flight` bounds the requests.
    All times are seconds on the caller's monotonic clock.
    """

    def __init__(
        self,
        limits: Iterable[Limit] = (),
        *,
        share: float = 1.0,
        cap: Limit | None = None,
        learner: Learner | None = None,
    ) -> None:
        self.in_flight = InFlight()
        self._share, self._cap = share, cap
        self._learner = learner or ThrottleLearner()
        self._limiter = RateLimiter()
        self._allowed: dict[float, int] = {}
        self._throttled_until = -math.inf
        self._lock = threading.Lock()
        if cap:
            # To the learner a cap is the share of a limit, rounded up, which throttling lowers like any other.
            self.add_limit(Limit(math.ceil((cap.requests + 1) / share), cap.period))
        for limit in limits:
            self.add_limit(limit)

    def add_limit(self, limit: Limit) -> None:
        """Keep to the share of *limit* as well, from now on: the API reported it."""
        with self._lock:
            self._learner.add_known({limit.period: limit.requests})
            self._apply()

    def restore_limits(self, learned: Mapping[float, int]) -> None:
        """Keep to what an earlier Pacer has *learned*: the requests allowed in each period, by its seconds."""
        with self._lock:
            self._learner.restore(learned)
            self._apply()

    def learned_limits(self) -> dict[float, int]:
        """The limits learned from throttled responses: the requests allowed in each period, by its seconds."""
        return dict(self._learner.learned())

    def take(self, now: float) -> float:
        """Take permission for one request: 0 if it may go *now*, else the seconds to wait before the next try."""
        with self._lock:
            if self._learner.recover(now):
                self._apply()
            wait = max(self._throttled_until - now, self._limiter.wait(now))
            if wait > 0:
                return wait
            self._limiter.record(now)
            self._learner.record_sent(now)
            return 0.0

    def record_throttled(self, now: float, *, period: float) -> bool:
        """Send nothing for *period* seconds and less than before afterwards: the API throttled a request.

        Returns whether this response is the first of its episode, so that the caller reports it once: of requests in
        flight at the same time each may be throttled.
        """
        with self._lock:
            self._limiter.forget(now)
            is_first = now >= self._throttled_until
            self._learner.record_throttled(now, period=period, sent=self._limiter.sent, is_first=is_first)
            self._throttled_until = max(self._throttled_until, now + period)
            self._apply()
            return is_first

    def throttled_seconds(self, now: float) -> float:
        """Seconds until throttling ends, or 0."""
        return max(0.0, self._throttled_until - now)

    def per_minute(self) -> float | None:
        """Requests allowed in a minute by the tightest limit, or None if no limit is known."""
        return min((requests * 60 / period for period, requests in self._allowed.items()), default=None)

    def _apply(self) -> None:
        """Hand the share of each limit to the limiter."""
        self._allowed = {period: self._part(period, requests) for period, requests in self._learner.limits.items()}
        self._limiter.restrict(self._allowed)
        if self._allowed:
            self.in_flight.lift()

    def _part(self, period: float, requests: int) -> int:
        part = max(1, int(requests * self._share))
        return min(part, self._cap.requests) if self._cap and self._cap.period == period else part
