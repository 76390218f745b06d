"""Learn a domain's rate limits from its throttled responses; no I/O and no clock of its own."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

# The fraction of the requests in the last period that a first estimate allows.
CAUTION = 0.9
# A known limit that was lowered, because other clients use the account too, rises by this factor each time that this
# many seconds have passed.
RECOVERY_SECONDS = 600.0
RECOVERY_FACTOR = 1.25


class Learner(Protocol):
    """Estimates how many requests the API allows in each period; a pacer applies its share to the estimates.

    Limits are mappings of a period in seconds to the requests allowed in it.
    All times are seconds on the caller's monotonic clock.
    """

    @property
    def limits(self) -> Mapping[float, int]:
        """The limits to keep to now: known ones, possibly lowered, and estimates."""

    def add_known(self, limits: Mapping[float, int]) -> None:
        """Keep to *limits* as well: their source is certain."""

    def restore(self, learned: Mapping[float, int]) -> None:
        """Begin with what an earlier learner has *learned*."""

    def learned(self) -> Mapping[float, int]:
        """The estimates of limits that are not known."""

    def record_sent(self, now: float) -> None:
        """Count a request that goes *now*."""

    def record_throttled(self, now: float, *, period: float, sent: Sequence[float], is_first: bool) -> None:
        """Lower the limit for *period*, given when each recent request was *sent*.

        *is_first* is False for a response that belongs to an episode: requests in flight together, throttled together.
        """

    def recover(self, now: float) -> bool:
        """Raise the limits that are due; returns whether any may have changed."""


class ThrottleLearner:
    """Learns a limit from the number of requests sent when the API throttled, and holds it.

    A known limit is lowered by a throttled response, because other clients use the account too, and recovers.
    """

    def __init__(self) -> None:
        self._known: dict[float, int] = {}
        self._learned: dict[float, int] = {}
        self._limits: dict[float, int] = {}
        # The most requests that any period held when it was throttled.
        self._peaks: dict[float, int] = {}
        self._run = _Run()
        self._episode: _Episode | None = None
        self._lowered_at = -math.inf

    @property
    def limits(self) -> Mapping[float, int]:
        """The limits to keep to now."""
        return self._limits

    def add_known(self, limits: Mapping[float, int]) -> None:
        """Keep to *limits* as well; of two for one period the lower one holds."""
        for period, requests in limits.items():
            self._known[period] = min(requests, self._known.get(period, requests))
            self._lower(period, self._known[period])

    def restore(self, learned: Mapping[float, int]) -> None:
        """Begin with what an earlier learner has *learned*, except where a limit is known."""
        for period, requests in learned.items():
            if period not in self._known and period not in self._learned:
                self._learned[period] = requests
                self._lower(period, requests)

    def learned(self) -> Mapping[float, int]:
        """The estimates of limits that are not known."""
        return self._learned

    def record_sent(self, now: float) -> None:
        """Count a request that goes *now*."""
        self._run.count(now)

    def record_throttled(self, now: float, *, period: float, sent: Sequence[float], is_first: bool) -> None:
        """Estimate the limit for *period* again with each response of an episode: none of them was counted."""
        if is_first or self._episode is None:
            self._episode = _Episode(now, self._run, dict(self._limits), dict(self._peaks))
            self._run = _Run()
        self._episode.throttled += 1
        allowed = self._estimate(self._episode, period, sent)
        if period not in self._known:
            self._learned[period] = allowed
        self._limits[period] = min(allowed, self._episode.limits.get(period, allowed))
        self._lowered_at = now

    def recover(self, now: float) -> bool:
        """Raise known limits that were lowered; returns whether it was time to."""
        if now - self._lowered_at < RECOVERY_SECONDS:
            return False
        for period, known in self._known.items():
            self._limits[period] = min(known, math.ceil(self._limits[period] * RECOVERY_FACTOR))
        self._lowered_at = now
        return True

    def _estimate(self, episode: "_Episode", period: float, sent: Sequence[float]) -> int:
        """How many requests the API allows in *period*, from those it had accepted when it throttled.

        A rolling window allows those of the last period. A bucket, which starts full and is refilled continuously,
        allows fewer. The API may use either (docs/opsgenie-api.md#rate-domains): the first estimate lies between the
        two, and a later one assumes a bucket if an earlier period held more.
        """
        window = sum(1 for time in sent if time > episode.began - period) - episode.throttled
        peak = episode.peaks.get(period, 0)
        self._peaks[period] = max(window, peak)
        bucket = episode.bucket(period)
        if period not in episode.limits:
            estimate = max(bucket, window * CAUTION)
        else:
            estimate = window if window >= peak else bucket
        # A late throttled response, or one that other clients caused, understates the limit: it is halved at most.
        return max(1, round(max(estimate, episode.limits.get(period, 0) / 2)))

    def _lower(self, period: float, requests: int) -> None:
        self._limits[period] = min(requests, self._limits.get(period, requests))


@dataclass(slots=True)
class _Run:
    """Requests sent since a time at which a bucket was full."""

    began: float = math.inf
    sent: int = 0

    def count(self, now: float) -> None:
        self.began = min(self.began, now)
        self.sent += 1


@dataclass(slots=True)
class _Episode:
    """Responses throttled together: since when, the run that they ended, the limits and peaks before, how many."""

    began: float
    run: _Run
    limits: dict[float, int]
    peaks: dict[float, int]
    throttled: int = 0

    def bucket(self, period: float) -> float:
        """The size of a bucket that the run has emptied, if it is refilled once in each *period*."""
        periods = max(0.0, self.began - self.run.began) / period
        return (self.run.sent - self.throttled) / (1 + periods)
