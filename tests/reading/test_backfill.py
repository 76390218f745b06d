"""Backfill: windows from the newest down, resumable after any batch, and compared with the count without a time."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any, Literal

import pytest
from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, ids_in, search_of

from opsgenie_simulator import Account, Switches
from source_opsgenie.api.transport import Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Incomplete, MalformedResponse
from source_opsgenie.reading.backfill import SETTLING_MS, Backfill
from source_opsgenie.reading.batches import read_batches
from source_opsgenie.reading.counts import Tally
from source_opsgenie.reading.events import Batch, Expected
from source_opsgenie.reading.paging import PORTION
from source_opsgenie.reading.search import Search
from source_opsgenie.reading.state import CurrentRead, Scope, State
from source_opsgenie.streams import STREAMS

BEGUN = State(Scope("acme"), read=CurrentRead(NOW))
START = NOW - 100 * DAY
# Without a start date: everything, and what was created before and after the settled time.
COUNTS_OF_THE_PLAN = 3
Unit = Literal["milliseconds", "seconds", "either"]


def reload(state: State) -> State:
    """The *state* as it is after it was written and parsed."""
    return State.from_mapping(state.to_mapping())


@cache
def large_account() -> Account:
    """Alerts for several windows, with crowds, some too new to be counted; cached, so it must not be changed."""
    days = [(NOW - number * DAY // 8, 1) for number in range(1, 1_700)]
    crowds = [(NOW - 1, 3), (NOW - 1000, 120), (NOW - 40 * DAY, 250), (NOW - 41 * DAY, 100), (START, 150)]
    return crowded(*days, *crowds, updated=None)


def account_with_old_changes(size: int) -> Account:
    """An account with *size* alerts that were created before the start date and updated after it, among others."""
    account = crowded(*((START - number * DAY, 1) for number in range(1, 320)), (START + DAY, 150))
    for number, alert_id in enumerate(sorted(account.alerts, key=lambda one: account.alerts[one]["createdAt"])[:size]):
        account.update_alert(alert_id, updated_at=START + number * 1000, priority="P2")
    return account


def small_windows(account: Account) -> Search:
    """A search for the alerts of *account* in windows of 500 or less."""
    return replace(search_of(Wire(account)), window=500)


def last_tally(batches: Iterable[Batch[Any]]) -> Tally:
    """The tally in the last state of *batches*."""
    return [batch.state for batch in batches if batch.state][-1].tally


def test_windows_share_their_lookahead() -> None:
    """What the pages of a window show about pages in parallel counts for the next one."""
    account = crowded(*((NOW - DAY - 60_000 * number, 1) for number in range(2_500)))
    backfill = Backfill(replace(small_windows(account), concurrent_pages=4))

    assert 2_500 == len(ids_in(backfill.read(BEGUN)))
    assert backfill.lookahead.pages > 1


@pytest.mark.parametrize(("stream", "cuts"), [("alerts", 0), ("alert_logs", 1)])
def test_windows_of_rows_with_requests_are_smaller(stream: str, cuts: int) -> None:
    """If each row needs requests of its own, more than 3,980 are cut in two: an interrupted read repeats fewer."""
    wire = Wire(crowded(*((NOW - DAY - 60_000 * number, 1) for number in range(4_500))))
    batches = read_batches(connection_of(wire), STREAMS[stream], BEGUN)
    next(batch for batch in batches if batch.rows)
    counts = [request for request in wire.requests if request.path == "/v2/alerts/count"]

    assert COUNTS_OF_THE_PLAN + cuts == len(counts)


def test_everything_newest_first() -> None:
    """Each row is read once, newest first, across windows and crowds, and the tally counts them all."""
    account = large_account()
    batches = list(Backfill(small_windows(account)).read(BEGUN))
    times = [row.created for batch in batches for row in batch.rows]
    tally = last_tally(batches)

    assert sorted(account.alerts) == sorted(ids_in(batches))
    assert times == sorted(times, reverse=True)
    assert (tally.counted, tally.listed, tally.recent) == (len(account.alerts) - 123, len(account.alerts) - 123, 123)


@pytest.mark.parametrize("size", [0, 1, 50])
def test_small_account_costs_few_requests(size: int) -> None:
    """A few alerts are planned, read and proven with at most ten requests."""
    wire = Wire(crowded(*((NOW - (number + 1) * DAY, 1) for number in range(size))))
    batches = list(Backfill(search_of(wire)).read(BEGUN))

    assert sorted(wire.account.alerts) == sorted(ids_in(batches))
    assert len(wire.requests) <= 10


def test_first_batch_has_the_expected_total() -> None:
    """The number of rows that the read expects, the newest ones included, is known before the first row."""
    account = crowded((NOW - DAY, 2), (NOW - 1, 3))

    assert next(Backfill(search_of(Wire(account))).read(BEGUN)) == Batch([], expected=Expected(5, "alerts"))


def test_account_that_grows_while_it_is_counted() -> None:
    """Alerts that are created with every request make no contradiction between the counts."""
    account = crowded((NOW - DAY, 20))
    expected = set(account.alerts)

    def create(_: Request) -> None:
        account.create_alert()

    assert expected <= set(ids_in(Backfill(search_of(Wire(account, before=create))).read(BEGUN)))


def test_start_date_within_the_newest_minutes() -> None:
    """Of the newest minutes, which are not counted, only the rows since the start date are read."""
    account = crowded((NOW - 200_000, 2), (NOW - 50_000, 3))
    connection = connection_of(Wire(account), start_date=format_timestamp(NOW - 100_000))

    assert len(ids_in(read_batches(connection, STREAMS["alerts"], BEGUN))) == 3


def read_alerts(start: int | None, state: State) -> Iterable[Batch[Any]]:
    """The rest of the alerts of the large account, from the start date on."""
    options = {} if start is None else {"start_date": format_timestamp(start)}
    return read_batches(connection_of(Wire(large_account()), **options), STREAMS["alerts"], state)


def read_in_small_windows(start: int | None, state: State) -> Iterable[Batch[Any]]:
    """The same in windows of 500 or less."""
    return Backfill(small_windows(large_account()), start=start).read(state)


@pytest.mark.parametrize("read", [read_alerts, read_in_small_windows])
@pytest.mark.parametrize("start", [None, START])
def test_resume_after_any_batch(start: int | None, read: Callable[[int | None, State], Iterable[Batch[Any]]]) -> None:
    """A read that stops after any batch and resumes from its state has every row, and reads few of them twice."""
    batches = list(read(start, BEGUN))
    expected = set(ids_in(batches))
    states = [BEGUN, *[batch.state for batch in batches if batch.state]]
    sizes = []
    for number, batch in enumerate(batches):
        if batch.state and number % 4 == 0:
            before = set(ids_in(batches[: number + 1]))
            rest = ids_in(read(start, reload(batch.state)))
            sizes.append(len(rest))

            assert expected == before | set(rest)
            assert len(before & set(rest)) <= 400

    assert len(states) > 10
    assert sizes[-1] < sizes[0]


@pytest.mark.parametrize("size", [0, 3, 99, 100, 101, 310])
@pytest.mark.parametrize("search", ["searchable", "rejected", "ignored", "seconds"])
def test_start_date_means_updated_since(
    size: int, search: Literal["searchable", "rejected", "ignored", "seconds"]
) -> None:
    """Older alerts that were updated since the start date are read too, each once, however updates are searched."""
    account = account_with_old_changes(size)
    connection = connection_of(Wire(account, Switches(updated_at_search=search)), start_date=format_timestamp(START))
    found = ids_in(read_batches(connection, STREAMS["alerts"], BEGUN))
    expected = [one["id"] for one in account.alerts.values() if one["updatedAt"] >= format_timestamp(START)[:19]]

    assert sorted(expected) == sorted(found)


@pytest.mark.parametrize("search", ["searchable", "rejected", "ignored"])
def test_counts_exclude_rows_from_before_the_start_date(
    search: Literal["searchable", "rejected", "ignored"],
) -> None:
    """Older rows are only searched for changes, in whichever way, and neither counted nor listed."""
    account = account_with_old_changes(30)
    connection = connection_of(
        Wire(account, Switches(updated_at_search=search, updated_at_sort="rejected")),
        start_date=format_timestamp(START),
    )
    tally = last_tally(read_batches(connection, STREAMS["alerts"], BEGUN))
    since = sum(one["createdAt"] >= format_timestamp(START) for one in account.alerts.values())

    assert (tally.counted, tally.listed, tally.recent) == (since, since, 0)


def test_few_old_changes_cost_one_request() -> None:
    """After the windows since the start date, less than a page of older changes costs one request."""
    account = account_with_old_changes(3)
    wire = Wire(account)
    connection = connection_of(wire, start_date=format_timestamp(START))
    list(read_batches(connection, STREAMS["alerts"], BEGUN))
    sorts = [request.params.get("sort") for request in wire.requests]

    assert sorts[-1] == "updatedAt"
    assert sorts.count("updatedAt") == 1


@pytest.mark.parametrize("before", [0, 30, 130])
@pytest.mark.parametrize("crowd", [99, 100, 150])
def test_old_changes_in_one_millisecond_are_read_once(before: int, crowd: int) -> None:
    """Older alerts that a bulk change updated in one millisecond after the start date are read once each."""
    account = account_with_old_changes(before)
    for alert_id in sorted(account.alerts, key=lambda one: account.alerts[one]["createdAt"])[before : before + crowd]:
        account.update_alert(alert_id, updated_at=START + DAY, priority="P4")
    connection = connection_of(Wire(account), start_date=format_timestamp(START))
    found = ids_in(read_batches(connection, STREAMS["alerts"], BEGUN))

    assert len(found) == len(set(found)) == before + crowd + 150


def test_resume_among_old_changes() -> None:
    """A read with a start date that stops among the older rows does not read the newer ones again."""
    account = account_with_old_changes(310)
    connection = connection_of(Wire(account), start_date=format_timestamp(START))
    batches = list(read_batches(connection, STREAMS["alerts"], BEGUN))
    states = [batch.state for batch in batches if batch.state and batch.state.reached]
    rest = ids_in(read_batches(connection, STREAMS["alerts"], reload(states[0])))

    assert len(states) > 1
    assert set(rest) <= {one["id"] for one in account.alerts.values() if one["createdAt"] < format_timestamp(START)}
    assert len(rest) > 200


@pytest.mark.parametrize("start", ["", format_timestamp(START)])
@pytest.mark.parametrize("unit", ["seconds", "either"])
def test_misread_times_are_noticed(unit: Unit, start: str) -> None:
    """A search that misreads our milliseconds leads to an error, or to all rows all the same."""
    account = account_with_old_changes(310)
    connection = connection_of(Wire(account, Switches(created_at_values=unit)), start_date=start)
    try:
        found = set(ids_in(read_batches(connection, STREAMS["alerts"], BEGUN)))
    except (Incomplete, MalformedResponse):
        return

    since = start[:19]
    assert found == {one["id"] for one in account.alerts.values() if one["updatedAt"] >= since}


def test_misread_times_are_noticed_before_the_first_row() -> None:
    """Without a start date, counts by misread times never add up to the count without a time."""
    search = search_of(Wire(large_account(), Switches(created_at_values="seconds")))
    with pytest.raises(Incomplete, match="rows without a time"):
        next(Backfill(search).read(BEGUN))


@pytest.mark.parametrize("late", [0, 4])
def test_resume_after_changes(late: int) -> None:
    """Rows that are deleted or indexed late while a read is interrupted hide no existing row from it."""
    account = crowded(*((NOW - number * DAY // 8, 1) for number in range(1, 2_500)))
    search = replace(search_of(Wire(account)), window=1_000)
    batches, state = [], BEGUN
    for batch in Backfill(search).read(BEGUN):
        batches.append(batch)
        state = batch.state or state
        if state.walk and state.walk.window and state.walk.window.listed > 500:
            break
    for alert_id in {*ids_in(batches)[:5], *ids_in(batches)[-5:], *sorted(account.alerts)[:5]}:
        account.delete_alert(alert_id)
    window = state.walk and state.walk.window
    assert window
    for _ in range(late):
        account.create_alert(created_at=window.end - 5)
    rest = list(Backfill(search).read(reload(state)))
    tally = last_tally(rest)

    assert set(account.alerts) <= set(ids_in(batches)) | set(ids_in(rest))
    assert (tally.counted, tally.unlisted) == (len(account.alerts), 0)


def test_tally_of_a_resumed_read_is_complete() -> None:
    """However often it is interrupted, a finished read has counted every row that is old enough, once."""
    account, state, stops = large_account(), BEGUN, 0
    while stops < 200:
        search = replace(small_windows(account), portion=PORTION)
        for number, batch in enumerate(Backfill(search).read(state)):
            state = reload(batch.state) if batch.state else state
            if number == 25:
                break
        else:
            break
        stops += 1
    old = sum(alert["createdAt"] < format_timestamp(NOW - SETTLING_MS) for alert in account.alerts.values())

    assert 3 < stops < 200
    assert (state.tally.counted, state.tally.listed) == (old, old)
