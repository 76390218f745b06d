"""The ways Opsgenie pages: a list at once, offsets, cursors; each row looked at before it goes on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from source_opsgenie.client import Answer, Client
from source_opsgenie.errors import Incomplete, Misshapen
from source_opsgenie.streams.stream import Paging, Record, Stream

# The most that one page holds (docs/opsgenie-api.md#page-size).
PAGE = 100
# Offset and limit together stay well below the documented 20,000 (docs/opsgenie-api.md#the-cap).
CAP = 19_900
PASSES = 3
# So many rows of a page stand on the next one too, where a list is read by offsets.
OVERLAP = 10
PORTION = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, the number of rows in the whole list where the API tells it, and whether it names a next."""

    rows: list[Record]
    total: int | None = None
    has_next: bool = False

    @property
    def is_last(self) -> bool:
        """Whether the list ends here. A full page without a `next` may be where the cap ends it."""
        return len(self.rows) < PAGE and not (self.rows and self.has_next)


# Asked with an offset and an order ("asc" or "desc"), it gives that page.
Fetch = Callable[[int, str], Page]


class _Shifted(Exception):
    """Two pages that should overlap do not: rows came or went between them."""


def read_list(client: Client, stream: Stream, path: str) -> list[Record]:
    """Every row of the list at *path*, in the way in which *stream* is paged."""
    match stream.paging:
        case Paging.WHOLE:
            return rows_of(client.get(path, domain=stream.domain), stream)
        case Paging.CURSOR:
            return _by_cursor(client, stream, path)
        case Paging.OFFSET:
            return by_offset(_pages_of(client, stream, path), asked=path)


def rows_of(answer: Answer, stream: Stream) -> list[Record]:
    """The rows in *answer*, found where *stream* says; raises Misshapen if they are no rows."""
    found = answer.data
    for step in stream.rows:
        # A team without members is answered without `members` (docs/opsgenie-api.md#team-member).
        found = found.get(step, []) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Misshapen(f"{answer.asked} was answered with something that is no list of rows: report it.")
    return found


def total_of(answer: Answer) -> int | None:
    """The number of rows in the whole list, where the answer tells it."""
    total = answer.body.get("totalCount")
    if total is None or (type(total) is int and total >= 0):
        return total
    raise Misshapen(f"{answer.asked} was answered with the total {total!r}: report it.")


def by_offset(fetch: Fetch, *, asked: str, is_counted: bool = False) -> list[Record]:
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
    raise Incomplete(f"{asked} changed during each of {PASSES} passes: read it again at a quieter time.")


def one_pass(fetch: Fetch, *, asked: str) -> tuple[dict[str, Record], set[int]]:
    """One walk through a list, from the other end too if it is longer than the cap; its rows by id, and its totals."""
    rows, totals, is_whole = _walk(fetch, "asc")
    if not is_whole:
        rest, more, _ = _walk(fetch, "desc")
        if not rest.keys() & rows.keys():
            raise Incomplete(f"{asked} lists more than {2 * CAP} rows, and the API shows no more than these.")
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


def _pages_of(client: Client, stream: Stream, path: str) -> Fetch:
    def fetch(offset: int, order: str) -> Page:
        params = {"limit": str(PAGE), "offset": str(offset), "sort": stream.sort, "order": order}
        answer = client.get(path, params, domain=stream.domain)
        rows = checked(rows_of(answer, stream), ("id",), asked=answer.asked)
        return Page(rows, total_of(answer), next_of(answer) is not None)

    return fetch


def _by_cursor(client: Client, stream: Stream, path: str) -> list[Record]:
    """Follow `paging.next` to its end; of that address only the query is used, so the key stays on its host."""
    params: Mapping[str, str] = {"limit": str(PAGE), "order": "asc"}
    rows: list[Record] = []
    asked: list[Mapping[str, str]] = []
    while params:
        if params in asked:
            raise Misshapen(f"GET {path} leads back to a page that was read before: report it.")
        asked.append(params)
        answer = client.get(path, params, domain=stream.domain)
        page = rows_of(answer, stream)
        rows += page
        params = _next_params(answer) if page else {}
    return rows


def _next_params(answer: Answer) -> dict[str, str]:
    """What `paging.next` asks for; empty where there is none; raises Misshapen where it cannot be followed."""
    address = next_of(answer)
    params = dict(parse_qsl(urlsplit(address).query)) if address else {}
    if address and not params:
        raise Misshapen(f"{answer.asked} was answered with a `next` that asks for nothing: report it.")
    return params


def next_of(answer: Answer) -> str | None:
    """The address of the next page, where the answer names one (docs/opsgenie-api.md#next-link)."""
    paging = answer.body.get("paging")
    address = paging.get("next") if isinstance(paging, dict) else paging
    if address is None or isinstance(address, str):
        return address or None
    raise Misshapen(f"{answer.asked} was answered with a `next` that is no address: report it.")


def checked(rows: list[Record], key: tuple[str, ...], *, asked: str) -> list[Record]:
    """The *rows* themselves, each of them with a whole key; raises Misshapen otherwise."""
    for row in rows:
        for name in key:
            if not isinstance(row.get(name), str | int) or row[name] == "":
                raise Misshapen(f"{asked} was answered with a row without `{name}`: report it.")
    return rows


def portions(rows: list[Record]) -> Iterator[list[Record]]:
    """The *rows* of a page a few at a time: what hangs on them may take minutes, and each portion is a checkpoint."""
    for start in range(0, len(rows), PORTION):
        yield rows[start : start + PORTION]


def value_at(row: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at *path* of *row*, or None where the path ends early."""
    found: Any = row
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found
