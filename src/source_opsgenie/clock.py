"""What time it is, how to wait, and how Opsgenie writes a moment down."""

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
# A clock that is set right moves less, and a machine under load stands still for less.
NAP_SECONDS = 30.0


class Stopped(Exception):
    """All work is to stop: raised in whatever sleeps, to end its thread."""


class Clock(Protocol):
    """Time as an argument, so that whatever waits is tested without waiting."""

    def monotonic(self) -> float:
        """Seconds that only grow."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass; raises Stopped if all work is to stop."""


class SystemClock:
    """The machine's own clock; `stop` ends whatever sleeps on it."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass; raises Stopped once `stop` was called."""
        if self._stopped.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """End all sleep, now and from now on."""
        self._stopped.set()


class SuspendDetector:
    """Notices that the machine slept, or this process stood still, by two clocks that went on differently."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._looked = monotonic(), wall()

    def noticed(self) -> bool:
        """Whether it slept since this was asked last; who asks does so every few seconds."""
        before, self._looked = self._looked, (self._monotonic(), self._wall())
        awake, passed = (now - then for then, now in zip(before, self._looked, strict=True))
        # Some machines stop the monotonic clock while they sleep, others let it go on.
        return passed - awake > NAP_SECONDS or awake > NAP_SECONDS


def parse_timestamp(text: str) -> int:
    """The moment that *text* names, in milliseconds since 1970; finer digits are cut off.

    Takes 0 to 9 fraction digits, `Z` or an offset (docs/opsgenie-api.md#timestamps); raises ValueError.
    """
    return _since_epoch(datetime.fromisoformat(text))


def _since_epoch(moment: datetime) -> int:
    try:
        aware = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as problem:
        raise ValueError("a moment outside the years 1 to 9999 of UTC") from problem
    return (aware - EPOCH) // MILLISECOND


def format_timestamp(moment_ms: int) -> str:
    """The moment *moment_ms* as Opsgenie would write it."""
    moment = EPOCH + moment_ms * MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=8)
def parse_http_date(header: str | None) -> int | None:
    """The moment that a `Date` header names, in milliseconds, or None if it names none."""
    try:
        return _since_epoch(parsedate_to_datetime(header)) if header else None
    except ValueError:
        return None
