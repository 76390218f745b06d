"""Killed after any message and started again from the last state: the union is the whole, and nothing stays stale."""

import random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.support.worlds import DAY_MS, MINUTE_MS, NOW, Hasty, Sync, Table, World, crowd, twice

from opsgenie_simulator import Account, RandomChanges, Switches

KILLS: list[int] = []
# A case takes long and tells enough as it is: it is not made smaller.
UNHURRIED = settings(deadline=None, derandomize=True, database=None, phases=[Phase.generate], max_examples=12)
SWITCHES = st.builds(
    Switches,
    updated_at_search=st.sampled_from(["searchable", "rejected", "ignored", "seconds"]),
    updated_at_sort=st.sampled_from(["accepted", "rejected"]),
    ties=st.sampled_from(["kept", "mirrored", "shuffled"]),
    timestamps=st.sampled_from(["trimmed", "full"]),
)


def account_of(alerts: int, *, crowded: int = 0) -> Account:
    """An account whose last alert is a day old, and a crowd in the middle of it."""
    account = Account.seeded(alerts=alerts, until=NOW - DAY_MS, days=60)
    crowd(account, crowded, at=NOW - 30 * DAY_MS)
    return account


def broken(sync: Sync, stream: str) -> list[str]:
    """What no read may do, whether it was cut off or not."""
    return [sync.problem] * bool(sync.problem) + ["a key came twice"] * bool(twice(sync.keys(stream)))


@given(switches=SWITCHES, stops=st.lists(st.integers(1, 700), min_size=1, max_size=3), seed=st.integers(0, 999))
@UNHURRIED
def mended(switches: Switches, stops: list[int], seed: int) -> None:
    """Read an account that changes twice, each time killed as often as *stops* say, and once more when it is quiet."""
    account = account_of(500, crowded=130)
    chance, changes = random.Random(seed), RandomChanges(account, seed=seed)
    world, table = World(account, switches, (changes,)), Table()
    problems: list[str] = []
    for stop in [*stops, None, *stops, None]:
        sync = table.take(world.read(state=table.state, stop_after=stop, clock=Hasty()))
        problems += broken(sync, "alerts")
        # A read that was killed may still be asking, and with each question the account changes.
        with account.store.lock:
            for alert_id in chance.sample(list(account.alerts), 120):
                account.update_alert(alert_id, tags=[f"{world.now}"])
        world.now += chance.choice([1_000, MINUTE_MS, 20 * MINUTE_MS])
    changes.stop()
    problems += broken(table.take(world.read(state=table.state)), "alerts")
    KILLS.extend(stops)

    assert [] == problems
    assert {} == table.wrong(account)
    assert [] == table.broken_states()


def test_alerts_are_whole_after_any_kills() -> None:
    """However often a first and a second sync are killed, with changes between, a quiet sync mends everything.

    The law was exercised: reads were killed early and late, and several times.
    """
    mended()

    assert len(KILLS) >= 15
    assert min(KILLS) < 200
    assert max(KILLS) > 400


@pytest.mark.parametrize("stream", ["alerts", "alert_logs"])
def test_a_kill_after_every_message_of_a_backfill(stream: str) -> None:
    """A quiet account's backfill, killed again and again after a few messages, ends with the whole, nothing twice."""
    account = account_of(260, crowded=120)
    world, table = World(account), Table(stream)
    stops = [*range(40, 4_000, 157), None]
    syncs = [table.take(world.read(stream, state=table.state, stop_after=stop, clock=Hasty())) for stop in stops]

    assert [] == [problem for sync in syncs for problem in broken(sync, stream)]
    assert ({}, []) == (table.wrong(account), table.broken_states())


@pytest.mark.parametrize("stop", [10, 600, 1_100, 1_700, 2_400, 3_100])
def test_every_place_of_a_kill_is_mended(stop: int) -> None:
    """Killed at any place among logs while alerts change, the reads after it bring all that the account holds."""
    account = account_of(260, crowded=120)
    changes = RandomChanges(account, deletions=0.05)
    world, table = World(account, middleware=(changes,)), Table("alert_logs")
    problems: list[str] = []
    for stops in (stop, stop // 2, None, stop, None):
        sync = table.take(world.read("alert_logs", state=table.state, stop_after=stops, clock=Hasty()))
        problems += broken(sync, "alert_logs")
        world.now += MINUTE_MS
    changes.stop()
    world.now += DAY_MS
    table.take(world.read("alert_logs", state=table.state))

    assert [] == problems
    assert ({}, []) == (table.wrong(account), table.broken_states())


@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
def test_no_more_is_done_twice_than_since_the_checkpoint(share: float) -> None:
    """A backfill of 12,000 alerts that is killed goes on, and sends at most the rows of one checkpoint twice."""
    account = account_of(12_000)
    world, table = World(account), Table()
    first = table.take(world.read(stop_after=int(12_000 * share)))
    second = table.take(world.read(state=table.state))

    assert {} == table.wrong(account)
    assert len(first.rows) + len(second.rows) <= 12_000 + 5_100


def test_full_refresh_goes_on_within_its_generation() -> None:
    """A full refresh that was cut off goes on under the same generation id, and begins again under the next."""
    account = account_of(900)
    world, table = World(account), Table()
    first = table.take(world.read(stop_after=500, clock=Hasty(), incremental=False, generation=3))
    second = table.take(world.read(state=table.state, clock=Hasty(), incremental=False, generation=3))
    again = world.read(state=table.state, clock=Hasty(), incremental=False, generation=4)

    assert {} == table.wrong(account)
    assert len(first.rows) + len(second.rows) < 1_100
    assert 900 == len(again.rows)
