"""The cost of completeness, in requests."""

from collections.abc import Iterator

import pytest
from tests.support.worlds import DAY_MS, NOW, Sync, Table, World

from opsgenie_simulator import Account, Switches

YEAR_MS = 365 * DAY_MS


def count_pages(rows: int) -> int:
    """Return the number of pages of 100 that *rows* fill."""
    return -(-rows // 100)


def count_overhead(sync: Sync) -> int:
    """Count the requests of a read that fetched no page of rows: for planning, proving and connecting."""
    return len([call for call in sync.requests if call not in sync.list_requests() or call.query["limit"] == "1"])


def test_fifty_alerts_cost_a_dozen_requests() -> None:
    """A small account is read and proven in at most 12 requests; a sync without changes takes at most 5."""
    account = Account.seeded(alerts=50, until=NOW - DAY_MS)
    world, table = World(account), Table()
    first, second = (table.apply(world.read(state=table.state)) for _ in range(2))

    assert (50, 0) == (len(first.rows), len(second.rows))
    assert len(first.requests) <= 12
    assert len(second.requests) <= 5


def test_planning_and_proving_are_cheap() -> None:
    """Planning and proving 20,000 alerts over ten years costs at most a quarter more requests than their pages."""
    account = Account.seeded(alerts=20_000, until=NOW - DAY_MS, days=3_650)
    sync = World(account).read()
    pages = count_pages(20_000)

    assert 20_000 == len(set(sync.ids))
    assert len(sync.requests) <= pages * 1.25
    assert count_overhead(sync) <= pages * 0.25


def create_clusters(account: Account) -> Iterator[int]:
    """Create three clusters of alerts, years apart; yields the size of each."""
    for years_ago in (1, 9, 19):
        for number in range(1_200):
            account.create_alert(created_at=NOW - years_ago * YEAR_MS + number * 60_000)
        yield 1_200


def test_empty_years_cost_almost_nothing() -> None:
    """20 years with alerts on three days cost few more requests than the same alerts in one cluster."""
    account, together = Account(), Account()
    assert 3_600 == sum(create_clusters(account))
    for number in range(3_600):
        together.create_alert(created_at=NOW - YEAR_MS + number * 60_000)
    apart, dense = World(account).read(), World(together).read()

    assert (3_600, 3_600) == (len(apart.rows), len(dense.rows))
    assert max(len(apart.requests), len(dense.requests)) <= 60


@pytest.mark.parametrize("switches", [Switches(), Switches(updated_at_search="rejected")])
def test_a_few_changes_cost_a_few_requests(switches: Switches) -> None:
    """If 250 of 5,000 alerts changed, the second sync fetches a few pages, whatever `updatedAt` supports."""
    account = Account.seeded(alerts=5_000, until=NOW - DAY_MS)
    world, table = World(account, switches), Table()
    table.apply(world.read())
    world.now += DAY_MS
    for alert_id in list(account.alerts)[::20]:
        account.update_alert(alert_id, tags=["changed"])
        world.now += 5
    sync = table.apply(world.read(state=table.state))

    assert 250 == len(sync.rows)
    assert len(sync.requests) <= 16


def test_logs_cost_requests_for_changed_alerts_only() -> None:
    """If 1 % of 2,000 alerts changed, reading logs costs requests for those alerts and a few more."""
    account = Account.seeded(alerts=2_000, until=NOW - DAY_MS)
    world, table = World(account), Table("alert_logs")
    table.apply(world.read("alert_logs"))
    for alert_id in list(account.alerts)[::100]:
        account.update_alert(alert_id, tags=["changed"])
    sync = table.apply(world.read("alert_logs", state=table.state))

    assert 20 == len({row["alert_id"] for row in sync.rows})
    assert 20 <= len(sync.requests) <= 20 * 3 + 8


@pytest.mark.parametrize("stream", ["alerts", "incidents", "alert_logs"])
def test_state_stays_small(stream: str) -> None:
    """With hundreds of changes within the lookback and a long query, every state is below 2 kB."""
    account = Account.seeded(alerts=600, incidents=600, until=NOW - DAY_MS, name="a" * 60)
    query = " OR ".join(f'message: "{number:040d}"' for number in range(20)) + " OR priority: P1"
    world, table = World(account), Table(stream)
    for alert_id, incident_id in zip(list(account.alerts), list(account.incidents), strict=True):
        account.update_alert(alert_id, tags=["changed"])
        account.update_incident(incident_id, tags=["changed"])
    for _ in range(3):
        table.apply(world.read(stream, state=table.state, config={"alert_query": query}))

    assert max(len(state["seen"]) for state in table.states) > 20
    assert [] == table.invalid_states()
