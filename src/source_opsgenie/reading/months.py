"""Calendar months in UTC, by which periods on call are cut: so their keys are the same in every sync."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from source_opsgenie.clock import DAY_MS, EPOCH, MILLISECOND

# How long after its end a month may still change: the last hours of it are not history in every time zone.
SETTLING_MS = 2 * DAY_MS
MONTHS, DAYS = "months", "days"
# Every month has this day.
LAST_COMMON_DAY = 28


@dataclass(frozen=True, slots=True)
class Width:
    """The length of a span of time, as the API takes it."""

    number: int
    unit: str

    def before(self, end_ms: int) -> int:
        """When to start, for a span of this width to end a little after *end_ms*: the API may shift it by hours."""
        if self.unit == MONTHS:
            return add_months(end_ms, -self.number) + 2 * DAY_MS
        return end_ms - self.number * DAY_MS * 3 // 4

    def after(self, start_ms: int) -> int:
        """The end of a span of this width."""
        return add_months(start_ms, self.number) if self.unit == MONTHS else start_ms + self.number * DAY_MS


def start_of_month(time_ms: int, *, later: int = 0) -> int:
    """When the month of a time begins, or the month that is this many months *later*."""
    time = EPOCH + time_ms * MILLISECOND
    years, month = divmod(time.year * 12 + time.month - 1 + later, 12)
    return (datetime(years, month + 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND


def add_months(time_ms: int, number: int) -> int:
    """The same time of day *number* months later, on the 28th at the latest."""
    time = EPOCH + time_ms * MILLISECOND
    since_midnight = time - time.replace(hour=0, minute=0, second=0, microsecond=0)
    days = timedelta(days=min(time.day, LAST_COMMON_DAY) - 1)
    return start_of_month(time_ms, later=number) + (days + since_midnight) // MILLISECOND


def settled(now_ms: int) -> int:
    """The months before this time are over, and do not change any more."""
    return start_of_month(now_ms - SETTLING_MS)


def split_by_month(start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """The parts of a span of time, each of them within a month."""
    while start_ms < end_ms:
        end = min(end_ms, start_of_month(start_ms, later=1))
        yield start_ms, end
        start_ms = end
