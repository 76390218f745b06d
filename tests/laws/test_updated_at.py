"""The rows of an incremental read, exact to the millisecond."""

import time
from typing import Literal

import pytest
from tests.support.worlds import DAY_MS, MINUTE_MS, NOW, Table, World, change_after, count_duplicates

from opsgenie_simulator import Account, RandomChanges, Switches
from source_opsgenie.clock import parse_timestamp

SEARCHES: tuple[Literal["searchable", "rejected", "ignored", "seconds"], ...] = (
    "searchable", "rejected", "ignored", "seconds",
)  # fmt: skip
SORTS: tuple[Literal["accepted", "rejected"], ...] = ("accepted", "rejected")
TIES: tuple[Literal["kept", "shuffled"], ...] = ("kept", "shuffled")
BEHAVIOURS = [
    Switches(updated_at_search=search, updated_at_sort=sort, ties=ties)
    for search in SEARCHES
    for sort in SORTS
    for ties in TIES
]
HOUR_MS = 60 * MINUTE_MS


def account_of(alerts: int = 600) -> Account:
    """Create an account whose newest alert is a day old."""
    return Account.seeded(alerts=alerts, until=NOW - DAY_MS)


@pytest.mark.parametrize("switches", BEHAVIOURS)
def test_every_behaviour_of_updated_at_gives_the_same_rows(switches: Switches) -> None:
    """A second sync emits exactly the changed and created rows, and a third one emits none."""
    account = account_of()
    world, table = World(account, switches), Table()
    table.apply(world.read())
    world.now += DAY_MS
    changed = list(account.alerts)[::3]
    for alert_id in changed:
        account.update_alert(alert_id, acknowledged=True)
        world.now += 7
    created = [account.create_alert()["id"] for _ in range(30)]
    world.now += HOUR_MS
    second, third = (table.apply(world.read(state=table.state)) for _ in range(2))

    assert sorted(changed + created) == sorted(second.ids)
    assert ([], {}) == (third.ids, table.differences(account))


@pytest.mark.parametrize("switches", BEHAVIOURS[1::2])
@pytest.mark.parametrize("lookback", [0, 10])
def test_ties_at_the_bookmark_are_read(lookback: int, switches: Switches) -> None:
    """Alerts updated in the millisecond of the bookmark, before or after the read, are not lost."""
    account = account_of()
    options = {"lookback_minutes": lookback}
    world, table = World(account, switches, step_ms=0), Table()
    alert_ids = list(account.alerts)
    for alert_id in alert_ids[:120]:
        account.update_alert(alert_id, tags=["before"])
    table.apply(world.read(config=options))
    for alert_id in alert_ids[120:360]:
        account.update_alert(alert_id, tags=["in the same millisecond"])
    table.apply(world.read(state=table.state, config=options))
    world.now += 1
    account.update_alert(alert_ids[400], tags=["the next one"])
    table.apply(world.read(state=table.state, config=options))

    assert {} == table.differences(account)


@pytest.mark.parametrize("switches", BEHAVIOURS[1::2])
@pytest.mark.parametrize("page", [2, 4])
def test_updates_in_one_millisecond_are_read_while_some_change_again(page: int, switches: Switches) -> None:
    """Of 200 alerts updated in one millisecond, those that are updated again during the read are not lost."""
    account = account_of()
    table = Table()
    world = World(account, switches)
    table.apply(world.read())
    world.now += DAY_MS
    in_bulk = list(account.alerts)[100:300]
    for alert_id in in_bulk:
        account.update_alert(alert_id, tags=["in bulk"])

    def update_again() -> None:
        for alert_id in in_bulk[::7]:
            account.update_alert(alert_id, tags=["again"])

    change = change_after(update_again, path="/v2/alerts", response_number=page)
    changing = World(account, switches, (change,), now=world.now + MINUTE_MS)
    second = table.apply(changing.read(state=table.state))
    third = table.apply(changing.read(state=table.state))

    assert ({}, "", "") == (table.differences(account), second.error, third.error)
    assert (0, 0) == (count_duplicates(second.keys("alerts")), count_duplicates(third.keys("alerts")))
    assert set(in_bulk[::7]) <= set(second.ids) | set(third.ids)


@pytest.mark.parametrize("off_ms", [-HOUR_MS, 0, HOUR_MS])
@pytest.mark.parametrize("lag_ms", [0, 2_000])
def test_our_clock_may_be_an_hour_off(lag_ms: int, off_ms: int) -> None:
    """Only the API's clock matters: if it is an hour ahead of or behind ours, all changes are still read."""
    account = account_of()
    account.index_lag_ms = lag_ms
    changes = RandomChanges(account)
    world, table = World(account, middleware=(changes,), now=int(time.time() * 1000) + off_ms), Table()
    for _ in range(3):
        table.apply(world.read(state=table.state))
        world.now += MINUTE_MS
    changes.stop()
    table.apply(world.read(state=table.state))

    assert ({}, []) == (table.differences(account), table.invalid_states())
    assert abs(parse_timestamp(table.states[-1]["bookmark"]) - world.now) < 10 * MINUTE_MS


@pytest.mark.parametrize("switches", BEHAVIOURS[::2])
def test_start_date_applies_while_the_account_changes(switches: Switches) -> None:
    """With a start date, the table ends with exactly the rows updated since, however many older ones change."""
    account = account_of()
    start = "2026-08-01T00:00:00Z"
    changes = RandomChanges(account, updates=3.0)
    world, table = World(account, switches, (changes,)), Table()
    table.apply(world.read(config={"start_date": start}))
    changes.stop()
    world.now += MINUTE_MS
    table.apply(world.read(config={"start_date": start}, state=table.state))
    older = {(alert_id,) for alert_id, alert in account.alerts.items() if alert["updatedAt"] < start}

    assert {"missing": len(older)} == table.differences(account)
    assert not older & table.rows.keys()
