"""The file remembers of which parents it has the child records: none are missing, and none are left over."""

import duckdb
import pytest
from tests.support.archive_command import Command, paths

from opsgenie_simulator import Account

STREAMS = ("--streams", "alerts,alert_notes,alert_attachments,incidents,incident_alerts")
HELD = "SELECT count(*) FROM {} WHERE _deleted_at IS NULL"


@pytest.fixture
def parent(account: Account) -> str:
    """An alert that others are associated with: in an incident, with an attachment and a note."""
    alert = account.create_alert(source="parent", created_at="2026-06-10T10:00:00Z")["id"]
    account.add_note(alert, "first")
    account.add_incident_alert(next(iter(account.incidents)), alert)
    return str(alert)


def change(archive: Command, statement: str) -> None:
    """Change the file, as any program might."""
    with duckdb.connect(str(archive.path)) as database:
        database.execute(statement)


def test_child_records_that_their_parent_lacks_are_marked_as_deleted(
    archive: Command, account: Account, parent: str
) -> None:
    """A parent that was read again and does not list a child record any more does not have it; its others stay."""
    incident = next(iter(account.incidents))
    archive.sync(*STREAMS)
    account.remove_newest(incident, "alert_ids", touch=True)
    output = archive.sync(*STREAMS).output
    marked = archive.query("SELECT incident_id, alert_id FROM incident_alerts WHERE _deleted_at IS NOT NULL")
    account.add_incident_alert(incident, parent, touch=True)
    archive.sync(*STREAMS)

    assert "incident_alerts: complete, 0 new, 0 changed, 1 deleted" in output
    assert [(incident, parent)] == marked
    assert [(0,)] == archive.query("SELECT count(_deleted_at) FROM incident_alerts")


def test_child_records_of_a_deleted_parent_are_marked(archive: Command, account: Account, parent: str) -> None:
    """What belongs to a deleted alert is deleted with it, in each table."""
    archive.sync(*STREAMS)
    account.delete_alert(parent)
    archive.sync(*STREAMS)

    assert [(1,)] == archive.query(f"SELECT count(_deleted_at) FROM alerts WHERE id = '{parent}'")
    assert [(True,)] == archive.query(
        f"SELECT DISTINCT _deleted_at IS NOT NULL FROM alert_notes WHERE alert_id = '{parent}'"
    )


def test_a_key_that_sees_more_leaves_no_child_record_out(archive: Command, account: Account) -> None:
    """After syncs with the key of a team, a key of everything reads the child records of what it alone can see."""
    archive.sync(*STREAMS, key=account.team_key)
    few = archive.query(HELD.format("alert_notes"))
    archive.sync(*STREAMS, "--same-account")
    held = archive.query(HELD.format("alert_notes"))
    fresh = Command(archive.simulator, archive.key, archive.path.with_name("fresh.duckdb"))
    fresh.sync(*STREAMS)

    assert few < held
    assert fresh.query(HELD.format("alert_notes")) == held


def test_the_key_of_a_team_disturbs_nothing(archive: Command, account: Account) -> None:
    """What it cannot see is not marked as deleted, and the next sync with the full key reads what changed since."""
    archive.sync(*STREAMS, "--streams", "alerts,alert_notes,teams")
    hidden = next(alert for alert in account.alerts.values() if next(iter(account.teams)) not in str(alert))
    account.add_note(hidden["id"], "hidden", touch=True)
    notice = archive.sync("--same-account", "--streams", "alerts,alert_notes,teams", key=account.team_key).output
    marked = archive.query("SELECT count(_deleted_at) FROM teams")
    archive.sync("--streams", "alerts,alert_notes,teams")

    assert "rows that this team's key cannot see" in notice
    assert [(0,)] == marked
    assert [(1,)] == archive.query(
        f"SELECT count(*) FROM alert_notes WHERE alert_id = '{hidden['id']}' AND note = 'hidden'"
    )


def test_child_records_that_the_file_lost_are_read_again(archive: Command) -> None:
    """Rows that were deleted from the table of a child stream are missed, and only their parents are requested."""
    archive.sync(*STREAMS)
    held = archive.query(HELD.format("alert_notes"))
    change(archive, "DELETE FROM alert_notes WHERE alert_id IN (SELECT min(alert_id) FROM alert_notes)")
    archive.simulator.clear_requests()
    archive.sync(*STREAMS)

    assert held == archive.query(HELD.format("alert_notes"))
    assert 1 == len([path for path in paths(archive.simulator.requests) if path.endswith("/notes")])


def test_rows_that_another_program_deleted_are_read_again(archive: Command, account: Account, parent: str) -> None:
    """Also if Opsgenie has deleted as many, so that the counts agree."""
    streams = ("--streams", "alerts,teams")
    archive.sync(*streams)
    change(archive, "DELETE FROM alerts WHERE id = (SELECT min(id) FROM alerts)")
    change(archive, "DELETE FROM teams")
    account.delete_alert(parent)
    output = archive.sync(*streams).output

    assert "alerts: another program deleted 1 row from the file. Reading everything again." in output
    assert f"teams: another program deleted {len(account.teams)} rows from the file. Reading what is missing." in output
    assert {*account.alerts} == {row for (row,) in archive.query("SELECT id FROM alerts WHERE _deleted_at IS NULL")}
    assert {*account.teams} == {row for (row,) in archive.query("SELECT id FROM teams WHERE _deleted_at IS NULL")}


def test_child_records_of_a_parent_that_is_in_no_place_are_marked(
    archive: Command, account: Account, parent: str
) -> None:
    """An alert that was deleted from the file, and then from the account, leaves no note behind."""
    archive.sync(*STREAMS)
    change(archive, f"DELETE FROM alerts WHERE id = '{parent}'")
    account.delete_alert(parent)
    archive.sync(*STREAMS)

    assert [(True,)] == archive.query(
        f"SELECT DISTINCT _deleted_at IS NOT NULL FROM alert_notes WHERE alert_id = '{parent}'"
    )


def test_an_older_file_is_not_read_again(archive: Command) -> None:
    """A file that does not remember parents takes those that its states cover: nothing is requested again."""
    archive.sync(*STREAMS)
    remembered = archive.query("SELECT stream, parent, children FROM _archive.parents ORDER BY ALL")
    change(archive, "DROP TABLE _archive.parents; DROP TABLE _archive.digests; ALTER TABLE _archive.file DROP seal")
    change(archive, "UPDATE _archive.file SET format = 3")
    archive.simulator.clear_requests()
    archive.sync(*STREAMS)

    assert remembered == archive.query("SELECT stream, parent, children FROM _archive.parents ORDER BY ALL")
    assert [] == [path for path in paths(archive.simulator.requests) if path.endswith(("/notes", "/attachments"))]
