"""SQL for the table of a stream, and for turning its rows from JSON into typed columns.

A table has no PRIMARY KEY. With 2,000,000 rows of alert_logs, its index made the file 191 MB instead of 55, and
writing 5,000 rows took 500 ms instead of 50. Keys are unique because only `Store` writes, and it matches by key.
Names are quoted and texts escaped here; values from the API are only ever parameters.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

import duckdb

from source_opsgenie.streams import LACKS_DETAILS, Field, Kind, Stream

JSON_COLUMN = "_json"
SYNCED_COLUMN = "_synced_at"
DELETED_COLUMN = "_deleted_at"
OWN_COLUMNS = {
    # DuckDB compresses only long texts with zstd by itself: these rows take a third of what it would choose.
    JSON_COLUMN: (
        "JSON USING COMPRESSION zstd NOT NULL",
        "The complete row as the API sent it, including fields without a column.",
    ),
    SYNCED_COLUMN: ("TIMESTAMP NOT NULL", "When this version of the row was stored, in UTC."),
    DELETED_COLUMN: ("TIMESTAMP", "When a sync found that Opsgenie no longer has the row, in UTC; NULL while it has."),
}
# DuckDB casts 0 to 9 fraction digits and any offset; it would also cast `epoch`, which is not a time of the API.
TIMESTAMP_PATTERN = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)"


def create_table(stream: Stream) -> str:
    """Create the table of *stream*."""
    columns = [f"{identifier(field.name)} {field.kind.column}{_not_null(stream, field)}" for field in stream.fields]
    columns += [f"{identifier(name)} {kind}" for name, (kind, _) in OWN_COLUMNS.items()]
    return f"CREATE TABLE {identifier(stream.name)} ({', '.join(columns)})"


def column_comments(stream: Stream) -> dict[str, str]:
    """The comment on each column of the table of *stream*."""
    comments = {field.name: field.description for field in stream.fields}
    return comments | {name: meaning for name, (_, meaning) in OWN_COLUMNS.items()}


def comment_on_table(stream: Stream) -> str:
    """Comment on the table of *stream* and on each of its columns."""
    table = identifier(stream.name)
    description = f"{stream.description} One row for each {' and '.join(stream.key)}."
    lines = [f"COMMENT ON TABLE {table} IS {literal(description)}"]
    for column, comment in column_comments(stream).items():
        lines.append(f"COMMENT ON COLUMN {table}.{identifier(column)} IS {literal(comment)}")
    return "; ".join(lines)


def add_columns(stream: Stream, fields: Sequence[Field]) -> str:
    """Add columns for *fields* that an older version did not know, filled from the JSON of stored rows."""
    table = identifier(stream.name)
    lines = [f"ALTER TABLE {table} ADD COLUMN {identifier(field.name)} {field.kind.column}" for field in fields]
    for field in fields:
        value = _typed_value(field, _parsed_struct([field], JSON_COLUMN))
        lines.append(f"UPDATE {table} SET {identifier(field.name)} = {value}")
    return "; ".join(lines)


def create_incoming(stream: Stream) -> str:
    """Create the temporary table `incoming`, without rows, with the columns of the table of *stream*."""
    return f"CREATE OR REPLACE TEMP TABLE incoming AS FROM {identifier(stream.name)} LIMIT 0"


def stage_rows(stream: Stream) -> str:
    """Insert a list of JSON texts into `incoming`.

    The JSON is parsed once for all columns: parsing it per column takes seven times as long.
    """
    columns = ", ".join(f"{_typed_value(field, 'row')} AS {identifier(field.name)}" for field in stream.fields)
    return f"""
        INSERT INTO incoming BY NAME
        SELECT {columns}, json::JSON AS {JSON_COLUMN}, $synced_at::TIMESTAMP AS {SYNCED_COLUMN},
            NULL::TIMESTAMP AS {DELETED_COLUMN}
        FROM (
            SELECT json, {_parsed_struct(stream.fields, "json")} AS row FROM (SELECT unnest($rows::VARCHAR[]) AS json)
        )
    """


def drop_repeated(stream: Stream) -> str:
    """Keep only the last row of each key in `incoming`."""
    return f"DELETE FROM incoming WHERE rowid NOT IN (SELECT max(rowid) FROM incoming GROUP BY {_key(stream)})"


def match_rows(stream: Stream) -> str:
    """Create the temporary table `present`: the rows of `incoming` that are already stored.

    Rows are matched by key, then updated by rowid. MERGE reads every JSON in the table to compare a few rows, which
    takes 1,900 ms instead of 70.
    """
    table = identifier(stream.name)
    return f"""
        CREATE OR REPLACE TEMP TABLE present AS
        SELECT held.rowid AS place, incoming.* FROM {table} AS held JOIN incoming USING ({_key(stream)})
    """


def find_changed(stream: Stream) -> str:
    """Create the temporary table `changed`: the places of the rows in `present` whose JSON differs from the stored one.

    A stored row with its details is not replaced by one that lacks them.
    """
    return f"""
        CREATE OR REPLACE TEMP TABLE changed AS
        SELECT place FROM present JOIN {identifier(stream.name)} AS held ON held.rowid = present.place
        WHERE held.{JSON_COLUMN} <> present.{JSON_COLUMN}{_keep_details(stream)}
    """


def update_changed(stream: Stream) -> str:
    """Update the rows of `changed` to what `present` has."""
    columns = [field.name for field in stream.fields if field.name not in stream.key] + list(OWN_COLUMNS)
    new = ", ".join(f"{identifier(column)} = present.{identifier(column)}" for column in columns)
    return f"""
        UPDATE {identifier(stream.name)} AS held SET {new} FROM present
        WHERE held.rowid = present.place AND held.rowid IN (SELECT place FROM changed)
    """


def _keep_details(stream: Stream) -> str:
    """The condition that no details are lost."""
    if not any(field.name == LACKS_DETAILS for field in stream.fields):
        return ""
    mark = identifier(LACKS_DETAILS)
    return f" AND (present.{mark} IS NOT TRUE OR held.{mark} IS TRUE)"


def unmark_deleted(stream: Stream) -> str:
    """Remove the deletion mark from the rows of `present`: Opsgenie has them again."""
    return f"""
        UPDATE {identifier(stream.name)} AS held SET {DELETED_COLUMN} = NULL FROM present
        WHERE held.rowid = present.place AND held.{DELETED_COLUMN} IS NOT NULL
    """


def mark_missing(stream: Stream) -> str:
    """Mark rows that are not in `present` as deleted; `incoming` must be the complete list."""
    return f"""
        UPDATE {identifier(stream.name)} SET {DELETED_COLUMN} = $now::TIMESTAMP
        WHERE {DELETED_COLUMN} IS NULL AND rowid NOT IN (SELECT place FROM present)
    """


def mark_deleted(stream: Stream) -> str:
    """Mark the rows with the given ids as deleted."""
    return f"""
        UPDATE {identifier(stream.name)} SET {DELETED_COLUMN} = $now::TIMESTAMP
        WHERE {DELETED_COLUMN} IS NULL AND list_contains($ids::VARCHAR[], id)
    """


def restore_columns(stream: Stream) -> Iterator[str]:
    """Statements that give the columns of *stream* the values that the rows' JSON has."""
    table, fields = identifier(stream.name), stream.fields
    values = ", ".join(f"{_typed_value(field, 'row')} AS {identifier(field.name)}" for field in fields)
    yield f"""
        CREATE OR REPLACE TEMP TABLE restored AS SELECT place, {values} FROM (
            SELECT rowid AS place, {_parsed_struct(fields, JSON_COLUMN)} AS row FROM {table}
            WHERE rowid IN (SELECT place FROM ({differing_columns(stream, fields)}) WHERE differing <> [''])
        )
    """
    new = ", ".join(f"{identifier(field.name)} = restored.{identifier(field.name)}" for field in fields)
    yield f"UPDATE {table} AS held SET {new} FROM restored WHERE held.rowid = restored.place"


def differing_columns(stream: Stream, fields: Sequence[Field]) -> str:
    """Select the rows with the names of those *fields* whose columns have another value than the row's JSON."""
    row = _parsed_struct(fields, JSON_COLUMN)
    values = ((field.name, _typed_value(field, "row")) for field in fields)
    names = ", ".join(
        f"CASE WHEN {identifier(name)} IS DISTINCT FROM {value} THEN {literal(name)} END" for name, value in values
    )
    parsed = f"SELECT *, rowid AS place, {row} AS row FROM {identifier(stream.name)}"
    return f"SELECT *, string_split(concat_ws(',', {names}), ',') AS differing FROM ({parsed})"


def creation_times(stream: Stream) -> str:
    """List when the rows that are not deleted were created, in milliseconds and in order."""
    return f"""
        SELECT epoch_ms(createdAt) AS ms FROM {identifier(stream.name)}
        WHERE {DELETED_COLUMN} IS NULL AND ms IS NOT NULL ORDER BY ms
    """


def ids_created_between(stream: Stream) -> str:
    """List the ids of the rows that are not deleted and were created in a span of milliseconds."""
    return f"""
        SELECT id FROM {identifier(stream.name)}
        WHERE {DELETED_COLUMN} IS NULL AND epoch_ms(createdAt) >= $start_ms AND epoch_ms(createdAt) < $end_ms
    """


def insert_new(stream: Stream) -> str:
    """Insert the rows of `incoming` that are not stored yet."""
    table = identifier(stream.name)
    return f"INSERT INTO {table} BY NAME SELECT * FROM incoming ANTI JOIN present USING ({_key(stream)})"


def count_rows(stream: str) -> str:
    """Count the rows in the table of the stream with this name."""
    return f"SELECT count(*) FROM {identifier(stream)}"


def column_names(database: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The columns of *table*, in order."""
    return [column for column, *_ in database.execute(f"FROM {table} LIMIT 0").description or ()]


def identifier(name: str) -> str:
    """*name* as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """*text* as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _key(stream: Stream) -> str:
    return ", ".join(map(identifier, stream.key))


def _not_null(stream: Stream, field: Field) -> str:
    return " NOT NULL" if field.name in stream.key else ""


def _parsed_struct(fields: Iterable[Field], json_column: str) -> str:
    """The *fields* of a JSON text as a struct of texts, and of JSON for lists and objects."""
    structure = {field.name: "JSON" if field.kind.column == "JSON" else "VARCHAR" for field in fields}
    return f"from_json({identifier(json_column)}, {literal(json.dumps(structure))})"


def _typed_value(field: Field, row: str) -> str:
    """The value of *field* in its column's type; NULL for a value that does not fit, which stays in the row's JSON."""
    value = f"struct_extract({row}, {literal(field.name)})"
    match field.kind:
        case Kind.TIMESTAMP:
            # A cast to TIMESTAMP would drop the offset; a cast from TIMESTAMPTZ would use the session's time zone.
            timestamp = f"make_timestamp(epoch_us(TRY_CAST({value} AS TIMESTAMPTZ)))"
            return f"CASE WHEN regexp_full_match({value}, {literal(TIMESTAMP_PATTERN)}) THEN {timestamp} END"
        case Kind.TEXT | Kind.OBJECT | Kind.LIST:
            return value
        case Kind.INTEGER | Kind.WHOLE_NUMBER | Kind.NUMBER | Kind.BOOLEAN:
            return f"TRY_CAST({value} AS {field.kind.column})"
