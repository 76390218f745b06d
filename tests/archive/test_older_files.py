"""Archives that earlier versions and other versions of DuckDB wrote are read, upgraded and continued."""

import json
import lzma
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.archive.files.make import FILES, FOLDER, STREAMS
from tests.support.archive_command import LISTENING, Command
from tests.support.leaks import run_process
from tests.support.permissions import IS_POSSIBLE

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.schema import FORMAT
from source_opsgenie.archive.tables import identifier
from source_opsgenie.reading.resume import OUTDATED
from source_opsgenie.streams import STREAMS as CATALOG

NAMES = [f"{name}-duckdb-{version}" for name, (_, versions) in FILES.items() for version in versions]
OLD = [name for name in NAMES if not name.startswith(f"format-{FORMAT}-")]
CURRENT = [name for name in NAMES if name not in OLD]
# No sync resumes from the states of these: they are of development versions that were not released.
NOT_RESUMED = ("format-1-", "format-2-")
RESPECT_PERMISSIONS = "from tests.support.permissions import respect_permissions; respect_permissions()\n"


@pytest.fixture
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file whose name is the parameter."""
    path = tmp_path / "acme.duckdb"
    path.write_bytes(lzma.decompress((FOLDER / f"{request.param}.xz").read_bytes()))
    skip_if_too_new(path)
    return path


def skip_if_too_new(path: Path) -> None:
    """Skip the test if the installed DuckDB is too old to read the file."""
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        if "newer version" in str(error):
            pytest.skip(f"DuckDB {duckdb.__version__} cannot read it: {error}")
        raise


@pytest.fixture
def command(old: Path) -> Iterator[Command]:
    """The command for the old file, and the account that it is of."""
    account = Account.seeded(seed=7, alerts=8, users=5, teams=2)
    with Simulator(account) as simulator:
        yield Command(simulator, account.full_key, old)


def test_every_format_has_a_file() -> None:
    """Each format has files: when a new one comes, tests/archive/files/make.py must make some."""
    assert {f"format-{number}" for number in range(1, FORMAT + 1)} == FILES.keys()
    assert {f"{name}.xz" for name in NAMES} == {path.name for path in FOLDER.glob("*.xz")}


@pytest.mark.parametrize("old", NAMES, indirect=True)
def test_an_older_file_is_read(command: Command) -> None:
    """`status` and `sql` answer from it: its alerts are those of the account, and every view can be read."""
    status = json.loads(command("status", str(command.path), "--json").stdout)
    views = json.loads(command("sql", str(command.path), "--format", "json").stdout)
    alerts = [alert_id for (alert_id,) in command.query("SELECT id FROM alerts ORDER BY id")]

    assert {stream["stream"]: stream["rows"] for stream in status["streams"]}.items() >= {
        "alerts": 8,
        "users": 5,
    }.items()
    assert (FORMAT, []) == (status["format"], status["incomplete"])
    assert alerts == sorted(command.simulator.account.alerts)
    for view in views:
        if "(" not in view["view"]:
            command.query(f"FROM report.{view['view']}")


@pytest.mark.parametrize("old", CURRENT, indirect=True)
def test_a_file_of_another_duckdb_is_verified(command: Command) -> None:
    """`verify` computes the digests and the seal that another version of DuckDB has recorded."""
    result = command("verify", str(command.path))

    assert (0, "") == (result.exit_code, result.stderr), result.output
    assert result.stdout.startswith("Complete and unchanged: ")


@pytest.mark.parametrize("old", NAMES, indirect=True)
def test_an_older_file_is_continued(request: pytest.FixtureRequest, command: Command) -> None:
    """A sync upgrades it and continues with its rows: none is doubled, and the file equals the account.

    It says that it reads everything again where it cannot resume.
    """
    is_resumed = not request.node.callspec.params["old"].startswith(NOT_RESUMED)
    output = command.sync("--streams", STREAMS, "--timeline-since", "2026-11-01", "--same-account").output

    assert [(FORMAT,)] == command.query("SELECT format FROM _archive.file")
    assert is_resumed == (OUTDATED not in output)
    for name in STREAMS.split(","):
        key = ", ".join(map(identifier, CATALOG[name].key))
        ((rows, keys, deleted),) = command.query(
            f"SELECT count(*), count(DISTINCT ({key})), count(_deleted_at) FROM {name}"
        )
        assert rows == keys, name
        # Periods on call that the account no longer lists are marked.
        assert 0 == deleted or name == "schedule_timelines", name
    assert 8 == len(command.rows("alerts"))


@pytest.mark.parametrize("old", OLD, indirect=True)
def test_a_read_only_file_is_read_and_not_changed(command: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file without write permission answers from an upgraded copy, of which nothing is left, even for root."""
    copies = tmp_path_factory.mktemp("copies")
    before = command.path.read_bytes()
    command.path.chmod(0o400)
    program, options = (sys.executable, "-c", LISTENING), {"env": os.environ | {"TMPDIR": str(copies)}}
    status = run_process(*program, "status", command.path, "--json", **options)
    query = "SELECT count(*) FROM alert_facts"
    result = run_process(*program, "sql", command.path, query, "--format", "csv", **options)

    assert (0, 0, ["count_star()", "8"]) == (status.returncode, result.returncode, result.stdout.split())
    assert str(command.path) == json.loads(status.stdout)["file"]
    assert "is read-only and of an older version: reading a temporary copy" in result.stderr
    assert before == command.path.read_bytes()
    assert [] == list(copies.iterdir())


@pytest.mark.skipif(not IS_POSSIBLE, reason="permissions do not count for root")
@pytest.mark.parametrize("old", OLD[-1:], indirect=True)
def test_a_file_in_a_read_only_folder_is_read(old: Path) -> None:
    """A file in a folder that cannot be written to, such as a mounted share, answers too."""
    old.parent.chmod(0o500)
    program = RESPECT_PERMISSIONS + LISTENING
    done = run_process(sys.executable, "-c", program, "sql", old, "SELECT count(*) FROM alert_facts", "--format", "csv")
    old.parent.chmod(0o700)

    assert (0, ["count_star()", "8"]) == (done.returncode, done.stdout.split()), done.stderr
    assert [old] == list(old.parent.iterdir())


@pytest.mark.parametrize("old", OLD, indirect=True)
@pytest.mark.parametrize("verb", ["status", "sync"])
def test_a_failed_upgrade_changes_nothing(command: Command, verb: str) -> None:
    """If an upgrade fails at its end, the file has its old format, tables and rows."""
    with duckdb.connect(str(command.path)) as database:
        # The last step of an upgrade is to record the format.
        (header,) = database.execute("FROM _archive.file").fetchall()
        columns = ["format INTEGER CHECK (format < $now)", "account VARCHAR", "created_at TIMESTAMP", "key VARCHAR"]
        database.execute("DROP TABLE _archive.file")
        database.execute(
            f"CREATE TABLE _archive.file ({', '.join(columns[: len(header)])})".replace("$now", str(FORMAT))
        )
        database.execute(f"INSERT INTO _archive.file VALUES ({', '.join('?' * len(header))})", list(header))
        before = list(contents(database))
    arguments = ["--to", str(command.path), "--streams", "teams"] if verb == "sync" else [str(command.path)]
    result = command(verb, *arguments)

    assert 1 == result.exit_code
    assert f"{command.path} cannot be used" in result.stderr
    with duckdb.connect(str(command.path), read_only=True) as database:
        assert before == list(contents(database))


def contents(database: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    """All tables with their columns and rows."""
    tables = database.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
    for schema, table in tables:
        yield table
        yield database.execute(f"DESCRIBE {schema}.{table}").fetchall()
        yield database.execute(f"FROM {schema}.{table} ORDER BY ALL").fetchall()
