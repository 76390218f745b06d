import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Simulator

GONE = "SELECT id FROM alerts WHERE _gone_at IS NOT NULL"


@pytest.fixture
def crowd(account: Account) -> list[str]:
    """The ids of 300 alerts of one source, created within some hours."""
    moments = [f"2026-06-10T{number // 60:02}:{number % 60:02}:00Z" for number in range(300)]
    return [account.create_alert(source="probe", created_at=one, updated_at=one)["id"] for one in moments]


def gone(archive: Command) -> set[str]:
    """The alerts that are marked in the file."""
    return {row_id for (row_id,) in archive.query(GONE)}


def test_deleted_rows_are_marked_and_kept(archive: Command, account: Account) -> None:
    """What Opsgenie has no longer stays in the file, marked; what comes back is marked no more."""
    archive.sync("--streams", "alerts,teams")
    alerts, teams = list(account.alerts), list(account.teams)
    for alert_id in alerts[40:43]:
        account.delete_alert(alert_id)
    team = account.teams[teams[0]]
    account.delete_team(teams[0])
    output = archive.sync("--streams", "alerts,teams").output
    gone = {row_id for (row_id,) in archive.query("SELECT id FROM alerts WHERE _gone_at IS NOT NULL")}
    missing_team = archive.query("SELECT id FROM teams WHERE _gone_at IS NOT NULL")
    account.create_team(**team)
    archive.sync("--streams", "teams")

    assert set(alerts[40:43]) == gone
    assert [(len(alerts),)] == archive.query("SELECT count(*) FROM alerts")
    assert [(teams[0],)] == missing_team
    assert [(0,)] == archive.query("SELECT count(*) FROM teams WHERE _gone_at IS NOT NULL")
    assert "alerts: whole, 0 new, 0 changed, 3 gone" in output


def test_looking_for_deleted_rows_costs_what_the_user_allows(archive: Command, simulator: Simulator) -> None:
    """One count tells that nothing is gone; with 0 requests allowed, nobody counts."""
    archive.sync("--streams", "alerts")
    simulator.clear_requests()
    archive.sync("--streams", "alerts")
    looked = len(simulator.requests)
    simulator.clear_requests()
    archive.sync("--streams", "alerts", "--look-for-deleted", "0")

    assert 1 == looked - len(simulator.requests)


@pytest.mark.parametrize("requests", [1, 6, 40])
def test_looking_for_deleted_rows_takes_no_more_requests(
    archive: Command, account: Account, crowd: list[str], requests: int
) -> None:
    """However many rows are gone, no more requests are sent than are allowed; what is left is told."""
    archive.sync("--streams", "alerts")
    for alert_id in crowd:
        account.delete_alert(alert_id)
    archive.simulator.clear_requests()
    archive.sync("--streams", "alerts", "--look-for-deleted", "0")
    otherwise = len(archive.simulator.requests)
    archive.simulator.clear_requests()
    output = archive.sync("--streams", "alerts", "--look-for-deleted", str(requests)).output

    assert requests == len(archive.simulator.requests) - otherwise
    assert gone(archive) < set(crowd)
    assert (
        f"Warning: alerts: Opsgenie counts 300 fewer rows than the file holds, and {len(gone(archive))} were found "
        f"deleted and marked within {requests} requests. The next sync goes on"
    ) in output


def test_what_was_left_is_found_later(archive: Command, account: Account, crowd: list[str]) -> None:
    """Syncs that look for a part each find all in the end, and then say no more of it."""
    archive.sync("--streams", "alerts")
    for alert_id in crowd:
        account.delete_alert(alert_id)
    first = archive.sync("--streams", "alerts", "--look-for-deleted", "150").output
    found = gone(archive)
    last = archive.sync("--streams", "alerts", "--look-for-deleted", "700").output

    assert set() < found < set(crowd) == gone(archive)
    assert ("Warning" in first, "Warning" in last) == (True, False)


def test_deleted_rows_are_found_under_a_query(archive: Command, account: Account, crowd: list[str]) -> None:
    """In an archive of what a query finds, Opsgenie is asked to count under the same query."""
    query = ("--streams", "alerts", "--query", "source: probe")
    archive.sync(*query)
    for alert_id in crowd[:20]:
        account.delete_alert(alert_id)
    archive.sync(*query)

    assert set(crowd[:20]) == gone(archive)


def test_under_a_query_that_rows_leave_it_is_said(archive: Command, account: Account) -> None:
    """Where a row may leave the search without being deleted, nobody looks, and the sync says so."""
    query = ("--streams", "alerts", "--query", "priority: P1")
    archive.sync(*query)
    ((deleted, *_), *_) = archive.query("SELECT id FROM alerts")
    account.delete_alert(deleted)
    output = archive.sync(*query).output

    assert set() == gone(archive)
    assert "alerts: deleted rows are not looked for, since rows leave this alert_query" in output


def test_deleted_rows_are_found_since_the_start(archive: Command, account: Account) -> None:
    """With a start date, rows created since then are looked for; of older ones it is said that they are not."""
    since = ("--streams", "alerts", "--since", "2026-06-01")
    old = account.create_alert(created_at="2026-05-01T00:00:00Z", updated_at="2026-06-02T00:00:00Z")["id"]
    new = account.create_alert(created_at="2026-06-03T00:00:00Z", updated_at="2026-06-03T00:00:00Z")["id"]
    archive.sync(*since)
    for alert_id in (old, new):
        account.delete_alert(alert_id)
    output = archive.sync(*since).output

    assert {new} == gone(archive)
    assert "alerts: deleted rows are not looked for among those created before 2026-06-01" in output
