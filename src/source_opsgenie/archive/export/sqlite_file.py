"""SQLite: one database with a table for each relation, written without an extension of DuckDB."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from source_opsgenie.archive.export.relations import Relation, Written
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.tables import identifier

FILE = "opsgenie.sqlite"
TYPES = {"BIGINT": "INTEGER", "INTEGER": "INTEGER", "BOOLEAN": "INTEGER", "DOUBLE": "REAL"}
# The file is new and is thrown away if its writing fails, so it needs no journal.
FAST = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"


def write_sqlite(rows: Rows, relations: Iterable[Relation], folder: Path) -> Iterator[Written]:
    """Write a table for each of *relations*; times are texts in UTC, as SQLite's functions read them."""
    with closing(sqlite3.connect(folder / FILE)) as target:
        target.executescript(FAST)
        for chosen in relations:
            with rows.prepare(chosen) as relation:
                columns = [f"{identifier(one.name)} {TYPES.get(one.kind, 'TEXT')}" for one in relation.columns]
                target.execute(f"CREATE TABLE {identifier(relation.name)} ({', '.join(columns)})")
                yield Written(f"{FILE}: {relation.name}", _insert(target, rows, relation))
                target.commit()


def _insert(target: sqlite3.Connection, rows: Rows, relation: Relation) -> int:
    places = ", ".join("?" * len(relation.columns))
    statement, count = f"INSERT INTO {identifier(relation.name)} VALUES ({places})", 0
    for batch in rows.fetch(relation):
        target.executemany(statement, (list(map(_plain, row)) for row in batch))
        count += len(batch)
    return count


def _plain(value: Any) -> Any:
    """*value* as SQLite stores it."""
    match value:
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
    return value
