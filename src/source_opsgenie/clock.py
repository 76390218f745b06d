"""Tell the time, wait, detect a suspend, and convert Opsgenie's timestamps."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
DAY_MS = timedelta(days=1) // MILLISECOND
# The first and the last millisecond that a datetime in UTC can hold.
LEAST_MS, MOST_MS = ((one.replace(tzinfo=UTC) - EPOCH) // MILLISECOND for one in (datetime.min, datetime.max))
# Setting a clock right moves it by less, and a busy machine stalls for less.
LONGEST_STALL_SECONDS = 30.0


class Stopped(Exception):
    """All work must stop: raised in each thread that sleeps, to end it."""


class Clock(Protocol):
    """Time as an argument, so that waiting is tested without waiting."""

    def monotonic(self) -> float:
        """Seconds that never go backwards."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass; raises Stopped if all work must stop."""


class SystemClock:
    """The machine's own clock; `stop` ends every sleep on it."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass; raises Stopped once `stop` was called."""
        if self._stopped.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """End every current and later sleep."""
        self._stopped.set()


class SuspendDetector:
    """Detects that the machine was suspended, or this process stalled, by comparing two clocks."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._checked_at = monotonic(), wall()

    def has_suspended(self) -> bool:
        """Whether the machine was suspended since the last call; call it every few seconds."""
        before, self._checked_at = self._checked_at, (self._monotonic(), self._wall())
        awake, passed = (now - then for then, now in zip(before, self._checked_at, strict=True))
        # Some machines stop the monotonic clock during a suspend, others do not.
        return passed - awake > LONGEST_STALL_SECONDS or awake > LONGEST_STALL_SECONDS


def parse_timestamp(text: str) -> int:
    """The timestamp *text* in milliseconds since 1970; finer digits are cut off.

    Accepts 0 to 9 fraction digits, `Z` or an offset (docs/opsgenie-api.md#timestamps); raises ValueError.
    """
    return _since_epoch(datetime.fromisoformat(text))


def _since_epoch(parsed: datetime) -> int:
    passed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)) - EPOCH
    # Two are parsed for each alert, and dividing the difference by a millisecond would take as long as all of this.
    time_ms = passed.days * DAY_MS + passed.seconds * 1000 + passed.microseconds // 1000
    if LEAST_MS <= time_ms <= MOST_MS:
        return time_ms
    raise ValueError("a time outside the years 1 to 9999 of UTC")


def format_timestamp(time_ms: int) -> str:
    """The time *time_ms* as Opsgenie writes it."""
    return (EPOCH + time_ms * MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# No account is older than Opsgenie itself.
OLDEST_MS = parse_timestamp("2012-01-01T00:00:00Z")


@lru_cache(maxsize=8)
def parse_http_date(header: str | None) -> int | None:
    """The time in a `Date` header, in milliseconds since 1970, or None if it is not valid."""
    try:
        return _since_epoch(parsedate_to_datetime(header)) if header else None
    except ValueError:
        return None
