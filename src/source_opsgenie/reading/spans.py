"""Read the rows created in a span of time: pages side by side, each joined to the one before by value.

Every law here, and the data set that broke the obvious way, is in docs/completeness.md.
"""

import math
from collections.abc import Iterator
from functools import partial

from source_opsgenie.api.failures import Failure
from source_opsgenie.concurrency import ordered_map
from source_opsgenie.reading.paging import CAP, PAGE, Page, read_by_offset
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search, created_ms
from source_opsgenie.streams.stream import Record

# How many rows two pages share that are asked for side by side: enough to see that they meet.
SHARED = 2
STEP = PAGE - SHARED
# Pages are held until those before them are out: at most this many bytes of them, or one page.
BYTES_AHEAD = 1024 * 1024


def read_span(
    search: Search, start: int | None, end: int | None, *, order: str = "desc", expected: int = 0
) -> Iterator[list[Record]]:
    """The rows created in [start, end), newest first or in the other *order*, a page at a time, none of them twice.

    A page is asked for from the last `createdAt` seen on, without the ids already seen at it. Where more rows are
    *expected*, the pages behind it are asked for at the same time, by offset. Such a page joins the one before it if
    its first row comes, in this order, before the last row of that: then it holds every row at that row's moment, and
    no row between the two is missing, whatever was deleted and however ties are ordered. A page that does not join is
    thrown away, and asked for again from the last `createdAt` on. A millisecond that fills a page is read by another
    field.
    """
    sign = -1 if order == "desc" else 1
    edge, at_edge = -math.inf, set[str]()
    reach, size = 1, 1
    while True:
        at_once = max(1, min(search.side_by_side, BYTES_AHEAD // size))
        pages = _pages(search, start, end, order=order, expected=min(expected, reach * STEP), at_once=at_once)
        # Each time that all of them join, twice as many are asked for.
        is_first, reach = True, reach * 2
        for page in pages:
            places = [sign * created_ms(row) for row in page.rows]
            if not is_first and not (places and places[0] < edge):
                reach = 1
                break
            found = zip(page.rows, places, strict=True)
            fresh = [row for row, place in found if place >= edge and row["id"] not in at_edge]
            if fresh:
                yield fresh
            if page.is_last:
                return
            expected, size = expected - len(fresh), max(size, page.size)
            at_edge = at_edge if places[-1] == edge else set()
            at_edge |= {row["id"] for row in page.rows if sign * created_ms(row) == places[-1]}
            edge, is_first = places[-1], False
            if places[0] == edge:
                yield [row for row in read_crowd(search, created_ms(page.rows[0])) if row["id"] not in at_edge]
                edge, at_edge = edge + 1, set()
                reach = 1
                break
        if sign < 0:
            end = 1 - int(edge)
        else:
            start = int(edge)


def read_crowd(search: Search, moment: int) -> list[Record]:
    """Every row created in one crowded millisecond, listed by a field that is unique within it, if there is one.

    Then every row that is there throughout is listed, whatever is deleted meanwhile, and the window's count proves the
    rest. Without such a field one pass must have as many rows as the API tells: sorted by the time itself, the order
    of ties may be new at each request (docs/opsgenie-api.md#ties). What is too much for both ends is read in parts.
    """
    span = created(moment, moment + 1)
    searchable = search.stream.search
    tie_breaker = searchable.tie_breaker if searchable else ""

    def read(part: Search) -> list[Record]:
        def fetch(offset: int, order: str) -> Page:
            return part.page(span, sort=tie_breaker or "createdAt", order=order, offset=offset)

        asked = f"{search.stream.path} in the millisecond {moment}"
        return read_by_offset(fetch, asked=asked, is_counted=bool(tie_breaker))

    if searchable and search.count(span) >= 2 * CAP:
        return [row for part in searchable.parts for row in read(search.also(part))]
    return read(search)


def _pages(
    search: Search, start: int | None, end: int | None, *, order: str, expected: int, at_once: int
) -> Iterator[Page]:
    """The first page, and as many more as *expected* rows need if there may be more than one *at_once*."""
    fetch = partial(_page, search, start, end, order)
    offsets = range(0, max(1, min(expected, CAP - PAGE) - SHARED + 1), STEP)
    if len(offsets) == 1 or at_once == 1:
        return iter([fetch(0)])
    return ordered_map(fetch, offsets, max_concurrent=at_once)


def _page(search: Search, start: int | None, end: int | None, order: str, offset: int) -> Page:
    """One page of the rows in [start, end), in *order*; raises MalformedResponse if the API did not do as asked."""
    page = search.page(created(start, end), sort="createdAt", order=order, offset=offset)
    moments = [created_ms(row) for row in page.rows]
    inside = all((start is None or start <= one) and (end is None or one < end) for one in moments)
    if inside and moments == sorted(moments, reverse=order == "desc"):
        return page
    raise Failure.WRONG_ROWS.error(
        f"{search.stream.path} was asked for rows created in [{start}, {end}) (milliseconds), in the order {order}, "
        "and answered others"
    )
