"""Windows over time: they tile the span, and each can be listed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import DAY, NOW, Script, Wire, client_of, crowded, said, search_of

from opsgenie_simulator import Account
from source_opsgenie.api.transport import Request
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.search import Search
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.windows import LARGEST_WINDOW, SMALLEST_WINDOW, Window, tile_windows, window_size
from source_opsgenie.streams import STREAMS

T = NOW - 30 * DAY
# Rows that crowd: how far behind T, and how many of them in that millisecond.
DISTANCES = some.sampled_from([0, 1, 2, 3, 1000, DAY, 9 * DAY])
CROWDS = some.lists(some.tuples(DISTANCES, some.sampled_from([1, 2, 40, 99, 100, 101, 130])), max_size=5)
WHOLE = (T - 10 * DAY, T + 1)


def account_of(crowds: list[tuple[int, int]]) -> Account:
    """An account in which alerts crowd so."""
    return crowded(*((T - distance, size) for distance, size in crowds))


def moments(account: Account) -> list[int]:
    """When each alert was created."""
    return [parse_timestamp(alert["createdAt"]) for alert in account.alerts.values()]


@settings(max_examples=60, deadline=None)
@given(CROWDS, some.integers(1, 120))
def test_windows_tile_the_span(crowds: list[tuple[int, int]], largest: int) -> None:
    """Windows are newest first, lie side by side or apart, and hold every row; none is empty or too full to list."""
    account = account_of(crowds)
    whole = Window(*WHOLE, len(account.alerts))
    windows = list(tile_windows(search_of(Wire(account)), whole, largest=largest))
    held = [[one for one in moments(account) if window.start <= one < window.end] for window in windows]
    edges = [whole.end, *(edge for window in windows for edge in (window.end, window.start)), whole.start]

    assert edges == sorted(edges, reverse=True)
    assert [window.count for window in windows] == [len(inside) for inside in held]
    assert sorted(moments(account)) == sorted(one for inside in held for one in inside)
    assert all(0 < window.count for window in windows)
    assert all(window.count <= largest or window.end - window.start == 1 for window in windows)


def test_an_empty_span_costs_nothing() -> None:
    """What is known to be empty is not asked for."""
    wire = Wire(Account())

    assert list(tile_windows(search_of(wire), Window(*WHOLE, 0), largest=1)) == []
    assert wire.asked == []


def test_planning_costs_about_a_count_a_window() -> None:
    """A half is counted and its sibling subtracted: planning an even month costs fewer counts than it gives windows."""
    wire = Wire(crowded(*((T - number * DAY // 20, 1) for number in range(400))))
    windows = list(tile_windows(search_of(wire), Window(T - 20 * DAY, T + 1, 400), largest=20))

    assert len(wire.asked) < len(windows) * 1.5


def test_rows_that_show_late_hide_no_others() -> None:
    """A half that grew since the whole was counted does not make its sibling empty: what lived throughout is read."""
    account = account_of([(0, 10), (9 * DAY, 10)])
    lived = set(account.alerts)

    def grow(_: Request) -> None:
        if not wire.asked:
            for _number in range(10):
                account.create_alert(created_at=T)

    wire = Wire(account, before=grow)
    listing = search_of(wire)
    windows = list(tile_windows(listing, Window(*WHOLE, 20), largest=15))
    found = {row.id for one in windows for rows in read_span(listing, one.start, one.end) for row in rows}

    assert lived <= found


@pytest.mark.parametrize("count", [True, -1, "3", 1.5, None])
def test_what_is_no_count_is_told(count: object) -> None:
    """A count is a whole number, not below zero; what else JSON may hold there is an error that shows it."""
    client = client_of(Script(said(200, {"data": {"count": count}})))
    with pytest.raises(MalformedResponse, match=f"returned the count {count!r}"):
        Search(client, STREAMS["alerts"]).count()


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (0, SMALLEST_WINDOW),
        (16_000, SMALLEST_WINDOW),
        (80_000, 10_000),
        (159_200, LARGEST_WINDOW),
        (10**7, LARGEST_WINDOW),
    ],
)
def test_width(total: int, expected: int) -> None:
    """Windows are as wide as the account allows: an eighth of it, no window too small to be worth a count."""
    assert window_size(total) == expected
