"""The keyset cursor: pages requested from it overlap, and it yields each row once."""

from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from source_opsgenie.reading.cursor import Cursor
from source_opsgenie.reading.search import SearchRow

ASCENDING, DESCENDING = Cursor("created"), Cursor("created", descending=True)
Bounds = tuple[int | None, int | None]
# The times of rows, many of which are equal.
TIMES = some.lists(some.integers(0, 5), max_size=30)
both_orders = pytest.mark.parametrize("cursor", [ASCENDING, DESCENDING], ids=["ascending", "descending"])


def rows_at(*times: int, prefix: str = "") -> list[SearchRow]:
    """A row created at each of *times*, with the time and the number of rows before it as its id."""
    ids = [f"{prefix}{time}-{times[:place].count(time)}" for place, time in enumerate(times)]
    return [SearchRow(row_id, time, 100 - time, {}) for row_id, time in zip(ids, times, strict=True)]


def in_order(cursor: Cursor, *times: int) -> list[SearchRow]:
    """Rows created at *times*, in the order of the list that *cursor* reads."""
    return rows_at(*sorted(times, reverse=cursor.descending))


@both_orders
def test_all_rows_are_unseen_at_first(cursor: Cursor) -> None:
    """Before the first row was read, no row is seen."""
    rows = in_order(cursor, 1, 2, 2, 3)

    assert cursor.unseen(rows) == rows
    assert cursor.unseen([]) == []


@both_orders
def test_rows_read_before_are_seen(cursor: Cursor) -> None:
    """Only new rows of the last timestamp, and rows beyond it, are unseen."""
    before, others = in_order(cursor, 4, 5, 5, 6), rows_at(5, 5, prefix="new-")
    after = cursor.after(before[:3])

    assert after.unseen(before[:3]) == []
    assert after.unseen([before[1], others[0], before[2], others[1], before[3]]) == [*others, before[3]]


@both_orders
def test_pages_join_without_a_gap(cursor: Cursor) -> None:
    """A page joins if it begins before the timestamp of the last row read, and not at it."""
    rows = in_order(cursor, 3, 4, 5, 6)
    after = cursor.after(rows[:3])

    assert [after.joins(rows[start:]) for start in range(5)] == [True, True, False, False, False]


def test_begins_where_the_list_begins() -> None:
    """A cursor may start at the bound of a list, without a row read at it."""
    cursor = Cursor("created", last=4)

    assert cursor.unseen(rows_at(4, 4, 5)) == rows_at(4, 4, 5)
    assert cursor.rest(None, 9) == (4, 9)


@both_orders
def test_keeps_the_ids_of_the_last_timestamp(cursor: Cursor) -> None:
    """The ids of one timestamp add up over pages, and are dropped with the next timestamp."""
    rows = in_order(cursor, 4, 5, 5, 5, 6)
    first = cursor.after(rows[:2])
    second = first.after(rows[2:4])
    third = second.after(rows[4:])

    assert [one.last for one in (first, second, third)] == [rows[1].created, 5, rows[4].created]
    assert [set(one.ids) for one in (first, second, third)] == [{"5-0"}, {"5-0", "5-1", "5-2"}, {rows[4].id}]


@both_orders
def test_is_stuck_in_a_page_of_one_timestamp(cursor: Cursor) -> None:
    """A page with rows of one timestamp only would be requested again forever."""
    assert cursor.after(rows_at(5, 5)).is_stuck(rows_at(5, 5))
    assert not cursor.after(in_order(cursor, 4, 5)).is_stuck(in_order(cursor, 4, 5))


@pytest.mark.parametrize(("cursor", "last", "rest"), [(ASCENDING, 6, (6, 9)), (DESCENDING, 4, (1, 5))])
def test_moves_past_a_tie(cursor: Cursor, last: int, rest: Bounds) -> None:
    """Past a tie, the rest excludes its timestamp and includes the next one, of which no row is seen."""
    past = cursor.after(rows_at(5, 5)).past_tie()
    beyond = rows_at(last)

    assert past == replace(cursor, last=last)
    assert past.rest(1, 9) == rest
    assert past.unseen([*rows_at(5, 5), *beyond]) == beyond


@pytest.mark.parametrize(
    ("cursor", "span", "expected"),
    [
        (ASCENDING, (1, 9), (1, 9)),
        (DESCENDING, (None, None), (None, None)),
        (ASCENDING.after(rows_at(4, 5)), (1, 9), (5, 9)),
        (ASCENDING.after(rows_at(4, 5)), (None, None), (5, None)),
        (DESCENDING.after(rows_at(6, 5)), (1, 9), (1, 6)),
        (DESCENDING.after(rows_at(6, 5)), (None, None), (None, 6)),
    ],
)
def test_rest_includes_the_last_timestamp(cursor: Cursor, span: Bounds, expected: Bounds) -> None:
    """The rest of a span includes the last timestamp, of which more rows may follow."""
    assert cursor.rest(*span) == expected


@pytest.mark.parametrize(("by", "expected"), [("created", 7), ("updated", 93)])
def test_reads_in_the_order_of_one_field(by: str, expected: int) -> None:
    """The cursor follows the timestamp by which the list is sorted."""
    assert Cursor(by).after(rows_at(7)).last == expected


def walk(rows: list[SearchRow], cursor: Cursor, *, size: int) -> Iterator[list[SearchRow]]:
    """Read *rows*, a list in its order, with *cursor* in pages of *size*; a tie that fills a page is read in full."""
    time_of = attrgetter(cursor.by)
    start, end = cursor.rest(None, None)
    # Of two pages, one at least has a new row.
    for _ in range(2 * len(rows) + 1):
        remaining = [
            row for row in rows if (start is None or start <= time_of(row)) and (end is None or time_of(row) < end)
        ]
        page = remaining[:size]
        yield cursor.unseen(page)
        if len(page) < size:
            return
        cursor = cursor.after(page)
        if cursor.is_stuck(page):
            yield [row for row in remaining if time_of(row) == cursor.last and row.id not in cursor.ids]
            cursor = cursor.past_tie()
        start, end = cursor.rest(start, end)
    raise AssertionError("the pages never end")


@given(times=TIMES, size=some.integers(1, 7), descending=some.booleans(), by=some.sampled_from(["created", "updated"]))
def test_every_row_is_read_once(times: list[int], size: int, descending: bool, by: str) -> None:
    """Pages of any size yield each row of a list once and in order, whatever ties it has."""
    rows = sorted(rows_at(*times), key=attrgetter(by), reverse=descending)
    pages = walk(rows, Cursor(by, descending=descending), size=size)

    assert [row for page in pages for row in page] == rows
