"""What may be sent when: a Pacer for each domain of requests; no I/O, no clock of its own."""

import math
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

# Both periods in which Opsgenie counts (docs/opsgenie-api.md#rate-headers).
LONGEST_PERIOD = 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *requests* in any *period* of seconds."""

    requests: int
    period: float


class Pacer:
    """Keeps one domain within its limits, and waits out a refusal; any thread may ask.

    A limit that is not known is learned: after a refusal, from what had been sent. A known one is lowered too:
    others use the account.
    All moments are seconds on the caller's monotonic clock.
    """

    def __init__(self, limits: Iterable[Limit] = ()) -> None:
        self._limits: dict[float, int] = {}
        self._sent: deque[float] = deque()
        self._refused_until = -math.inf
        self._lock = threading.Lock()
        for limit in limits:
            self.lower(limit)

    def lower(self, limit: Limit) -> None:
        """Keep to *limit* as well, from now on."""
        self._limits[limit.period] = min(limit.requests, self._limits.get(limit.period, limit.requests))

    def take(self, now: float) -> float:
        """Take the right to send one request: 0 if it may go *now*, else the seconds to wait and ask again."""
        with self._lock:
            self._forget(now)
            wait = max([self._refused_until - now, *(self._full_for(limit, now) for limit in self._limits.items())])
            if wait > 0:
                return wait
            self._sent.append(now)
            return 0.0

    def refused(self, now: float, *, period: float) -> bool:
        """The API refused a request: nothing goes for *period* seconds, and less than was sent goes afterwards.

        Returns whether that is news: of requests that were under way together, each may be refused.
        """
        with self._lock:
            self._forget(now)
            sent = sum(1 for moment in self._sent if moment > now - period)
            self.lower(Limit(max(1, sent * 4 // 5), period))
            is_news = now >= self._refused_until
            self._refused_until = max(self._refused_until, now + period)
            return is_news

    def waiting(self, now: float) -> float:
        """Seconds for which a refusal still has to be waited out."""
        return max(0.0, self._refused_until - now)

    def per_minute(self) -> float | None:
        """Requests that go in a minute as far as is known, or None if no limit is."""
        rates = [requests * 60 / period for period, requests in self._limits.items()]
        return min(rates, default=None)

    def _full_for(self, limit: tuple[float, int], now: float) -> float:
        period, requests = limit
        if len(self._sent) < requests:
            return 0.0
        return self._sent[-requests] + period - now

    def _forget(self, now: float) -> None:
        longest = max([LONGEST_PERIOD, *self._limits])
        while self._sent and self._sent[0] <= now - longest:
            self._sent.popleft()
