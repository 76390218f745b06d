"""The table of another tool: find it in its file, and its columns that are the key of a stream."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from source_opsgenie.archive.compare.inputs import OTHER, Form, Inputs, did_you_mean
from source_opsgenie.archive.tables import identifier, literal
from source_opsgenie.errors import ConfigError
from source_opsgenie.streams import STREAMS, Stream

DEFAULT_STREAM = "alerts"


@dataclass(frozen=True, slots=True)
class OtherTable:
    """The table of another tool: its *relation* in SQL, its *name* for people, and its *columns*."""

    relation: str
    name: str
    columns: Sequence[str]


def choose_stream(inputs: Inputs, *, stream: str | None, table: str | None) -> Stream:
    """The stream to compare: the given one, that with the name of the table or of the file, or alerts."""
    names = (stream, (table or "").rpartition(".")[2].lower(), inputs.other.name.split(".")[0].lower())
    return STREAMS[next((name for name in names if name in STREAMS), DEFAULT_STREAM)]


def open_table(inputs: Inputs, stream: Stream, *, table: str | None) -> OtherTable:
    """The table to compare with *stream*: the one with the name *table*, or else that of *stream*, or the file itself.

    Raises ConfigError if there is none, or if the file cannot be read.
    """
    path = literal(str(inputs.other))
    match inputs.form:
        case Form.DUCKDB:
            return _find_table(inputs, stream, table=table)
        case Form.PARQUET:
            relation = f"read_parquet({path})"
        case _:
            compression = "gzip" if inputs.form is Form.GZIP else "none"
            relation = f"read_csv({path}, header = true, all_varchar = true, compression = '{compression}')"
    if table:
        raise ConfigError(f"{inputs.other} is {inputs.form.value}, and has no tables. Omit --table.")
    return OtherTable(relation, inputs.other.name, _read_columns(inputs, relation))


def _find_table(inputs: Inputs, stream: Stream, *, table: str | None) -> OtherTable:
    """The table or view with the name *table*, or else that of *stream*, in the other DuckDB file."""
    found = inputs.database.execute(
        f"""
        SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = '{OTHER}' AND NOT internal UNION ALL
        SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = '{OTHER}' AND NOT internal ORDER BY ALL
        """
    ).fetchall()
    wanted = (table or stream.name).lower()
    chosen = [(schema, name) for schema, name in found if wanted in {name.lower(), f"{schema}.{name}".lower()}]
    listed = [name if schema == "main" else f"{schema}.{name}" for schema, name in found]
    if not chosen:
        hint = did_you_mean(wanted, listed)
        raise ConfigError(
            f"{inputs.other} has no table {wanted}.{hint} Name one with --table: {', '.join(listed) or 'it has none'}."
        )
    if len(chosen) > 1:
        names = " or ".join(f"{schema}.{name}" for schema, name in chosen)
        raise ConfigError(f"{inputs.other} has several tables {wanted}. Name one with --table: {names}.")
    ((schema, name),) = chosen
    relation = f"{OTHER}.{identifier(schema)}.{identifier(name)}"
    return OtherTable(relation, name if schema == "main" else f"{schema}.{name}", _read_columns(inputs, relation))


def _read_columns(inputs: Inputs, relation: str) -> list[str]:
    try:
        return [str(row[0]) for row in inputs.database.execute(f"DESCRIBE FROM {relation}").fetchall()]
    except duckdb.Error as error:
        raise unreadable(inputs, error) from error


def unreadable(inputs: Inputs, error: duckdb.Error) -> ConfigError:
    """What to do about a file that DuckDB could not read."""
    first = str(error).splitlines()[0]
    return ConfigError(
        f"{inputs.other} cannot be read as {inputs.form.value}. Export the table again, as CSV in UTF-8 or as Parquet. "
        f"(DuckDB: {first})"
    )


def match_key(stream: Stream, other: OtherTable, *, key_column: str | None) -> dict[str, str]:
    """The columns of *other* by the columns of the key of *stream*: equal but for case and underscores.

    The given *key_column* is that of the first column of the key that has none. Raises ConfigError if none is found.
    """
    by_name = {plain(name): name for name in reversed(other.columns)}
    matched = {name: by_name[plain(name)] for name in stream.key if plain(name) in by_name}
    listed = f"Its columns: {', '.join(other.columns)}."
    if key_column:
        given = next((name for name in other.columns if name.lower() == key_column.lower()), None)
        if given is None:
            hint = did_you_mean(key_column, other.columns)
            raise ConfigError(f"{other.name} has no column {key_column}.{hint} {listed}")
        matched[next((name for name in stream.key if name not in matched), stream.key[0])] = given
    if not matched:
        raise ConfigError(
            f"{other.name} has no column {' or '.join(stream.key)} to compare with {stream.name}. "
            f"Name the column with --id, or another stream with --stream. {listed}"
        )
    return {name: matched[name] for name in stream.key if name in matched}


def plain(name: str) -> str:
    """The *name* of a column without what other tools change in it: case and underscores."""
    return name.lower().replace("_", "")
