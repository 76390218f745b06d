"""Timestamps as the API writes them, and in epoch milliseconds."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def format_timestamp(time_ms: int) -> str:
    """Format a timestamp in UTC, without trailing zeros in its fraction (docs/opsgenie-api.md#timestamps)."""
    seconds, milliseconds = divmod(time_ms, 1000)
    date_and_time = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    fraction = f".{milliseconds:03d}".rstrip("0") if milliseconds else ""
    return f"{date_and_time}{fraction}Z"


def epoch_ms(timestamp: int | str) -> int:
    """Convert ISO 8601 text to epoch milliseconds; an integer is returned as it is."""
    if isinstance(timestamp, int):
        return timestamp
    parsed = datetime.fromisoformat(timestamp)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MILLISECOND


def add_months(time_ms: int, months: int) -> int:
    """The same time of day some months later, on the 28th at the latest."""
    time = _EPOCH + time_ms * _MILLISECOND
    years, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    return (time.replace(year=years, month=month + 1, day=min(time.day, 28)) - _EPOCH) // _MILLISECOND


_FRACTION = re.compile(rb'(?<="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?(?=Z")')


def with_full_fractions(body: bytes) -> bytes:
    """The same JSON, with three fraction digits in every timestamp."""
    return _FRACTION.sub(lambda match: b"." + (match[1] or b"").ljust(3, b"0"), body)
