"""Decide when a request may be sent: one Pacer for each domain; no I/O and no clock of its own."""

import math
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
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
    # Requests of which it is unknown to which of two domains they belong.
    ALERT_COUNT = "alert-count"
    USER_LIST = "user-list"


CANDIDATES: Mapping[Domain, tuple[Domain, Domain]] = {
    Domain.ALERT_COUNT: (Domain.ALERT, Domain.SEARCH),
    Domain.USER_LIST: (Domain.SEARCH, Domain.CONFIGURATION),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *requests* in any *period* of seconds."""

    requests: int
    period: float


class Pacer:
    """Keeps one domain within a *share* of its limits and waits out throttling; safe to use from any thread.

    Limits that the API does not report are learned from throttled responses.
    *cap* is the user's own limit, which no share applies to. Until any limit is known, `in_flight` bounds the requests.
    The requests of an uncertain domain count against all of its *candidates*, and teach them nothing.
    All times are seconds on the caller's monotonic clock.
    """

    def __init__(
        self,
        limits: Iterable[Limit] = (),
        *,
        share: float = 1.0,
        cap: Limit | None = None,
        learner: Learner | None = None,
        candidates: tuple["Pacer", ...] = (),
    ) -> None:
        self.in_flight = InFlight()
        self._share, self._cap, self._candidates = share, cap, candidates
        self._learner = learner or ThrottleLearner()
        self._limiter = RateLimiter()
        self._allowed: dict[float, float] = {}
        self._throttled_until = -math.inf
        self._has_waited = False
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

    def restore_limits(self, learned: Mapping[float, float], now: float) -> None:
        """Keep to what an earlier Pacer has *learned*: the requests allowed in each period, by its seconds."""
        with self._lock:
            self._learner.restore(learned, now)
            self._apply()

    def learned_limits(self) -> dict[float, int]:
        """The confirmed limits that the API did not report: requests allowed in each period, by its seconds."""
        return dict(self._learner.learned())

    def take(self, now: float) -> float:
        """Take permission for one request: 0 if it may go *now*, else the seconds to wait before the next try."""
        with ExitStack() as locks:
            for pacer in (*self._candidates, self):
                locks.enter_context(pacer._lock)
            if wait := self._wait(now):
                return wait
            for pacer in (*self._candidates, self):
                pacer._limiter.record(now)
            self._learner.record_sent(now, has_waited=self._has_waited)
            self._has_waited = False
            return 0.0

    def record_throttled(self, now: float, *, period: float, sent_at: float) -> bool:
        """Send nothing for *period* seconds and less than before afterwards: a request of *sent_at* was throttled.

        Returns whether this response is the first of its episode, so that the caller reports it once: of requests in
        flight at the same time each may be throttled.
        """
        with self._lock:
            is_first = sent_at >= self._throttled_until
            self._throttled_until = max(self._throttled_until, now + period)
            # If one candidate is throttled, the request belongs to it: what that domain allows, its own pacer learns.
            if sum(pacer.throttled_seconds(now) > 0 for pacer in self._candidates) != 1:
                self._learner.record_throttled(now, period=period, sent_at=sent_at, is_first=is_first)
                self._apply()
            return is_first

    def throttled_seconds(self, now: float) -> float:
        """Seconds until throttling ends, or 0."""
        return max(0.0, self._throttled_until - now)

    def per_minute(self) -> float | None:
        """Requests allowed in a minute by the tightest limit, or None if no limit is known."""
        paces = [requests * 60 / period for period, requests in self._allowed.items()]
        paces += [pace for pacer in self._candidates if (pace := pacer.per_minute()) is not None]
        return min(paces, default=None)

    def is_known(self) -> bool:
        """Whether the limits are reported or confirmed: there is one, and none of them is a guess."""
        has_limit = bool(self._allowed or self._candidates)
        return has_limit and not self._learner.guesses and all(pacer.is_known() for pacer in self._candidates)

    def _wait(self, now: float) -> float:
        """Seconds until a request may go, or 0; needs all locks."""
        if self._learner.rise(now):
            self._apply()
        throttled, limited = self.throttled_seconds(now), self._limiter.wait(now)
        self._has_waited |= limited > throttled
        return max(0.0, throttled, limited, *(pacer._wait(now) for pacer in self._candidates))

    def _apply(self) -> None:
        """Hand the share of each limit to the limiter."""
        limits, guesses = self._learner.limits, self._learner.guesses
        exact = self._learner.known - guesses
        self._allowed = {period: self._part(limits[period], period, is_exact=period in exact) for period in limits}
        self._limiter.restrict(self._allowed, spaced=guesses)
        if self._allowed:
            self.in_flight.lift()

    def _part(self, requests: float, period: float, *, is_exact: bool) -> float:
        """The share of a limit; of a known one, never a fraction of a request more."""
        part = requests * self._share
        if is_exact:
            part = max(1, int(part))
        return min(part, self._cap.requests) if self._cap and self._cap.period == period else part


def make_pacers(*, share: float, cap: Limit | None) -> dict[Domain, Pacer]:
    """A pacer for each domain; those of uncertain domains also obey the pacers of their candidates."""
    pacers = {domain: Pacer(share=share, cap=cap) for domain in Domain if domain not in CANDIDATES}
    for domain, candidates in CANDIDATES.items():
        pacers[domain] = Pacer(share=share, cap=cap, candidates=tuple(pacers[each] for each in candidates))
    return pacers
