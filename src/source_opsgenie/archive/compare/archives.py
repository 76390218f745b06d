"""What was added, changed and deleted between two archives of one account."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import orjson

from source_opsgenie.archive import views
from source_opsgenie.archive.compare.inputs import FILE, OTHER, Inputs
from source_opsgenie.archive.configuration import VOLATILE, changed_fields, key_text
from source_opsgenie.archive.records import scope_name
from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, identifier, literal
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS, Stream

# What format 1 called the mark of deleted rows.
DELETED_COLUMNS = (DELETED_COLUMN, "_gone_at")
# The times that rows are counted by, in the order of preference.
TIMES = ("createdAt", "startDate")
BATCH_ROWS = 1_000
WORDS = ("added", "changed", "deleted")
NAME_MACRO = "configuration_name"


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the configuration that was *added*, *changed* or *deleted*, with the changed *fields*: old and new."""

    stream: str
    parent: str | None
    name: str
    key: str
    what: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Month:
    """How many rows of a stream that are from this *month* differ; the month is None for rows without a time."""

    stream: str
    month: str | None
    added: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two archives, when each was last synced, and why other streams were *not_compared*."""

    synced_at: tuple[datetime | None, datetime | None]
    configuration: tuple[Change, ...]
    rows: tuple[Month, ...]
    not_compared: Mapping[str, str]

    @property
    def total(self) -> dict[str, int]:
        """How many rows were added, changed and deleted, of the configuration and of everything else."""
        totals = {word: sum(getattr(row, word) for row in self.rows) for word in WORDS}
        for change in self.configuration:
            totals[change.what] += 1
        return totals


@dataclass(frozen=True, slots=True)
class Side:
    """One of the archives: its name in the database, the columns of its tables, and the scopes of what it has read."""

    name: str
    columns: Mapping[str, frozenset[str]]
    scopes: Mapping[str, str]
    synced_at: datetime | None

    def rows(self, stream: Stream) -> str:
        """Select the rows of *stream* that are not deleted, by key, with a digest of their JSON."""
        columns = self.columns[stream.name]
        deleted = next(identifier(name) for name in DELETED_COLUMNS if name in columns)
        time = next((identifier(name) for name in TIMES if name in columns), "NULL::TIMESTAMP")
        keys = ", ".join(map(identifier, stream.key))
        return f"""
            SELECT rowid AS place, {keys}, hash({JSON_COLUMN}) AS digest, date_trunc('month', {time})::DATE AS month
            FROM {self.table(stream)} WHERE {deleted} IS NULL
        """

    def table(self, stream: Stream) -> str:
        """The name of the table of *stream*."""
        return f"{self.name}.main.{identifier(stream.name)}"

    def why_not(self, stream: Stream) -> str:
        """Why the rows of *stream* cannot be compared; empty if they can."""
        if stream.name not in self.scopes:
            return "has never read it"
        columns = self.columns.get(stream.name, frozenset())
        return "" if {*stream.key, JSON_COLUMN} <= columns else "has it in the form of an older version"


def compare_archives(inputs: Inputs, streams: Iterable[Stream]) -> Difference:
    """Compare the rows of *streams* in two archives, the configuration first.

    Raises ArchiveError if none of them can be compared.
    """
    database, configuration, rows = inputs.database, list[Change](), list[Month]()
    before, after = _read_side(database, FILE), _read_side(database, OTHER)
    not_compared: dict[str, str] = {}
    is_compared = False
    database.execute(_create_name_macro())
    for stream in sorted(streams, key=lambda stream: stream.name not in VOLATILE):
        if stream.name not in {*before.scopes, *after.scopes}:
            continue
        if reason := _why_not(inputs, stream, before, after):
            not_compared[stream.name] = reason
            continue
        is_compared = True
        database.execute(_find_difference(stream, before, after))
        if stream.name in VOLATILE:
            configuration += _read_changes(database, stream, before, after)
        else:
            rows += _read_months(database, stream)
    if not is_compared:
        reason = next(iter(not_compared.values()), "neither archive has read it")
        raise ArchiveError(f"There is no stream to compare: {reason}. Sync both archives with the same options.")
    return Difference((before.synced_at, after.synced_at), tuple(configuration), tuple(rows), not_compared)


def _read_side(database: duckdb.DuckDBPyConnection, name: str) -> Side:
    columns = database.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = 'main' GROUP BY table_name",
        [name],
    ).fetchall()
    states = database.execute(f"SELECT stream, state FROM {name}._archive.streams").fetchall()
    ((synced_at,),) = database.execute(f"SELECT max(synced_at) FROM {name}._archive.streams").fetchall()
    scopes = {stream: scope_name(state) if state else "" for stream, state in states}
    return Side(name, {table: frozenset(names) for table, names in columns}, scopes, synced_at)


def _why_not(inputs: Inputs, stream: Stream, before: Side, after: Side) -> str:
    """Why the rows of *stream* cannot be compared; empty if they can."""
    for side, path in ((before, inputs.path), (after, inputs.other)):
        if reason := side.why_not(stream):
            return f"{path} {reason}"
    if before.scopes[stream.name] != after.scopes[stream.name]:
        held = [f"{side.scopes[stream.name] or 'everything'}" for side in (before, after)]
        return f"{inputs.path} has read {held[0]}, and {inputs.other} {held[1]}"
    return ""


def _create_name_macro() -> str:
    """Create the macro that names a row of the configuration, which older archives lack."""
    (view,) = (view for view in views.all_views() if view.name == NAME_MACRO)
    return view.statement.replace(f"MACRO {views.SCHEMA}.", "OR REPLACE TEMP MACRO ", 1)


def _find_difference(stream: Stream, before: Side, after: Side) -> str:
    """Create the temporary table `difference`: the place of each row that differs in either archive."""
    keys = ", ".join(map(identifier, stream.key))
    return f"""
        CREATE OR REPLACE TEMP TABLE difference AS
        SELECT
            before.place AS before, after.place AS after, coalesce(after.month, before.month) AS month,
            CASE WHEN before.place IS NULL THEN 'added' WHEN after.place IS NULL THEN 'deleted' ELSE 'changed' END
                AS what
        FROM ({before.rows(stream)}) AS before FULL JOIN ({after.rows(stream)}) AS after USING ({keys})
        WHERE before.place IS NULL OR after.place IS NULL OR before.digest <> after.digest
    """


def _read_months(database: duckdb.DuckDBPyConnection, stream: Stream) -> Iterator[Month]:
    counts = ", ".join(f"count(*) FILTER (what = '{what}')" for what in WORDS)
    found = f"SELECT strftime(month, '%Y-%m'), {counts} FROM difference GROUP BY month ORDER BY month NULLS LAST"
    for month, *numbers in database.execute(found).fetchall():
        yield Month(stream.name, month, *numbers)


def _read_changes(database: duckdb.DuckDBPyConnection, stream: Stream, before: Side, after: Side) -> Iterator[Change]:
    """The rows of the configuration that differ, but for those of which only fields that change by themselves do."""
    fields = changed_fields(stream, f"old.{JSON_COLUMN}", f"new.{JSON_COLUMN}")
    result = database.execute(f"""
        SELECT {_select_parent(stream, before, after)} AS parent, configuration_name(record) AS name, key, what, fields,
            old_json, new_json
        FROM (
            SELECT
                what, coalesce(new.{JSON_COLUMN}, old.{JSON_COLUMN}) AS record,
                coalesce(nullif({key_text(stream, "new")}, ''), {key_text(stream, "old")}) AS key,
                old.{JSON_COLUMN} AS old_json, new.{JSON_COLUMN} AS new_json,
                CASE WHEN what = 'changed' THEN {fields} ELSE [] END AS fields
            FROM difference
            LEFT JOIN {before.table(stream)} AS old ON old.rowid = difference.before
            LEFT JOIN {after.table(stream)} AS new ON new.rowid = difference.after
        ) AS found
        WHERE what <> 'changed' OR len(fields) > 0 ORDER BY parent, name, key
    """)
    while batch := result.fetchmany(BATCH_ROWS):
        for parent, name, key, what, names, *texts in batch:
            old, new = (orjson.loads(text) if text else {} for text in texts)
            changed = {one: (old.get(one), new.get(one)) for one in names}
            yield Change(stream.name, parent, name or parent or key, key, what, changed)


def _select_parent(stream: Stream, before: Side, after: Side) -> str:
    """The name of the parent of a row, in SQL: that in the later archive, or in the earlier one."""
    if not stream.parent:
        return "NULL"
    above = STREAMS[stream.parent.stream]
    same = " AND ".join(
        f"above.{identifier(own)} = (record ->> {literal(f'$.{child}')})" for child, own in stream.parent.ids.items()
    )
    names = [
        f"(SELECT any_value(configuration_name(above.{JSON_COLUMN})) FROM {side.table(above)} AS above WHERE {same})"
        for side in (after, before)
        if above.name in side.columns
    ]
    return f"coalesce({', '.join([*names, 'NULL'])})"
