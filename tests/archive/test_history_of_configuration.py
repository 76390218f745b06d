"""The history of the configuration: what was changed, deleted and restored between the syncs of one file."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from tests.support.answers import Answers
from tests.support.archive_command import Command

from opsgenie_simulator import Account
from source_opsgenie.archive.configuration import VOLATILE
from source_opsgenie.archive.store import Store
from source_opsgenie.streams import STREAMS

TEAMS = ("--streams", "teams,team_members")
HISTORY = "SELECT stream, ended_by, fields, _json ->> '$.name' FROM _archive.configuration_history ORDER BY valid_until"
CHANGES = "SELECT stream, name, what, fields FROM report.configuration_changes"


@pytest.fixture
def account() -> Account:
    """An account whose configuration is larger than the rest."""
    return Account.seeded(seed=7, alerts=10, incidents=4, users=12, teams=4, services=6, integrations=5)


@pytest.fixture
def team(account: Account) -> str:
    """The id of a team with members."""
    return next(iter(account.teams))


def versions(archive: Command, name: str) -> list[tuple[Any, ...]]:
    """The versions of the row with a key: the description of a team, when it was held, and how that ended."""
    return archive.query(
        "SELECT _json ->> '$.description', valid_from, valid_until, ended_by FROM report.configuration_versions() "
        f"WHERE stream = 'teams' AND key = '{name}' ORDER BY valid_from"
    )


def test_an_earlier_version_is_kept_with_its_times(archive: Command, account: Account, team: str) -> None:
    """Each version of a row begins when the one before it ends; the last one is in the table of its stream."""
    archive.sync(*TEAMS)
    ((name, first),) = archive.query(f"SELECT name, _synced_at FROM teams WHERE id = '{team}'")
    before = account.teams[team]["description"]
    account.update_team(team, description="Cards")
    archive.sync(*TEAMS)
    ((second,),) = archive.query(f"SELECT _synced_at FROM teams WHERE id = '{team}'")
    account.update_team(team, description="Cards and invoices")
    archive.sync(*TEAMS)
    ((third,),) = archive.query(f"SELECT _synced_at FROM teams WHERE id = '{team}'")

    assert [("teams", "changed", ["description"], name)] * 2 == archive.query(HISTORY)
    assert [
        (before, first, second, "changed"),
        ("Cards", second, third, "changed"),
        ("Cards and invoices", third, None, None),
    ] == versions(archive, team)


def test_an_unchanged_account_has_no_history(archive: Command) -> None:
    """Syncs that change nothing add nothing, and the first sync does not count as a change."""
    archive.sync("--without", "alerts,log_files,log_file_lines")
    archive.sync("--without", "alerts,log_files,log_file_lines")

    assert [] == archive.query("FROM _archive.configuration_history")
    assert [] == archive.query("FROM _archive.configuration_since")
    assert [] == archive.query(CHANGES)


def test_a_ping_is_not_a_change(archive: Command, account: Account) -> None:
    """A field that changes by itself adds no version, and the version is as old as before it changed."""
    heartbeat = account.heartbeats[0]
    archive.sync("--streams", "heartbeats")
    ((first,),) = archive.query(f"SELECT _synced_at FROM heartbeats WHERE name = '{heartbeat['name']}'")
    for time in ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z"):
        heartbeat["lastPingTime"] = time
        archive.sync("--streams", "heartbeats")
    pinged = archive.query("FROM _archive.configuration_history")
    heartbeat["interval"] = 99
    archive.sync("--streams", "heartbeats")

    assert [] == pinged
    assert [(first, ["interval"], "2026-10-02T00:00:00Z")] == archive.query(
        "SELECT valid_from, fields, _json ->> '$.lastPingTime' FROM _archive.configuration_history"
    )


def test_the_time_of_an_absent_row_is_kept(archive: Command, account: Account, team: str) -> None:
    """A row that is deleted and comes back has two versions with a gap between them, even if it is the same."""
    archive.sync(*TEAMS)
    body = dict(account.teams[team])
    account.delete_team(team)
    archive.sync(*TEAMS)
    absent = versions(archive, team)
    account.create_team(**body)
    archive.sync(*TEAMS)
    (gone, back) = versions(archive, team)
    what = archive.query(f"SELECT what FROM report.configuration_changes WHERE key = '{team}'")

    assert [gone] == absent
    assert "deleted" == gone[3]
    assert (body["description"], None, None) == (back[0], *back[2:])
    assert gone[2] < back[1]
    assert [("deleted",), ("restored",)] == what
    for offset, number in ((-1, 1), (1, 0)):
        time = gone[2] + timedelta(microseconds=offset)
        assert [(number,)] == archive.query(
            f"SELECT count(*) FROM report.configuration_at('{time}') WHERE key = '{team}'"
        )


def test_changes_are_listed(archive: Command, account: Account, team: str) -> None:
    """What was added, changed and deleted after the first sync has a line each, with the fields that changed."""
    archive.sync(*TEAMS)
    members = account.teams[team]["members"]
    account.update_team(team, description="Cards", members=members[1:])
    new = account.create_team(name="Search", description="", members=[])
    archive.sync(*TEAMS)

    assert [
        ("team_members", members[0]["user"]["username"], "deleted", None),
        ("teams", account.teams[team]["name"], "changed", "description"),
        ("teams", new["name"], "added", None),
    ] == sorted(archive.query(CHANGES))


def test_team_memberships(answers: Answers) -> None:
    """Who was in which team, since and until when: of two members of the same team, one left and came back."""
    team = next(iter(answers.account.teams.values()))
    first, second, *others = [member["user"]["username"] for member in team["members"]]
    rows = [row for row in answers.rows("team_memberships") if row["team"] == team["name"]]

    def of(name: str) -> list[tuple[str, bool]]:
        return [(row["role"], row["until"] is None) for row in rows if row["username"] == name]

    assert [("admin", False), ("user", False), ("admin", True)] == of(first)
    assert [("user", False), ("user", True)] == of(second)
    assert all([("user", True)] == of(name) for name in others)
    assert {answers.person(first)} == {row["person"] for row in rows if row["username"] == first}


def test_rotation_participants(answers: Answers) -> None:
    """Who was in which rotation: one row for each participant of each version of a rotation, in order."""
    today = answers.rows("SELECT schedule, rotation, place, participant FROM report.rotations ORDER BY ALL")
    rows = answers.rows("SELECT * EXCLUDE since FROM report.rotation_participants")

    assert today == [
        {name: row[name] for name in ("schedule", "rotation", "place", "participant")}
        for row in sorted(rows, key=lambda row: (row["schedule"], row["rotation"], row["place"]))
        if row["until"] is None
    ]
    assert any(row["until"] for row in rows)


def test_every_stream_of_the_configuration_has_versions(answers: Answers) -> None:
    """The versions of today are the rows of the tables, by the same keys."""
    current = "SELECT DISTINCT stream FROM report.configuration_versions() WHERE valid_until IS NULL"

    assert set(VOLATILE) == {row["stream"] for row in answers.rows(current)}
    for name in VOLATILE:
        held = answers.rows(f"SELECT count(*) AS n FROM {name} WHERE _deleted_at IS NULL")
        found = answers.rows(
            "SELECT count(DISTINCT key) AS n FROM report.configuration_versions() "
            f"WHERE stream = '{name}' AND valid_until IS NULL"
        )
        assert held == found, name


@pytest.mark.parametrize("field", ["plain", 'with "quotes"', "a/b", "a~b", "a~1b", "$.x", "ä ö", ""])
def test_fields_of_any_name_are_compared(tmp_path: Path, field: str) -> None:
    """A change of a field is found whatever its name is; nulls and the order of fields are not changes."""
    store = Store(tmp_path / "acme.duckdb", "acme", print)
    store.prepare()
    stream = STREAMS["teams"]
    store.begin_run([stream])
    for row in ({"id": "t", field: 1}, {field: 1, "id": "t"}, {"id": "t", field: 1, "n": None}, {"id": "t", field: 2}):
        store.write(stream, [orjson.dumps(row).decode()], state={}, is_all=True)
    with duckdb.connect(str(store.path), read_only=True) as database:
        found = database.execute("SELECT fields FROM _archive.configuration_history").fetchall()

    assert [([field],)] == found
