import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from tests.support.answers import Answers
from tests.support.archive_command import Command

from source_opsgenie.archive import views

TEAMS = "SELECT id, name, _json FROM teams ORDER BY name"


def test_rows_are_printed_in_each_format(answers: Answers) -> None:
    """The same rows come as a table, as CSV and as JSON, in which JSON columns are not texts."""
    teams = sorted(answers.account.teams.values(), key=lambda team: team["name"])
    names = [team["name"] for team in teams]
    table = answers.run("sql", "SELECT name FROM teams ORDER BY name").stdout
    as_csv = list(csv.DictReader(io.StringIO(answers.run("sql", TEAMS, "--format", "csv").stdout)))
    as_json = json.loads(answers.run("sql", TEAMS, "--format", "json").stdout)

    assert ["name", *names] == table.splitlines()
    assert names == [row["name"] for row in as_csv]
    assert [(team["id"], team["links"]) for team in teams] == [(row["id"], row["_json"]["links"]) for row in as_json]


def test_an_empty_result_is_valid(answers: Answers) -> None:
    """Without rows, CSV has its header, and JSON is an empty array."""
    query = "SELECT name FROM teams WHERE false"

    assert "name\n" == answers.run("sql", query, "--format", "csv").stdout
    assert [] == json.loads(answers.run("sql", query, "--format", "json").stdout)


def test_views_need_no_schema(answers: Answers) -> None:
    """A view or macro can be named without its schema."""
    result = answers.run("sql", "SELECT count(*) AS n FROM on_call_at('2026-10-31 03:00')", "--format", "json")

    assert [{"n": len(answers.rows("SELECT * FROM report.on_call_at('2026-10-31 03:00')"))}] == json.loads(
        result.stdout
    )


def test_times_with_a_zone_are_utc(answers: Answers) -> None:
    """A time with a zone is printed in UTC, whatever the time zone of the machine."""
    result = answers.run("sql", "SELECT TIMESTAMPTZ '2026-01-01 12:00:00+02:00' AS at", "--format", "csv")

    assert "at\n2026-01-01 10:00:00+00\n" == result.stdout


def test_a_large_table_is_cut_with_a_notice(answers: Answers) -> None:
    """A table ends after 1,000 rows, and says how to get all of them."""
    result = answers.run("sql", "SELECT * FROM range(1001)")

    assert 1_001 == len(result.stdout.splitlines())
    assert "Only the first 1,000 rows are shown. Use --format csv for all." in result.stderr


def test_views_are_listed(answers: Answers) -> None:
    """Without a query, each view and macro with rows is listed with its description."""
    listed = json.loads(answers.run("sql", "--format", "json").stdout)

    assert [
        {"view": f"{view.name}{view.arguments}", "topic": view.topic, "description": view.description}
        for view in views.all_views()
        if view.kind != "MACRO"
    ] == listed


@pytest.mark.parametrize("query", ["SELEC 1", "FROM nowhere", "DELETE FROM teams", "CREATE TABLE archive.x (y INT)"])
def test_a_failed_query_is_one_message(answers: Answers, query: str) -> None:
    """A query that is wrong, or that would write, fails with exit code 2 and what DuckDB says about it."""
    before = answers.path.read_bytes()
    result = answers.run("sql", query)

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("Error: The query failed: ")
    assert before == answers.path.read_bytes()


def test_status_of_a_complete_archive(answers: Answers) -> None:
    """The status has the account, and for each stream the rows, the proof, and what the next sync does."""
    result = answers.run("status", "--json")
    status = json.loads(result.stdout)
    alerts = next(stream for stream in status["streams"] if stream["stream"] == "alerts")

    assert 0 == result.exit_code
    assert ("acme@localhost", "complete", []) == (
        status["account"],
        status["last_sync"]["outcome"],
        status["incomplete"],
    )
    assert answers.path.stat().st_size == status["size_bytes"]
    assert (303, True, "reads changes since 2026-11-01T00:00") == (
        alerts["rows"],
        alerts["is_complete"],
        alerts["next_sync"],
    )
    assert "303 counted, 303 read" in alerts["proof"]
    assert timedelta(0) == datetime.fromisoformat(alerts["synced_at"]).utcoffset()


def test_status_of_an_incomplete_archive(archive: Command) -> None:
    """A stream that could not be read is named with exit code 1, and so are those that were never chosen."""
    archive("sync", "--to", str(archive.path), "--streams", "alerts,teams", key=archive.simulator.account.keys[1].token)
    result = archive("status", str(archive.path))

    assert 1 == result.exit_code
    assert "teams: INCOMPLETE." in result.stdout
    assert "acme@localhost" not in result.stdout
    assert "Never read: account, " in result.stdout


def test_status_counts_what_is_owed(archive: Command) -> None:
    """Parts that could not be read are counted for their stream."""
    archive.sync("--streams", "teams,users")
    with duckdb.connect(str(archive.path)) as database:
        database.execute("INSERT INTO _archive.owed (stream, part) VALUES ('users', 'one'), ('users', 'another')")
    streams = json.loads(archive("status", str(archive.path), "--json").stdout)["streams"]

    assert {"teams": 0, "users": 2} == {stream["stream"]: stream["owed"] for stream in streams}


@pytest.mark.parametrize(("verb", "arguments"), [("sql", ["FROM teams"]), ("sql", []), ("status", [])])
def test_a_file_that_is_not_an_archive_is_rejected(
    archive: Command, tmp_path: Path, verb: str, arguments: list[str]
) -> None:
    """A missing file is not created, and another DuckDB file is not changed."""
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as database:
        database.execute("CREATE TABLE other AS SELECT 1")
    before = other.read_bytes()
    missing, foreign = archive(verb, str(tmp_path / "no.duckdb"), *arguments), archive(verb, str(other), *arguments)

    config = tmp_path / "config.json"
    config.write_text("{}")
    text = archive(verb, str(config), *arguments)

    assert (1, 1, 1) == (missing.exit_code, foreign.exit_code, text.exit_code)
    assert "config.json cannot be used: it is not a DuckDB file" in text.stderr
    assert f"{tmp_path / 'no.duckdb'} does not exist. Create the archive with" in missing.stderr
    assert "other.duckdb is not an Opsgenie archive" in foreign.stderr
    assert (before, False) == (other.read_bytes(), (tmp_path / "no.duckdb").exists())


def test_an_old_archive_gets_the_views(archive: Command) -> None:
    """A file that a version without views wrote is upgraded by the first query, without a key."""
    archive.sync("--streams", "teams")
    with duckdb.connect(str(archive.path)) as database:
        database.execute("DROP SCHEMA report CASCADE; DROP VIEW _archive.views; DROP TABLE alerts")
    result = archive("sql", str(archive.path), "SELECT count(*) AS n FROM alert_facts", "--format", "csv")

    assert "n\n0\n" == result.stdout
    assert f"Upgrading the views of {archive.path} to this version." in result.stderr
    assert "" == archive("sql", str(archive.path), "FROM people").stderr


def test_a_long_query_prints_nothing_else(answers: Answers) -> None:
    """DuckDB's progress bar, which it prints to stdout after two seconds, is switched off."""
    result = answers.run("sql", "SELECT current_setting('enable_progress_bar') AS is_shown", "--format", "csv")

    assert ["is_shown", "false"] == result.stdout.lower().split()
