"""Read the rows created in a span of time: pages in parallel, each of which must join the one before it.

Around a page that cannot be listed, the span is halved until all that is left out is as small as it gets.

Every rule here, and the data set that breaks the obvious way, is in docs/completeness.md.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.clock import DAY_MS, OLDEST_MS
from source_opsgenie.concurrency import ordered_map
from source_opsgenie.errors import MalformedResponse, OpsgenieError
from source_opsgenie.reading.cursor import Cursor
from source_opsgenie.reading.events import SetAside
from source_opsgenie.reading.paging import CAP, PAGE, Page, read_by_offset
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search, SearchRow

# Rows that two pages fetched in parallel share: enough to see that they join.
SHARED = 2
STEP = PAGE - SHARED
# Pages are held until those before them are emitted: at most this many bytes of them, or one page.
BYTES_AHEAD = 1024 * 1024
# How often a request is sent while the place of a row that cannot be listed is searched for.
ATTEMPTS_AROUND = 2
# Failures in a row after which no part of the list can be expected to work; halving 500 years takes fewer.
MOST_FAILURES = 50


class SearchIgnored(MalformedResponse):
    """The API does not search or sort as requested, which no smaller span can change."""


@dataclass(slots=True)
class Lookahead:
    """How many *pages* may be fetched ahead, and the bytes of the largest page; each page that is read shows more."""

    pages: int = 1
    page_bytes: int = 1


def read_span(
    search: Search,
    start: int | None,
    end: int | None,
    *,
    order: str = "desc",
    expected: int = 0,
    lookahead: Lookahead | None = None,
) -> Iterator[list[SearchRow]]:
    """The rows created in [start, end), page by page, each row once; newest first unless *order* is "asc".

    If more rows are *expected*, pages are fetched in parallel; spans of one list share what they learn as *lookahead*.

    A span that cannot be listed is halved until all that is left out is as small as it gets: the rows of a millisecond,
    which are set aside. Raises the OpsgenieError that affects more than some rows.
    """
    cursor, lookahead = Cursor("created", descending=order == "desc"), lookahead or Lookahead()
    pending, failures = [(start, end)], 0
    while pending:
        rest = pending.pop()
        try:
            for rows in _list_pages(search, cursor, *rest, expected=expected, lookahead=lookahead):
                yield rows
                cursor = cursor.after(rows)
                rest = cursor.rest(*rest)
            failures = 0
        except OpsgenieError as error:
            failures += 1
            if isinstance(error, SearchIgnored) or failures >= MOST_FAILURES:
                raise
            raise_if_it_affects_all(error, search.client)
            search, expected = replace(search, attempts=ATTEMPTS_AROUND), 0
            span = _bounded(search, *rest)
            if span[1] - span[0] > 1:
                pending += _halves(*span, descending=cursor.descending)
            elif unlisted := _unlisted_rows(search, cursor, span, error=error):
                yield unlisted


def _halves(start: int, end: int, *, descending: bool) -> list[tuple[int | None, int | None]]:
    """Both halves of a span, the one to read first at the end."""
    middle = (start + end) // 2
    return [(start, middle), (middle, end)] if descending else [(middle, end), (start, middle)]


def _unlisted_rows(search: Search, cursor: Cursor, span: tuple[int, int], *, error: OpsgenieError) -> list[SearchRow]:
    """A row for each one that is counted in the millisecond *span* and cannot be listed because of *error*."""
    listed = len(cursor.ids) if cursor.last == span[0] else 0
    counted = _count_or_one(search, span)
    set_aside = SetAside(Part(search.stream.name, span=span), error, count=counted)
    # Whether such a row has changed is unknown.
    return [SearchRow(f"?{span[0]}/{n}", span[0], sys.maxsize, {}, set_aside) for n in range(listed, counted)]


def _bounded(search: Search, start: int | None, end: int | None) -> tuple[int, int]:
    """The span [start, end) with both ends: nothing is older than Opsgenie, or newer than its clock by a day."""
    now = search.client.date_ms or 0
    return OLDEST_MS if start is None else start, max(now, start or 0) + DAY_MS if end is None else end


def _count_or_one(search: Search, span: tuple[int, int]) -> int:
    """The number of rows in *span*; 1 if they cannot be counted either."""
    try:
        return search.count(created(*span))
    except OpsgenieError as error:
        raise_if_it_affects_all(error, search.client)
        return 1


def _list_pages(
    search: Search, cursor: Cursor, start: int | None, end: int | None, *, expected: int, lookahead: Lookahead
) -> Iterator[list[SearchRow]]:
    """The pages of a span after *cursor*, without empty ones.

    Each request starts at the last `createdAt` seen; ids already seen at it are dropped. If more rows are *expected*,
    further pages are fetched in parallel, by offset, up to the first that does not join the page before it.
    """
    order = "desc" if cursor.descending else "asc"
    while True:
        parallel = max(1, min(search.concurrent_pages, BYTES_AHEAD // lookahead.page_bytes))
        ahead = min(expected, lookahead.pages * STEP)
        pages = _pages(search, start, end, order=order, expected=ahead, parallel=parallel)
        # Each time that all of them join, twice as many are fetched.
        lookahead.pages *= 2
        for number, page in enumerate(pages):
            if number and not cursor.joins(page.rows):
                lookahead.pages = 1
                break
            if unseen := cursor.unseen(page.rows):
                yield unseen
            if page.is_last:
                return
            expected -= len(unseen)
            lookahead.page_bytes = max(lookahead.page_bytes, page.size)
            cursor = cursor.after(page.rows)
            if cursor.is_stuck(page.rows):
                if rest := [row for row in read_crowd(search, page.rows[0].created) if row.id not in cursor.ids]:
                    yield rest
                cursor, lookahead.pages = cursor.past_tie(), 1
                break
        start, end = cursor.rest(start, end)


def read_crowd(search: Search, millisecond: int) -> list[SearchRow]:
    """Every row created in one crowded *millisecond*, listed by a field that is unique in it, if there is one.

    Then every row that exists throughout is listed, whatever is deleted meanwhile, and the window's count proves the
    rest. Without such a field, one pass must have as many rows as the API reports: sorted by the time itself, ties
    may have a new order in each response (docs/opsgenie-api.md#ties). More rows than both ends show are read in parts.
    """
    span = created(millisecond, millisecond + 1)
    searchable = search.stream.search
    tie_breaker = searchable.tie_breaker if searchable else ""

    def read(part: Search) -> list[SearchRow]:
        def fetch(offset: int, order: str) -> Page[SearchRow]:
            return part.page(span, sort=tie_breaker or "createdAt", order=order, offset=offset)

        label = f"{search.stream.path} in the millisecond {millisecond}"
        return read_by_offset(fetch, label=label, is_counted=bool(tie_breaker))

    if searchable and search.count(span) >= 2 * CAP:
        return [row for part in searchable.parts for row in read(search.matching(part))]
    return read(search)


def _pages(
    search: Search, start: int | None, end: int | None, *, order: str, expected: int, parallel: int
) -> Iterator[Page[SearchRow]]:
    """The first page, and the pages that *expected* rows need, if more than one may be fetched in parallel."""
    fetch = partial(_page, search, start, end, order)
    offsets = range(0, max(1, min(expected, CAP - PAGE) - SHARED + 1), STEP)
    if len(offsets) == 1 or parallel == 1:
        return iter([fetch(0)])
    return ordered_map(fetch, offsets, max_concurrent=parallel)


def _page(search: Search, start: int | None, end: int | None, order: str, offset: int) -> Page[SearchRow]:
    """One page of the rows in [start, end), in *order*; raises MalformedResponse if the API returned others."""
    page = search.page(created(start, end), sort="createdAt", order=order, offset=offset)
    times = [row.created for row in page.rows]
    is_sorted = times == sorted(times, reverse=order == "desc")
    ends = times[:1] + times[-1:]
    if is_sorted and all((start is None or start <= time) and (end is None or time < end) for time in ends):
        return page
    text = (
        f"{search.stream.path} was requested for rows created in [{start}, {end}) (milliseconds), in the order "
        f"{order}, and returned others"
    )
    raise SearchIgnored(str(Failure.WRONG_ROWS.error(text)))
