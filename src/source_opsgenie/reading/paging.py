"""Every way in which the API pages a list (docs/opsgenie-api.md#paging)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response
from source_opsgenie.reading.details import expand_path
from source_opsgenie.reading.parsing import (
    parse_marker,
    parse_next,
    parse_next_key,
    parse_next_params,
    parse_rows,
    parse_total,
)
from source_opsgenie.reading.recent import identify
from source_opsgenie.streams.stream import (
    KeyPaging,
    LinkPaging,
    OffsetPaging,
    PositionPaging,
    Record,
    Stream,
)

# The most that one page holds (docs/opsgenie-api.md#page-size).
PAGE = 100
# Offset and limit together stay well below the documented 20,000 (docs/opsgenie-api.md#the-cap).
CAP = 19_900
PASSES = 3
# Pages by offset overlap by this many rows.
OVERLAP = 10
# Requests per row may take minutes for a page, so fewer rows are followed by a checkpoint.
PORTION = 20
# The most rows of a window in that case: a read that was interrupted may have to repeat its window.
SMALL_WINDOW = CAP // 5
R = TypeVar("R")
NO_PARAMS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of a list: its rows and their ids, and its *size* in bytes.

    *total* is the number of rows in the complete list, if the API reports it; *has_next* if it names a next page.
    """

    rows: list[R]
    ids: list[str]
    total: int | None = None
    has_next: bool = False
    size: int = 0

    @property
    def is_last(self) -> bool:
        """Whether the list ends here; a full page without a `next` may be where the cap ends it."""
        return len(self.rows) < PAGE and not (self.rows and self.has_next)


# Returns the page at an offset, in an order: "asc" or "desc".
Fetch = Callable[[int, str], Page[R]]


class _Shifted(Exception):
    """Two pages that should overlap do not: rows before them were created or deleted."""


def read_list(client: Client, stream: Stream, path: str, params: Mapping[str, str] = NO_PARAMS) -> list[Record]:
    """Every row of the list at *path*, which is paged as *stream* states."""
    match stream.paging:
        case OffsetPaging(sort):
            return read_by_offset(_fetch_by_offset(client, stream, path, sort=sort), label=path)
        case PositionPaging(limit):
            return _read_by_position(client, stream, path, limit=limit)
        case LinkPaging(limit) | KeyPaging(_, limit):
            params = {**params, "limit": str(limit), "order": "asc"}
    return [row for page in _follow(client, stream, path, params) for row in page]


def read_by_offset(fetch: Fetch[R], *, label: str, is_counted: bool = False) -> list[R]:
    """Every row of a list that is paged by offset; raises Incomplete if it changes during each pass.

    One pass must have as many rows as the API's total; without a total, two passes must have the same rows.
    With *is_counted*, neither is checked, since the caller compares the rows with a count.
    """
    before: set[str] | None = None
    for _ in range(PASSES):
        try:
            rows, totals = one_pass(fetch, label=label)
        except _Shifted:
            continue
        if is_counted or totals == {len(rows)} or (not totals and before == rows.keys()):
            return list(rows.values())
        before = set(rows)
    raise Failure.UNSTABLE_LIST.error(f"{label} changed during each of {PASSES} passes")


def one_pass(fetch: Fetch[R], *, label: str) -> tuple[dict[str, R], set[int]]:
    """The rows of a list by id, read from its other end too if it exceeds the cap, and the totals of its pages."""
    rows, totals, is_complete = _walk(fetch, "asc")
    if not is_complete:
        rest, more, _ = _walk(fetch, "desc")
        if not rest.keys() & rows.keys():
            raise Failure.TOO_MANY_ROWS.error(
                f"{label} lists more than {2 * CAP} rows, the most that can be read from both ends"
            )
        rows, totals = rows | rest, totals | more
    return rows, totals


def _walk(fetch: Fetch[R], order: str) -> tuple[dict[str, R], set[int], bool]:
    """The rows of overlapping pages up to the cap, the totals of the pages, and whether the list ended.

    The list is sorted by a field that never changes: two pages that share a row have no gap between them, even if
    rows before them were deleted meanwhile.
    """
    rows: dict[str, R] = {}
    totals: set[int] = set()
    last: set[str] = set()
    offset = 0
    while offset <= CAP - PAGE:
        page = fetch(offset, order)
        totals |= set() if page.total is None else {page.total}
        ids = set(page.ids)
        if last and not ids & last:
            raise _Shifted
        rows |= dict(zip(page.ids, page.rows, strict=True))
        if page.is_last:
            return rows, totals, True
        last = ids
        offset += max(1, len(page.rows) - OVERLAP)
    return rows, totals, False


def _fetch_by_offset(client: Client, stream: Stream, path: str, *, sort: str) -> Fetch[Record]:
    def fetch(offset: int, order: str) -> Page[Record]:
        params = {"limit": str(PAGE), "offset": str(offset), "sort": sort, "order": order}
        response = client.get(path, params, domain=stream.domain)
        rows = parse_rows(response, stream)
        ids = [identify(row, "id") for row in rows]
        return Page(rows, ids, parse_total(response), parse_next(response) is not None)

    return fetch


def _follow(client: Client, stream: Stream, path: str, first: Mapping[str, str]) -> Iterator[list[Record]]:
    """Each page of a list whose responses lead to the next page, by link or key."""
    requested: list[Mapping[str, str]] = []
    pages: list[list[Record]] = []
    params: Mapping[str, str] | None = first
    while params is not None:
        if params in requested:
            raise Failure.NO_NEXT.error(f"GET {path} leads back to a page that was read before")
        requested.append(params)
        response = client.get(path, params, domain=stream.domain)
        page = parse_rows(response, stream)
        # Even links that are always new can lead in a circle.
        if page and page in pages:
            raise _leads_back(response)
        pages.append(page)
        yield page
        params = _next_params(response, stream, first) if page else None


def _next_params(response: Response, stream: Stream, first: Mapping[str, str]) -> Mapping[str, str] | None:
    """The parameters of the page after *response*, or None for the last page."""
    if not isinstance(stream.paging, KeyPaging):
        return parse_next_params(response)
    key = parse_next_key(response, stream.paging.next_key)
    return {**first, "offset": key} if key else None


def _read_by_position(client: Client, stream: Stream, path: str, *, limit: int) -> list[Record]:
    """Every row of a list whose offset counts from 0 or from 1; each page must overlap the one before it.

    See docs/opsgenie-api.md#alerts-of-an-incident.
    """
    rows: dict[Any, Record] = {}
    first: Mapping[str, str] = {"limit": str(limit), "order": "asc"}
    params, must_overlap = first, False
    while True:
        response = client.get(path, params, domain=stream.domain)
        page = {row.get(stream.key[-1]): row for row in parse_rows(response, stream)}
        if must_overlap and not page.keys() & rows.keys():
            raise response.error(Failure.WRONG_ROWS, "does not overlap the page before it")
        has_new, following = bool(page.keys() - rows.keys()), parse_next_params(response)
        rows |= page
        if not page or (following is None and len(page) < limit):
            return list(rows.values())
        if not has_new:
            raise _leads_back(response)
        must_overlap = following is None
        # The last row but one, or the last one: whichever number the first row has, no row is skipped.
        params = following or {**first, "offset": str(len(rows) - 1)}


def read_by_marker(client: Client, stream: Stream, start: str, *, limit: int) -> Iterator[list[Record]]:
    """Each page of a list from the marker *start* on, until one is empty or has no further marker."""
    requested: set[str] = set()
    marker: str | None = start
    while marker:
        requested.add(marker)
        path = expand_path(stream.path, {"marker": marker})
        response = client.get(path, {"limit": str(limit)}, domain=stream.domain)
        rows = parse_rows(response, stream)
        if not rows:
            return
        yield rows
        following = parse_marker(response)
        if following in requested and not (following == marker and len(rows) < limit):
            raise _leads_back(response)
        marker = following if following != marker else None


def _leads_back(response: Response) -> Exception:
    return response.error(Failure.NO_NEXT, "leads back to a page that was read before")


def chunks(rows: list[R], size: int) -> Iterator[list[R]]:
    """The *rows* in portions of up to *size*, each of which a checkpoint may follow."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
