import json
import stat
import urllib.request
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.archive_command import Command, by_text, paths
from tests.support.every_stream import account_of, rows_of
from tests.support.fakes import DAY, NOW
from tests.support.leaks import wait_for_exit

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.schema import FORMAT
from source_opsgenie.clock import format_timestamp
from source_opsgenie.streams import STREAMS

SEARCHED = ("alerts", "alert_logs", "alert_recipients", "incidents")


def listed(archive: Command, path: str) -> list[dict[str, Any]]:
    """The rows that the API lists at *path*, read by another client."""
    rows: list[dict[str, Any]] = []
    while not len(rows) % 100:
        request = urllib.request.Request(
            f"{archive.simulator.url}{path}?limit=100&offset={len(rows)}",
            headers={"Authorization": f"GenieKey {archive.key}"},
        )
        with urllib.request.urlopen(request) as response:
            page = json.load(response)["data"]
        rows += page
        if not page:
            break
    return rows


def test_every_list_is_in_its_table(archive: Command) -> None:
    """After a sync, the table of a listed stream holds the complete rows that the API lists."""
    names = ("alerts", "incidents", "users", "teams", "services", "integrations", "escalations", "forwarding_rules")
    archive.sync("--streams", ",".join(names))

    for name in names:
        assert by_text(listed(archive, STREAMS[name].path)) == archive.rows(name), name


def test_every_stream_is_in_its_table(tmp_path: Path) -> None:
    """After a sync of everything, each table holds the complete rows of its stream, and every column is filled."""
    account = account_of()
    account.clock = lambda: NOW
    with Simulator(account) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "all.duckdb")
        archive.sync("--timeline-since", format_timestamp(NOW - 28 * DAY))
    with duckdb.connect(str(archive.path), read_only=True) as database:
        tables = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in STREAMS}
        columns = {name: [column[0] for column in database.execute(f"DESCRIBE {name}").fetchall()] for name in STREAMS}
    for name, table in tables.items():
        rows = [dict(zip(columns[name], row, strict=True)) for row in table]
        texts = by_text(json.loads(row["_json"]) for row in rows)
        unfilled = [
            (name, field)
            for row in rows
            for field, value in json.loads(row["_json"]).items()
            if value not in (None, "") and row[field] is None
        ]

        assert texts == by_text(rows_of(name))
        assert unfilled == []


def test_every_child_is_in_its_table(archive: Command, account: Account) -> None:
    """After a sync, the child records of alerts are stored, each with the id of its alert."""
    archive.sync("--streams", "alert_logs,alert_recipients")
    children = {alert_id: account.store.children(alert_id) for alert_id in account.alerts}
    logs = [{"alert_id": alert_id, **log} for alert_id, of in children.items() for log in of.logs]
    recipients = [
        {"alert_id": alert_id, **row, "user_id": row["user"]["id"], "user_username": row["user"]["username"]}
        for alert_id, of in children.items()
        for row in of.recipients
    ]

    assert by_text(logs) == archive.rows("alert_logs")
    assert by_text(recipients) == archive.rows("alert_recipients")


def test_every_membership_is_in_both_its_tables(archive: Command, account: Account) -> None:
    """After a sync, both tables hold the account's pairs of team and user."""
    archive.sync("--streams", "team_members,user_teams")
    pairs = {
        (team["id"], member["user"]["id"]) for team in account.teams.values() for member in team.get("members", [])
    }

    assert pairs == set(archive.query("SELECT team_id, user_id FROM team_members"))
    assert pairs == set(archive.query("SELECT id, user_id FROM user_teams"))


def test_columns_are_typed(archive: Command, account: Account) -> None:
    """Times are UTC timestamps, counts are numbers, flags are booleans, and lists and objects are JSON."""
    alert = account.create_alert(
        created_at="2026-03-04T05:06:07.89Z", updated_at="2026-03-04T05:06:07.89Z", tags=["a", "b"], count=3
    )
    archive.sync("--streams", "alerts")
    columns = 'createdAt::VARCHAR, typeof(createdAt), "count", acknowledged, tags->>1, typeof(tags), snoozedUntil'

    assert [("2026-03-04 05:06:07.89", "TIMESTAMP", 3, False, "b", "JSON", None)] == archive.query(
        f"SELECT {columns} FROM alerts WHERE id = '{alert['id']}'"
    )


def test_columns_are_commented(archive: Command) -> None:
    """Each column has the description of its field as a comment."""
    archive.sync("--streams", "teams")
    comments = dict(archive.query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'teams'"))

    assert {field.name: field.description for field in STREAMS["teams"].fields}.items() <= comments.items()


def test_an_unknown_field_is_kept(tmp_path: Path) -> None:
    """A field without a column stays in the JSON of its row."""
    account = Account.seeded(extra_fields=True)
    with Simulator(account) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        archive.sync("--streams", "users")

    assert [("2031",)] == archive.query("SELECT DISTINCT _json->>'$.somethingNew.seenSince' FROM users")


def test_a_second_sync_without_changes_writes_nothing(archive: Command, simulator: Simulator) -> None:
    """If nothing changed, no row is written; a searchable stream costs one request, and one more to count."""
    names = (*SEARCHED, "users", "teams", "user_teams")
    archive.sync("--streams", ",".join(names))
    before = {name: archive.query(f"SELECT _json, _synced_at FROM {name} ORDER BY ALL") for name in names}
    simulator.clear_requests()
    archive.sync("--streams", ",".join(names))

    assert before == {name: archive.query(f"SELECT _json, _synced_at FROM {name} ORDER BY ALL") for name in names}
    assert 3 == paths(simulator.requests).count("/v2/alerts")
    assert 2 == paths(simulator.requests).count("/v1/incidents")


def test_a_later_sync_reads_changes(archive: Command, account: Account) -> None:
    """A later sync reads changed alerts, and counts them apart from new ones."""
    archive.sync("--streams", "alerts")
    changed = list(account.alerts)[:3]
    for alert_id in changed:
        account.update_alert(alert_id, status="closed", message="changed here")
    account.create_alert(message="created here")
    output = archive.sync("--streams", "alerts").output

    assert "alerts: complete, 1 new, 3 changed" in output
    assert by_text(listed(archive, "/v2/alerts")) == archive.rows("alerts")
    assert set(changed) == {row["id"] for row in archive.rows("alerts") if row["message"] == "changed here"}


def test_only_the_owner_can_read_the_file(archive: Command) -> None:
    """Other users cannot read the file: it holds the account's full history."""
    archive.sync("--streams", "teams")

    assert 0o600 == stat.S_IMODE(archive.path.stat().st_mode)


def test_the_file_opens_in_older_versions(archive: Command) -> None:
    """The file has the format of DuckDB 1.4, which PyAirbyte's DuckDB 1.4.3 opens."""
    archive.sync("--streams", "teams")

    with duckdb.connect() as database:
        database.execute(f"ATTACH '{archive.path}' AS archive (READ_ONLY)")
        (tags,) = database.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'archive'").fetchall()

    assert ({"storage_version": "v1.4.0+"},) == tags


def test_the_file_describes_itself(archive: Command, account: Account) -> None:
    """The file records its account, the proof and state of each stream, and each sync."""
    archive.sync("--streams", "alerts,teams,team_members,heartbeats")
    columns = "SELECT bool_and(is_complete), bool_and(state IS NOT NULL), bool_and(proof <> '') FROM _archive.streams"

    assert [(FORMAT, f"{account.name}@localhost")] == archive.query("SELECT format, account FROM _archive.file")
    assert [(True, True, True)] == archive.query(columns)
    assert [("complete", len(archive.simulator.requests))] == archive.query(
        "SELECT outcome, requests FROM _archive.runs"
    )


def test_other_programs_can_read_between_checkpoints(archive: Command, account: Account) -> None:
    """While a later stream is read, another program can open the file and see the earlier ones."""
    for number in range(700):
        account.create_alert(message=f"crowd {number}")
    process = archive.begin("--streams", "teams,alert_logs")
    assert process.stdout
    next(line for line in process.stdout if line.startswith("teams: complete"))
    found = archive.query("SELECT count(*) FROM teams")
    running = process.poll()
    wait_for_exit(process)

    assert ([(4,)], None, 0) == (found, running, process.returncode)


@pytest.mark.parametrize("name", SEARCHED)
def test_a_stream_can_be_synced_alone(archive: Command, name: str) -> None:
    """Every stream has a table, and only the selected one has rows and counts as read."""
    archive.sync("--streams", name)
    tables = {table for (table,) in archive.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")}

    assert set(STREAMS) == tables
    assert [name] == [table for table in tables if archive.query(f"SELECT 1 FROM {table} LIMIT 1")]
    assert [(name,)] == archive.query("SELECT stream FROM _archive.streams")
