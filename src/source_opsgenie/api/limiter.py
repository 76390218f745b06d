"""Keep a domain's requests within its limits in every period; no I/O and no clock of its own."""

import math
from collections import deque
from collections.abc import Container, Mapping

# Both periods in which Opsgenie counts (docs/opsgenie-api.md#rate-headers).
LONGEST_PERIOD = 60.0
# Within a period this short requests are spaced evenly; within a longer one they may go in a burst.
SHORT_PERIOD = 1.0
# Requests take longer or shorter to arrive, so each period is taken to be longer by this factor.
MARGIN = 1.005


class RateLimiter:
    """Says how long the next request must wait, from the times of the requests before it.

    The limits hold in every period, rolling or not. All times are seconds on the caller's monotonic clock.
    """

    def __init__(self) -> None:
        self.sent: deque[float] = deque()
        self._limits: list[tuple[float, int]] = []
        self._gap = 0.0
        self._memory = LONGEST_PERIOD * MARGIN
        self._next_at = -math.inf

    def restrict(self, limits: Mapping[float, float], *, spaced: Container[float] = ()) -> None:
        """Replace the limits: the requests allowed in each period, by its seconds; those of *spaced* periods evenly."""
        # A short period shifts on the way to the API: a burst could fall into one period there.
        gaps = [period / limits[period] for period in limits if period <= SHORT_PERIOD or period in spaced]
        self._gap = max(gaps, default=0.0)
        self._memory = max([LONGEST_PERIOD, *limits]) * MARGIN
        self._limits = [(period, math.ceil(requests)) for period, requests in limits.items()]

    def wait(self, now: float) -> float:
        """Seconds until the next request may go; 0 or less if it may go *now*."""
        self.forget(now)
        wait = self._next_at - now
        for period, requests in self._limits:
            if len(self.sent) >= requests:
                wait = max(wait, self.sent[-requests] + period * MARGIN - now)
        return wait

    def record(self, now: float) -> None:
        """Count a request that goes *now*."""
        self.sent.append(now)
        # A late request leaves the next one on time: the caller catches up by one request.
        self._next_at = max(self._next_at, now - self._gap) + self._gap

    def forget(self, now: float) -> None:
        """Drop the requests that are older than every period."""
        while self.sent and self.sent[0] <= now - self._memory:
            self.sent.popleft()
