"""The tables and views of an archive: how they are created, and how those of older files are upgraded."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from source_opsgenie.archive import digests, history, parents, tables, views
from source_opsgenie.archive.records import drop_states
from source_opsgenie.archive.weekly_timelines import convert_weeks
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS, Stream, ancestry

TABLES = """
    CREATE SCHEMA _archive;
    CREATE TABLE _archive.file (format INTEGER, account VARCHAR, created_at TIMESTAMP, key VARCHAR);
    CREATE TABLE _archive.streams (
        stream VARCHAR, state JSON, synced_at TIMESTAMP, is_complete BOOLEAN, proof VARCHAR
    );
    CREATE TABLE _archive.runs (started_at TIMESTAMP, ended_at TIMESTAMP, requests BIGINT, outcome VARCHAR);
"""
OWED = """
    CREATE TABLE _archive.owed (
        stream VARCHAR, part VARCHAR, reason VARCHAR, since TIMESTAMP, attempts INTEGER, rows JSON
    );
"""
PROOFS = """
    CREATE TABLE _archive.proofs (
        started_at TIMESTAMP, stream VARCHAR, scope VARCHAR, is_complete BOOLEAN, as_of TIMESTAMP,
        counted BIGINT, listed BIGINT, deleted BIGINT, unlisted BIGINT, recent BIGINT, uncounted BIGINT,
        parents BIGINT, parents_deleted BIGINT, owed BIGINT, proof VARCHAR
    );
"""
PARENTS = """
    CREATE TABLE _archive.parents (stream VARCHAR, parent VARCHAR, updated_at TIMESTAMP, children INTEGER);
"""
SCOPES = "CREATE TABLE _archive.scopes (stream VARCHAR, scope VARCHAR, state JSON);"
COMMENTS = """
    COMMENT ON TABLE _archive.file IS 'The account of this archive; keys of other accounts are rejected.';
    COMMENT ON TABLE _archive.streams IS 'Where the next sync of each stream starts, and what the last one proved.';
    COMMENT ON TABLE _archive.proofs IS 'What each sync proved of each stream, with its numbers; none is overwritten.';
    COMMENT ON TABLE _archive.scopes IS 'The states of syncs with another query or start date, to return to.';
    COMMENT ON TABLE _archive.owed IS 'What could not be read and is requested again, with invalid rows as sent.';
    COMMENT ON TABLE _archive.parents IS 'Of which parents the child records were read, and how many these were.';
    COMMENT ON TABLE _archive.digests IS 'How many rows each sync left in a table, and a digest of them, by month.';
    COMMENT ON TABLE _archive.runs IS 'Every sync into this file; a sync without an end was killed.';
"""
# A state of a development version, from which no sync resumes.
OUTDATED_STATE = '{"version": 1}'
COLUMNS = """
    SELECT table_name, column_name, comment FROM duckdb_columns()
    WHERE database_name = 'archive' AND schema_name = 'main' AND NOT internal
"""


def _to_format_2(database: duckdb.DuckDBPyConnection) -> None:
    """Rename `_gone_at` to `_deleted_at` and `is_whole` to `is_complete`, and reword outcomes."""
    marked = "database_name = 'archive' AND schema_name = 'main' AND column_name = '_gone_at'"
    for (table,) in database.execute(f"SELECT table_name FROM duckdb_columns() WHERE {marked}").fetchall():
        database.execute(f"ALTER TABLE {tables.identifier(table)} RENAME COLUMN _gone_at TO _deleted_at")
    database.execute("""
        ALTER TABLE _archive.streams RENAME COLUMN is_whole TO is_complete;
        UPDATE _archive.runs SET outcome = 'complete' WHERE outcome = 'whole';
        UPDATE _archive.runs SET outcome = replace(outcome, 'not whole: ', 'incomplete: ')
    """)


def _to_format_3(database: duckdb.DuckDBPyConnection) -> None:
    """Add what is owed, proofs of each sync, states of several scopes, and the key that last named the account.

    Sync cannot resume from earlier states: what is left of each lets the next one say so, and read everything.
    """
    database.execute("ALTER TABLE _archive.file ADD COLUMN key VARCHAR")
    database.execute("UPDATE _archive.streams SET state = ? WHERE state IS NOT NULL", [OUTDATED_STATE])
    database.execute(OWED)
    database.execute(SCOPES)
    database.execute(PROOFS)


def _to_format_4(database: duckdb.DuckDBPyConnection) -> None:
    """Add the parents whose child records were read, those that states cover."""
    database.execute(PARENTS)
    rows = database.execute("SELECT stream, state ->> 'bookmark' FROM _archive.streams").fetchall()
    bookmarks = {name: bookmark for name, bookmark in rows if bookmark}
    held = _stored_columns(database)
    for stream in filter(parents.is_remembered, STREAMS.values()):
        if stream.name in bookmarks and {stream.name, ancestry(stream)[0].name} <= held.keys():
            parents.take_over(database, stream, read_until=bookmarks[stream.name])


def _to_format_6(database: duckdb.DuckDBPyConnection) -> None:
    """Add the history of the configuration, and digests, which replace the number of rows of each table."""
    history.create(database)
    # DuckDB cannot alter a table that the same transaction has updated, as an earlier migration may have.
    database.execute("""
        CREATE TEMP TABLE streams_before AS FROM _archive.streams;
        DROP TABLE _archive.streams;
        CREATE TABLE _archive.streams (
            stream VARCHAR, state JSON, synced_at TIMESTAMP, is_complete BOOLEAN, proof VARCHAR
        );
        INSERT INTO _archive.streams SELECT stream, state, synced_at, is_complete, proof FROM streams_before;
        DROP TABLE streams_before
    """)
    database.execute(digests.CREATE)
    for name, columns in _stored_columns(database).items():
        if name in STREAMS:
            _ensure_table(database, STREAMS[name], columns)
            digests.renew(database, STREAMS[name])
    for table in digests.RECORDED:
        digests.renew_records(database, table)


# Each migration upgrades a file by one format: the first from 1 to 2. Add new ones at the end, and never change one.
MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (
    _to_format_2,
    _to_format_3,
    _to_format_4,
    convert_weeks,
    _to_format_6,
)
FORMAT = len(MIGRATIONS) + 1


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about itself: its *format*, its *account*, and the *key* that last named it, if it is known."""

    format: int
    account: str
    key: str | None


def read_header(database: duckdb.DuckDBPyConnection, path: Path) -> Header | None:
    """What the file at *path* says about itself, None if it is empty.

    Raises ArchiveError if it is not an archive, or one that a newer version wrote.
    """
    names = database.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    if not names:
        return None
    if ("_archive", "file") not in names:
        raise ArchiveError(f"{path} is a DuckDB file, but not an Opsgenie archive. Use another file.")
    rows = database.execute("FROM _archive.file").fetchall()
    if len(rows) != 1:
        raise ArchiveError(f"{path} does not record its account in _archive.file. Use another file.")
    written, account, *rest = rows[0]
    if not isinstance(written, int) or written < 1:
        raise ArchiveError(f"{path} records an invalid format ({written}) in _archive.file. Use another file.")
    if written > FORMAT:
        raise ArchiveError(
            f"{path} was written by a newer opsgenie-archive: it has format {written}, and this version reads "
            f"up to format {FORMAT}. Upgrade opsgenie-archive."
        )
    # Files of earlier formats do not record the key.
    return Header(written, str(account), rest[1] if len(rest) > 1 else None)


def create(database: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of an empty archive."""
    database.execute(TABLES)
    database.execute(OWED)
    database.execute(SCOPES)
    database.execute(PROOFS)
    database.execute(PARENTS)
    history.create(database)
    database.execute(digests.CREATE)
    database.execute(COMMENTS)


def upgrade(database: duckdb.DuckDBPyConnection, *, written: int) -> None:
    """Apply the migrations that a file of the format *written* lacks."""
    for migrate in MIGRATIONS[written - 1 :]:
        migrate(database)
    database.execute(COMMENTS)
    database.execute("UPDATE _archive.file SET format = ?", [FORMAT])


def ensure_tables(database: duckdb.DuckDBPyConnection, chosen: Iterable[Stream]) -> None:
    """Create or upgrade the tables of all streams, which the views need, and the views.

    Only *chosen* streams get a row in `_archive.streams`: any other table is empty because it was never read.
    """
    streams = {stream.name: stream for stream in chosen}
    stored = _stored_columns(database)
    for stream in {**STREAMS, **streams}.values():
        _ensure_table(database, stream, stored.get(stream.name, {}))
    database.execute(
        "INSERT INTO _archive.streams (stream, is_complete) SELECT name, false FROM (SELECT unnest(?) AS name) "
        "WHERE name NOT IN (SELECT stream FROM _archive.streams)",
        [list(streams)],
    )
    views.refresh(database)


def _stored_columns(database: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str | None]]:
    """The columns of each table with their comments."""
    found: dict[str, dict[str, str | None]] = {}
    for table, column, comment in database.execute(COLUMNS).fetchall():
        found.setdefault(table, {})[column] = comment
    return found


def _ensure_table(database: duckdb.DuckDBPyConnection, stream: Stream, stored: Mapping[str, str | None]) -> None:
    """Create the table of *stream*, or add the columns and comments that are new since it was created."""
    added = [field for field in stream.fields if field.name not in stored]
    if not stored:
        database.execute(tables.create_table(stream))
        # Where a table was dropped, nothing of it has been read.
        drop_states(database, stream)
        database.execute("DELETE FROM _archive.parents WHERE stream = ?", [stream.name])
        digests.forget(database, stream)
    elif added:
        database.execute(tables.add_columns(stream, added))
    if not tables.column_comments(stream).items() <= stored.items():
        database.execute(tables.comment_on_table(stream))
