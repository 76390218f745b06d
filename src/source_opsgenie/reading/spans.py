"""Read the rows created in a span of time: pages in parallel, each of which must join the one before it.

Every rule here, and the data set that breaks the obvious way, is in docs/completeness.md.
"""

from collections.abc import Iterator
from functools import partial

from source_opsgenie.api.failures import Failure
from source_opsgenie.concurrency import ordered_map
from source_opsgenie.reading.cursor import Cursor
from source_opsgenie.reading.paging import CAP, PAGE, Page, read_by_offset
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search, SearchRow

# Rows that two pages fetched in parallel share: enough to see that they join.
SHARED = 2
STEP = PAGE - SHARED
# Pages are held until those before them are emitted: at most this many bytes of them, or one page.
BYTES_AHEAD = 1024 * 1024


def read_span(
    search: Search, start: int | None, end: int | None, *, order: str = "desc", expected: int = 0
) -> Iterator[list[SearchRow]]:
    """The rows created in [start, end), page by page, each row once; newest first unless *order* is "asc".

    Each request starts at the last `createdAt` seen; ids already seen at it are dropped. If more rows are *expected*,
    further pages are fetched in parallel, by offset, up to the first that does not join the page before it.
    """
    cursor = Cursor("created", descending=order == "desc")
    pages_ahead, size = 1, 1
    while True:
        parallel = max(1, min(search.concurrent_pages, BYTES_AHEAD // size))
        pages = _pages(search, start, end, order=order, expected=min(expected, pages_ahead * STEP), parallel=parallel)
        # Each time that all of them join, twice as many are fetched.
        pages_ahead *= 2
        for number, page in enumerate(pages):
            if number and not cursor.joins(page.rows):
                pages_ahead = 1
                break
            if unseen := cursor.unseen(page.rows):
                yield unseen
            if page.is_last:
                return
            expected, size = expected - len(unseen), max(size, page.size)
            cursor = cursor.after(page.rows)
            if cursor.is_stuck(page.rows):
                yield [row for row in read_crowd(search, page.rows[0].created) if row.id not in cursor.ids]
                cursor, pages_ahead = cursor.past_tie(), 1
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
    inside = all((start is None or start <= time) and (end is None or time < end) for time in times)
    if inside and times == sorted(times, reverse=order == "desc"):
        return page
    raise Failure.WRONG_ROWS.error(
        f"{search.stream.path} was requested for rows created in [{start}, {end}) (milliseconds), in the order "
        f"{order}, and returned others"
    )
