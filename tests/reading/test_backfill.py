"""Backfill: windows from the newest down, resumable after every step, and held to the count without any time."""

from collections.abc import Iterable
from functools import cache
from typing import Literal

import pytest
from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, ids_in, search_of

from opsgenie_simulator import Account, Switches
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Incomplete, MalformedResponse
from source_opsgenie.reading.backfill import SETTLING_MS, Backfill
from source_opsgenie.reading.batches import read_batches
from source_opsgenie.reading.events import Batch, Expected
from source_opsgenie.reading.search import created_ms
from source_opsgenie.reading.state import Scope, State, Tally
from source_opsgenie.streams import STREAMS

BEGUN = State(Scope("acme"), begun=NOW)
START = NOW - 100 * DAY
Unit = Literal["milliseconds", "seconds", "either"]


def saved(state: State) -> State:
    """The same state, written and read again."""
    return State.from_mapping(state.to_mapping())


@cache
def large() -> Account:
    """Enough alerts for several windows, with crowds, some of them too new to be counted. Never changed."""
    days = [(NOW - number * DAY // 8, 1) for number in range(1, 1_700)]
    crowds = [(NOW - 1, 3), (NOW - 1000, 120), (NOW - 40 * DAY, 250), (NOW - 41 * DAY, 100), (START, 150)]
    return crowded(*days, *crowds, updated=None)


def with_old_changes(size: int) -> Account:
    """An account in which so many alerts from before the start date, among others, were updated after it."""
    account = crowded(*((START - number * DAY, 1) for number in range(1, 320)), (START + DAY, 150))
    for number, alert_id in enumerate(sorted(account.alerts, key=lambda one: account.alerts[one]["createdAt"])[:size]):
        account.update_alert(alert_id, updated_at=START + number * 1000, priority="P2")
    return account


def tally_of(found: Iterable[Batch | Expected]) -> Tally:
    """The tally in the last state."""
    return [one.state for one in found if isinstance(one, Batch) and one.state][-1].tally


def test_everything_newest_first() -> None:
    """Each row once, from the newest down, across windows and crowds; the tally counts them all."""
    account = large()
    found = list(Backfill(search_of(Wire(account))).read(BEGUN))
    times = [created_ms(row) for one in found if isinstance(one, Batch) for row in one.rows]
    tally = tally_of(found)

    assert sorted(account.alerts) == sorted(ids_in(found))
    assert times == sorted(times, reverse=True)
    assert (tally.counted, tally.listed, tally.recent) == (len(account.alerts) - 123, len(account.alerts) - 123, 123)


@pytest.mark.parametrize("size", [0, 1, 50])
def test_a_small_account_costs_a_handful(size: int) -> None:
    """A few alerts are planned, read and proven in a few requests."""
    wire = Wire(crowded(*((NOW - (number + 1) * DAY, 1) for number in range(size))))
    found = list(Backfill(search_of(wire)).read(BEGUN))

    assert sorted(wire.account.alerts) == sorted(ids_in(found))
    assert len(wire.asked) <= 10


@pytest.mark.parametrize("start", ["", format_timestamp(START)])
def test_stop_after_any_step(start: str) -> None:
    """Stopped after any step and taken up from its last state, the two halves together are the whole."""
    account = large()
    connection = connection_of(Wire(account), start_date=start)
    alerts = STREAMS["alerts"]
    whole = list(read_batches(connection, alerts, BEGUN))
    expected = set(ids_in(whole))
    states = [BEGUN, *[one.state for one in whole if isinstance(one, Batch) and one.state]]
    out, rests = set[str](), []
    for number, one in enumerate(whole):
        if isinstance(one, Batch) and one.state and number % 4 == 0:
            out = set(ids_in(whole[: number + 1]))
            rest = list(read_batches(connection, alerts, saved(one.state)))
            rests.append(len(ids_in(rest)))

            assert expected == out | set(ids_in(rest))
            assert len(out & set(ids_in(rest))) <= 400

    assert len(states) > 10
    assert rests[-1] < rests[0]


@pytest.mark.parametrize("size", [0, 3, 99, 100, 101, 310])
@pytest.mark.parametrize("search", ["searchable", "rejected", "ignored", "seconds"])
def test_start_date_means_updated_since(
    size: int, search: Literal["searchable", "rejected", "ignored", "seconds"]
) -> None:
    """Older alerts that were updated since the start date are read too, each once, however updates can be searched."""
    account = with_old_changes(size)
    connection = connection_of(Wire(account, Switches(updated_at_search=search)), start_date=format_timestamp(START))
    found = ids_in(read_batches(connection, STREAMS["alerts"], BEGUN))
    expected = [one["id"] for one in account.alerts.values() if one["updatedAt"] >= format_timestamp(START)[:19]]

    assert sorted(expected) == sorted(found)


@pytest.mark.parametrize("search", ["searchable", "rejected", "ignored"])
def test_with_a_start_date_the_counts_are_of_what_was_created_since(
    search: Literal["searchable", "rejected", "ignored"],
) -> None:
    """Older rows are looked through for changes, in whatever way: what is counted and listed does not include them."""
    account = with_old_changes(30)
    connection = connection_of(
        Wire(account, Switches(updated_at_search=search, updated_at_sort="rejected")),
        start_date=format_timestamp(START),
    )
    tally = tally_of(read_batches(connection, STREAMS["alerts"], BEGUN))
    since = sum(one["createdAt"] >= format_timestamp(START) for one in account.alerts.values())

    assert (tally.counted, tally.listed, tally.recent) == (since, since, 0)


def test_few_old_changes_cost_a_page() -> None:
    """After the windows since the start date, a quiet past costs one request."""
    account = with_old_changes(3)
    wire = Wire(account)
    connection = connection_of(wire, start_date=format_timestamp(START))
    list(read_batches(connection, STREAMS["alerts"], BEGUN))
    sorts = [request.params.get("sort") for request in wire.asked]

    assert sorts[-1] == "updatedAt"
    assert sorts.count("updatedAt") == 1


@pytest.mark.parametrize("before", [0, 30, 130])
@pytest.mark.parametrize("crowd", [99, 100, 150])
def test_old_changes_in_one_millisecond_come_once(before: int, crowd: int) -> None:
    """Older alerts that a bulk change moved to one millisecond after the start date come, each of them once."""
    account = with_old_changes(before)
    for alert_id in sorted(account.alerts, key=lambda one: account.alerts[one]["createdAt"])[before : before + crowd]:
        account.update_alert(alert_id, updated_at=START + DAY, priority="P4")
    connection = connection_of(Wire(account), start_date=format_timestamp(START))
    found = ids_in(read_batches(connection, STREAMS["alerts"], BEGUN))

    assert len(found) == len(set(found)) == before + crowd + 150


def test_second_half_is_taken_up() -> None:
    """A read with a start date that is stopped in its second half does not read the first again."""
    account = with_old_changes(310)
    connection = connection_of(Wire(account), start_date=format_timestamp(START))
    whole = list(read_batches(connection, STREAMS["alerts"], BEGUN))
    states = [one.state for one in whole if isinstance(one, Batch) and one.state and one.state.reached]
    rest = ids_in(read_batches(connection, STREAMS["alerts"], saved(states[0])))

    assert len(states) > 1
    assert set(rest) <= {one["id"] for one in account.alerts.values() if one["createdAt"] < format_timestamp(START)}
    assert len(rest) > 200


@pytest.mark.parametrize("start", ["", format_timestamp(START)])
@pytest.mark.parametrize("unit", ["seconds", "either"])
def test_misread_times_are_noticed(unit: Unit, start: str) -> None:
    """A search that reads our milliseconds as something else finds other rows: an error, or the whole all the same."""
    account = with_old_changes(310)
    connection = connection_of(Wire(account, Switches(created_at_values=unit)), start_date=start)
    try:
        found = set(ids_in(read_batches(connection, STREAMS["alerts"], BEGUN)))
    except (Incomplete, MalformedResponse):
        return

    since = start[:19]
    assert found == {one["id"] for one in account.alerts.values() if one["updatedAt"] >= since}


def test_root_count_law() -> None:
    """Without a start date, misread times always break the sum: the read is incomplete before its first row."""
    listing = search_of(Wire(large(), Switches(created_at_values="seconds")))
    with pytest.raises(Incomplete, match="rows without a time"):
        next(Backfill(listing).read(BEGUN))


@pytest.mark.parametrize("late", [0, 4])
def test_resume_after_changes(late: int) -> None:
    """While a read is cut off, rows that are deleted hide none that live, and rows that show late are not passed by."""
    account = crowded(*((NOW - number * DAY // 8, 1) for number in range(1, 2_500)))
    listing = search_of(Wire(account))
    found, state = [], BEGUN
    for one in Backfill(listing).read(BEGUN):
        found.append(one)
        state = one.state if isinstance(one, Batch) and one.state else state
        if state.listed > 500:
            break
    for alert_id in {*ids_in(found)[:5], *ids_in(found)[-5:], *sorted(account.alerts)[:5]}:
        account.delete_alert(alert_id)
    for _ in range(late):
        account.create_alert(created_at=(state.top or NOW) - 5)
    rest = list(Backfill(listing).read(saved(state)))
    tally = tally_of(rest)

    assert set(account.alerts) <= set(ids_in(found)) | set(ids_in(rest))
    assert (tally.counted, tally.unlisted) == (len(account.alerts), 0)


def test_tally_of_a_resumed_read_is_whole() -> None:
    """However often it is cut off, a read that ends has counted every row that is old enough, once."""
    account, state, cuts = large(), BEGUN, 0
    while cuts < 200:
        for number, one in enumerate(Backfill(search_of(Wire(account))).read(state)):
            state = saved(one.state) if isinstance(one, Batch) and one.state else state
            if number == 25:
                break
        else:
            break
        cuts += 1
    old = sum(alert["createdAt"] < format_timestamp(NOW - SETTLING_MS) for alert in account.alerts.values())

    assert 3 < cuts < 200
    assert (state.tally.counted, state.tally.listed) == (old, old)
