import pytest
from tests.support.archive_command import Command
from tests.support.fakes import Wire, search_of

from opsgenie_simulator import Account
from source_opsgenie.archive.comparison import Comparison, Deleted, Unfinished
from source_opsgenie.clock import parse_timestamp

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


def test_the_search_for_deleted_rows_can_be_skipped(archive: Command, account: Account) -> None:
    """With 0 requests allowed, deleted rows are not marked, and only the count is requested."""
    archive.sync("--streams", "alerts")
    account.delete_alert(next(iter(account.alerts)))
    archive.simulator.clear_requests()
    archive.sync("--streams", "alerts", "--deleted-row-requests", "0")

    assert marked(archive) == set()
    assert len([one for one in archive.simulator.requests if one.path == "/v2/alerts/count"]) == 1


def test_many_deleted_rows_are_found_in_one_sync(archive: Command, account: Account, crowd: list[str]) -> None:
    """The number of requests that are allowed grows with the number of rows that were deleted."""
    archive.sync("--streams", "alerts")
    for alert_id in crowd:
        account.delete_alert(alert_id)
    output = archive.sync("--streams", "alerts", "--deleted-row-requests", "1").output

    assert marked(archive) == set(crowd)
    assert "Warning" not in output


@pytest.mark.parametrize("requests", [0, 1])
def test_rows_that_are_counted_less_than_held(account: Account, requests: int) -> None:
    """If rows that still exist are not counted, nothing is deleted, and a message says how many differ."""
    times = sorted(parse_timestamp(alert["createdAt"]) for alert in account.alerts.values())
    search = search_of(Wire(account))
    search.count()
    stored = sorted([*times, times[100], times[100]])
    existing = set(account.alerts)
    found = list(Comparison(search, stored, lambda _, __: existing, requests).run())

    assert not [one for one in found if isinstance(one, Deleted)]
    assert [one for one in found if isinstance(one, Unfinished)] == ([Unfinished(deleted=2)] if requests else [])


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
    assert "alerts: the file is not compared with Opsgenie's count, because rows can stop matching" in output


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
    assert "alerts: only rows created since 2026-06-01" in output
