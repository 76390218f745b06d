import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Simulator

DELETED = "SELECT id FROM alerts WHERE _deleted_at IS NOT NULL"


@pytest.fixture
def crowd(account: Account) -> list[str]:
    """The ids of 300 alerts of one source, created within five hours."""
    times = [f"2026-06-10T{number // 60:02}:{number % 60:02}:00Z" for number in range(300)]
    return [account.create_alert(source="probe", created_at=time, updated_at=time)["id"] for time in times]


def marked(archive: Command) -> set[str]:
    """The alerts that are marked as deleted in the file."""
    return {row_id for (row_id,) in archive.query(DELETED)}


def test_deleted_rows_are_marked_and_kept(archive: Command, account: Account) -> None:
    """Rows that Opsgenie no longer has stay in the file, marked; a row that comes back loses its mark."""
    archive.sync("--streams", "alerts,teams")
    alerts, teams = list(account.alerts), list(account.teams)
    for alert_id in alerts[40:43]:
        account.delete_alert(alert_id)
    team = account.teams[teams[0]]
    account.delete_team(teams[0])
    output = archive.sync("--streams", "alerts,teams").output
    missing_team = archive.query("SELECT id FROM teams WHERE _deleted_at IS NOT NULL")
    account.create_team(**team)
    archive.sync("--streams", "teams")

    assert set(alerts[40:43]) == marked(archive)
    assert [(len(alerts),)] == archive.query("SELECT count(*) FROM alerts")
    assert [(teams[0],)] == missing_team
    assert [(0,)] == archive.query("SELECT count(*) FROM teams WHERE _deleted_at IS NOT NULL")
    assert "alerts: complete, 0 new, 0 changed, 3 deleted" in output


def test_the_search_for_deleted_rows_can_be_skipped(archive: Command, simulator: Simulator) -> None:
    """One count shows that nothing was deleted; with 0 requests allowed, it is not sent."""
    archive.sync("--streams", "alerts")
    simulator.clear_requests()
    archive.sync("--streams", "alerts")
    requests = len(simulator.requests)
    simulator.clear_requests()
    archive.sync("--streams", "alerts", "--deleted-row-requests", "0")

    assert 1 == requests - len(simulator.requests)


@pytest.mark.parametrize("requests", [1, 6, 40])
def test_the_search_for_deleted_rows_keeps_to_its_requests(
    archive: Command, account: Account, crowd: list[str], requests: int
) -> None:
    """However many rows were deleted, no more requests are sent than allowed, and a warning says what is left."""
    archive.sync("--streams", "alerts")
    for alert_id in crowd:
        account.delete_alert(alert_id)
    archive.simulator.clear_requests()
    archive.sync("--streams", "alerts", "--deleted-row-requests", "0")
    without_search = len(archive.simulator.requests)
    archive.simulator.clear_requests()
    output = archive.sync("--streams", "alerts", "--deleted-row-requests", str(requests)).output

    assert requests == len(archive.simulator.requests) - without_search
    assert marked(archive) < set(crowd)
    assert (
        f"Warning: alerts: Opsgenie counts 300 fewer rows than the file holds; {len(marked(archive))} of them were "
        f"found and marked as deleted within {requests} requests. The next sync continues"
    ) in output


def test_later_syncs_find_the_rest(archive: Command, account: Account, crowd: list[str]) -> None:
    """Syncs that each search for a part find everything in the end, and then warn no more."""
    archive.sync("--streams", "alerts")
    for alert_id in crowd:
        account.delete_alert(alert_id)
    first = archive.sync("--streams", "alerts", "--deleted-row-requests", "150").output
    found = marked(archive)
    last = archive.sync("--streams", "alerts", "--deleted-row-requests", "700").output

    assert set() < found < set(crowd) == marked(archive)
    assert ("Warning" in first, "Warning" in last) == (True, False)


def test_deleted_rows_are_found_under_a_query(archive: Command, account: Account, crowd: list[str]) -> None:
    """In an archive of the alerts that match a query, Opsgenie counts under the same query."""
    query = ("--streams", "alerts", "--query", "source: probe")
    archive.sync(*query)
    for alert_id in crowd[:20]:
        account.delete_alert(alert_id)
    archive.sync(*query)

    assert set(crowd[:20]) == marked(archive)


def test_a_query_on_changing_fields_skips_the_search(archive: Command, account: Account) -> None:
    """If rows can leave the query without being deleted, deleted rows are not searched for, and a notice says so."""
    query = ("--streams", "alerts", "--query", "priority: P1")
    archive.sync(*query)
    ((deleted, *_), *_) = archive.query("SELECT id FROM alerts")
    account.delete_alert(deleted)
    output = archive.sync(*query).output

    assert set() == marked(archive)
    assert "alerts: deleted rows are not searched for, because rows can leave this alert_query" in output


def test_deleted_rows_are_found_since_the_start_date(archive: Command, account: Account) -> None:
    """With a start date, deleted rows created since then are found; a notice says that older ones are not."""
    since = ("--streams", "alerts", "--since", "2026-06-01")
    old = account.create_alert(created_at="2026-05-01T00:00:00Z", updated_at="2026-06-02T00:00:00Z")["id"]
    new = account.create_alert(created_at="2026-06-03T00:00:00Z", updated_at="2026-06-03T00:00:00Z")["id"]
    archive.sync(*since)
    for alert_id in (old, new):
        account.delete_alert(alert_id)
    output = archive.sync(*since).output

    assert {new} == marked(archive)
    assert "alerts: deleted rows are searched for only if created since 2026-06-01" in output
