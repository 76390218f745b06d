"""`opsgenie-archive verify` names whatever happened to a file, and nothing if nothing did."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import orjson
import pytest
from click.testing import Result
from tests.support.archive_command import Command
from tests.support.attached import open_to_read
from tests.support.broken import Broken
from tests.support.fakes import NOW

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.store import Store
from source_opsgenie.streams import STREAMS

COMPLETE, INCOMPLETE, DIFFERENT = 0, 1, 10
CHOSEN = (
    "--streams",
    "alerts,alert_logs,alert_notes,incidents,incident_notes,users,user_contacts,teams,team_members,heartbeats",
)
FIRST_ALERT = "(SELECT min(id) FROM alerts)"
# What is done to the file, and the lines that tell of it: a symbol, a word, the table and what is the matter.
DAMAGES = {
    "a row removed": (f"DELETE FROM alerts WHERE id = {FIRST_ALERT}", ["- missing    alerts: 1 of "]),
    "a list emptied": (
        "DELETE FROM users",
        ["- missing    users: 6 of 6 rows are missing.", "user_contacts: it has rows of 6 parents not in users"],
    ),
    "a row changed": (
        f"UPDATE alerts SET status = 'other' WHERE id = {FIRST_ALERT}",
        ["~ changed    alerts: status: not as in the JSON of 1 row, such as "],
    ),
    "a row doubled": (
        f"INSERT INTO alerts FROM alerts WHERE id = {FIRST_ALERT}",
        ["+ added      alerts: 1 row that no sync stored.", "+ added      alerts: more than one row for 1 key: "],
    ),
    "a row invented": (
        f"INSERT INTO alerts BY NAME SELECT * REPLACE ('invented' AS id) FROM alerts WHERE id = {FIRST_ALERT}",
        ["+ added      alerts: 1 row that no sync stored.", "id: not as in the JSON of 1 row, such as invented"],
    ),
    "the JSON edited": (
        f"UPDATE alerts SET _json = replace(_json, '}}', ', \"new\": 1}}') WHERE id = {FIRST_ALERT}",
        ["~ changed    alerts: among "],
    ),
    "a mark removed": (
        "UPDATE heartbeats SET _deleted_at = NULL",
        ["~ changed    heartbeats: deletion marks: 1 recorded, 0 there"],
    ),
    "a mark set": (
        "UPDATE alerts SET _deleted_at = now()",
        ["~ changed    alerts: deletion marks: 0 recorded, 60 there"],
    ),
    "a parent removed": (
        "DELETE FROM incidents",
        ["- missing    incidents: 6 of 6 rows are missing.", "incident_notes: it has rows of "],
    ),
    "a column dropped": ("ALTER TABLE alerts DROP status", ["! damaged    alerts: the columns status are missing."]),
    "the JSON dropped": ("ALTER TABLE alerts DROP _json", ["! damaged    alerts: the columns _json are missing."]),
    "a table dropped": ("DROP TABLE alert_notes CASCADE", ["- missing    alert_notes: the table is missing; it had "]),
    "a sync removed": (
        "DELETE FROM _archive.runs",
        ["- missing    _archive.runs: 2 rows recorded, 0 there.", "? incomplete no sync has started yet."],
    ),
    "a proof edited": ("UPDATE _archive.proofs SET counted = 1 + counted", ["~ changed    _archive.proofs: "]),
    "a state edited": (
        "UPDATE _archive.streams SET state = replace(state, '2026', '2025')",
        ["! edited     the records of the syncs in the schema _archive were edited."],
    ),
    "a debt invented": (
        "INSERT INTO _archive.owed (stream) VALUES ('alerts')",
        ["! edited     the records of the syncs"],
    ),
    "a state of another account": (
        "UPDATE _archive.streams SET state = replace(state, 'acme@', 'other@') WHERE stream = 'alerts'",
        ["! edited     alerts: its state belongs to the account other@localhost, and the file to acme@localhost."],
    ),
    "a digest edited": ("UPDATE _archive.digests SET rows = rows + 1", ["! edited     the records of the syncs"]),
    "the records dropped": ("DROP TABLE _archive.digests", ["! damaged    the records digests are missing"]),
}
# How DuckDB divides its files.
HEADER_BYTES, BLOCK_BYTES = 3 * 4_096, 262_144
# How many rows a repair writes, where it is not the one that was damaged.
MOST_WRITTEN = {
    "a list emptied": 6,
    "a mark set": 60,
    "a parent removed": 6,
    "the JSON dropped": 60,
    "a table dropped": 1_000,
}
UNCHANGED = {
    "nothing": "SELECT 1",
    "a table of the user": "CREATE TABLE notes AS SELECT 1 AS n; CREATE VIEW report.mine AS FROM notes",
    "a checkpoint": "CHECKPOINT",
}


@pytest.fixture(scope="module")
def broken() -> Broken:
    """Nothing, until a test names some."""
    return Broken()


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, broken: Broken) -> Iterator[Command]:
    """An archive of two syncs, with a deleted heartbeat; do not change it."""
    account = Account.seeded(seed=7, alerts=60, incidents=6, users=6, teams=3, services=2, integrations=3)
    account.clock = lambda: NOW
    with Simulator(account, middleware=(broken,)) as simulator:
        command = Command(simulator, account.full_key, tmp_path_factory.mktemp("verify") / "acme.duckdb")
        command.sync(*CHOSEN)
        account.heartbeats.pop()
        command.sync(*CHOSEN)
        yield command


@pytest.fixture
def copied(synced: Command, tmp_path: Path) -> Command:
    """A copy of that archive, to change."""
    shutil.copy(synced.path, tmp_path / "acme.duckdb")
    return Command(synced.simulator, synced.key, tmp_path / "acme.duckdb")


def run(command: Command, *arguments: str) -> Result:
    """Verify the file."""
    return command("verify", str(command.path), *arguments)


def change(command: Command, statements: str) -> None:
    """Change the file, as another program might."""
    with duckdb.connect(str(command.path)) as database:
        database.execute(statements)


@pytest.mark.parametrize("statements", UNCHANGED.values(), ids=list(UNCHANGED))
def test_a_file_that_its_syncs_left_is_complete_and_unchanged(copied: Command, statements: str) -> None:
    """Also if the user added tables of their own."""
    change(copied, statements)
    result = run(copied)

    assert COMPLETE == result.exit_code, result.output
    assert result.output.startswith("Complete and unchanged: ")


@pytest.mark.parametrize(("statements", "lines"), DAMAGES.values(), ids=list(DAMAGES))
def test_damage_is_named(copied: Command, statements: str, lines: list[str]) -> None:
    """Each kind of damage has a line with its symbol, word, table and numbers."""
    change(copied, statements)
    result = run(copied)

    assert DIFFERENT == result.exit_code, result.output
    for line in lines:
        assert line in result.output
    assert "--repair" in result.output


# Digests that were edited call rows lost that never were; without a record of any sync, there is none to continue.
REPAIRED = sorted(DAMAGES.keys() - {"the records dropped", "a digest edited", "a sync removed"})


@pytest.mark.parametrize("name", REPAIRED)
def test_damage_is_repaired(synced: Command, copied: Command, name: str) -> None:
    """The file holds what it held, as stored then; only what was damaged is written again."""
    change(copied, DAMAGES[name][0])
    result = run(copied, "--repair")
    before, after = contents(synced), contents(copied)
    written = {key for key in after if after[key] != before.get(key)}

    assert COMPLETE == result.exit_code, result.output
    assert "Complete and unchanged: " in result.output
    assert before.keys() <= after.keys()
    assert {key: row[0] for key, row in after.items() if key in before} == {key: row[0] for key, row in before.items()}
    # Rows that never were in Opsgenie are marked as deleted.
    assert all(after[key][1] for key in after.keys() - before.keys())
    assert len(written) <= MOST_WRITTEN.get(name, 1), written


def contents(command: Command) -> dict[tuple[str, str], tuple[str, bool, str]]:
    """Each row by its table and key: its JSON, whether it is marked as deleted, and when it was stored."""
    found: dict[tuple[str, str], tuple[str, bool, str]] = {}
    with open_to_read(command.path) as database:
        for stream in STREAMS.values():
            key = ", ".join(f'"{name}"' for name in stream.key)
            query = f"SELECT concat_ws('/', {key}), _json, _deleted_at IS NOT NULL, _synced_at FROM {stream.name}"
            found |= {(stream.name, row[0]): row[1:] for row in database.execute(query).fetchall()}
    return found


def test_rows_that_opsgenie_has_no_more_are_lost_once(copied: Command) -> None:
    """A row that was removed from the file and from Opsgenie is reported; after that, the file is as it can be."""
    ((deleted,),) = copied.query("SELECT name FROM heartbeats WHERE _deleted_at IS NOT NULL")
    change(copied, f"DELETE FROM heartbeats WHERE name = '{deleted}'")
    first, second = run(copied, "--repair"), run(copied)

    assert DIFFERENT == first.exit_code
    assert "- missing    heartbeats: 1 row that Opsgenie does not have any more." in first.output
    assert COMPLETE == second.exit_code, second.output


def test_a_repair_that_fails_leaves_the_stream_incomplete(copied: Command, broken: Broken) -> None:
    """What could not be read again is named until it was."""
    change(copied, "DELETE FROM users")
    broken.patterns = ["/v2/users/?"]
    failed = run(copied, "--repair")
    broken.patterns = []

    assert INCOMPLETE == failed.exit_code, failed.output
    assert "? incomplete users: " in run(copied).output
    copied.sync(*CHOSEN)
    assert COMPLETE == run(copied).exit_code


def test_a_sync_that_was_interrupted_is_named(copied: Command) -> None:
    """The file is as its syncs left it, but it is not complete."""
    Store(copied.path, "acme@localhost", print).begin_run([])
    result = run(copied)

    assert INCOMPLETE == result.exit_code, result.output
    assert "? incomplete the sync of " in result.output


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_bytes_that_changed_on_the_disk_are_named(copied: Command, place: float) -> None:
    """What can still be read is checked; the rest is called damaged, unless the bytes belong to no row."""
    alerts = copied.query("FROM alerts ORDER BY id")
    content = bytearray(copied.path.read_bytes())
    at = int(len(content) * place)
    content[at : at + 64] = bytes(255 - byte for byte in content[at : at + 64])
    copied.path.write_bytes(content)
    result = run(copied)

    if result.exit_code == COMPLETE:
        assert alerts == copied.query("FROM alerts ORDER BY id")
    else:
        assert "it is damaged. Restore a copy of it" in result.output + result.stderr


def test_a_table_that_cannot_be_read_is_repaired(synced: Command, copied: Command) -> None:
    """What can be read of it is kept; the rest is read again, and all other tables stay."""
    query = """
        SELECT block_id FROM pragma_storage_info('alert_logs')
        WHERE column_name = '_json' AND block_id >= 0 AND segment_type <> 'VALIDITY' LIMIT 1
    """
    ((block,),) = copied.query(query)
    content = bytearray(copied.path.read_bytes())
    at = HEADER_BYTES + block * BLOCK_BYTES + 5_000
    content[at : at + 64] = bytes(255 - byte for byte in content[at : at + 64])
    copied.path.write_bytes(content)
    found = run(copied)
    repaired = run(copied, "--repair")

    assert DIFFERENT == found.exit_code
    assert "! unreadable alert_logs: it is damaged." in found.output
    assert COMPLETE == repaired.exit_code, repaired.output
    assert {key: row[0] for key, row in contents(synced).items()} == {
        key: row[0] for key, row in contents(copied).items()
    }


@pytest.mark.parametrize("size", [0, 1_000, 50_000, 900_000])
def test_a_file_that_was_cut_is_named(copied: Command, size: int) -> None:
    """A message says what to do, without a traceback."""
    copied.path.write_bytes(copied.path.read_bytes()[:size])
    result = run(copied)

    assert INCOMPLETE == result.exit_code, result.output
    assert result.stderr.startswith("Error: "), result.stderr


def test_a_file_of_a_newer_format_is_named(copied: Command) -> None:
    """It is not checked by rules that do not apply to it."""
    change(copied, "UPDATE _archive.file SET format = 99")
    result = run(copied)

    assert INCOMPLETE == result.exit_code
    assert "Upgrade opsgenie-archive." in result.stderr


def test_json_for_machines(copied: Command) -> None:
    """Findings with their kinds and months, and the exit code."""
    change(copied, f"DELETE FROM alerts WHERE id = {FIRST_ALERT}")
    report = orjson.loads(run(copied, "--json").output)

    assert ("different", DIFFERENT) == (report["status"], report["exit_code"])
    assert ("missing", "alerts") == (report["findings"][0]["kind"], report["findings"][0]["table"])
    assert 1 == len(report["findings"][0]["parts"])
