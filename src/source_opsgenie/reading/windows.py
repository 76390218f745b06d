"""Cut a span of time into windows by counts, and prove that a window was read completely.

Every rule here, and the data set that breaks the obvious way, is in docs/completeness.md.
"""

import logging
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice

from source_opsgenie.api.failures import Failure
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.counts import Tally
from source_opsgenie.reading.paging import PASSES
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.reading.spans import read_span

LOGGER = logging.getLogger("source_opsgenie")

# The most rows that are read again in one piece; a larger window whose count differs is halved by counting.
SMALL = 200
# The most passes over a window from which rows are deleted during each pass.
MOST_PASSES = 8

# Yields the rows that were missed, and returns what was proven.
Proving = Generator[list[SearchRow], None, Tally]


@dataclass(frozen=True, slots=True)
class Window:
    """The rows created in [start, end), and their count when the window was planned."""

    start: int
    end: int
    count: int


def tile_windows(search: Search, window: Window, *, largest: int) -> Iterator[Window]:
    """Cut *window* into parts of at most *largest* rows, newest first, without the empty ones.

    One half is counted and the other is the difference, so n windows cost about n counts. What cannot be counted is not
    cut.
    """
    if window.count == 0:
        return
    if window.count <= largest or window.end - window.start <= 1:
        yield window
        return
    middle = (window.start + window.end) // 2
    newer = search.count_if_possible(created(middle, window.end))
    if newer is None:
        yield window
        return
    # A row that is indexed late may be in the half and not in the total: a half is never skipped by a difference alone.
    older = window.count - newer if newer < window.count else search.count(created(window.start, middle))
    yield from tile_windows(search, Window(middle, window.end, newer), largest=largest)
    yield from tile_windows(search, Window(window.start, middle, older), largest=largest)


def prove(search: Search, window: Window, listed: Mapping[str, int]) -> Proving:
    """Count a *window* again after its rows were *listed* (ids with creation times), and explain any difference.

    Where the count differs, halves are counted until few rows are left to read again, so that rows deleted
    elsewhere meanwhile do not matter. A window that cannot be counted stays unproven.
    """
    counted = search.count_if_possible(created(window.start, window.end))
    if counted is None:
        return Tally(uncounted=len(listed))
    return (yield from _explain(search, replace(window, count=counted), listed))


def _explain(search: Search, window: Window, listed: Mapping[str, int]) -> Proving:
    if window.count == len(listed):
        return Tally(window.count, len(listed))
    if max(window.count, len(listed)) <= SMALL or window.end - window.start <= 1:
        return (yield from _settle(search, window, set(listed)))
    tally = Tally()
    for half in _halves(search, window):
        inside = {row_id: time for row_id, time in listed.items() if half.start <= time < half.end}
        tally += yield from _explain(search, half, inside)
    return tally


def _halves(search: Search, window: Window) -> list[Window]:
    """Both halves of *window*, counted; raises Incomplete if they exceed it, which would never end."""
    middle = (window.start + window.end) // 2
    spans = ((middle, window.end), (window.start, middle))
    halves = [Window(start, end, search.count(created(start, end))) for start, end in spans]
    # A few rows may be indexed late.
    if sum(half.count for half in halves) <= window.count + SMALL:
        return halves
    raise Failure.WRONG_COUNT.error(
        f"{search.stream.path} counts {window.count} rows between {window.start} and {window.end} (milliseconds), and "
        f"{' and '.join(str(half.count) for half in halves)} in its halves"
    )


def _settle(search: Search, window: Window, ids: set[str]) -> Proving:
    """Read *window* again until its count is explained; its rows *ids* were listed before.

    More ids than counted: those that another pass lacks are requested one by one, and a 404 explains them; a row
    deleted between a pass and its count needs one more pass. In a crowded millisecond, rows may be deleted during
    every pass: there, any number between the counts before and after a pass is accepted.
    Fewer: the window is read again. If the same number is missing in three passes, in two orders, these rows are
    counted and never listed; anything else raises Incomplete.
    """
    counted, deleted = window.count, set[str]()
    is_crowd = max(counted, len(ids)) > SMALL
    differences: list[int] = []
    for order in islice(cycle(("desc", "asc")), MOST_PASSES):
        before = counted
        again = yield from _read_again(search, window, ids, order=order)
        deleted |= {row_id for row_id in ids - again - deleted if not search.exists(row_id)}
        ids = ids | again
        counted = search.count(created(window.start, window.end))
        present = len(ids - deleted)
        if counted == present or (is_crowd and counted <= present <= before):
            return Tally(counted, len(ids), len(ids) - counted)
        differences.append(counted - len(again))
        if len(differences) >= PASSES and (is_crowd or max(differences) >= 0):
            break
    unlisted = _never_listed(search, window, differences)
    return Tally(counted, len(ids), len(deleted), unlisted)


def _read_again(
    search: Search, window: Window, ids: set[str], *, order: str
) -> Generator[list[SearchRow], None, set[str]]:
    """Yield the rows of another pass that are not among *ids*, and return the ids of all its rows."""
    again = set[str]()
    for rows in read_span(search, window.start, window.end, order=order):
        yield [row for row in rows if row.id not in ids and row.id not in again]
        again |= {row.id for row in rows}
    return again


def _never_listed(search: Search, window: Window, differences: list[int]) -> int:
    """How many rows are counted and never listed; raises Incomplete if the passes do not agree."""
    if min(differences) <= 0 or len(set(differences)) > 1:
        raise Failure.WRONG_COUNT.error(
            f"{search.stream.path} counts and lists different rows between {window.start} and {window.end} "
            f"(milliseconds), {differences} apart in {len(differences)} passes"
        )
    LOGGER.warning(
        "%s counts %d rows created between %s and %s that it never lists.",
        *(search.stream.path, differences[0], format_timestamp(window.start), format_timestamp(window.end)),
    )
    return differences[0]
