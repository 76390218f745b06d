"""Repair a file from what it contains, before anything is requested: tables, columns and keys."""

from collections.abc import Iterator
from contextlib import suppress

import duckdb

from source_opsgenie.archive import digests, schema, tables
from source_opsgenie.archive.database import ROW_GROUP_ROWS
from source_opsgenie.archive.digests import MARKS, Difference
from source_opsgenie.archive.parents import forget_parents, is_remembered
from source_opsgenie.archive.records import drop_states, fetch_number, now
from source_opsgenie.archive.tables import JSON_COLUMN, OWN_COLUMNS, SYNCED_COLUMN, identifier
from source_opsgenie.archive.verify.checks import RECORDS
from source_opsgenie.archive.verify.findings import Finding, Kind
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS, Stream, is_incremental

# Tables of streams, with their columns.
HELD = "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'archive' GROUP BY ALL"


def repair_locally(database: duckdb.DuckDBPyConnection, findings: list[Finding]) -> dict[str, list[Difference]]:
    """Repair what needs no request; returns the parts of each stream that differ from what was stored.

    What cannot be repaired so is dropped, and the next sync reads it: a table without its JSON, and states that were
    edited. Raises ArchiveError if the records of the syncs are missing.
    """
    if any(one.table not in STREAMS and one.kind in {Kind.DAMAGED, Kind.UNREADABLE} for one in findings):
        raise ArchiveError(f"The records of the syncs are damaged ({', '.join(RECORDS)}). Restore a copy of the file.")
    _repair_columns(database)
    schema.ensure_tables(database, [])
    for name in {one.table for one in findings if one.table in STREAMS}:
        _repair_rows(database, STREAMS[name])
    _repair_records(database, findings)
    differing = {stream.name: digests.differing_parts(database, stream) for stream in STREAMS.values()}
    return {name: parts for name, parts in differing.items() if parts}


def readable_rows(database: duckdb.DuckDBPyConnection, stream: Stream) -> list[tuple[int, int]]:
    """The ranges of row numbers of *stream* that can be read although the file is damaged."""
    table = identifier(stream.name)
    last = fetch_number(database, f"SELECT coalesce(max(rowid), -1) FROM {table}")
    ranges = []
    for start in range(0, last + 1, ROW_GROUP_ROWS):
        end = start + ROW_GROUP_ROWS
        with suppress(duckdb.Error):
            database.execute(f"SELECT count(hash(COLUMNS(*))) FROM {table} WHERE rowid >= {start} AND rowid < {end}")
            ranges.append((start, end))
    return ranges


def keep_readable(database: duckdb.DuckDBPyConnection, stream: Stream, ranges: list[tuple[int, int]]) -> None:
    """Replace the damaged table of *stream* by one with the rows in *ranges*."""
    table = identifier(stream.name)
    within = " OR ".join(f"(rowid >= {start} AND rowid < {end})" for start, end in ranges) or "false"
    database.execute(f"CREATE OR REPLACE TEMP TABLE readable AS FROM {table} WHERE {within}")
    database.execute(f"DROP TABLE {table} CASCADE")
    database.execute(tables.create_table(stream))
    database.execute(f"INSERT INTO {table} BY NAME FROM readable")
    database.execute(tables.comment_on_table(stream))


def let_read_again(database: duckdb.DuckDBPyConnection, stream: Stream, parts: list[Difference]) -> None:
    """Let the next sync of *stream* read the rows of *parts*: a list is read in full anyway."""
    names = [one.part for one in parts]
    if is_remembered(stream):
        forget_parents(database, stream, where="true" if MARKS in names else digests.is_in_parts(stream, names))
    elif is_incremental(stream) and not stream.search:
        drop_states(database, stream)


def _repair_columns(database: duckdb.DuckDBPyConnection) -> None:
    """Add columns of our own that are missing, and drop tables without the JSON: `ensure_tables` adds the rest."""
    for table, columns in database.execute(HELD).fetchall():
        if table not in STREAMS or {*OWN_COLUMNS} <= {*columns}:
            continue
        if JSON_COLUMN not in columns:
            database.execute(f"DROP TABLE {identifier(table)} CASCADE")
            continue
        for name in OWN_COLUMNS.keys() - {*columns}:
            database.execute(f"ALTER TABLE {identifier(table)} ADD COLUMN {name} TIMESTAMP")
        times = f"UPDATE {identifier(table)} SET {SYNCED_COLUMN} = coalesce({SYNCED_COLUMN}, ?)"
        database.execute(times, [now()])


def _repair_rows(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Give columns the values of their rows' JSON, and keep one row of each key."""
    table, key = identifier(stream.name), ", ".join(map(identifier, stream.key))
    for statement in tables.restore_columns(stream):
        database.execute(statement)
    database.execute(f"DELETE FROM {table} WHERE rowid NOT IN (SELECT min(rowid) FROM {table} GROUP BY {key})")


def _repair_records(database: duckdb.DuckDBPyConnection, findings: list[Finding]) -> None:
    """Record the syncs as they are now, and drop the states that may not be true."""
    for name in digests.RECORDED:
        digests.renew_records(database, name)
    for stream in _with_doubtful_states(findings):
        drop_states(database, stream)


def _with_doubtful_states(findings: list[Finding]) -> Iterator[Stream]:
    edited = {one.table for one in findings if one.kind is Kind.EDITED}
    # Where something was edited, and it is not known what, it may have been any state.
    yield from (STREAMS[name] for name in (STREAMS if "" in edited else edited))
