"""What is exported: the views and tables of an archive, with their columns."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import duckdb

from source_opsgenie.archive import views
from source_opsgenie.archive.tables import identifier
from source_opsgenie.errors import ConfigError
from source_opsgenie.streams import STREAMS

ALL = "all"
BATCH_ROWS = 2_000
TEXTS = {"VARCHAR", "JSON"}
# Views that join a second large table by an id, and that table; from this number of rows on, in parts.
PARTED = {"alert_facts": ("alert_id", "alert_details")}
LARGE_ROWS = 100_000
DIGITS = "123456789abcdef"


@dataclass(frozen=True, slots=True)
class Column:
    """A column, with its DuckDB type."""

    name: str
    kind: str

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, or JSON."""
        return self.kind in TEXTS


@dataclass(frozen=True, slots=True)
class Relation:
    """The rows of *query* under a name, and what they are.

    A view that joins two large tables is computed in parts, one for each of *conditions*, to bound its memory.
    """

    name: str
    description: str
    query: str
    columns: tuple[Column, ...]
    conditions: tuple[str, ...] = ()

    @property
    def select(self) -> str:
        """The query as a SELECT statement, to which conditions can be added."""
        return f"SELECT * FROM ({self.query})"

    def divided(self, conditions: tuple[str, ...]) -> "Relation":
        """The same rows, computed in parts."""
        return replace(self, conditions=conditions)


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, by its name in the folder, and the number of rows in it."""

    file: str
    rows: int


def choose(view_names: Sequence[str], table_names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of the views and tables to export; `all` stands for each of them, and nothing for all views."""
    known_views = [view.name for view in views.all_views() if view.is_table]
    chosen_views = view_names if view_names or table_names else (ALL,)
    return _names(chosen_views, known_views, what="view"), _names(table_names, list(STREAMS), what="table")


def _names(chosen: Sequence[str], known: list[str], *, what: str) -> list[str]:
    for name in chosen:
        if name not in {*known, ALL}:
            similar = " or ".join(difflib.get_close_matches(name, known, n=3))
            hint = f" Did you mean {similar}?" if similar else ""
            raise ConfigError(f"There is no {what} {name!r}.{hint} Choose from {ALL}, {', '.join(known)}.")
    return known if ALL in chosen else list(chosen)


@contextmanager
def computed(database: duckdb.DuckDBPyConnection, source: Relation) -> Iterator[Relation]:
    """Yield *source*, first computed into a temporary table if it is computed in parts."""
    if not source.conditions:
        yield source
        return
    database.execute(f"CREATE OR REPLACE TEMP TABLE computed AS {source.select} LIMIT 0")
    for condition in source.conditions:
        database.execute(f"INSERT INTO temp.computed {source.select} WHERE {condition}")
    yield replace(source, query="FROM temp.computed", conditions=())
    database.execute("DROP TABLE temp.computed")


def parts(database: duckdb.DuckDBPyConnection, name: str, *, at_least: int = LARGE_ROWS) -> tuple[str, ...]:
    """Conditions that divide the rows of the view *name* by the first digit of their id, if it joins large tables."""
    column, table = PARTED.get(name, ("", ""))
    if not table or database.execute(f"SELECT count(*) FROM main.{table}").fetchall()[0][0] < at_least:
        return ()
    between = [f"{column} >= '{low}' AND {column} < '{high}'" for low, high in pairwise(DIGITS)]
    return (f"{column} < '{DIGITS[0]}'", *between, f"{column} >= '{DIGITS[-1]}'")


def find_relations(
    database: duckdb.DuckDBPyConnection, *, view_names: Iterable[str], table_names: Iterable[str]
) -> Iterator[Relation]:
    """The chosen views and tables, in the order in which the archive lists them."""
    chosen_views, chosen_tables = set(view_names), set(table_names)
    for view in views.all_views():
        if view.is_table and view.name in chosen_views:
            found = relation(database, view.name, f"FROM {views.SCHEMA}.{view.name}", view.description)
            yield found.divided(parts(database, view.name))
    for stream in STREAMS.values():
        if stream.name in chosen_tables:
            yield relation(database, stream.name, f"FROM main.{identifier(stream.name)}", stream.description)


def relation(database: duckdb.DuckDBPyConnection, name: str, query: str, description: str = "") -> Relation:
    """The rows of *query*, with their columns."""
    columns = [Column(row[0], row[1]) for row in database.execute(f"DESCRIBE {query}").fetchall()]
    return Relation(name, description, query, tuple(columns))


def fetch_batches(database: duckdb.DuckDBPyConnection, source: Relation) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of *source* as Python values, some at a time: JSON and any other nested value as text."""
    # A time with a zone would need a library; no view and no table has one.
    result = database.execute(f"SELECT {', '.join(map(_plain, source.columns))} FROM ({source.query})")
    while batch := result.fetchmany(BATCH_ROWS):
        yield batch


def _plain(column: Column) -> str:
    name = identifier(column.name)
    return f"{name}::VARCHAR AS {name}" if column.kind == "JSON" or column.kind.endswith("]") else name
