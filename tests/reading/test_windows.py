"""Windows over time: they tile a span, and each can be listed."""

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import DAY, NOW, Wire, crowded, search_of

from opsgenie_simulator import Account
from source_opsgenie.api.transport import Request
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.windows import Window, tile_windows

T = NOW - 30 * DAY
# Crowds: the distance from T, and the number of rows in that millisecond.
DISTANCES = some.sampled_from([0, 1, 2, 3, 1000, DAY, 9 * DAY])
CROWDS = some.lists(some.tuples(DISTANCES, some.sampled_from([1, 2, 40, 99, 100, 101, 130])), max_size=5)
SPAN = (T - 10 * DAY, T + 1)


def account_of(crowds: list[tuple[int, int]]) -> Account:
    """An account with these *crowds* of alerts, each in one millisecond."""
    return crowded(*((T - distance, size) for distance, size in crowds))


def creation_times(account: Account) -> list[int]:
    """The time at which each alert was created."""
    return [parse_timestamp(alert["createdAt"]) for alert in account.alerts.values()]


@settings(max_examples=60, deadline=None)
@given(CROWDS, some.integers(1, 120))
def test_windows_tile_the_span(crowds: list[tuple[int, int]], largest: int) -> None:
    """Windows come newest first, do not overlap, hold every row, and are neither empty nor too full to list."""
    account = account_of(crowds)
    span = Window(*SPAN, len(account.alerts))
    windows = list(tile_windows(search_of(Wire(account)), span, largest=largest))
    times = creation_times(account)
    held = [[time for time in times if window.start <= time < window.end] for window in windows]
    edges = [span.end, *(edge for window in windows for edge in (window.end, window.start)), span.start]

    assert edges == sorted(edges, reverse=True)
    assert [window.count for window in windows] == [len(inside) for inside in held]
    assert sorted(times) == sorted(time for inside in held for time in inside)
    assert all(0 < window.count for window in windows)
    assert all(window.count <= largest or window.end - window.start == 1 for window in windows)


def test_empty_span_costs_no_request() -> None:
    """A span that is known to be empty is not requested."""
    wire = Wire(Account())

    assert list(tile_windows(search_of(wire), Window(*SPAN, 0), largest=1)) == []
    assert wire.requests == []


def test_planning_costs_about_one_count_per_window() -> None:
    """One half is counted and the other is the difference: planning costs less than 1.5 counts per window."""
    wire = Wire(crowded(*((T - number * DAY // 20, 1) for number in range(400))))
    windows = list(tile_windows(search_of(wire), Window(T - 20 * DAY, T + 1, 400), largest=20))

    assert len(wire.requests) < len(windows) * 1.5


def test_rows_indexed_late_hide_no_others() -> None:
    """A half that grew since the total was counted does not make the other half look empty."""
    account = account_of([(0, 10), (9 * DAY, 10)])
    expected = set(account.alerts)

    def grow(_: Request) -> None:
        if not wire.requests:
            for _number in range(10):
                account.create_alert(created_at=T)

    wire = Wire(account, before=grow)
    search = search_of(wire)
    windows = list(tile_windows(search, Window(*SPAN, 20), largest=15))
    ids = {row.id for window in windows for rows in read_span(search, window.start, window.end) for row in rows}

    assert expected <= ids
