"""`opsgenie-archive compact` makes a file smaller, with the same contents, or leaves it as it was."""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result
from tests.support.answers import Answers
from tests.support.archive_command import LISTENING, Command
from tests.support.leaks import run_process, wait_for_exit
from tests.support.permissions import IS_POSSIBLE

from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.archive.schema import FORMAT

# Tables and views of the user's own, and 4 MB that were used and are free now.
GROW = """
    CREATE TABLE filler AS SELECT uuid()::VARCHAR AS id FROM range(500000);
    CHECKPOINT;
    CREATE SCHEMA own;
    CREATE SEQUENCE own.numbers;
    CREATE TABLE own.notes (id INTEGER DEFAULT nextval('own.numbers'), alert VARCHAR NOT NULL, note VARCHAR);
    INSERT INTO own.notes (alert, note) SELECT id, message FROM alerts;
    CREATE VIEW own.noted AS SELECT alerts.id, notes.note FROM main.alerts JOIN own.notes ON alert = alerts.id;
    COMMENT ON TABLE own.notes IS 'What we know about it.';
    CREATE MACRO own.twice(number) AS 2 * number;
    CHECKPOINT;
    DROP TABLE filler;
    CHECKPOINT;
"""
CATALOG = (
    "SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE NOT internal ORDER BY ALL",
    "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default, comment "
    "FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
    "SELECT schema_name, view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT schema_name, function_name, macro_definition, comment FROM duckdb_functions() WHERE NOT internal "
    "ORDER BY ALL",
)
RESPECT_PERMISSIONS = "from tests.support.permissions import respect_permissions; respect_permissions()\n"
# Long enough that a compaction of the large file is under way when it is killed.
LARGE = "CREATE TABLE own AS SELECT uuid()::VARCHAR AS id, repeat(uuid()::VARCHAR, 3) AS text FROM range(150000);"
LONGEST_SECONDS = 1.2


@pytest.fixture
def grown(archive: Command, answers: Answers) -> Command:
    """The archive of a small account, with free space and tables of the user's own."""
    shutil.copy(answers.path, archive.path)
    with duckdb.connect(str(archive.path)) as database:
        database.execute(GROW)
    return archive


def contents(path: Path) -> Iterator[Any]:
    """Everything in the file at *path*."""
    with duckdb.connect(str(path), read_only=True) as database:
        for query in CATALOG:
            yield database.execute(query).fetchall()
        for schema, table in database.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
            yield database.execute(f'FROM "{schema}"."{table}" ORDER BY ALL').fetchall()


def compact(archive: Command, *arguments: str) -> Result:
    """Run the command."""
    return archive("compact", str(archive.path), *arguments)


def compact_elsewhere(path: Path, *, preamble: str = "") -> subprocess.Popen[str]:
    """Begin to compact the file at *path* in a process of its own."""
    program = [sys.executable, "-c", preamble + LISTENING, "compact", str(path)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_file_is_smaller_and_equal(grown: Command) -> None:
    """Rows, comments, views, macros and the user's own tables are the same, and so are the permissions."""
    before, size = list(contents(grown.path)), grown.path.stat().st_size
    result = compact(grown, "--json")
    report = json.loads(result.stdout)

    assert (0, size, grown.path.stat().st_size) == (
        result.exit_code,
        report["bytes_before"],
        report["bytes_after"],
    )
    assert report["bytes_after"] < size / 1.15
    assert before == list(contents(grown.path))
    assert 0o600 == grown.path.stat().st_mode & 0o777
    assert [grown.path] == list(grown.path.parent.iterdir())


def test_a_compacted_file_is_synced(archive: Command) -> None:
    """A sync continues with the compacted file: it reads only what changed."""
    archive.sync("--streams", "alerts,teams")
    with duckdb.connect(str(archive.path)) as database:
        database.execute(GROW)
    compact(archive)
    before = len(archive.simulator.requests)
    output = archive.sync("--streams", "alerts,teams").output

    assert "Rows: 0 new, 0 changed, 0 deleted" in output
    assert len(archive.simulator.requests) - before < 20
    assert [(7,)] == archive.query("SELECT 1 + own.twice(3)")


def test_a_file_without_free_space_is_not_changed(grown: Command) -> None:
    """A second compaction gains nothing, says so, and leaves the file as it is."""
    first = compact(grown)
    before = grown.path.stat()
    second = compact(grown)

    assert (0, 0) == (first.exit_code, second.exit_code)
    assert " MB before, " in first.output
    assert "nothing to gain" in second.output
    assert (before.st_ino, before.st_mtime_ns) == (grown.path.stat().st_ino, grown.path.stat().st_mtime_ns)
    assert [grown.path] == list(grown.path.parent.iterdir())


def test_a_sync_offers_it(archive: Command) -> None:
    """A sync names the command if the file has much free space, and does not afterwards."""
    fresh = archive.sync("--streams", "teams").output
    with duckdb.connect(str(archive.path)) as database:
        database.execute(GROW)
    grown = archive.sync("--streams", "teams").output
    compact(archive)

    assert f" MB smaller: opsgenie-archive compact {archive.path}\n" in grown
    assert ["compact" in output for output in (fresh, archive.sync("--streams", "teams").output)] == [False, False]


def test_a_link_stays_a_link(grown: Command) -> None:
    """The file that a link points to is replaced, not the link."""
    target = grown.path.rename(grown.path.with_name("elsewhere.duckdb"))
    grown.path.symlink_to(target)
    size = target.stat().st_size

    assert 0 == compact(grown).exit_code
    assert grown.path.is_symlink()
    assert target.stat().st_size < size


def test_what_a_killed_program_left_is_kept(grown: Command) -> None:
    """Rows that a killed program left in the file's WAL are in the new file, and the WAL is removed."""
    program = (
        "import duckdb, os, sys; database = duckdb.connect(sys.argv[1]); "
        "database.execute(\"INSERT INTO own.notes (alert, note) VALUES ('late', 'late')\"); os._exit(0)"
    )
    run_process(sys.executable, "-c", program, grown.path)
    left = grown.path.with_name(f"{grown.path.name}.wal").exists()

    assert (True, 0) == (left, compact(grown).exit_code)
    assert [("late",)] == grown.query("SELECT note FROM own.notes WHERE alert = 'late'")
    assert [grown.path] == list(grown.path.parent.iterdir())


def test_a_sync_is_not_disturbed(grown: Command) -> None:
    """While a sync writes to the file, it is not replaced."""
    with exclusive_lock(grown.path):
        result = compact(grown)

    assert 11 == result.exit_code
    assert "Another sync is writing to" in result.stderr


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("DROP SCHEMA report CASCADE; DROP SCHEMA _archive CASCADE", "but not an Opsgenie archive"),
        (f"UPDATE _archive.file SET format = {FORMAT + 1}", "was written by a newer opsgenie-archive"),
    ],
)
def test_another_file_is_not_changed(grown: Command, damage: str, message: str) -> None:
    """A file that is not an archive of this version or an earlier one is named, and stays as it is."""
    with duckdb.connect(str(grown.path)) as database:
        database.execute(damage)
    before = grown.path.read_bytes()
    result = compact(grown)

    assert 1 == result.exit_code
    assert message in result.stderr
    assert before == grown.path.read_bytes()


def test_a_missing_file_is_named(archive: Command) -> None:
    """Without a file, the message says so, and none is created."""
    result = compact(archive)

    assert (1, []) == (result.exit_code, list(archive.path.parent.iterdir()))
    assert f"{archive.path} does not exist." in result.stderr


def test_a_full_disk_changes_nothing(grown: Command) -> None:
    """If the new file cannot be written completely, the message says so, and the old one stays."""
    before = grown.path.read_bytes()
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20));"
    process = compact_elsewhere(grown.path, preamble=limit)
    _, errors = wait_for_exit(process)

    assert 1 == process.returncode
    assert "the disk is full, or a file size limit is reached. Free some space" in errors
    assert before == grown.path.read_bytes()
    assert [grown.path] == list(grown.path.parent.iterdir())


@pytest.mark.skipif(not IS_POSSIBLE, reason="permissions do not count for root")
def test_a_read_only_folder_is_named(grown: Command) -> None:
    """If the folder cannot be written to, the message says so, and the file stays as it was."""
    before = grown.path.read_bytes()
    grown.path.parent.chmod(0o500)
    process = compact_elsewhere(grown.path, preamble=RESPECT_PERMISSIONS)
    _, errors = wait_for_exit(process)
    grown.path.parent.chmod(0o700)

    assert 1 == process.returncode
    assert f"{grown.path} or its folder is read-only: it was not changed." in errors
    assert before == grown.path.read_bytes()
    assert [grown.path] == list(grown.path.parent.iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_interruption_loses_nothing(grown: Command, number: int) -> None:
    """However a compaction ends, the file holds everything, and the next run finishes and removes what was left."""
    with duckdb.connect(str(grown.path)) as database:
        database.execute(LARGE)
    randomness, before, codes = random.Random(number), list(contents(grown.path)), set()
    for _ in range(3):
        process = compact_elsewhere(grown.path)
        with suppress(subprocess.TimeoutExpired):
            process.wait(randomness.uniform(0.4, LONGEST_SECONDS))
        process.send_signal(number)
        wait_for_exit(process)
        codes.add(process.returncode)

        assert before == list(contents(grown.path))
    result = compact(grown)

    assert codes <= {0, -number}
    assert 0 == result.exit_code, result.output
    assert before == list(contents(grown.path))
    assert [grown.path] == list(grown.path.parent.iterdir())
