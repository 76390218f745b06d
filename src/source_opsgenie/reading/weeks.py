"""The weeks that a list is asked for one by one: from some days back until the end of next week."""

from collections.abc import Mapping
from typing import Any

from source_opsgenie.clock import DAY_MS, format_timestamp

WEEK_MS = 7 * DAY_MS
# The first Monday after the epoch: weeks begin at the same moments in every sync, and so does the key of a row.
MONDAY_MS = 4 * DAY_MS


def weeks(now_ms: int, *, days_back: int) -> list[Mapping[str, Any]]:
    """The Mondays from *days_back* before *now_ms* to next week, each as the parameter `date`."""
    first = (now_ms - days_back * DAY_MS - MONDAY_MS) // WEEK_MS
    last = (now_ms - MONDAY_MS) // WEEK_MS + 1
    return [{"date": format_timestamp(MONDAY_MS + week * WEEK_MS)} for week in range(first, last + 1)]
