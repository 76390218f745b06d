"""Lists by offset: pages overlap, both directions reach past the cap, and completeness is verified."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import Wire, client_of

from opsgenie_simulator import Account
from source_opsgenie.errors import Incomplete
from source_opsgenie.reading.paging import CAP, PAGE, PASSES, Page, read_by_offset, read_list
from source_opsgenie.streams import STREAMS, Record


class Rows:
    """A list of *size* rows of an API with offsets; *before* each page, it can change.

    It records offsets and orders. *extra* is the error of its totals, or None for a list without totals.
    """

    def __init__(self, size: int, *, extra: int | None = 0, before: Callable[["Rows"], None] | None = None) -> None:
        self.ids = [f"{number:06}" for number in range(size)]
        self.extra = extra
        self.requests: list[tuple[int, str]] = []
        self._before = before

    def __call__(self, offset: int, order: str) -> Page[Record]:
        """Return one page."""
        if self._before:
            self._before(self)
        self.requests.append((offset, order))
        ids = self.ids if order == "asc" else self.ids[::-1]
        total = None if self.extra is None else len(ids) + self.extra
        ids = ids[offset : offset + PAGE]
        return Page([{"id": one} for one in ids], ids, total)

    def read(self) -> list[str]:
        """The ids that read_by_offset finds, sorted."""
        return sorted(row["id"] for row in read_by_offset(self, label="GET /x"))


SIZES = [0, 1, 99, 100, 101, 198, 199, 200, 250, 19_800, 19_899, 19_900, 19_901, 25_000, 39_700, 39_799]


@pytest.mark.parametrize("extra", [0, None])
@pytest.mark.parametrize("size", SIZES)
def test_every_row_is_read_once_below_the_cap(size: int, extra: int | None) -> None:
    """Up to twice the cap, each row is read once, and offset plus limit stays within the cap."""
    rows = Rows(size, extra=extra)

    assert rows.read() == rows.ids
    assert max(offset for offset, _ in rows.requests) + PAGE <= CAP


@pytest.mark.parametrize("extra", [0, None])
def test_rows_out_of_range_from_both_ends_are_an_error(extra: int | None) -> None:
    """Rows that neither direction lists are an error that says how many rows can be listed."""
    with pytest.raises(Incomplete, match="39800"):
        Rows(39_900, extra=extra).read()


def test_list_with_total_needs_one_pass() -> None:
    """With a total, one pass is enough; without a total, a second pass must agree."""
    with_total, without_total = Rows(250), Rows(250, extra=None)
    with_total.read()
    without_total.read()

    assert [offset for offset, _ in with_total.requests] == [0, 90, 180]
    assert [offset for offset, _ in without_total.requests] == [0, 90, 180] * 2


@pytest.mark.parametrize("extra", [0, None])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_list_that_shifts_is_read_again(extra: int | None, page: int) -> None:
    """A row deleted between two pages shifts another past the page; the list is read again completely."""

    def delete(rows: Rows) -> None:
        if len(rows.requests) == page:
            del rows.ids[0]

    rows = Rows(350, extra=extra, before=delete)

    assert rows.read() == rows.ids
    assert len(rows.ids) == 349


@pytest.mark.parametrize("extra", [0, None])
def test_list_that_changes_in_each_pass_is_incomplete(extra: int | None) -> None:
    """A list that changes during each pass is incomplete."""
    rows = Rows(350, extra=extra, before=lambda rows: rows.ids.reverse())
    with pytest.raises(Incomplete, match=rf"GET /x changed during each of {PASSES} passes"):
        rows.read()


@pytest.mark.parametrize("extra", [-1, 1, 100])
def test_total_that_never_matches_is_an_error(extra: int) -> None:
    """Fewer or more rows than the total, in each pass, are an error."""
    with pytest.raises(Incomplete):
        Rows(250, extra=extra).read()


def test_replaced_row_between_passes_is_detected() -> None:
    """A deletion and a creation keep the number of rows; without a total, two passes must have the same ids."""

    def replace_row(rows: Rows) -> None:
        if len(rows.requests) == 2:
            rows.ids = [*rows.ids[1:], "999999"]

    rows = Rows(150, extra=None, before=replace_row)

    assert rows.read() == rows.ids


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 420), some.booleans(), some.lists(some.tuples(some.integers(0, 8), some.integers(0, 430))))
def test_remaining_rows_are_read(size: int, has_total: bool, deletions: list[tuple[int, int]]) -> None:
    """With any deletions during the read, each remaining row is read, or the list is incomplete."""

    def delete(rows: Rows) -> None:
        for at, number in deletions:
            if at == len(rows.requests) and number < len(rows.ids):
                del rows.ids[number]

    rows = Rows(size, extra=0 if has_total else None, before=delete)
    try:
        found = rows.read()
    except Incomplete:
        return

    assert set(rows.ids) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("stream", ["users", "services"])
def test_users_and_services_are_read_to_the_end(stream: str) -> None:
    """Users, with a total, and services, without a total, are read over several pages."""
    account = Account()
    for number in range(230):
        account.create_user(username=f"u{number:03}@example.com")
        account.create_service(name=f"Service {number:03}")
    found = read_list(client_of(Wire(account), key=account.full_key), STREAMS[stream], STREAMS[stream].path)

    assert sorted(row["id"] for row in found) == sorted(getattr(account, stream))
