"""CSV, JSON Lines and Parquet: one file for each relation, written by DuckDB itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from source_opsgenie.archive.export.relations import Column, Relation, Written
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.tables import identifier, literal

# Excel reads a CSV file as UTF-8 only if it starts with this character.
BYTE_ORDER_MARK = "\ufeff"
CSV = "FORMAT csv, HEADER"
# Groups of the usual 122,880 rows would take more memory than all else.
PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480"
# A spreadsheet runs a text that starts with one of these as a formula (CSV injection).
FORMULA = r"^[=+\-@\t\r]"


def write_csv(rows: Rows, relations: Iterable[Relation], folder: Path) -> Iterator[Written]:
    """Write CSV files that Excel opens: UTF-8 with a byte order mark, and no text that runs as a formula."""
    for chosen in relations:
        with rows.prepare(chosen) as relation:
            names = marked([column.name for column in relation.columns])
            values = zip(map(_harmless, relation.columns), names, strict=True)
            selected = ", ".join(f"{value} AS {identifier(name)}" for value, name in values)
            query = f"SELECT {selected} FROM ({relation.query})"
            yield copy_rows(rows.database, query, folder / f"{relation.name}.csv", options=CSV)


def write_jsonl(rows: Rows, relations: Iterable[Relation], folder: Path) -> Iterator[Written]:
    """Write a JSON object per line; JSON columns are part of it, not texts in it."""
    for chosen in relations:
        with rows.prepare(chosen) as relation:
            yield copy_rows(rows.database, relation.select, folder / f"{relation.name}.jsonl", options="FORMAT json")


def write_parquet(rows: Rows, relations: Iterable[Relation], folder: Path) -> Iterator[Written]:
    """Write Parquet files with the types of the archive."""
    for chosen in relations:
        with rows.prepare(chosen) as relation:
            yield copy_rows(rows.database, relation.select, folder / f"{relation.name}.parquet", options=PARQUET)


def copy_rows(database: duckdb.DuckDBPyConnection, query: str, path: Path, *, options: str) -> Written:
    """Write the rows of *query* to the file at *path*."""
    ((rows,),) = database.execute(f"COPY ({query}) TO {literal(str(path))} ({options})").fetchall()
    return Written(path.name, rows)


def marked(names: list[str]) -> list[str]:
    """The *names* of a header that starts with a byte order mark."""
    return [f"{BYTE_ORDER_MARK}{names[0]}", *names[1:]]


def _harmless(column: Column) -> str:
    """The value of *column*; an apostrophe before a text keeps a spreadsheet from running it."""
    name = identifier(column.name)
    if not column.is_text:
        return name
    text = f"{name}::VARCHAR"
    return f"CASE WHEN regexp_matches({text}, {literal(FORMULA)}) THEN '''' || {text} ELSE {text} END"
