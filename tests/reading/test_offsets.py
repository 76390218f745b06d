"""Lists by offset: pages overlap and must meet, both ends reach past the cap, and nothing is taken on trust."""

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
    """A list of so many rows, as an API with offsets shows it; *before* each page it may change.

    Records offsets and orders. *extra* is what its totals are wrong by, None if it tells no total.
    """

    def __init__(self, size: int, *, extra: int | None = 0, before: Callable[["Rows"], None] | None = None) -> None:
        self.ids = [f"{number:06}" for number in range(size)]
        self.extra = extra
        self.asked: list[tuple[int, str]] = []
        self._before = before

    def __call__(self, offset: int, order: str) -> Page[Record]:
        """One page."""
        if self._before:
            self._before(self)
        self.asked.append((offset, order))
        ids = self.ids if order == "asc" else self.ids[::-1]
        total = None if self.extra is None else len(ids) + self.extra
        ids = ids[offset : offset + PAGE]
        return Page([{"id": one} for one in ids], ids, total)

    def read(self) -> list[str]:
        """The ids that read_by_offset finds, sorted."""
        return sorted(row["id"] for row in read_by_offset(self, asked="GET /x"))


SIZES = [0, 1, 99, 100, 101, 198, 199, 200, 250, 19_800, 19_899, 19_900, 19_901, 25_000, 39_700, 39_799]


@pytest.mark.parametrize("extra", [0, None])
@pytest.mark.parametrize("size", SIZES)
def test_every_row_is_read_once_below_the_cap(size: int, extra: int | None) -> None:
    """Whatever the size, up to twice the cap, each row comes once, and offset and limit stay within the cap."""
    rows = Rows(size, extra=extra)

    assert rows.read() == rows.ids
    assert max(offset for offset, _ in rows.asked) + PAGE <= CAP


@pytest.mark.parametrize("extra", [0, None])
def test_more_than_both_ends_reach_is_an_error(extra: int | None) -> None:
    """What cannot be seen from either end is an error that says how many rows can, never an end."""
    with pytest.raises(Incomplete, match="39800"):
        Rows(39_900, extra=extra).read()


def test_a_total_spares_the_second_pass() -> None:
    """With a total one pass proves itself; without one, a second has to agree."""
    told, untold = Rows(250), Rows(250, extra=None)
    told.read()
    untold.read()

    assert [offset for offset, _ in told.asked] == [0, 90, 180]
    assert [offset for offset, _ in untold.asked] == [0, 90, 180] * 2


@pytest.mark.parametrize("extra", [0, None])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_shift_is_noticed_and_read_again(extra: int | None, page: int) -> None:
    """A row that is deleted between two pages pulls one out of sight: the list is read again, and is whole."""

    def delete(rows: Rows) -> None:
        if len(rows.asked) == page:
            del rows.ids[0]

    rows = Rows(350, extra=extra, before=delete)

    assert rows.read() == rows.ids
    assert len(rows.ids) == 349


@pytest.mark.parametrize("extra", [0, None])
def test_a_list_that_never_holds_still_is_an_error(extra: int | None) -> None:
    """A list that changes during each pass is never called whole."""
    rows = Rows(350, extra=extra, before=lambda rows: rows.ids.reverse())
    with pytest.raises(Incomplete, match=rf"GET /x changed during each of {PASSES} passes"):
        rows.read()


@pytest.mark.parametrize("extra", [-1, 1, 100])
def test_a_total_that_is_never_met_is_an_error(extra: int) -> None:
    """Fewer or more rows than the API tells, on each pass: an error."""
    with pytest.raises(Incomplete):
        Rows(250, extra=extra).read()


def test_an_exchange_between_passes_is_noticed() -> None:
    """A deletion and a creation leave the number as it was; without a total, two passes must show the same ids."""

    def exchange(rows: Rows) -> None:
        if len(rows.asked) == 2:
            rows.ids = [*rows.ids[1:], "999999"]

    rows = Rows(150, extra=None, before=exchange)

    assert rows.read() == rows.ids


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 420), some.booleans(), some.lists(some.tuples(some.integers(0, 8), some.integers(0, 430))))
def test_what_stays_is_read(size: int, told: bool, deletions: list[tuple[int, int]]) -> None:
    """Whatever is deleted while it is read, every row that stays is in the list, or the list is called incomplete."""

    def delete(rows: Rows) -> None:
        for at, number in deletions:
            if at == len(rows.asked) and number < len(rows.ids):
                del rows.ids[number]

    rows = Rows(size, extra=0 if told else None, before=delete)
    try:
        found = rows.read()
    except Incomplete:
        return

    assert set(rows.ids) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("stream", ["users", "services"])
def test_lists_with_offsets_of_the_api(stream: str) -> None:
    """Users, which tell a total, and services, which do not, are read to the end of several pages."""
    account = Account()
    for number in range(230):
        account.create_user(username=f"u{number:03}@example.com")
        account.create_service(name=f"Service {number:03}")
    found = read_list(client_of(Wire(account), key=account.full_key), STREAMS[stream], STREAMS[stream].path)

    assert sorted(row["id"] for row in found) == sorted(getattr(account, stream))
