"""Accounts that change while they are read: no surviving row is missed, and a row is stale for at most one sync."""

from random import Random
from typing import Literal

import pytest
from tests.support.worlds import (
    DAY_MS,
    MINUTE_MS,
    NOW,
    SteppingClock,
    Table,
    World,
    count_duplicates,
    create_crowd,
    rows_of,
)

from opsgenie_simulator import Account, Call, RandomChanges, Switches
from opsgenie_simulator.messages import Response
from opsgenie_simulator.middleware import Respond

LAGS = [0, 2_000, MINUTE_MS]
SEARCHES: tuple[Literal["searchable", "rejected", "ignored", "seconds"], ...] = (
    "searchable", "rejected", "ignored", "seconds",
)  # fmt: skip
SORTS: tuple[Literal["accepted", "rejected"], ...] = ("accepted", "rejected")
BEHAVIOURS = [Switches(updated_at_search=search, updated_at_sort=sort) for search in SEARCHES for sort in SORTS]


class ChangingAccount:
    """An account that changes with every request, and a table that it is read into."""

    def __init__(self, *, seed: int, lag_ms: int, stream: str = "alerts", switches: Switches | None = None) -> None:
        self.account = Account.seeded(alerts=900, incidents=900, until=NOW - DAY_MS)
        create_crowd(self.account, 150, at=NOW - 10 * DAY_MS)
        self.account.index_lag_ms = lag_ms
        self.changes = RandomChanges(self.account, seed=seed)
        self.world = World(self.account, switches or Switches(), (self.changes,))
        self.table = Table(stream)

    def read(self) -> list[str]:
        """Read once; returns the violations.

        A read must not fail or emit a key twice. The first read must not miss a row that existed throughout; a later
        read may leave rows that keep changing to the next one.
        """
        stream, is_first = self.table.stream, self.table.state is None
        before = rows_of(self.account, stream).keys() if is_first else set()
        sync = self.table.apply(self.world.read(stream, state=self.table.state))
        missing = (before & rows_of(self.account, stream).keys()) - self.table.rows.keys()
        duplicates = count_duplicates(sync.keys(stream))
        return (
            [sync.error] * bool(sync.error)
            + [f"{duplicates} duplicate keys"] * bool(duplicates)
            + ["missing"] * bool(missing)
        )

    def settle(self) -> dict[str, int]:
        """Stop the changes, read once more, and return the differences of the table."""
        self.changes.stop()
        self.world.now += 2 * MINUTE_MS
        self.read()
        return self.table.differences(self.account)


@pytest.mark.parametrize("lag_ms", LAGS)
@pytest.mark.parametrize("seed", range(3))
def test_first_read_has_every_row_that_existed_throughout(seed: int, lag_ms: int) -> None:
    """A first read of a changing account misses no such row; one read after the changes makes the table exact."""
    changing = ChangingAccount(seed=seed, lag_ms=lag_ms)

    assert [] == changing.read()
    assert {} == changing.settle()
    assert len(changing.changes.updated) > 20
    assert changing.changes.created
    assert changing.changes.deleted


@pytest.mark.parametrize("lag_ms", LAGS[:2])
@pytest.mark.parametrize("switches", BEHAVIOURS)
def test_later_reads_are_complete_for_every_behaviour_of_updated_at(switches: Switches, lag_ms: int) -> None:
    """The second and third read of a changing account miss nothing either, whatever `updatedAt` supports."""
    changing = ChangingAccount(seed=5, lag_ms=lag_ms, switches=switches)
    first = changing.read()
    later = []
    for number in range(2):
        for alert_id in list(changing.account.alerts)[number * 100 : number * 100 + 250]:
            changing.account.update_alert(alert_id, tags=[f"in bulk, {number}"])
        changing.world.now += MINUTE_MS
        later += changing.read()

    assert ([], []) == (first, later)
    assert {} == changing.settle()
    assert [] == changing.table.invalid_states()


@pytest.mark.parametrize(("stream", "lag_ms"), [("incidents", 0), ("incidents", 2_000), ("alert_logs", 2_000)])
def test_changing_incidents_and_logs_are_complete(stream: str, lag_ms: int) -> None:
    """The same law holds for incidents and for the logs of alerts."""
    changing = ChangingAccount(seed=3, lag_ms=lag_ms, stream=stream)
    first, second = changing.read(), changing.read()

    assert ([], []) == (first, second)
    assert {} == changing.settle()


@pytest.mark.parametrize("updates", [20.0, 120.0])
def test_a_read_ends_when_updates_are_as_fast_as_it_reads(updates: float) -> None:
    """With up to a page of updates per request an incremental read still ends, and the next ones catch up."""
    account = Account.seeded(alerts=3_000, until=NOW - DAY_MS)
    world, table = World(account), Table()
    table.apply(world.read())
    fast = RandomChanges(account, updates=updates, creations=0, deletions=0)
    world = World(account, middleware=(fast,), now=world.now + DAY_MS)
    for alert_id in list(account.alerts)[:500]:
        account.update_alert(alert_id, tags=["before"])
    syncs = [table.apply(world.read(state=table.state)) for _ in range(2)]
    fast.stop()
    table.apply(world.read(state=table.state))

    assert ["", ""] == [sync.error for sync in syncs]
    assert max(len(sync.requests) for sync in syncs) < 100
    assert {} == table.differences(account)


def test_a_change_that_is_indexed_late_is_not_lost() -> None:
    """Changes that the index did not show before a read ended are in a later one, even if one was interrupted."""
    account = Account.seeded(alerts=300, until=NOW - DAY_MS)
    account.index_lag_ms = MINUTE_MS
    world, table = World(account), Table()
    table.apply(world.read())
    for alert_id in list(account.alerts)[:250]:
        account.update_alert(alert_id, tags=["late response"])
        world.now += 10
    table.apply(world.read(state=table.state))
    world.now += MINUTE_MS - 1_500
    table.apply(world.read(state=table.state, stop_after=60, clock=SteppingClock()))
    world.now += MINUTE_MS
    table.apply(world.read(state=table.state))
    table.apply(world.read(state=table.state))

    assert {} == table.differences(account)


@pytest.mark.parametrize("seed", range(2))
def test_log_lines_without_an_update_are_read_within_a_day(seed: int) -> None:
    """Log lines of open alerts that do not change `updatedAt` are all read by the daily recheck."""
    account = Account.seeded(alerts=300, until=NOW - DAY_MS)
    changes = RandomChanges(account, seed=seed, updates=0.2, creations=0.1, deletions=0.05)
    chance = Random(seed)
    touched: list[str] = []

    def add_line(call: Call, respond: Respond) -> Response:
        open_ids = [alert_id for alert_id, alert in account.alerts.items() if alert["status"] == "open"]
        if world.now < NOW + DAY_MS:
            touched.append(chance.choice(open_ids))
            account.add_log(touched[-1], f"line {len(touched)}", touch=False)
        return respond(call)

    world, table = World(account, middleware=(changes, add_line)), Table("alert_logs")
    table.apply(world.read("alert_logs"))
    changes.stop()
    world.now += DAY_MS + MINUTE_MS
    last = table.apply(world.read("alert_logs", state=table.state))

    assert ("", {}) == (last.error, table.differences(account))
    assert len(set(touched)) > 20
