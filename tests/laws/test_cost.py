"""What completeness costs, in requests."""

from collections.abc import Iterator

import pytest
from tests.support.worlds import DAY_MS, NOW, Sync, Table, World

from opsgenie_simulator import Account, Switches

YEAR_MS = 365 * DAY_MS


def full_pages(rows: int) -> int:
    """The fewest pages that so many rows fit on."""
    return -(-rows // 100)


def counts(sync: Sync) -> int:
    """Requests of a read that brought no page of rows: for planning, counting again, and connecting."""
    return len([call for call in sync.asked if call not in sync.pages() or call.query["limit"] == "1"])


def test_fifty_alerts_cost_a_handful() -> None:
    """A small account is read and proven with a dozen requests at most, and found quiet with five."""
    account = Account.seeded(alerts=50, until=NOW - DAY_MS)
    world, table = World(account), Table()
    first, second = (table.take(world.read(state=table.state)) for _ in range(2))

    assert (50, 0) == (len(first.rows), len(second.rows))
    assert len(first.asked) <= 12
    assert len(second.asked) <= 5


def test_planning_and_closing_are_cheap() -> None:
    """20,000 alerts over ten years are planned, proven and read with a quarter more requests than full pages."""
    account = Account.seeded(alerts=20_000, until=NOW - DAY_MS, days=3_650)
    sync = World(account).read()
    pages = full_pages(20_000)

    assert 20_000 == len(set(sync.ids))
    assert len(sync.asked) <= pages * 1.25
    assert counts(sync) <= pages * 0.25


def clusters(account: Account) -> Iterator[int]:
    """Fill three months, years apart, and say how many alerts are in each."""
    for years_ago in (1, 9, 19):
        for number in range(1_200):
            account.create_alert(created_at=NOW - years_ago * YEAR_MS + number * 60_000)
        yield 1_200


def test_empty_years_cost_next_to_nothing() -> None:
    """Twenty years with alerts in three days only cost little more than those days would side by side."""
    account, together = Account(), Account()
    assert 3_600 == sum(clusters(account))
    for number in range(3_600):
        together.create_alert(created_at=NOW - YEAR_MS + number * 60_000)
    apart, dense = World(account).read(), World(together).read()

    assert (3_600, 3_600) == (len(apart.rows), len(dense.rows))
    assert max(len(apart.asked), len(dense.asked)) <= 60


@pytest.mark.parametrize("switches", [Switches(), Switches(updated_at_search="rejected")])
def test_a_few_changes_cost_a_few_requests(switches: Switches) -> None:
    """Of 5,000 alerts 250 changed: the second sync asks for a few pages, however `updatedAt` behaves."""
    account = Account.seeded(alerts=5_000, until=NOW - DAY_MS)
    world, table = World(account, switches), Table()
    table.take(world.read())
    world.now += DAY_MS
    for alert_id in list(account.alerts)[::20]:
        account.update_alert(alert_id, tags=["changed"])
        world.now += 5
    sync = table.take(world.read(state=table.state))

    assert 250 == len(sync.rows)
    assert len(sync.asked) <= 16


def test_logs_cost_a_request_for_each_changed_alert() -> None:
    """Of 2,000 alerts 1 % changed: their logs cost a request each and a few beside, not one for every alert."""
    account = Account.seeded(alerts=2_000, until=NOW - DAY_MS)
    world, table = World(account), Table("alert_logs")
    table.take(world.read("alert_logs"))
    for alert_id in list(account.alerts)[::100]:
        account.update_alert(alert_id, tags=["changed"])
    sync = table.take(world.read("alert_logs", state=table.state))

    assert 20 == len({row["alert_id"] for row in sync.rows})
    assert 20 <= len(sync.asked) <= 20 * 3 + 8


@pytest.mark.parametrize("stream", ["alerts", "incidents", "alert_logs"])
def test_state_stays_small(stream: str) -> None:
    """With a thousand changes within the lookback and a long query, no state reaches 2 kB."""
    account = Account.seeded(alerts=600, incidents=600, until=NOW - DAY_MS, name="a" * 60)
    query = " OR ".join(f'message: "{number:040d}"' for number in range(20)) + " OR priority: P1"
    world, table = World(account), Table(stream)
    for alert_id, incident_id in zip(list(account.alerts), list(account.incidents), strict=True):
        account.update_alert(alert_id, tags=["changed"])
        account.update_incident(incident_id, tags=["changed"])
    for _ in range(3):
        table.take(world.read(stream, state=table.state, config={"alert_query": query}))

    assert max(len(state["seen"]) for state in table.said) > 20
    assert [] == table.broken_states()
