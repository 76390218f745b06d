"""What stands in the answers with lists: rows, totals, next pages; and a list put together from pages by offset."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows, and its *size* in bytes.

    The number of rows in the whole list where the API tells it, and whether it names a next page.
    """

    rows: list[Record]
    total: int | None = None
    has_next: bool = False
    size: int = 0

    @property
    def is_last(self) -> bool:
        """Whether the list ends here. A full page without a `next` may be where the cap ends it."""
        return len(self.rows) < PAGE and not (self.rows and self.has_next)


# Asked with an offset and an order ("asc" or "desc"), it gives that page.
Fetch = Callable[[int, str], Page]


class _Shifted(Exception):
    """Two pages that should overlap do not: rows came or went between them."""


def parse_rows(answer: Response, stream: Stream) -> list[Record]:
    """The rows in *answer*, found where and held as *stream* says; raises MalformedResponse if they are not there."""
    found = answer.data
    for number, step in enumerate(stream.rows.at, start=1):
        may_lack = stream.rows.may_be_absent and number == len(stream.rows.at)
        found = found.get(step, [] if may_lack else None) if isinstance(found, dict) else None
    rows = _rows_in(found, stream)
    if rows is None:
        expected = stream.rows.content.value
        raise Failure.NO_ROWS.error(f"{answer.asked} was answered with something that is no {expected}")
    return rows


def _rows_in(found: Any, stream: Stream) -> list[Record] | None:
    """The rows that *found* holds, or None if it does not hold them as it should."""
    rows: Any = found
    match stream.rows.content:
        case Content.ONE_ROW:
            rows = [found]
        case Content.IDS if isinstance(found, list):
            rows = [{stream.key[-1]: one} if isinstance(one, str) else None for one in found]
        case Content.NAMED_LIST if isinstance(found, dict):
            lists = [some for some in found.values() if isinstance(some, list)]
            rows = [row for some in lists for row in some] if lists or not found else None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def parse_total(answer: Response) -> int | None:
    """The number of rows in the whole list, where the answer tells it."""
    total = answer.body.get("totalCount")
    if total is None or (type(total) is int and total >= 0):
        return total
    raise Failure.NO_COUNT.error(f"{answer.asked} was answered with the total {total!r}")


def read_by_offset(fetch: Fetch, *, asked: str, is_counted: bool = False) -> list[Record]:
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


def one_pass(fetch: Fetch, *, asked: str) -> tuple[dict[str, Record], set[int]]:
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


def _walk(fetch: Fetch, order: str) -> tuple[dict[str, Record], set[int], bool]:
    """Pages that overlap, up to the cap: their rows, the totals told, and whether that was all.

    Sorted by a field that never changes, two pages with a row in common have nothing between them, even if rows
    before them were deleted meanwhile. Pages without one have lost sight of each other.
    """
    rows: dict[str, Record] = {}
    totals: set[int] = set()
    last: set[str] = set()
    offset = 0
    while offset <= CAP - PAGE:
        page = fetch(offset, order)
        totals |= set() if page.total is None else {page.total}
        ids = {row["id"] for row in page.rows}
        if last and not ids & last:
            raise _Shifted
        rows |= {row["id"]: row for row in page.rows}
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


def chunks(rows: list[Record]) -> Iterator[list[Record]]:
    """The *rows* of a page a few at a time: what hangs on them may take minutes, and each portion is a checkpoint."""
    for start in range(0, len(rows), PORTION):
        yield rows[start : start + PORTION]
