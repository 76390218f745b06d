"""What may be sent when: a Pacer for each domain of requests; no I/O, no clock of its own."""

import math
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

# Both periods in which Opsgenie counts (docs/opsgenie-api.md#rate-headers).
LONGEST_PERIOD = 60.0
# Requests are spread over periods that are as short as this; of a longer one, all may go at once.
SHORT_PERIOD = 1.0
# Requests take longer or shorter to arrive: each period is taken to be longer by this factor.
MARGIN = 1.005
# Which part of what was sent in the last period is believed to be allowed, where nothing else is known.
MOSTLY = 0.9
# How many requests may be under way at first, in a domain without any limit.
FIRST_WIDTH = 16
# Twice as many requests under way are worth it if the answers a second grow by this factor.
BETTER = 1.2
# A limit that the API told, and that was lowered because others use the account too, rises each time that this
# many seconds have passed, by the factor below.
RECOVERY_SECONDS = 600.0
RECOVERY = 1.25


class Domain(Enum):
    """A domain of requests, each with a rate limit of its own (docs/opsgenie-api.md#rate-domains)."""

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
    """Keeps one domain within its limits, and waits out a refusal; any thread may ask.

    Known limits are kept to within every period, rolling or not. A limit that is not known is learned from the first
    refusal, and *share* is the part of it that is used from then on. A known one is lowered by a refusal, too: others
    use the account. Without any limit, the number of requests under way grows with the answers, as long as twice as
    many bring more of them. All moments are seconds on the caller's monotonic clock.
    """

    def __init__(self, limits: Iterable[Limit] = (), *, share: float = 1.0) -> None:
        self._share = share
        self._known: dict[float, int] = {}
        self._learned: dict[float, int] = {}
        self._limits: dict[float, int] = {}
        self._sent: deque[float] = deque()
        self._refused_until = self._lowered_at = self._next_at = -math.inf
        self._episode: _Episode | None = None
        # The most that was ever taken in a period; and what was sent since the first request, or the last refusal.
        self._peaks: dict[float, int] = {}
        self._run = _Run()
        self._growth = _Growth()
        self._changed = threading.Condition()
        for limit in limits:
            self.know(limit)

    def know(self, limit: Limit) -> None:
        """Keep to *limit* as well, from now on: the API told it, or the user."""
        self._known[limit.period] = min(limit.requests, self._known.get(limit.period, limit.requests))
        self._lower(limit.period, self._known[limit.period])

    def remember(self, learned: Mapping[float, int]) -> None:
        """Keep to what an earlier Pacer has *learned*: for each period in seconds, the requests allowed in it."""
        for period, requests in learned.items():
            if period not in self._known and period not in self._learned:
                self._learned[period] = requests
                self._lower(period, self._part(requests))

    def learned(self) -> dict[float, int]:
        """The limits that only refusals have told: for each period in seconds, the requests allowed in it."""
        return dict(self._learned)

    @property
    def room(self) -> int:
        """How many more requests may be under way; where there is a limit, any number."""
        return sys.maxsize if self._limits else self._growth.width - self._growth.under_way

    def enter(self) -> None:
        """Begin a request: waits for an answer to another one, if as many as may be are under way."""
        with self._changed:
            self._changed.wait_for(lambda: self.room > 0)
            self._growth.under_way += 1

    def leave(self, now: float) -> None:
        """End a request, answered or not."""
        with self._changed:
            self._growth.answered(now)
            # No more are woken than may go: each of the others would only look, and wait on.
            self._changed.notify(self.room)

    def take(self, now: float) -> float:
        """Take the right to send one request: 0 if it may go *now*, else the seconds to wait and ask again."""
        with self._changed:
            self._forget(now)
            self._recover(now)
            full = (self._full_for(limit, now) for limit in self._limits.items())
            wait = max([self._refused_until - now, self._next_at - now, *full])
            if wait > 0:
                return wait
            self._sent.append(now)
            self._run.count(now)
            # Whoever comes late may catch up by one request.
            self._next_at = max(self._next_at, now - self._gap) + self._gap
            return 0.0

    def refused(self, now: float, *, period: float) -> bool:
        """The API refused a request: nothing goes for *period* seconds, and less than was sent goes afterwards.

        Returns whether this refusal is the first of those that come together, so that the caller tells of it once: of
        requests that were under way at the same time, each may be refused. None of them counted, so the limit that
        they tell is estimated anew with each.
        """
        with self._changed:
            self._forget(now)
            is_news = now >= self._refused_until
            if is_news or self._episode is None:
                self._episode = _Episode(now, self._run, dict(self._limits), dict(self._peaks))
                self._run = _Run()
            self._episode.refusals += 1
            allowed = self._part(self._estimate(self._episode, period))
            self._limits[period] = min(allowed, self._episode.limits.get(period, allowed))
            self._refused_until = max(self._refused_until, now + period)
            self._lowered_at = now
            return is_news

    def waiting(self, now: float) -> float:
        """Seconds for which a refusal still has to be waited out."""
        return max(0.0, self._refused_until - now)

    def per_minute(self) -> float | None:
        """Requests that go in a minute as far as is known, or None if no limit is."""
        rates = [requests * 60 / period for period, requests in self._limits.items()]
        return min(rates, default=None)

    def _estimate(self, episode: "_Episode", period: float) -> int:
        """How many requests the API allows in a *period*, told by what it had taken when it refused.

        If it keeps a rolling window: what was sent in the last period. If it keeps a bucket, that began full and was
        refilled all the time: less. Which of them it keeps is not known (docs/opsgenie-api.md#rate-domains): at first
        the truth is taken to lie between, later it is a bucket if more was taken in a period once before.
        """
        window = sum(1 for moment in self._sent if moment > episode.began - period) - episode.refusals
        peak = episode.peaks.get(period, 0)
        self._peaks[period] = max(window, peak)
        periods = max(0.0, episode.began - episode.run.began) / period
        bucket = (episode.run.sent - episode.refusals) / (1 + periods)
        if period not in episode.limits:
            estimate = max(bucket, window * MOSTLY)
        else:
            estimate = window if window >= peak else bucket
        # A refusal that comes late, or that others caused, tells too little: no limit falls to less than its half.
        allowed = max(1, round(max(estimate, episode.limits.get(period, 0) / self._share / 2)))
        if period not in self._known:
            self._learned[period] = allowed
        return allowed

    def _part(self, requests: int) -> int:
        return max(1, int(requests * self._share))

    def _lower(self, period: float, requests: int) -> None:
        self._limits[period] = min(requests, self._limits.get(period, requests))

    def _recover(self, now: float) -> None:
        if now - self._lowered_at >= RECOVERY_SECONDS:
            for period, known in self._known.items():
                self._limits[period] = min(known, math.ceil(self._limits[period] * RECOVERY))
            self._lowered_at = now

    @property
    def _gap(self) -> float:
        """Seconds between two requests, where a limit is for so short a period that the way to the API shifts it."""
        return max(
            (period / requests for period, requests in self._limits.items() if period <= SHORT_PERIOD), default=0
        )

    def _full_for(self, limit: tuple[float, int], now: float) -> float:
        period, requests = limit
        if len(self._sent) < requests:
            return 0.0
        return self._sent[-requests] + period * MARGIN - now

    def _forget(self, now: float) -> None:
        longest = max([LONGEST_PERIOD, *self._limits]) * MARGIN
        while self._sent and self._sent[0] <= now - longest:
            self._sent.popleft()


@dataclass(slots=True)
class _Run:
    """Requests that were sent since a moment at which a bucket was full."""

    began: float = math.inf
    sent: int = 0

    def count(self, now: float) -> None:
        self.began = min(self.began, now)
        self.sent += 1


@dataclass(slots=True)
class _Episode:
    """Refusals that came together: since when, the run that they ended, what held and was taken before, how many."""

    began: float
    run: _Run
    limits: dict[float, int]
    peaks: dict[float, int]
    refusals: int = 0


@dataclass(slots=True)
class _Growth:
    """How many requests may be under way in a domain without limits; it doubles while that brings more answers."""

    width: int = FIRST_WIDTH
    under_way: int = 0
    answers: int = 0
    began: float | None = None
    best: float = 0.0

    def answered(self, now: float) -> None:
        """Count an answer; after as many as may be under way, look whether more of them come than before."""
        self.under_way -= 1
        self.answers += 1
        if self.began is None:
            self.began, self.answers = now, 0
        elif self.answers >= self.width:
            a_second = self.answers / max(now - self.began, 1e-6)
            if a_second >= BETTER * self.best:
                self.best, self.width = a_second, self.width * 2
            self.began, self.answers = now, 0
