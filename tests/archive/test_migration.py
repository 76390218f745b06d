"""An archive that an older version wrote is upgraded in place, completely or not at all."""

from pathlib import Path

import duckdb
import pytest
from tests.support.archive_command import Command

from source_opsgenie.archive.schema import FORMAT
from source_opsgenie.archive.store import Store
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS

# As format 1 was written.
FORMAT_1 = """
    ATTACH '{path}' AS archive (STORAGE_VERSION 'v1.0.0');
    USE archive;
    CREATE SCHEMA _archive;
    CREATE TABLE _archive.file (format INTEGER, account VARCHAR, created_at TIMESTAMP);
    CREATE TABLE _archive.streams (stream VARCHAR, state JSON, synced_at TIMESTAMP, is_whole BOOLEAN, proof VARCHAR);
    CREATE TABLE _archive.runs (started_at TIMESTAMP, ended_at TIMESTAMP, requests BIGINT, outcome VARCHAR);
    COMMENT ON TABLE _archive.file IS 'Whose archive this is; another account is refused.';
    CREATE TABLE "heartbeats" (
        "name" VARCHAR NOT NULL, "_json" JSON NOT NULL, "_synced_at" TIMESTAMP NOT NULL, "_gone_at" TIMESTAMP
    );
    COMMENT ON COLUMN "heartbeats"."_gone_at" IS 'When a sync found that Opsgenie has the row no longer.';
    INSERT INTO _archive.file VALUES (1, 'acme@localhost', '2026-01-01');
    INSERT INTO _archive.streams VALUES ('heartbeats', '{{"version": 1, "rows": 2}}', '2026-01-02', true, '2 read');
    INSERT INTO _archive.runs VALUES
        ('2026-01-01', '2026-01-01', 5, 'not whole: alerts, teams'), ('2026-01-02', '2026-01-02', 6, 'whole'),
        ('2026-01-03', NULL, NULL, NULL);
    INSERT INTO heartbeats VALUES
        ('kept', '{{"name":"kept"}}', '2026-01-02', NULL),
        ('deleted', '{{"name":"deleted"}}', '2026-01-01', '2026-01-02');
"""


@pytest.fixture
def old(tmp_path: Path) -> Store:
    """A file of format 1, with two heartbeats, one of them deleted."""
    path = tmp_path / "acme.duckdb"
    with duckdb.connect() as database:
        database.execute(FORMAT_1.format(path=path))
    return Store(path, "acme@localhost", print)


def query(store: Store, sql: str) -> list[tuple[object, ...]]:
    """The result of *sql*, as another program sees it."""
    with duckdb.connect(str(store.path), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_an_old_file_is_upgraded(old: Store) -> None:
    """Columns and outcomes get their new names; rows and marks are kept, and states are marked as outdated."""
    old.prepare()

    assert [(FORMAT, "acme@localhost")] == query(old, "SELECT format, account FROM _archive.file")
    assert {"heartbeats": {"version": 1}} == old.states()
    assert [("heartbeats", True, "2 read")] == query(old, "SELECT stream, is_complete, proof FROM _archive.streams")
    assert [("incomplete: alerts, teams",), ("complete",), (None,)] == query(
        old, "SELECT outcome FROM _archive.runs ORDER BY started_at"
    )
    assert [("deleted", True), ("kept", False)] == query(
        old, "SELECT name, _deleted_at IS NOT NULL FROM heartbeats ORDER BY name"
    )


def test_an_upgraded_file_equals_a_new_one(old: Store, tmp_path: Path) -> None:
    """After an upgrade and the start of a sync, the tables and comments are those of a new file."""
    new = Store(tmp_path / "new.duckdb", "acme@localhost", print)
    columns = "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
    tables = "SELECT schema_name, table_name, '', '', NULL, comment FROM duckdb_tables()"
    for store in (old, new):
        store.prepare()
        store.begin_run([STREAMS["heartbeats"]])

    described = f"{columns} WHERE NOT internal UNION ALL {tables} WHERE NOT internal ORDER BY ALL"

    assert query(new, described) == query(old, described)


def test_an_old_file_is_synced(archive: Command, old: Store) -> None:
    """A sync upgrades the file, says so, and continues with it."""
    output = archive.sync("--streams", "teams").output

    assert f"Upgrading {old.path} from format 1 to {FORMAT}." in output
    assert "Upgrading" not in archive.sync("--streams", "teams").output
    assert [(FORMAT,)] == archive.query("SELECT format FROM _archive.file")
    assert [(2,)] == archive.query("SELECT count(*) FROM heartbeats")


def test_a_failed_upgrade_changes_nothing(old: Store) -> None:
    """If a step fails, the file stays as it was, and the message names the file."""
    with duckdb.connect(str(old.path)) as database:
        database.execute("ALTER TABLE _archive.streams ADD COLUMN is_complete BOOLEAN")
    with pytest.raises(ArchiveError, match=r"acme\.duckdb cannot be used"):
        old.prepare()

    assert [(1,)] == query(old, "SELECT format FROM _archive.file")
    assert [("kept",)] == query(old, "SELECT name FROM heartbeats WHERE _gone_at IS NULL")
