"""Whatever changes while it is read: nothing that lived throughout is missed, and what is stale is so for one sync."""

from random import Random
from typing import Literal

import pytest
from tests.support.worlds import DAY_MS, MINUTE_MS, NOW, Hasty, Table, World, crowd, held, twice

from opsgenie_simulator import Account, Call, RandomChanges, Switches
from opsgenie_simulator.messages import Response
from opsgenie_simulator.middleware import Respond

LAGS = [0, 2_000, MINUTE_MS]
SEARCHES: tuple[Literal["searchable", "rejected", "ignored", "seconds"], ...] = (
    "searchable", "rejected", "ignored", "seconds",
)  # fmt: skip
SORTS: tuple[Literal["accepted", "rejected"], ...] = ("accepted", "rejected")
BEHAVIOURS = [Switches(updated_at_search=search, updated_at_sort=sort) for search in SEARCHES for sort in SORTS]


class Changed:
    """An account that changes at every request, and a table that it is read into."""

    def __init__(self, *, seed: int, lag_ms: int, stream: str = "alerts", switches: Switches | None = None) -> None:
        self.account = Account.seeded(alerts=900, incidents=900, until=NOW - DAY_MS)
        crowd(self.account, 150, at=NOW - 10 * DAY_MS)
        self.account.index_lag_ms = lag_ms
        self.changes = RandomChanges(self.account, seed=seed)
        self.world = World(self.account, switches or Switches(), (self.changes,))
        self.table = Table(stream)

    def read(self) -> list[str]:
        """Read once, and tell what went wrong.

        The read failed, a key came twice, or what lived throughout the first read is not in; a later read leaves
        what goes on changing to the one after it.
        """
        stream, is_first = self.table.stream, self.table.state is None
        before = held(self.account, stream).keys() if is_first else set()
        sync = self.table.take(self.world.read(stream, state=self.table.state))
        missing = (before & held(self.account, stream).keys()) - self.table.rows.keys()
        doubles = twice(sync.keys(stream))
        return [sync.problem] * bool(sync.problem) + [f"{doubles} twice"] * bool(doubles) + ["missing"] * bool(missing)

    def settle(self) -> dict[str, int]:
        """Let the account be quiet, read once more, and tell what the table has wrong."""
        self.changes.stop()
        self.world.now += 2 * MINUTE_MS
        self.read()
        return self.table.wrong(self.account)


@pytest.mark.parametrize("lag_ms", LAGS)
@pytest.mark.parametrize("seed", range(3))
def test_first_read_has_whatever_lived_throughout(seed: int, lag_ms: int) -> None:
    """A first read of a changing account ends well with all that lived throughout; one quiet read mends the rest."""
    changed = Changed(seed=seed, lag_ms=lag_ms)

    assert [] == changed.read()
    assert {} == changed.settle()
    assert len(changed.changes.updated) > 20
    assert changed.changes.created
    assert changed.changes.deleted


@pytest.mark.parametrize("lag_ms", LAGS[:2])
@pytest.mark.parametrize("switches", BEHAVIOURS)
def test_later_reads_are_complete_however_updated_at_behaves(switches: Switches, lag_ms: int) -> None:
    """The second and third read of a changing account miss nothing either, whatever is known of `updatedAt`."""
    changed = Changed(seed=5, lag_ms=lag_ms, switches=switches)
    first = changed.read()
    later = []
    for number in range(2):
        for alert_id in list(changed.account.alerts)[number * 100 : number * 100 + 250]:
            changed.account.update_alert(alert_id, tags=[f"at once, {number}"])
        changed.world.now += MINUTE_MS
        later += changed.read()

    assert ([], []) == (first, later)
    assert {} == changed.settle()
    assert [] == changed.table.broken_states()


@pytest.mark.parametrize(("stream", "lag_ms"), [("incidents", 0), ("incidents", 2_000), ("alert_logs", 2_000)])
def test_incidents_and_logs_change_too(stream: str, lag_ms: int) -> None:
    """What holds for alerts holds for incidents, and for the logs of alerts."""
    changed = Changed(seed=3, lag_ms=lag_ms, stream=stream)
    first, second = changed.read(), changed.read()

    assert ([], []) == (first, second)
    assert {} == changed.settle()


@pytest.mark.parametrize("updates", [20.0, 120.0])
def test_a_read_ends_though_updates_come_as_fast_as_it_reads(updates: float) -> None:
    """With up to a page of updates at every request an incremental read still ends, and the next ones catch up."""
    account = Account.seeded(alerts=3_000, until=NOW - DAY_MS)
    world, table = World(account), Table()
    table.take(world.read())
    fast = RandomChanges(account, updates=updates, creations=0, deletions=0)
    world = World(account, middleware=(fast,), now=world.now + DAY_MS)
    for alert_id in list(account.alerts)[:500]:
        account.update_alert(alert_id, tags=["before"])
    syncs = [table.take(world.read(state=table.state)) for _ in range(2)]
    fast.stop()
    table.take(world.read(state=table.state))

    assert ["", ""] == [sync.problem for sync in syncs]
    assert max(len(sync.asked) for sync in syncs) < 100
    assert {} == table.wrong(account)


def test_a_change_that_shows_late_is_not_lost_between_two_reads() -> None:
    """What the index did not show yet when a read ended comes with the next one, also when that ended early."""
    account = Account.seeded(alerts=300, until=NOW - DAY_MS)
    account.index_lag_ms = MINUTE_MS
    world, table = World(account), Table()
    table.take(world.read())
    for alert_id in list(account.alerts)[:250]:
        account.update_alert(alert_id, tags=["late"])
        world.now += 10
    table.take(world.read(state=table.state))
    world.now += MINUTE_MS - 1_500
    table.take(world.read(state=table.state, stop_after=60, clock=Hasty()))
    world.now += MINUTE_MS
    table.take(world.read(state=table.state))
    table.take(world.read(state=table.state))

    assert {} == table.wrong(account)


@pytest.mark.parametrize("seed", range(2))
def test_quiet_lines_of_open_alerts_arrive_within_a_day(seed: int) -> None:
    """Lines that do not move their alert's `updatedAt`, added all the time, are all there after a day's look."""
    account = Account.seeded(alerts=300, until=NOW - DAY_MS)
    changes = RandomChanges(account, seed=seed, updates=0.2, creations=0.1, deletions=0.05)
    chance = Random(seed)
    quiet: list[str] = []

    def add(call: Call, answer: Respond) -> Response:
        still_open = [one for one, alert in account.alerts.items() if alert["status"] == "open"]
        if world.now < NOW + DAY_MS:
            quiet.append(chance.choice(still_open))
            account.add_log(quiet[-1], f"quiet line {len(quiet)}", touch=False)
        return answer(call)

    world, table = World(account, middleware=(changes, add)), Table("alert_logs")
    table.take(world.read("alert_logs"))
    changes.stop()
    world.now += DAY_MS + MINUTE_MS
    last = table.take(world.read("alert_logs", state=table.state))

    assert ("", {}) == (last.problem, table.wrong(account))
    assert len(set(quiet)) > 20
