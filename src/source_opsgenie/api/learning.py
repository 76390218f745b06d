"""Learn a domain's rate limits from its throttled responses; no I/O and no clock of its own."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from source_opsgenie.api.estimates import Estimate, restored
from source_opsgenie.api.readings import read

# How many accepted requests are remembered: twenty minutes at 16 per second.
MEMORY = 20_000
# A limit is raised only while at least this fraction of the requests had to wait.
HELD = 0.5


class Learner(Protocol):
    """Estimates how many requests the API allows in each period; a pacer applies its share to the estimates.

    Limits are mappings of a period in seconds to the requests allowed in it.
    All times are seconds on the caller's monotonic clock.
    """

    @property
    def limits(self) -> Mapping[float, float]:
        """The limits to keep to now: known ones, possibly lowered, and estimates."""

    @property
    def known(self) -> frozenset[float]:
        """The periods whose limit is known."""

    @property
    def guesses(self) -> frozenset[float]:
        """The periods whose limit is a guess: their requests must be spaced evenly."""

    def add_known(self, limits: Mapping[float, float]) -> None:
        """Keep to *limits* as well: their source is certain."""

    def restore(self, learned: Mapping[float, float], now: float) -> None:
        """Begin with what an earlier learner has *learned*, at the time *now*."""

    def learned(self) -> Mapping[float, int]:
        """The confirmed limits among those that are not known."""

    def record_sent(self, now: float, *, has_waited: bool) -> None:
        """Count a request that goes *now*; the limits made it wait if it *has_waited*."""

    def record_throttled(self, now: float, *, period: float, sent_at: float, is_first: bool) -> None:
        """Lower the limit for *period*: a request that was sent at *sent_at* was throttled.

        *is_first* is False for a response that belongs to an episode: requests in flight together, throttled together.
        """

    def rise(self, now: float) -> bool:
        """Raise the limits that are due; returns whether any has changed."""


class ThrottleLearner:
    """Learns a limit from what was accepted when the API throttled: a guess that rises until it is confirmed.

    A known limit is lowered by a throttled response, because other clients use the account too, and rises again.
    """

    def __init__(self) -> None:
        self._estimates: dict[float, Estimate] = {}
        self._episodes: dict[float, _Episode] = {}
        self._accepted: deque[float] = deque(maxlen=MEMORY)
        self._sent = self._waited = 0

    @property
    def limits(self) -> Mapping[float, float]:
        """The limits to keep to now."""
        return {period: estimate.limit for period, estimate in self._estimates.items()}

    @property
    def known(self) -> frozenset[float]:
        """The periods whose limit is known."""
        return frozenset(period for period, estimate in self._estimates.items() if estimate.known)

    @property
    def guesses(self) -> frozenset[float]:
        """The periods whose limit is neither known nor confirmed."""
        return frozenset(period for period, estimate in self._estimates.items() if estimate.is_guess)

    def add_known(self, limits: Mapping[float, float]) -> None:
        """Keep to *limits* as well; of two for one period the lower one holds."""
        for period, requests in limits.items():
            before = self._estimates.get(period, Estimate(requests))
            known = min(requests, before.known or requests)
            self._estimates[period] = replace(before, limit=min(known, before.limit), known=known, confirmed=None)

    def restore(self, learned: Mapping[float, float], now: float) -> None:
        """Begin with what an earlier learner has *learned*, except where more is known."""
        for period, requests in learned.items():
            if period not in self._estimates:
                self._estimates[period] = restored(requests, now)

    def learned(self) -> Mapping[float, int]:
        """The confirmed limits."""
        confirmed = {period: estimate.confirmed for period, estimate in self._estimates.items()}
        return {period: max(1, round(limit)) for period, limit in confirmed.items() if limit is not None}

    def record_sent(self, now: float, *, has_waited: bool) -> None:
        """Count a request that goes *now*."""
        self._accepted.append(now)
        self._sent += 1
        self._waited += has_waited

    def record_throttled(self, now: float, *, period: float, sent_at: float, is_first: bool) -> None:
        """Estimate the limit for *period* again with each response of an episode: none of them was counted."""
        if sent_at in self._accepted:
            self._accepted.remove(sent_at)
        episode = self._episodes.get(period)
        if episode is None or is_first:
            # What went before the last episode of this period ended was throttled by that one.
            since = episode.began + period if episode else -math.inf
            self._episodes[period] = episode = _Episode(now, since, self._estimates.get(period, Estimate(math.inf)))
        reading = read(self._accepted, period=period, since=episode.since)
        self._estimates[period] = episode.before.lowered(reading, episode.began, period=period)
        self._sent = self._waited = 0

    def rise(self, now: float) -> bool:
        """Raise the limits that are due, if they are what holds the requests back."""
        due = {period: estimate for period, estimate in self._estimates.items() if estimate.is_due(now)}
        if not due or self._waited < HELD * self._sent or not self._sent:
            return False
        self._estimates |= {period: estimate.raised(now) for period, estimate in due.items()}
        self._sent = self._waited = 0
        return True


@dataclass(frozen=True, slots=True)
class _Episode:
    """Responses throttled together: when the first one came, since when requests count, and the estimate before."""

    began: float
    since: float
    before: Estimate
