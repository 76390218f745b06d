"""Windows over time: they tile the span, each can be listed, and each row in them is read exactly once."""

from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from test_core_fakes import DAY, NOW, Script, Wire, client_of, crowded, listing_of, said

from opsgenie_simulator import Account, Switches
from source_opsgenie.clock import iso, milliseconds
from source_opsgenie.errors import Incomplete, Misshapen
from source_opsgenie.listing import Listing, created_ms
from source_opsgenie.spans import read_span
from source_opsgenie.streams import STREAMS
from source_opsgenie.transport import Request
from source_opsgenie.windows import NARROWEST, WIDEST, Window, tile, width

Ties = Literal["kept", "mirrored", "shuffled"]
TIES: list[Ties] = ["kept", "mirrored", "shuffled"]
T = NOW - 30 * DAY
# Rows that crowd: how far behind T, and how many of them in that millisecond.
DISTANCES = some.sampled_from([0, 1, 2, 3, 1000, DAY, 9 * DAY])
CROWDS = some.lists(some.tuples(DISTANCES, some.sampled_from([1, 2, 40, 99, 100, 101, 130])), max_size=5)
SMALL = some.lists(some.tuples(DISTANCES, some.integers(1, 60)), max_size=6)
WHOLE = (T - 10 * DAY, T + 1)


def account_of(crowds: list[tuple[int, int]]) -> Account:
    """An account in which alerts crowd so."""
    return crowded(*((T - distance, size) for distance, size in crowds))


def moments(account: Account) -> list[int]:
    """When each alert was created."""
    return [milliseconds(alert["createdAt"]) for alert in account.alerts.values()]


@settings(max_examples=60, deadline=None)
@given(CROWDS, some.integers(1, 120))
def test_windows_tile_the_span(crowds: list[tuple[int, int]], widest: int) -> None:
    """Windows are newest first, lie side by side or apart, and hold every row; none is empty or too full to list."""
    account = account_of(crowds)
    whole = Window(*WHOLE, len(account.alerts))
    windows = list(tile(listing_of(Wire(account)), whole, widest=widest))
    held = [[one for one in moments(account) if window.start <= one < window.end] for window in windows]
    edges = [whole.end, *(edge for window in windows for edge in (window.end, window.start)), whole.start]

    assert edges == sorted(edges, reverse=True)
    assert [window.count for window in windows] == [len(inside) for inside in held]
    assert sorted(moments(account)) == sorted(one for inside in held for one in inside)
    assert all(0 < window.count for window in windows)
    assert all(window.count <= widest or window.end - window.start == 1 for window in windows)


def test_an_empty_span_costs_nothing() -> None:
    """What is known to be empty is not asked for."""
    wire = Wire(Account())

    assert list(tile(listing_of(wire), Window(*WHOLE, 0), widest=1)) == []
    assert wire.asked == []


def test_planning_costs_about_a_count_a_window() -> None:
    """A half is counted and its sibling subtracted: planning an even month costs fewer counts than it gives windows."""
    wire = Wire(crowded(*((T - number * DAY // 20, 1) for number in range(400))))
    windows = list(tile(listing_of(wire), Window(T - 20 * DAY, T + 1, 400), widest=20))

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
    listing = listing_of(wire)
    windows = list(tile(listing, Window(*WHOLE, 20), widest=15))
    found = {row["id"] for one in windows for rows in read_span(listing, one.start, one.end) for row in rows}

    assert lived <= found


@pytest.mark.parametrize(
    ("total", "expected"),
    [(0, NARROWEST), (16_000, NARROWEST), (80_000, 10_000), (159_200, WIDEST), (10**7, WIDEST)],
)
def test_width(total: int, expected: int) -> None:
    """Windows are as wide as the account allows: an eighth of it, no window too small to be worth a count."""
    assert width(total) == expected


@settings(max_examples=60, deadline=None)
@given(CROWDS, some.sampled_from(TIES))
def test_every_row_is_read_once(crowds: list[tuple[int, int]], ties: Ties) -> None:
    """However rows crowd in time, and in whatever order ties come, each row is read exactly once, newest first."""
    account = account_of(crowds)
    found = [row for rows in read_span(listing_of(Wire(account, Switches(ties=ties))), *WHOLE) for row in rows]
    times = [created_ms(row) for row in found]

    assert sorted(account.alerts) == sorted(row["id"] for row in found)
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("size", [99, 100, 101, 250, 650])
def test_crowded_millisecond(size: int, ties: Ties) -> None:
    """A millisecond with more rows than a page, between others, is read whole and only once."""
    account = account_of([(0, 30), (1, size), (2, 30)])
    found = [row["id"] for rows in read_span(listing_of(Wire(account, Switches(ties=ties))), *WHOLE) for row in rows]

    assert sorted(account.alerts) == sorted(found)


def test_span_is_half_open() -> None:
    """The row at the start is read, the one at the end is not; None is no bound."""
    account = account_of([(0, 1), (1, 1), (2, 1)])
    listing = listing_of(Wire(account))
    found = [
        [created_ms(row) - T for rows in read_span(listing, *span) for row in rows]
        for span in ((T - 2, T), (T - 1, None), (None, T - 1), (None, None))
    ]

    assert found == [[-1, -2], [0, -1], [-2], [0, -1, -2]]


@settings(max_examples=60, deadline=None)
@given(SMALL, some.sampled_from(TIES), some.integers())
def test_deletions_leave_no_living_row_unread(crowds: list[tuple[int, int]], ties: Ties, seed: int) -> None:
    """Rows that are deleted while others are read shift nothing: whatever lives to the end is read, and once."""
    account, chance = account_of(crowds), Random(seed)

    def delete(_: Request) -> None:
        for alert_id in chance.sample(sorted(account.alerts), k=min(5, len(account.alerts))):
            account.delete_alert(alert_id)

    wire = Wire(account, Switches(ties=ties), before=delete)
    try:
        found = [row["id"] for rows in read_span(listing_of(wire), *WHOLE) for row in rows]
    except Incomplete:
        return

    assert set(account.alerts) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("ties", TIES)
def test_crowd_of_incidents_is_read_or_incomplete(ties: Ties) -> None:
    """Incidents cannot be sorted by tinyId (docs/opsgenie-api.md): a crowd of them is read whole, or told as one."""
    account = Account()
    for _ in range(250):
        account.create_incident(created_at=T)
    listing = listing_of(Wire(account, Switches(ties=ties)), stream="incidents")
    try:
        found = [row["id"] for rows in read_span(listing, *WHOLE) for row in rows]
    except Incomplete as problem:
        found = [str(problem)] if ties != "shuffled" else list(account.incidents)

    assert sorted(account.incidents) == sorted(found)


@pytest.mark.parametrize("moments", [[T + 5], [T - 11 * DAY], [T - 2, T - 1]])
def test_rows_that_were_not_asked_for(moments: list[int]) -> None:
    """Rows outside the span, or in another order, mean that the API did not do as asked: never read on."""
    rows = [{"id": str(moment), "createdAt": iso(moment)} for moment in moments]
    listing = Listing(client_of(Script(said(200, {"data": rows}))), STREAMS["alerts"])
    with pytest.raises(Misshapen, match="/v2/alerts was asked for rows created in"):
        list(read_span(listing, *WHOLE))
