"""What is known of one rate limit, and how that changes when requests are throttled or not; no I/O and no clock."""

import math
from dataclasses import dataclass, replace

from source_opsgenie.api.limiter import SHORT_PERIOD
from source_opsgenie.api.readings import Reading

# Readings that differ by at most this fraction of the largest agree.
TOLERANCE = 0.15
# How far a single reading is off by chance, and readings of the same kind from each other.
CHANCE = 0.05
NOISE = 0.02
# How many readings are compared.
COMPARED = 3
# A limit rises after this many seconds without throttling; the factors of each rise, of which the last one repeats.
RISE_SECONDS = 30.0
RISES = (1.12, 1.12, 1.12, 1.25, 1.5, 2.0)
# The part of what others left that is used: less in a long period, in the middle of which they may have begun, and less
# again if that was too much.
OTHERS_PART, OTHERS_PART_LONG, OTHERS_PART_AGAIN = 1 / 2, 1 / 3, 1 / 4
# After throttling by others it rises later; up to what the API is known to allow, it rises faster.
OTHERS_SECONDS = 60.0
RETURN_SECONDS = 20.0
RETURNS = (1.25, 2.0)
# After readings that agree it rises later, and they confirm the limit once they are this far apart.
AGREED_SECONDS = 120.0
# A confirmed limit is tested by rising further once in this time at most.
TEST_SECONDS = 3600.0
# Others lower a limit to this fraction at most, so that it is back within five minutes; one request always goes.
LEAST = 0.03
LOWEST = 0.6


@dataclass(frozen=True, slots=True)
class Estimate:
    """The *limit* to keep to now, in requests per period, and what it is based on.

    *known* is what the API reports, *confirmed* what readings have confirmed, until the next test at *test_at*.
    *proven* is the most that the API has accepted as a bucket: the limit is not lower, in either model.
    *readings* agree with each other, *since* the first one.
    Since the last one the limit has risen again, by *returns* up to what is known, and by *rises* beyond.
    """

    limit: float
    known: float | None = None
    confirmed: float | None = None
    test_at: float = math.inf
    proven: float = 0.0
    readings: tuple[Reading, ...] = ()
    since: float = 0.0
    returns: int = 0
    rises: int = 0
    rises_at: float = math.inf

    @property
    def is_guess(self) -> bool:
        """Whether the limit is neither a known nor a confirmed one."""
        return self.limit not in (self.known, self.confirmed)

    def lowered(self, reading: Reading, now: float, *, period: float) -> "Estimate":
        """The estimate after *reading* was taken, *now*; nothing is sent for a *period* afterwards."""
        resumes_at, is_early = now + period, self._is_early(now)
        proven = max(self.proven, reading.bucket)
        after = replace(self, proven=proven, returns=0, rises=0, test_at=self._next_test(now))
        if after._is_of_others(reading):
            part = OTHERS_PART if period <= SHORT_PERIOD else OTHERS_PART_LONG
            rest = min(reading.bucket, self.limit) * (OTHERS_PART_AGAIN if is_early else part)
            return after._limited(rest, resumes_at + OTHERS_SECONDS)
        agreed = _agreed((*self.readings, reading), proven=proven)
        if agreed is None:
            after = replace(after, readings=(reading,), since=now)
            guess = min(reading.bucket, self.limit / 2) if is_early else reading.bucket
            return after._limited(guess, resumes_at + RISE_SECONDS)
        after = replace(after, readings=(*self.readings, reading)[-COMPARED:])
        after = after._limited(agreed, resumes_at + AGREED_SECONDS)
        return after._confirmed(now) if now - self.since >= AGREED_SECONDS else after

    def is_due(self, now: float) -> bool:
        """Whether it is time to raise the limit."""
        return now >= self.rises_at and self.limit < self._most(now)

    def raised(self, now: float) -> "Estimate":
        """The estimate after a time without throttling."""
        if self.limit < self._allowed:
            limit = min(self.limit * _factor(RETURNS, self.returns), self._allowed)
            return replace(self, limit=limit, returns=self.returns + 1, rises_at=now + RETURN_SECONDS)
        limit = min(self.limit * _factor(RISES, self.rises), self._most(now))
        return replace(self, limit=limit, rises=self.rises + 1, rises_at=now + RISE_SECONDS)

    @property
    def _allowed(self) -> float:
        """What the API allows at least, if no one else uses it."""
        return self.known or self.confirmed or self.proven

    def _most(self, now: float) -> float:
        return self.known or (self.confirmed if self.confirmed and now < self.test_at else math.inf)

    def _is_of_others(self, reading: Reading) -> bool:
        """Whether *reading* is less than what the API allows for certain: others use the limit, too."""
        if reading.window < (1 - TOLERANCE) * self.proven:
            return True
        # A share of the confirmed limit was accepted, so it has not become much lower since.
        is_valid = self.confirmed is not None and self.proven > (1 - 2 * TOLERANCE) * self.confirmed
        return is_valid and reading.window < (1 - CHANCE) * (self.confirmed or 0.0)

    def _is_early(self, now: float) -> bool:
        """Whether the limit was lowered and has not had the time to rise: others use it."""
        return now < self.rises_at < math.inf and not self.returns + self.rises

    def _limited(self, limit: float, rises_at: float) -> "Estimate":
        limit = min(max(limit, LEAST * self._allowed, LOWEST), self.known or math.inf)
        return replace(self, limit=limit, rises_at=rises_at)

    def _confirmed(self, now: float) -> "Estimate":
        """The same as a confirmed limit, if the API does not report it."""
        if self.known:
            return self
        return replace(self, confirmed=self.limit, test_at=now + TEST_SECONDS)

    def _next_test(self, now: float) -> float:
        """A confirmed limit is tested once an hour at most."""
        return self.test_at if now < self.test_at else now + TEST_SECONDS


def restored(limit: float, now: float) -> Estimate:
    """The estimate of a limit that was confirmed earlier."""
    return Estimate(limit, confirmed=limit, test_at=now + TEST_SECONDS, rises_at=now)


def _agreed(readings: tuple[Reading, ...], *, proven: float) -> float | None:
    """The limit that *readings* agree on: as windows, as buckets, or between, where they agree better."""
    if len(readings) < 2:  # noqa: PLR2004 -- one reading agrees with itself
        return None
    windows, buckets = [one.window for one in readings], [one.bucket for one in readings]
    window, bucket = windows[-1], max(proven, *buckets)
    of_windows, of_buckets = _spread(windows), _spread(buckets)
    if of_windows > TOLERANCE:
        return bucket if of_buckets <= TOLERANCE else None
    if of_buckets > TOLERANCE:
        return window
    weight = (of_windows + NOISE) / (of_windows + of_buckets + 2 * NOISE)
    return weight * bucket + (1 - weight) * window


def _factor(factors: tuple[float, ...], number: int) -> float:
    return factors[min(number, len(factors) - 1)]


def _spread(values: list[float]) -> float:
    return 1 - min(values) / max(*values, LOWEST)
