"""The plan of the next sync of a file: what changed, or the rest of an interrupted one; nothing is stored."""

import json
from typing import Any

import duckdb
import orjson
from tests.support.archive_command import Command

from opsgenie_simulator import Account

CHANGES = {"rows": None, "requests": 1, "note": "changes only"}


def planned(archive: Command, *arguments: str) -> dict[str, Any]:
    """The plan of the next sync of alerts and their notes."""
    result = archive("plan", "--json", "--to", str(archive.path), "--streams", "alerts,alert_notes", *arguments)

    assert (0, "") == (result.exit_code, result.stderr)
    return {line.pop("stream"): line for line in json.loads(result.stdout)}


def test_the_next_sync_reads_changes_only(archive: Command) -> None:
    """After a complete sync, the next one costs a request per stream; the file stays the same byte by byte."""
    before = planned(archive)
    created = archive.path.exists()
    archive.sync("--streams", "alerts,alert_notes")
    content = archive.path.read_bytes()
    after = planned(archive)

    assert (False, 120) == (created, before["alerts"]["rows"])
    assert before["alert_notes"]["requests"] > 120
    assert [CHANGES] * 2 == [{name: line[name] for name in CHANGES} for line in after.values()]
    assert content == archive.path.read_bytes()


def test_another_query_has_a_plan_of_its_own(archive: Command) -> None:
    """With a query that was never read, the plan is that of a first sync; the file keeps its state."""
    archive.sync("--streams", "alerts")
    query, content = ("--query", "source: nowhere"), archive.path.read_bytes()
    first = planned(archive, *query)
    is_unchanged = content == archive.path.read_bytes()
    archive.sync("--streams", "alerts", *query)
    later = [planned(archive, *arguments)["alerts"]["note"] for arguments in ((), query)]

    assert (0, None) == (first["alerts"]["rows"], first["alerts"]["note"])
    assert is_unchanged
    assert ["changes only"] * 2 == later


def test_an_interrupted_sync_costs_its_rest(archive: Command, account: Account) -> None:
    """The plan counts only the alerts that an interrupted sync did not reach."""
    archive.sync("--streams", "alerts")
    times = sorted(alert["createdAt"] for alert in account.alerts.values())
    with duckdb.connect(str(archive.path)) as database:
        ((text,),) = database.execute("SELECT state FROM _archive.streams").fetchall()
        state = orjson.loads(text)
        state["read"] = {"began": state.pop("bookmark"), "walk": {"below": times[40]}}
        database.execute("UPDATE _archive.streams SET state = ?", [orjson.dumps(state).decode()])
    plan = planned(archive)["alerts"]

    assert (40, "resumes") == (plan["rows"], plan["note"])


def test_a_stream_that_cannot_be_read(archive: Command, account: Account) -> None:
    """The plan names the streams that a key cannot read in one line, with the remedy, and leaves them out."""
    output = archive("plan", key=account.key_without_configuration_access).stdout
    (warning,) = (line for line in output.splitlines() if line.startswith("Warning: "))

    assert "Warning: users, teams, services and " in warning
    assert warning.endswith("leave these streams out with --without.")
    assert "\nusers " not in output
