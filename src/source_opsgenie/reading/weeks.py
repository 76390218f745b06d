"""The weeks of a list that is requested week by week, up to the end of next week."""

from collections.abc import Mapping
from typing import Any

from source_opsgenie.clock import DAY_MS, format_timestamp

WEEK_MS = 7 * DAY_MS
# The first Monday after the epoch: weeks, and with them the keys of rows, are the same in every sync.
MONDAY_MS = 4 * DAY_MS


def weeks(now_ms: int, *, days_back: int) -> list[Mapping[str, Any]]:
    """The Mondays from *days_back* days ago to next week, each as the parameter `date`."""
    first = (now_ms - days_back * DAY_MS - MONDAY_MS) // WEEK_MS
    last = (now_ms - MONDAY_MS) // WEEK_MS + 1
    return [{"date": format_timestamp(MONDAY_MS + week * WEEK_MS)} for week in range(first, last + 1)]
