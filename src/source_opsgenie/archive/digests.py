"""Digests of what a file holds: recorded with every write, so that `verify` finds what anything else changed.

A digest of a set of texts is the sum of a number for each text, 96 bits of its MD5 (docs/file-format.md). A write adds
the numbers of its rows and subtracts those of the rows that it replaces, so it costs nothing for all others, and what
another program changed is never taken for our own. `_archive.file.seal` is one SHA-256 of all records and digests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from source_opsgenie.archive import tables
from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, identifier, literal
from source_opsgenie.streams import Kind, Stream

CREATE = """
    CREATE TABLE _archive.digests (stream VARCHAR, part VARCHAR, rows BIGINT, digest HUGEINT);
    ALTER TABLE _archive.file ADD COLUMN seal VARCHAR;
"""
# The part of a stream with its deletion marks; others are months of creation, or '' where rows have no such time.
MARKS = "deleted"
MONTH_COLUMN = "createdAt"
# Tables that grow have a digest; the others are small, and part of the seal.
RECORDED = ("_archive.runs", "_archive.proofs", "_archive.configuration_history")
SEALED = (
    "_archive.streams",
    "_archive.scopes",
    "_archive.owed",
    "_archive.configuration_since",
    "_archive.digests",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A *part* of a stream whose rows are not those that were written: how many these were, and how many there are."""

    stream: str
    part: str
    recorded: int
    held: int


def record_changes(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Record the write under way: of the rows in `incoming`, those in `changed` replace others, and some are new."""
    table = identifier(stream.name)
    new = f"incoming ANTI JOIN present USING ({', '.join(map(identifier, stream.key))})"
    parts = (
        _rows(stream, f"(FROM {table} WHERE rowid IN (SELECT place FROM changed))", sign=-1),
        _rows(stream, "(FROM present WHERE place IN (SELECT place FROM changed))"),
        _rows(stream, new),
    )
    _add(database, stream.name, " UNION ALL ".join(parts))


@contextmanager
def marks_recorded(database: duckdb.DuckDBPyConnection, stream: Stream) -> Iterator[None]:
    """Record which rows of *stream* are marked as deleted, or not any more, by what runs within."""
    with _recorded(database, stream.name, _marks(stream)):
        yield


@contextmanager
def run_recorded(database: duckdb.DuckDBPyConnection, *, table: str) -> Iterator[None]:
    """Record the rows of the latest sync and later ones in *table* as what runs within leaves them."""
    ((latest,),) = database.execute("SELECT max(started_at)::VARCHAR FROM _archive.runs").fetchall()
    where = f"started_at >= {literal(latest)}::TIMESTAMP" if latest else "true"
    with _recorded(database, table, _records(database, table, where=where)):
        yield


@contextmanager
def table_recorded(database: duckdb.DuckDBPyConnection, table: str) -> Iterator[None]:
    """Record all rows of a *table* that belongs to no stream, as what runs within leaves them."""
    with _recorded(database, table, _records(database, table)):
        yield


@contextmanager
def unrecorded(database: duckdb.DuckDBPyConnection, stream: Stream) -> Iterator[None]:
    """Keep what is recorded of *stream*, to compare with it what runs within: rows that were lost are stored again."""
    kept = database.execute("FROM _archive.digests WHERE stream = ?", [stream.name]).fetchall()
    yield
    forget(database, stream)
    if kept:
        database.executemany("INSERT INTO _archive.digests VALUES (?, ?, ?, ?)", kept)


@contextmanager
def sealed_transaction(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what runs within, with a new seal; an error rolls it back when the file is closed."""
    database.execute("BEGIN")
    yield
    database.execute("UPDATE _archive.file SET seal = ?", [compute_seal(database)])
    database.execute("COMMIT")


def compute_seal(database: duckdb.DuckDBPyConnection) -> str:
    """A SHA-256, as hexadecimal digits, of the file's records and digests."""
    owner = "SELECT concat_ws(chr(10), account, created_at, key) AS text FROM _archive.file"
    tables_of_texts = [owner, *(_texts(database, table) for table in SEALED)]
    texts = " UNION ALL ".join(f"SELECT {place} AS place, text FROM ({of})" for place, of in enumerate(tables_of_texts))
    query = f"SELECT sha256(string_agg(text, chr(10) ORDER BY place, text)) FROM ({texts})"
    ((seal,),) = database.execute(query).fetchall()
    return str(seal)


def renew(database: duckdb.DuckDBPyConnection, stream: Stream, parts: Sequence[str] | None = None) -> None:
    """Record the rows of *stream* as the file holds them now, or only those of *parts*."""
    chosen = "true" if parts is None else f"list_contains([{', '.join(map(literal, parts))}], part)"
    database.execute(f"DELETE FROM _archive.digests WHERE stream = ? AND {chosen}", [stream.name])
    _add(database, stream.name, f"FROM ({_all(stream)}) WHERE {chosen}")


def renew_records(database: duckdb.DuckDBPyConnection, table: str) -> None:
    """Record the rows of a *table* that belongs to no stream as they are now."""
    database.execute("DELETE FROM _archive.digests WHERE stream = ?", [table])
    _add(database, table, _records(database, table))


def forget(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Record that the table of *stream* has no rows."""
    database.execute("DELETE FROM _archive.digests WHERE stream = ?", [stream.name])


def differing_parts(database: duckdb.DuckDBPyConnection, stream: Stream) -> list[Difference]:
    """The parts of *stream* whose rows or deletion marks are not those that were written."""
    return _differences(database, stream.name, _all(stream))


def count_parts(database: duckdb.DuckDBPyConnection, stream: Stream) -> dict[str, int]:
    """How many rows each part of *stream* has in the file."""
    rows = f"SELECT {_part(stream)} AS part, count(*) FROM {identifier(stream.name)} GROUP BY part"
    return dict(database.execute(rows).fetchall())


def is_in_parts(stream: Stream, parts: Sequence[str]) -> str:
    """The condition that a row of *stream* is in one of *parts*."""
    return f"list_contains([{', '.join(map(literal, parts))}], {_part(stream)})"


def differing_records(database: duckdb.DuckDBPyConnection, table: str) -> list[Difference]:
    """As `differing_parts`, of a *table* that belongs to no stream."""
    return _differences(database, table, _records(database, table))


def differing_counts(database: duckdb.DuckDBPyConnection, stream: Stream) -> list[Difference]:
    """The parts of *stream* that have more or fewer rows than were written; this reads no JSON."""
    counted = f"SELECT {_part(stream)} AS part, 1 AS rows, 0::HUGEINT AS digest FROM {identifier(stream.name)}"
    found = _differences(database, stream.name, counted, recorded="part <> 'deleted'")
    return [one for one in found if one.held != one.recorded]


def _differences(
    database: duckdb.DuckDBPyConnection, name: str, selected: str, *, recorded: str = "true"
) -> list[Difference]:
    rows = database.execute(
        f"""
        SELECT part, coalesce(known.rows, 0), coalesce(held.rows, 0) FROM ({_sums(selected)}) AS held
        FULL JOIN (FROM _archive.digests WHERE stream = ? AND {recorded}) AS known USING (part)
        WHERE (coalesce(known.rows, 0), coalesce(known.digest, 0)) <> (coalesce(held.rows, 0), coalesce(held.digest, 0))
        ORDER BY part
        """,
        [name],
    ).fetchall()
    return [Difference(name, *row) for row in rows]


@contextmanager
def _recorded(database: duckdb.DuckDBPyConnection, name: str, selected: str) -> Iterator[None]:
    before = database.execute(_sums(selected)).fetchall()
    yield
    after = database.execute(_sums(selected)).fetchall()
    if before != after:
        changes = [f"({literal(part)}, {-rows}, {-digest}::HUGEINT)" for part, rows, digest in before]
        changes += [f"({literal(part)}, {rows}, {digest}::HUGEINT)" for part, rows, digest in after]
        _add(database, name, f"FROM (VALUES {', '.join(changes)}) AS changes (part, rows, digest)")


def _add(database: duckdb.DuckDBPyConnection, name: str, selected: str) -> None:
    """Add the numbers of the *selected* rows to those recorded."""
    database.execute(
        f"""
        MERGE INTO _archive.digests AS known
        USING (SELECT $name AS stream, * FROM ({_sums(selected)})) AS added
        ON known.stream = added.stream AND known.part = added.part
        WHEN MATCHED THEN UPDATE SET rows = known.rows + added.rows, digest = known.digest + added.digest
        WHEN NOT MATCHED THEN INSERT (stream, part, rows, digest)
            VALUES (added.stream, added.part, added.rows, added.digest)
        """,
        {"name": name},
    )


def _sums(selected: str) -> str:
    return f"SELECT part, sum(rows)::BIGINT AS rows, sum(digest)::HUGEINT AS digest FROM ({selected}) GROUP BY part"


def _all(stream: Stream) -> str:
    return f"{_rows(stream, identifier(stream.name))} UNION ALL {_marks(stream)}"


def _rows(stream: Stream, source: str, *, sign: int = 1) -> str:
    """The part and number of each row in *source*, which has the columns of *stream*."""
    number = _number([*map(identifier, stream.key), JSON_COLUMN])
    return f"SELECT {_part(stream)} AS part, {sign} AS rows, {sign} * {number} AS digest FROM {source}"


def _marks(stream: Stream) -> str:
    number = _number([*map(identifier, stream.key), f"epoch_us({DELETED_COLUMN})"])
    table = identifier(stream.name)
    return f"SELECT '{MARKS}' AS part, 1 AS rows, {number} AS digest FROM {table} WHERE {DELETED_COLUMN} IS NOT NULL"


def _part(stream: Stream) -> str:
    """The part that a row belongs to: the month of its creation, if there is such a time."""
    has_month = any(field.name == MONTH_COLUMN and field.kind is Kind.TIMESTAMP for field in stream.fields)
    return f"coalesce(strftime({identifier(MONTH_COLUMN)}, '%Y-%m'), '')" if has_month else "''"


def _records(database: duckdb.DuckDBPyConnection, table: str, *, where: str = "true") -> str:
    return f"SELECT '' AS part, 1 AS rows, {_number(['text'])} AS digest FROM ({_texts(database, table, where=where)})"


def _texts(database: duckdb.DuckDBPyConnection, table: str, *, where: str = "true") -> str:
    """Each row of *table* as a text."""
    names = tables.column_names(database, table)
    columns = ", ".join(f"coalesce({identifier(name)}::VARCHAR, '')" for name in names)
    return f"SELECT concat_ws(chr(10), {columns}) AS text FROM {table} WHERE {where}"


def _number(values: Sequence[str]) -> str:
    return f"(md5_number(concat_ws(chr(10), {', '.join(f'{value}::VARCHAR' for value in values)})) >> 32)::HUGEINT"
