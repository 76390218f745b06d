"""Bound the requests in flight in a domain whose limit is unknown; no I/O and no clock of its own."""

import sys
import threading

# How many requests may be in flight at first.
INITIAL_BOUND = 16
# Doubling the bound is worth it if the responses per second grow by this factor.
WORTHWHILE_GROWTH = 1.2


class InFlight:
    """Counts the requests in flight, and bounds them until a limit is known; safe to use from any thread.

    The bound doubles as long as that brings more responses per second, so a slow API gets no more requests.
    """

    def __init__(self) -> None:
        self.bound = INITIAL_BOUND
        self._is_lifted = False
        self._count = self._responses = 0
        self._measured_since: float | None = None
        self._best_rate = 0.0
        self._changed = threading.Condition()

    @property
    def room(self) -> int:
        """How many more requests may be in flight."""
        return sys.maxsize if self._is_lifted else self.bound - self._count

    def enter(self) -> None:
        """Begin a request; waits for another one to end while there is no room."""
        with self._changed:
            while self.room <= 0:
                self._changed.wait()
            self._count += 1

    def leave(self, now: float) -> None:
        """End a request, with or without a response, at the monotonic time *now*."""
        with self._changed:
            self._count -= 1
            self._measure(now)
            # Each waiter beyond the room would wake only to wait again.
            self._changed.notify(self.room)

    def lift(self) -> None:
        """Remove the bound: from now on a known limit holds instead."""
        if not self._is_lifted:
            with self._changed:
                self._is_lifted = True
                self._changed.notify_all()

    def _measure(self, now: float) -> None:
        """Compare the rate of responses with the best one, once as many have come as may be in flight."""
        self._responses += 1
        if self._measured_since is None:
            self._measured_since, self._responses = now, 0
        elif self._responses >= self.bound:
            rate = self._responses / max(now - self._measured_since, 1e-6)
            if rate >= WORTHWHILE_GROWTH * self._best_rate:
                self._best_rate, self.bound = rate, self.bound * 2
            self._measured_since, self._responses = now, 0
