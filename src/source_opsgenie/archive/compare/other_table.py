"""Which rows of an archive a table of another tool lacks, and which rows only that table has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from source_opsgenie.archive.compare.inputs import FILE, Inputs
from source_opsgenie.archive.compare.open_table import OtherTable, match_key, open_table, plain, unreadable
from source_opsgenie.archive.records import fetch_number
from source_opsgenie.archive.tables import DELETED_COLUMN, identifier, literal
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import Kind, Stream

CREATED = "createdAt"
# What a difference is called: a row that only the archive has, that only the other table has, or that Opsgenie deleted.
WORDS = ("missing", "extra", "deleted")
BATCH_ROWS = 10_000
# The types of columns that hold whole numbers: another tool may write them as decimals or texts.
WHOLE_NUMBERS = {Kind.INTEGER, Kind.WHOLE_NUMBER}


@dataclass(frozen=True, slots=True)
class Month:
    """How many rows of a *month* the archive has, and how many differ; the month is None for rows without a time."""

    month: str | None
    held: int
    missing: int
    extra: int
    deleted: int


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What differs between the rows of *stream* in an archive and a *table* of another tool.

    *matched* are the columns of that table by the columns of the key. *held* is the number of rows of the archive that
    are not deleted. The table has *rows* with as many different *keys*, and rows *without_key*.
    """

    stream: Stream
    table: str
    matched: Mapping[str, str]
    held: int
    rows: int
    keys: int
    without_key: int
    months: tuple[Month, ...]

    @property
    def unmatched(self) -> list[str]:
        """The columns of the key that the table lacks."""
        return [name for name in self.stream.key if name not in self.matched]

    def total(self, word: str) -> int:
        """How many rows are missing, extra or deleted."""
        return sum(getattr(month, word) for month in self.months)


def compare_table(inputs: Inputs, stream: Stream, *, table: str | None, key_column: str | None) -> TableDifference:
    """Compare the rows of *stream* with a *table* of the other file; the temporary table `difference` has all keys.

    Raises ConfigError if the table, or a column of the key in it, cannot be found.
    """
    database = inputs.database
    other = open_table(inputs, stream, table=table)
    matched = match_key(stream, other, key_column=key_column)
    try:
        database.execute(_select_there(stream, other, matched))
    except duckdb.Error as error:
        raise unreadable(inputs, error) from error
    without_key = _drop_without_key(database, list(matched))
    database.execute(_select_held(database, inputs, stream, matched))
    database.execute(_find_difference(list(matched)))
    return TableDifference(
        stream=stream,
        table=other.name,
        matched=matched,
        held=fetch_number(database, "SELECT count(*) FROM held WHERE NOT is_deleted"),
        rows=fetch_number(database, "SELECT coalesce(sum(rows), 0) FROM there"),
        keys=fetch_number(database, "SELECT count(*) FROM there"),
        without_key=without_key,
        months=tuple(_read_months(database)),
    )


def read_keys(
    database: duckdb.DuckDBPyConnection, difference: TableDifference, *, limit: int | None = None
) -> Iterator[tuple[str, ...]]:
    """What each row of *difference* is, its month, and its key, oldest month first; at most *limit* of each."""
    order = f"month NULLS LAST, {', '.join(map(identifier, difference.matched))}"
    words = ", ".join(map(literal, WORDS))
    first = f"QUALIFY row_number() OVER (PARTITION BY what ORDER BY {order}) <= {limit}" if limit else ""
    result = database.execute(f"FROM difference {first} ORDER BY list_position([{words}], what), {order}")
    while batch := result.fetchmany(BATCH_ROWS):
        yield from batch


def _key_value(stream: Stream, name: str, column: str) -> str:
    """The value of a column of the key as text, in SQL."""
    kind = next(field.kind for field in stream.fields if field.name == name)
    value = f"TRY_CAST({column} AS BIGINT)" if kind in WHOLE_NUMBERS else column
    return f"{value}::VARCHAR AS {identifier(name)}"


def _select_there(stream: Stream, other: OtherTable, matched: Mapping[str, str]) -> str:
    """Create the temporary table `there`: the keys of the other table, with the month and the number of their rows."""
    keys = ", ".join(_key_value(stream, name, identifier(column)) for name, column in matched.items())
    created = next((identifier(name) for name in other.columns if plain(name) == CREATED.lower()), "NULL")
    # As in the views: a cast to TIMESTAMP would drop an offset.
    month = f"date_trunc('month', make_timestamp(epoch_us(TRY_CAST({created}::VARCHAR AS TIMESTAMPTZ))))::DATE"
    return f"""
        CREATE OR REPLACE TEMP TABLE there AS
        SELECT {", ".join(map(identifier, matched))}, min(month) AS month, count(*) AS rows
        FROM (SELECT {keys}, {month} AS month FROM {other.relation}) GROUP BY {", ".join(map(identifier, matched))}
    """


def _drop_without_key(database: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> int:
    """Drop the rows without a key from `there`; returns how many rows of the other table these are."""
    is_missing = " OR ".join(f"{identifier(name)} IS NULL" for name in keys)
    number = fetch_number(database, f"SELECT coalesce(sum(rows), 0) FROM there WHERE {is_missing}")
    database.execute(f"DELETE FROM there WHERE {is_missing}")
    return number


def _select_held(
    database: duckdb.DuckDBPyConnection, inputs: Inputs, stream: Stream, matched: Mapping[str, str]
) -> str:
    """Create the temporary table `held`: the keys of the archive, with their month, and whether they were deleted."""
    found = database.execute(
        f"SELECT column_name FROM duckdb_columns() WHERE database_name = '{FILE}' AND schema_name = 'main' "
        "AND table_name = ?",
        [stream.name],
    ).fetchall()
    columns = {name for (name,) in found}
    if not matched.keys() <= columns:
        raise ArchiveError(f"{inputs.path} has no rows of {stream.name}. Sync it with: --streams {stream.name}")
    deleted = DELETED_COLUMN if DELETED_COLUMN in columns else "_gone_at"
    month = f"date_trunc('month', {identifier(CREATED)})::DATE" if CREATED in columns else "NULL::DATE"
    keys = ", ".join(_key_value(stream, name, identifier(name)) for name in matched)
    return f"""
        CREATE OR REPLACE TEMP TABLE held AS
        SELECT {", ".join(map(identifier, matched))}, min(month) AS month, bool_and(is_deleted) AS is_deleted
        FROM (
            SELECT {keys}, {month} AS month, {deleted} IS NOT NULL AS is_deleted
            FROM {FILE}.main.{identifier(stream.name)}
        ) GROUP BY {", ".join(map(identifier, matched))}
    """


def _find_difference(keys: Sequence[str]) -> str:
    """Create the temporary table `difference`: each key that only one has, or that Opsgenie has deleted."""
    names = ", ".join(map(identifier, keys))
    return f"""
        CREATE OR REPLACE TEMP TABLE difference AS
        SELECT
            CASE WHEN rows IS NULL THEN 'missing' WHEN is_deleted IS NULL THEN 'extra' ELSE 'deleted' END AS what,
            strftime(coalesce(held.month, there.month), '%Y-%m') AS month, {names}
        FROM held FULL JOIN there USING ({names})
        WHERE is_deleted IS NULL OR (rows IS NULL AND NOT is_deleted) OR (rows IS NOT NULL AND is_deleted)
    """


def _read_months(database: duckdb.DuckDBPyConnection) -> Iterator[Month]:
    counts = ", ".join(f"count(*) FILTER (what = '{word}') AS {word}" for word in WORDS)
    totals = ", ".join(f"coalesce({word}, 0)" for word in WORDS)
    found = database.execute(
        f"""
        SELECT coalesce(held.month, found.month), coalesce(number, 0), {totals}
        FROM (
            SELECT strftime(month, '%Y-%m') AS month, count(*) AS number FROM held WHERE NOT is_deleted GROUP BY 1
        ) AS held
        FULL JOIN (SELECT month, {counts} FROM difference GROUP BY 1) AS found
            ON found.month IS NOT DISTINCT FROM held.month
        ORDER BY 1 NULLS LAST
        """
    ).fetchall()
    for row in found:
        yield Month(*row)
