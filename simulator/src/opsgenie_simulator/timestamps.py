"""Moments as the API writes them, and as epoch milliseconds."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def format_timestamp(moment_ms: int) -> str:
    """Write a moment in UTC with the trailing zeros of its fraction dropped (docs/opsgenie-api.md#timestamps)."""
    seconds, milliseconds = divmod(moment_ms, 1000)
    whole = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    fraction = f".{milliseconds:03d}".rstrip("0") if milliseconds else ""
    return f"{whole}{fraction}Z"


def epoch_ms(moment: int | str) -> int:
    """Read a moment given as epoch milliseconds or as ISO 8601 text."""
    if isinstance(moment, int):
        return moment
    read = datetime.fromisoformat(moment)
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MILLISECOND


_FRACTION = re.compile(rb'(?<="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?(?=Z")')


def with_full_fractions(body: bytes) -> bytes:
    """The same JSON with three digits in the fraction of each timestamp."""
    return _FRACTION.sub(lambda match: b"." + (match[1] or b"").ljust(3, b"0"), body)
