"""What an incremental read brings, to the millisecond."""

import time
from typing import Literal

import pytest
from tests.support.worlds import DAY_MS, MINUTE_MS, NOW, Table, World, in_the_middle, twice

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
    """An account whose last alert is a day old."""
    return Account.seeded(alerts=alerts, until=NOW - DAY_MS)


@pytest.mark.parametrize("switches", BEHAVIOURS)
def test_every_behaviour_of_updated_at_brings_the_same_rows(switches: Switches) -> None:
    """The changed, created and unchanged rows after a second sync are the account's, and no others were sent."""
    account = account_of()
    world, table = World(account, switches), Table()
    table.take(world.read())
    world.now += DAY_MS
    changed = list(account.alerts)[::3]
    for alert_id in changed:
        account.update_alert(alert_id, acknowledged=True)
        world.now += 7
    created = [account.create_alert()["id"] for _ in range(30)]
    world.now += HOUR_MS
    second, third = (table.take(world.read(state=table.state)) for _ in range(2))

    assert sorted(changed + created) == sorted(second.ids)
    assert ([], {}) == (third.ids, table.wrong(account))


@pytest.mark.parametrize("switches", BEHAVIOURS[1::2])
@pytest.mark.parametrize("lookback", [0, 10])
def test_ties_at_the_bookmark_are_read(lookback: int, switches: Switches) -> None:
    """What is updated in the very millisecond of the bookmark, before or after the read looked, is not lost."""
    account = account_of()
    options = {"lookback_minutes": lookback}
    world, table = World(account, switches, step_ms=0), Table()
    alert_ids = list(account.alerts)
    for alert_id in alert_ids[:120]:
        account.update_alert(alert_id, tags=["before"])
    table.take(world.read(config=options))
    for alert_id in alert_ids[120:360]:
        account.update_alert(alert_id, tags=["in the same millisecond"])
    table.take(world.read(state=table.state, config=options))
    world.now += 1
    account.update_alert(alert_ids[400], tags=["the next one"])
    table.take(world.read(state=table.state, config=options))

    assert {} == table.wrong(account)


@pytest.mark.parametrize("switches", BEHAVIOURS[1::2])
@pytest.mark.parametrize("page", [2, 4])
def test_updates_in_one_millisecond_are_read_while_some_move(page: int, switches: Switches) -> None:
    """Of 200 alerts updated in one millisecond, those that are touched again while they are read are not lost."""
    account = account_of()
    table = Table()
    world = World(account, switches)
    table.take(world.read())
    world.now += DAY_MS
    at_once = list(account.alerts)[100:300]
    for alert_id in at_once:
        account.update_alert(alert_id, tags=["at once"])

    def touch() -> None:
        for alert_id in at_once[::7]:
            account.update_alert(alert_id, tags=["again"])

    moving = World(account, switches, (in_the_middle(touch, of="/v2/alerts", at=page),), now=world.now + MINUTE_MS)
    second = table.take(moving.read(state=table.state))
    third = table.take(moving.read(state=table.state))

    assert ({}, "", "") == (table.wrong(account), second.problem, third.problem)
    assert (0, 0) == (twice(second.keys("alerts")), twice(third.keys("alerts")))
    assert set(at_once[::7]) <= set(second.ids) | set(third.ids)


@pytest.mark.parametrize("off_ms", [-HOUR_MS, 0, HOUR_MS])
@pytest.mark.parametrize("lag_ms", [0, 2_000])
def test_our_clock_may_be_an_hour_off(lag_ms: int, off_ms: int) -> None:
    """Only the API's clock matters: an hour before or behind ours, changes between two reads are all read."""
    account = account_of()
    account.index_lag_ms = lag_ms
    changes = RandomChanges(account)
    world, table = World(account, middleware=(changes,), now=int(time.time() * 1000) + off_ms), Table()
    for _ in range(3):
        table.take(world.read(state=table.state))
        world.now += MINUTE_MS
    changes.stop()
    table.take(world.read(state=table.state))

    assert ({}, []) == (table.wrong(account), table.broken_states())
    assert abs(parse_timestamp(table.said[-1]["bookmark"]) - world.now) < 10 * MINUTE_MS


@pytest.mark.parametrize("switches", BEHAVIOURS[::2])
def test_start_date_holds_while_the_account_changes(switches: Switches) -> None:
    """With a start date, exactly the rows updated since are held in the end, however many older ones move."""
    account = account_of()
    start = "2026-08-01T00:00:00Z"
    changes = RandomChanges(account, updates=3.0)
    world, table = World(account, switches, (changes,)), Table()
    table.take(world.read(config={"start_date": start}))
    changes.stop()
    world.now += MINUTE_MS
    table.take(world.read(config={"start_date": start}, state=table.state))
    older = {(one,) for one, alert in account.alerts.items() if alert["updatedAt"] < start}

    assert {"missing": len(older)} == table.wrong(account)
    assert not older & table.rows.keys()
