"""What was added, changed and deleted between two archives of one account."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from click.testing import Result
from tests.support.archive_command import Command

from opsgenie_simulator import Account

STREAMS = ("--streams", "alerts,teams,team_members,heartbeats")
FORMAT_1 = """
    ATTACH '{path}' AS archive (STORAGE_VERSION 'v1.0.0'); USE archive; CREATE SCHEMA _archive;
    CREATE TABLE _archive.file (format INTEGER, account VARCHAR, created_at TIMESTAMP);
    CREATE TABLE _archive.streams (stream VARCHAR, state JSON, synced_at TIMESTAMP, is_whole BOOLEAN, proof VARCHAR);
    CREATE TABLE heartbeats (name VARCHAR, _json JSON, _synced_at TIMESTAMP, _gone_at TIMESTAMP);
    INSERT INTO _archive.file VALUES (1, 'acme@localhost', '2026-01-01');
    INSERT INTO _archive.streams (stream, synced_at) VALUES ('heartbeats', '2026-01-01'), ('teams', '2026-01-01');
    INSERT INTO heartbeats VALUES
        ('old', '{{"name": "old"}}', '2026-01-01', NULL),
        ('deleted', '{{"name": "deleted"}}', '2026-01-01', '2026-01-01');
"""


@pytest.fixture
def earlier(archive: Command) -> Path:
    """A copy of the archive after its first sync."""
    archive.sync(*STREAMS)
    return Path(shutil.copy(archive.path, archive.path.with_name("earlier.duckdb")))


def compare(archive: Command, path: Path, *arguments: str) -> Result:
    """Compare the archive at *path* with the current one, without changing either."""
    before = path.read_bytes(), archive.path.read_bytes()
    result = archive("compare", str(path), str(archive.path), *arguments)

    assert before == (path.read_bytes(), archive.path.read_bytes())
    return result


def rows(result: Result) -> list[tuple[Any, ...]]:
    """The numbers of rows by stream and month."""
    names = ("stream", "month", "added", "changed", "deleted")
    return [tuple(row[name] for name in names) for row in orjson.loads(result.stdout)["rows"]]


def test_equal_archives(archive: Command, account: Account, earlier: Path) -> None:
    """Nothing differs after a sync of an unchanged account, nor if only a heartbeat was pinged."""
    account.heartbeats[0]["lastPingTime"] = "2026-10-01T00:00:00Z"
    archive.sync(*STREAMS)
    result = compare(archive, earlier)

    assert (0, "") == (result.exit_code, result.stderr)
    assert "No difference." == result.stdout.splitlines()[-1]


def test_the_configuration_comes_first(archive: Command, account: Account, earlier: Path) -> None:
    """Rows of the configuration are named, with the old and the new value of each changed field."""
    team = next(iter(account.teams.values()))
    name, description, members = team["name"], team["description"], team["members"]
    account.update_team(team["id"], description="Cards", members=members[1:])
    account.create_team(name="Search", description="", members=[])
    archive.sync(*STREAMS)
    result = compare(archive, earlier)
    username = members[0]["user"]["username"]

    assert 10 == result.exit_code
    assert [
        f"~ changed  teams: {name}",
        f'           description: {orjson.dumps(description).decode()} → "Cards"',
        "+ added    teams: Search",
        f"- deleted  team_members: {name} / {username}",
        "1 added, 1 changed, 1 deleted.",
        f'See when with: opsgenie-archive sql {archive.path} "FROM configuration_changes"',
    ] == result.stdout.splitlines()[1:]


def test_other_rows_are_counted_by_month(archive: Command, account: Account, earlier: Path) -> None:
    """Alerts are numbers by the month in which they were created."""
    alert = account.create_alert(created_at="2026-05-03T00:00:00Z", updated_at="2026-05-03T00:00:00Z")["id"]
    archive.sync(*STREAMS)
    middle = Path(shutil.copy(archive.path, archive.path.with_name("middle.duckdb")))
    account.update_alert(alert, priority="P1")
    archive.sync(*STREAMS)
    changed = rows(compare(archive, middle, "--stream", "alerts", "--json"))
    account.delete_alert(alert)
    archive.sync(*STREAMS)

    assert [("alerts", "2026-05", 1, 0, 0)] == rows(archive("compare", str(earlier), str(middle), "--json"))[:1]
    assert [("alerts", "2026-05", 0, 1, 0)] == changed
    assert [("alerts", "2026-05", 0, 0, 1)] == rows(compare(archive, middle, "--json"))[:1]
    assert [] == rows(compare(archive, earlier, "--json"))


def test_json_has_everything(archive: Command, account: Account, earlier: Path) -> None:
    """JSON has complete values, both times and the totals."""
    team = next(iter(account.teams.values()))
    account.update_team(team["id"], description="c" * 1_000)
    archive.sync(*STREAMS)
    report = orjson.loads(compare(archive, earlier, "--json").stdout)

    assert {"added": 0, "changed": 1, "deleted": 0} == report["total"]
    assert [
        {
            "stream": "teams",
            "parent": None,
            "name": team["name"],
            "key": team["id"],
            "what": "changed",
            "fields": {"description": {"old": team["description"], "new": "c" * 1_000}},
        }
    ] == report["configuration"]
    assert report["file_synced_at"] < report["other_synced_at"]


def test_a_long_value_is_cut_where_it_differs(archive: Command, account: Account) -> None:
    """Of two long values, the part that differs is printed."""
    team = next(iter(account.teams))
    account.update_team(team, description=f"{'a' * 1_000} old {'b' * 1_000}")
    archive.sync(*STREAMS)
    path = Path(shutil.copy(archive.path, archive.path.with_name("earlier.duckdb")))
    account.update_team(team, description=f"{'a' * 1_000} new {'b' * 1_000}")
    archive.sync(*STREAMS)
    (line,) = (line for line in compare(archive, path).stdout.splitlines() if "description" in line)

    assert line.count("...") == 4
    assert len(line) < 500
    assert " old b" in line
    assert " new b" in line


def test_the_newer_archive_is_named_last(archive: Command, account: Account, earlier: Path) -> None:
    """If the first archive is the newer one, a line says so."""
    account.create_team(name="Search", description="", members=[])
    archive.sync(*STREAMS)
    result = archive("compare", str(archive.path), str(earlier))

    assert "- deleted  teams: Search" in result.stdout
    assert f"{archive.path} is the newer one: name it last" in result.stdout


def test_a_stream_that_one_archive_lacks(archive: Command, earlier: Path) -> None:
    """What only one archive has read, or read in another scope, is not compared, and said so."""
    archive.sync("--streams", "users,alerts", "--since", "2026-06-01")
    result = compare(archive, earlier)

    assert 0 == result.exit_code
    assert f"? not compared users: {earlier} has never read it." in result.stdout
    assert f"? not compared alerts: {earlier} has read everything, and {archive.path} since 2026-06-01" in result.stdout
    assert "No difference in the other streams." in result.stdout


def test_nothing_to_compare(archive: Command, earlier: Path) -> None:
    """It is an error if neither archive has read the chosen stream."""
    result = compare(archive, earlier, "--stream", "services")

    assert (1, "") == (result.exit_code, result.stdout)
    assert "There is no stream to compare: neither archive has read it." in result.stderr


def test_another_account_is_rejected(archive: Command, earlier: Path) -> None:
    """Archives of two accounts are compared only if the user says that they are one."""
    with duckdb.connect(str(earlier)) as database:
        database.execute("UPDATE _archive.file SET account = 'emca@localhost', key = NULL")
    rejected, accepted = compare(archive, earlier), compare(archive, earlier, "--same-account")

    assert (1, 0) == (rejected.exit_code, accepted.exit_code)
    assert (
        f"{archive.path} belongs to acme@localhost, and {earlier} to emca@localhost; use another file, or pass "
        "--same-account" in rejected.stderr
    )


def test_an_older_file_is_read_as_it_is(archive: Command, account: Account, tmp_path: Path) -> None:
    """A file of format 1 is compared without being upgraded; what it marked as deleted does not count."""
    path = tmp_path / "old.duckdb"
    with duckdb.connect() as database:
        database.execute(FORMAT_1.format(path=path))
    archive.sync(*STREAMS)
    report = orjson.loads(compare(archive, path, "--json").stdout)
    changes = [(one["stream"], one["name"], one["what"]) for one in report["configuration"]]

    assert sorted(("heartbeats", one["name"], "added") for one in account.heartbeats) == [
        change for change in changes if change[2] == "added"
    ]
    assert [("heartbeats", "old", "deleted")] == [change for change in changes if change[2] == "deleted"]
    assert f"{path} has it in the form of an older version" == report["not_compared"]["teams"]


@pytest.mark.parametrize("option", [("--table", "alerts"), ("--id", "id"), ("--to", "out.csv")])
def test_options_for_tables_are_rejected(archive: Command, earlier: Path, option: tuple[str, str]) -> None:
    """Options for the table of another tool do not apply to an archive."""
    result = compare(archive, earlier, *option)

    assert (2, "") == (result.exit_code, result.stdout)
    assert "is an archive. --table, --id and --to are for a table of another tool; omit them." in result.stderr


def test_a_file_and_itself(archive: Command, earlier: Path) -> None:
    """A file is not compared with itself, and an empty one is not an archive."""
    empty = earlier.with_name("empty.duckdb")
    duckdb.connect(str(empty)).close()
    same, nothing = archive("compare", str(earlier), str(earlier)), archive("compare", str(empty), str(earlier))

    assert (2, 1) == (same.exit_code, nothing.exit_code)
    assert "are the same file. Name two files." in same.stderr
    assert "empty.duckdb is empty. Use a file that opsgenie-archive sync has written." in nothing.stderr
