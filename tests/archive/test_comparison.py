"""The file holds what Opsgenie counts: whatever it lacks is searched for and read, with its child records."""

import duckdb
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account

STREAMS = ("--streams", "alerts,incidents,alert_logs,alert_notes")


def lose(archive: Command, condition: str) -> int:
    """Delete alerts and their logs from the file, as any program might; returns how many alerts are left."""
    with duckdb.connect(str(archive.path)) as database:
        ids = f"SELECT id FROM alerts WHERE {condition}"
        database.execute(f"DELETE FROM alert_logs WHERE alert_id IN ({ids})")
        database.execute(f"DELETE FROM alerts WHERE {condition}")
        ((left,),) = database.execute("SELECT count(*) FROM alerts").fetchall()
        return int(left)


def ids(archive: Command, stream: str, name: str = "id") -> set[str]:
    """The ids of the rows that are held and not deleted."""
    return {row_id for (row_id,) in archive.query(f"SELECT {name} FROM {stream} WHERE _deleted_at IS NULL")}


@pytest.mark.parametrize(
    "condition", ["true", "hash(id) % 7 = 0", "createdAt < (SELECT median(createdAt) FROM alerts)"]
)
def test_rows_that_the_file_lost_are_read_again(archive: Command, account: Account, condition: str) -> None:
    """Rows that are not in the file any more are found by counting, and their logs are read too, in the same sync."""
    archive.sync(*STREAMS)
    logs = archive.query("SELECT count(*) FROM alert_logs")
    left = lose(archive, condition)
    archive.sync(*STREAMS)

    assert left < len(account.alerts)
    assert ids(archive, "alerts") == account.alerts.keys()
    assert archive.query("SELECT count(*) FROM alert_logs") == logs


def test_lost_and_deleted_rows_at_once(archive: Command, account: Account) -> None:
    """Rows that only the file has are marked while those that only Opsgenie has are read."""
    archive.sync(*STREAMS)
    lose(archive, "hash(id) % 5 = 0")
    victims = sorted(ids(archive, "alerts"))[:3]
    for alert_id in victims:
        account.delete_alert(alert_id)
    archive.sync(*STREAMS)

    assert ids(archive, "alerts") == account.alerts.keys()


def test_a_quiet_sync_costs_one_count(archive: Command) -> None:
    """If nothing differs, the comparison takes one request for each searchable stream."""
    archive.sync("--streams", "alerts")
    archive.simulator.clear_requests()
    archive.sync("--streams", "alerts")

    assert len([one for one in archive.simulator.requests if one.path == "/v2/alerts/count"]) == 1


def test_the_closing_line_names_a_time(archive: Command) -> None:
    """The proof of each stream says as of when it is complete."""
    archive.sync("--streams", "alerts,teams")
    proofs = dict(archive.query("SELECT stream, proof FROM _archive.streams"))

    assert "as of 20" in proofs["alerts"]
    assert "as of 20" in proofs["teams"]


def test_no_proof_is_overwritten(archive: Command, account: Account) -> None:
    """The numbers of the first sync stay in the file, beside those of the later ones."""
    archive.sync("--streams", "alerts,alert_logs")
    archive.sync("--streams", "alerts,alert_logs")
    proofs = archive.query(
        "SELECT stream, counted, listed, parents, scope, is_complete, as_of IS NOT NULL FROM _archive.proofs "
        "ORDER BY started_at, stream"
    )
    number = len(account.alerts)

    assert [(number, number), (number, number)] == [row[1:3] for row in proofs[:2]]
    assert [("alert_logs", number), ("alerts", 0)] == [(row[0], row[3]) for row in proofs[:2]]
    assert {row[4:] for row in proofs} == {("", True, True)}
    assert len(proofs) == 4
