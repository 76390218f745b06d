"""SQL made from a Stream: its table, and the way of its rows from JSON into typed columns.

A table has no PRIMARY KEY: with 2,000,000 rows of alert_logs its index made the file 191 MB instead of 55, and
the writing of 5,000 rows 500 ms instead of 50. A key is unique because nobody writes but `Store`, and it by key.
Names are quoted and texts escaped here; what the API sent is only ever a parameter.
"""

import json
from collections.abc import Iterable

from source_opsgenie.streams import Field, Kind, Stream

JSON_COLUMN = "_json"
SYNCED_COLUMN = "_synced_at"
GONE_COLUMN = "_gone_at"
OWN_COLUMNS = {
    JSON_COLUMN: ("JSON NOT NULL", "The row as the API sent it, whole: also what no column is made for."),
    SYNCED_COLUMN: ("TIMESTAMP NOT NULL", "When this version of the row was stored, in UTC."),
    GONE_COLUMN: ("TIMESTAMP", "When a sync found that Opsgenie has the row no longer; NULL while it has."),
}
# DuckDB reads 0 to 9 digits and any offset by itself; it also reads `epoch`, which is no moment of an API.
MOMENT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)"


def create(stream: Stream) -> str:
    """Make the table of *stream*."""
    columns = [f"{_name(one.name)} {one.kind.column}{_not_null(stream, one)}" for one in stream.fields]
    columns += [f"{_name(name)} {kind}" for name, (kind, _) in OWN_COLUMNS.items()]
    return f"CREATE TABLE {_name(stream.name)} ({', '.join(columns)})"


def comment(stream: Stream) -> str:
    """Say what the table and each of its columns mean, in the words of the stream."""
    said = [(one.name, one.description) for one in stream.fields]
    said += [(name, meaning) for name, (_, meaning) in OWN_COLUMNS.items()]
    about = f"{stream.description} One row for each {' and '.join(stream.key)}."
    lines = [f"COMMENT ON TABLE {_name(stream.name)} IS {_text(about)}"]
    lines += [f"COMMENT ON COLUMN {_name(stream.name)}.{_name(column)} IS {_text(meaning)}" for column, meaning in said]
    return "; ".join(lines)


def add(stream: Stream, fields: Iterable[Field]) -> str:
    """Add columns for *fields*, which an older version did not know, with what the rows' JSON says of them."""
    table = _name(stream.name)
    lines = [f"ALTER TABLE {table} ADD COLUMN {_name(one.name)} {one.kind.column}" for one in fields]
    lines += [f"UPDATE {table} SET {_name(one.name)} = {_typed(one, _parsed([one], JSON_COLUMN))}" for one in fields]
    return "; ".join(lines)


def stage(stream: Stream) -> str:
    """Lay a list of JSON texts out in columns, as `incoming`; of rows with the same key only the last.

    The JSON is parsed once for all columns: column by column, it takes seven times as long.
    """
    columns = ", ".join(f"{_typed(one, 'row')} AS {_name(one.name)}" for one in stream.fields)
    return f"""
        CREATE OR REPLACE TEMP TABLE incoming AS
        SELECT {columns}, json::JSON AS {JSON_COLUMN}, $synced_at::TIMESTAMP AS {SYNCED_COLUMN},
            NULL::TIMESTAMP AS {GONE_COLUMN}
        FROM (
            SELECT json, position, {_parsed(stream.fields, "json")} AS row
            FROM (SELECT unnest($rows::VARCHAR[]) AS json, unnest(range(len($rows::VARCHAR[]))) AS position)
        )
        QUALIFY row_number() OVER (PARTITION BY {_key(stream)} ORDER BY position DESC) = 1
    """


def match(stream: Stream) -> str:
    """Find the rows of `incoming` that are in the table already, as `present`.

    By key alone, and then by rowid: MERGE reads every JSON in the table to compare a few: 1,900 ms instead of 70.
    """
    return f"""
        CREATE OR REPLACE TEMP TABLE present AS
        SELECT held.rowid AS place, incoming.* FROM {_name(stream.name)} AS held JOIN incoming USING ({_key(stream)})
    """


def update(stream: Stream) -> str:
    """Write the rows of `present` whose JSON differs from what is held."""
    columns = [one.name for one in stream.fields if one.name not in stream.key] + list(OWN_COLUMNS)
    new = ", ".join(f"{_name(column)} = present.{_name(column)}" for column in columns)
    return f"""
        UPDATE {_name(stream.name)} AS held SET {new} FROM present
        WHERE held.rowid = present.place AND held.{JSON_COLUMN} <> present.{JSON_COLUMN}
    """


def bring_back(stream: Stream) -> str:
    """Take back that a row is gone, for those of `present` that are there again as they were."""
    return f"""
        UPDATE {_name(stream.name)} AS held SET {GONE_COLUMN} = NULL FROM present
        WHERE held.rowid = present.place AND held.{GONE_COLUMN} IS NOT NULL
    """


def mark_missing(stream: Stream) -> str:
    """Mark as gone what is not in `incoming`, which must be the whole of a list."""
    return f"""
        UPDATE {_name(stream.name)} SET {GONE_COLUMN} = $now::TIMESTAMP
        WHERE {GONE_COLUMN} IS NULL AND rowid NOT IN (SELECT place FROM present)
    """


def mark(stream: Stream) -> str:
    """Mark as gone the rows with the ids that are given."""
    return f"""
        UPDATE {_name(stream.name)} SET {GONE_COLUMN} = $now::TIMESTAMP
        WHERE {GONE_COLUMN} IS NULL AND list_contains($ids::VARCHAR[], id)
    """


def moments(stream: Stream) -> str:
    """When the rows that are there were created, in milliseconds and in order."""
    table = _name(stream.name)
    return f"SELECT epoch_ms(createdAt) AS ms FROM {table} WHERE {GONE_COLUMN} IS NULL AND ms IS NOT NULL ORDER BY ms"


def ids_between(stream: Stream) -> str:
    """The ids of the rows that are there and were created in a span of milliseconds."""
    return f"""
        SELECT id FROM {_name(stream.name)}
        WHERE {GONE_COLUMN} IS NULL AND epoch_ms(createdAt) >= $start AND epoch_ms(createdAt) < $until
    """


def insert(stream: Stream) -> str:
    """Write the rows of `incoming` that are not in the table."""
    return f"INSERT INTO {_name(stream.name)} BY NAME SELECT * FROM incoming ANTI JOIN present USING ({_key(stream)})"


def count(stream: str) -> str:
    """Count the rows in the table of the stream that is called so."""
    return f"SELECT count(*) FROM {_name(stream)}"


def _parsed(fields: Iterable[Field], json_column: str) -> str:
    """The fields of a JSON text as a struct: texts, which are looked at one by one, and JSON."""
    structure = {one.name: "JSON" if one.kind.column == "JSON" else "VARCHAR" for one in fields}
    return f"from_json({_name(json_column)}, {_text(json.dumps(structure))})"


def _typed(field: Field, row: str) -> str:
    """The value of *field* in its column's type; NULL for what is none, which the row's JSON still holds."""
    value = f"struct_extract({row}, {_text(field.name)})"
    match field.kind:
        case Kind.TIMESTAMP:
            # A cast to TIMESTAMP would drop the offset, and one from TIMESTAMPTZ would ask for the session's zone.
            moment = f"make_timestamp(epoch_us(TRY_CAST({value} AS TIMESTAMPTZ)))"
            return f"CASE WHEN regexp_full_match({value}, {_text(MOMENT)}) THEN {moment} END"
        case Kind.TEXT | Kind.OBJECT | Kind.LIST:
            return value
        case Kind.WHOLE_NUMBER | Kind.NUMBER | Kind.FLAG:
            return f"TRY_CAST({value} AS {field.kind.column})"


def _not_null(stream: Stream, field: Field) -> str:
    return " NOT NULL" if field.name in stream.key else ""


def _key(stream: Stream) -> str:
    return ", ".join(map(_name, stream.key))


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
