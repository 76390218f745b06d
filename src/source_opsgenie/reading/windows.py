"""Tile a span of time by counts, and prove that a window was read whole.

Every law here, and the data set that broke the obvious way, is in docs/completeness.md.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice

from source_opsgenie.api.failures import Failure
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.paging import PASSES
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import Tally
from source_opsgenie.streams.stream import Record

LOGGER = logging.getLogger("source_opsgenie")

# A window never holds more rows than the API would list by offsets (docs/opsgenie-api.md#the-cap).
WIDEST = 19_900
NARROWEST = 2_000
# Into how many windows a small account is cut, so that it checkpoints often; planning costs a count per window.
WINDOWS = 8

# The most rows that are looked at again at once; a larger window whose count differs is halved by counting.
SMALL = 200
# How often a window is looked at, while rows are deleted from it as fast as that is done.
MOST_PASSES = 8


@dataclass(frozen=True, slots=True)
class Window:
    """The rows created in [start, end), and how many they were when the window was planned."""

    start: int
    end: int
    count: int


def window_size(total: int) -> int:
    """The most rows that one of the windows over *total* rows should hold."""
    return min(WIDEST, max(NARROWEST, total // WINDOWS))


def tile_windows(search: Search, whole: Window, *, widest: int) -> Iterator[Window]:
    """Cut *whole* into windows that can be listed, newest first; empty ones are left out.

    A half is counted, and its sibling is what remains: n windows cost about n counts.
    """
    if whole.count == 0:
        return
    if whole.count <= widest or whole.end - whole.start <= 1:
        yield whole
        return
    middle = (whole.start + whole.end) // 2
    newer = search.count(created(middle, whole.end))
    # Rows that show late may be counted in one half and not in the whole: nothing is left out on a difference alone.
    older = whole.count - newer if newer < whole.count else search.count(created(whole.start, middle))
    yield from tile_windows(search, Window(middle, whole.end, newer), widest=widest)
    yield from tile_windows(search, Window(whole.start, middle, older), widest=widest)


def prove(search: Search, window: Window, listed: Mapping[str, int]) -> Iterator[list[Record] | Tally]:
    """Count a window once more whose rows were *listed*, each id with its moment; yield what was missed, and Tallies.

    Where the count differs, halves are counted until little is left to look at, so that rows which are deleted
    meanwhile elsewhere do not matter.
    """
    counted = search.count(created(window.start, window.end))
    yield from _explain(search, replace(window, count=counted), listed)


def _explain(search: Search, window: Window, listed: Mapping[str, int]) -> Iterator[list[Record] | Tally]:
    if window.count == len(listed):
        yield Tally(window.count, len(listed))
    elif max(window.count, len(listed)) <= SMALL or window.end - window.start <= 1:
        yield from _settle(search, window, set(listed))
    else:
        for half in _halves(search, window):
            inside = {row_id: moment for row_id, moment in listed.items() if half.start <= moment < half.end}
            yield from _explain(search, half, inside)


def _halves(search: Search, window: Window) -> list[Window]:
    """Both halves of *window*, counted; raises Incomplete if they are none: such counts would be halved for ever."""
    middle = (window.start + window.end) // 2
    spans = ((middle, window.end), (window.start, middle))
    halves = [Window(start, end, search.count(created(start, end))) for start, end in spans]
    # A few rows may show late.
    if sum(half.count for half in halves) <= window.count + SMALL:
        return halves
    raise Failure.WRONG_COUNT.error(
        f"{search.stream.path} counts {window.count} rows between {window.start} and {window.end} (milliseconds), and "
        f"{' and '.join(str(half.count) for half in halves)} in its halves"
    )


def _settle(search: Search, window: Window, ids: set[str]) -> Iterator[list[Record] | Tally]:
    """Read a window of which *ids* were listed until its count is explained; yield what was missed, and a Tally.

    More ids than counted: those that another pass lacks are asked for one by one, and a 404 explains them; a row that
    is deleted between a pass and its count is a matter for one pass more. Of a crowded millisecond so many are deleted
    during one pass that this never ends: there, as many ids as were counted before the pass or after it, or a number
    between, are explained by what was deleted from one count to the other.
    Fewer: it is read again. The same few missing on each of three passes, in two orders, are counted and never listed;
    anything else raises Incomplete.
    """
    counted, gone = window.count, set[str]()
    is_crowd = max(counted, len(ids)) > SMALL
    differences: list[int] = []
    for order in islice(cycle(("desc", "asc")), MOST_PASSES):
        before, again = counted, set[str]()
        for rows in read_span(search, window.start, window.end, order=order):
            yield [row for row in rows if row["id"] not in ids and row["id"] not in again]
            again |= {row["id"] for row in rows}
        gone |= {row_id for row_id in ids - again - gone if not search.exists(row_id)}
        ids = ids | again
        counted = search.count(created(window.start, window.end))
        there = len(ids - gone)
        if counted == there or (is_crowd and counted <= there <= before):
            yield Tally(counted, len(ids), len(ids) - counted)
            return
        differences.append(counted - len(again))
        if len(differences) >= PASSES and (is_crowd or max(differences) >= 0):
            break
    if min(differences) <= 0 or len(set(differences)) > 1:
        raise Failure.WRONG_COUNT.error(
            f"{search.stream.path} counts and lists different rows between {window.start} and {window.end} "
            f"(milliseconds), {differences} apart in {len(differences)} passes"
        )
    LOGGER.warning(
        "%s counts %d rows created between %s and %s that it never lists.",
        *(search.stream.path, differences[0], format_timestamp(window.start), format_timestamp(window.end)),
    )
    yield Tally(counted, len(ids), len(gone), differences[0])
