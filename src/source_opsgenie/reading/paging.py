"""What stands in the answers with lists: rows, totals, next pages; and a list put together from pages by offset."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response
from source_opsgenie.streams.stream import Content, Record, Stream

# The most that one page holds (docs/opsgenie-api.md#page-size).
PAGE = 100
# Offset and limit together stay well below the documented 20,000 (docs/opsgenie-api.md#the-cap).
CAP = 19_900
PASSES = 3
# Where a list is read by offsets, the last rows of a page are asked for once more with the next one.
OVERLAP = 10
PORTION = 20
R = TypeVar("R")


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
    """Two pages that should overlap do not: rows came or went between them."""


def parse_rows(answer: Response, stream: Stream) -> list[Record]:
    """The rows in *answer*, found where and held as *stream* says; raises MalformedResponse if they are not there."""
    found = answer.data
    for number, step in enumerate(stream.rows, start=1):
        may_lack = stream.may_lack_rows and number == len(stream.rows)
        found = found.get(step, [] if may_lack else None) if isinstance(found, dict) else None
    rows = _rows_in(found, stream)
    if rows is None:
        raise Failure.NO_ROWS.error(f"{answer.asked} was answered with something that is no {stream.holds.value}")
    return rows


def _rows_in(found: Any, stream: Stream) -> list[Record] | None:
    """The rows that *found* holds, or None if it does not hold them as it should."""
    rows: Any = found
    match stream.holds:
        case Content.ONE:
            rows = [found]
        case Content.IDS if isinstance(found, list):
            rows = [{stream.key[-1]: one} if isinstance(one, str) else None for one in found]
        case Content.LISTS if isinstance(found, dict):
            lists = [some for some in found.values() if isinstance(some, list)]
            rows = [row for some in lists for row in some] if lists or not found else None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def parse_total(answer: Response) -> int | None:
    """The number of rows in the whole list, where the answer tells it."""
    total = answer.body.get("totalCount")
    if total is None or (type(total) is int and total >= 0):
        return total
    raise Failure.NO_COUNT.error(f"{answer.asked} was answered with the total {total!r}")


def read_by_offset(fetch: Fetch[R], *, asked: str, is_counted: bool = False) -> list[R]:
    """Every row of a list that is paged by offsets, read until it holds still; raises Incomplete if it never does.

    Where the API tells a total, one pass must have as many rows; else two passes must agree. With *is_counted*, the
    caller counts: every row that is there throughout is enough.
    """
    before: set[str] | None = None
    for _ in range(PASSES):
        try:
            rows, totals = one_pass(fetch, asked=asked)
        except _Shifted:
            continue
        if is_counted or totals == {len(rows)} or (not totals and before == rows.keys()):
            return list(rows.values())
        before = set(rows)
    raise Failure.UNSTABLE_LIST.error(f"{asked} changed during each of {PASSES} passes")


def one_pass(fetch: Fetch[R], *, asked: str) -> tuple[dict[str, R], set[int]]:
    """One walk through a list, from the other end too if it is longer than the cap; its rows by id, and its totals."""
    rows, totals, is_whole = _walk(fetch, "asc")
    if not is_whole:
        rest, more, _ = _walk(fetch, "desc")
        if not rest.keys() & rows.keys():
            raise Failure.TOO_MANY_ROWS.error(
                f"{asked} lists more than {2 * CAP} rows, and the API shows no more than these"
            )
        rows, totals = rows | rest, totals | more
    return rows, totals


def _walk(fetch: Fetch[R], order: str) -> tuple[dict[str, R], set[int], bool]:
    """Pages that overlap, up to the cap: their rows, the totals told, and whether that was all.

    Sorted by a field that never changes, two pages with a row in common have nothing between them, even if rows
    before them were deleted meanwhile. Pages without one have lost sight of each other.
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


def parse_next(answer: Response) -> str | None:
    """The address of the next page, where the answer names one (docs/opsgenie-api.md#next-link)."""
    paging = answer.body.get("paging")
    address = paging.get("next") if isinstance(paging, dict) else paging
    if address is None or isinstance(address, str):
        return address or None
    raise Failure.NO_NEXT.error(f"{answer.asked} was answered with a `next` that is no address")


def require_key(rows: list[Record], key: tuple[str, ...], *, asked: str) -> list[Record]:
    """The *rows* themselves, each of them with a whole key; raises MalformedResponse otherwise."""
    for row in rows:
        for name in key:
            if not isinstance(row.get(name), str | int) or row[name] == "":
                raise Failure.NO_KEY.error(f"{asked} was answered with a row without `{name}`")
    return rows


def chunks(rows: list[R]) -> Iterator[list[R]]:
    """The *rows* of a page a few at a time: what hangs on them may take minutes, and each portion is a checkpoint."""
    for start in range(0, len(rows), PORTION):
        yield rows[start : start + PORTION]
