"""What an export holds, next to what the archive holds: the rows of each view and table in each format."""

import csv
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from source_opsgenie.streams import STREAMS
from tests.support.answers import Answers, Compared, Row
from tests.support.attached import open_to_read
from tests.support.spreadsheets import read_workbook, to_datetime

TIMES = {"TIMESTAMP": datetime, "DATE": date}


def relation(name: str) -> str:
    """The view or table *name* in SQL."""
    return f"FROM {name}" if name in STREAMS else f"FROM report.{name}"


def csv_files(answers: Answers, folder: Path, names: Sequence[str]) -> Iterator[Compared]:
    """Each file starts with a byte order mark and has the rows of its view or table."""
    for name in names:
        text = (folder / f"{name}.csv").read_bytes()
        rows = csv.reader(text.decode("utf-8-sig").splitlines(keepends=True))
        next(rows)
        with open_to_read(answers.path) as database:
            stored = database.execute(f"SELECT COLUMNS(*)::VARCHAR {relation(name)}").fetchall()

        yield Compared(name, b"\xef\xbb\xbf", text[:3])
        yield Compared(name, sorted(tuple(value or "" for value in row) for row in stored), sorted(map(harmless, rows)))


def harmless(row: list[str]) -> tuple[str, ...]:
    """The *row* without the apostrophes that keep a spreadsheet from running texts."""
    return tuple(value[1:] if value[:1] == "'" and value[1:2] in tuple("=+-@\t\r") else value for value in row)


def json_lines(answers: Answers, folder: Path, names: Sequence[str]) -> Iterator[Compared]:
    """Each line is a row, in which JSON columns are objects and times are texts."""
    for name in names:
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        with open_to_read(answers.path) as database:
            described = database.execute(f"DESCRIBE {relation(name)}").fetchall()
        kinds = {column: kind for column, kind, *_ in described}
        stored = [
            {column: parsed(value) if kinds[column] == "JSON" else value for column, value in row.items()}
            for row in answers.rows(relation(name))
        ]

        yield Compared(name, as_texts(stored), as_texts([timed(row, kinds) for row in rows]))


def parsed(text: str | None) -> Any:
    """The value of a JSON column."""
    return text if text is None else json.loads(text)


def timed(row: Row, kinds: dict[str, str]) -> Row:
    """The *row* with its texts as dates and times, by the *kinds* of its columns."""
    types = {name: TIMES.get(kinds[name]) for name in row}
    return {name: kind.fromisoformat(row[name]) if (kind := types[name]) and row[name] else row[name] for name in row}


def as_texts(rows: Sequence[Any]) -> list[str]:
    """The *rows* as texts, in order: lists of these can be compared whatever their types."""
    return sorted(map(str, rows))


def parquet_files(answers: Answers, folder: Path, names: Sequence[str]) -> Iterator[Compared]:
    """Each file has the rows of its view or table, with their types."""
    for name in names:
        with duckdb.connect() as database:
            rows = database.execute(f"FROM '{folder / name}.parquet'").fetchall()

        yield Compared(name, as_texts(archived(answers, name)), as_texts(rows))


def sqlite_tables(answers: Answers, folder: Path, names: Sequence[str]) -> Iterator[Compared]:
    """The database has a table for each view and table, with times as texts."""
    with closing(sqlite3.connect(folder / "opsgenie.sqlite")) as database:
        for name in names:
            rows = database.execute(f'SELECT * FROM "{name}"').fetchall()
            stored = [tuple(map(in_sqlite, row)) for row in archived(answers, name)]

            yield Compared(name, as_texts(stored), as_texts(rows))


def in_sqlite(value: Any) -> Any:
    """A value as SQLite stores it."""
    if isinstance(value, bool):
        return int(value)
    return str(value) if isinstance(value, date) else value


def archived(answers: Answers, name: str) -> list[tuple[Any, ...]]:
    """The rows of a view or table in the archive."""
    return [tuple(row.values()) for row in answers.rows(relation(name))]


def sheets(answers: Answers, folder: Path, names: Sequence[str]) -> Iterator[Compared]:
    """The workbook lists its sheets, and each has typed cells, a frozen header and a filter."""
    found = read_workbook(folder / "opsgenie.xlsx")
    contents = found.pop("contents")

    yield Compared("contents", list(names), list(found))
    yield Compared("contents", list(names), [row["sheet"] for row in contents.rows])
    for name, sheet in found.items():
        stored = answers.rows(relation(name))
        times = {column for row in stored for column, value in row.items() if isinstance(value, date)}

        yield Compared(name, (True, False, "A1:"), (sheet.is_frozen, sheet.has_formulas, sheet.filtered[:3]))
        yield Compared(
            name,
            as_texts([[shown(value) for value in row.values()] for row in stored]),
            as_texts([from_excel(row, times) for row in sheet.rows]),
        )


def shown(value: Any) -> Any:
    """A value as a spreadsheet can hold it: times to the millisecond, dates as times, numbers as floats."""
    if isinstance(value, datetime):
        return to_datetime((value - datetime(1899, 12, 30)).total_seconds() / 86_400)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, bool):
        return value
    return float(value) if isinstance(value, int | float) else (value or None)


def from_excel(row: Row, times: set[str]) -> list[Any]:
    """The cells of *row*, with the columns *times* as times."""
    return [to_datetime(cell) if name in times and cell is not None else shown(cell) for name, cell in row.items()]


FORMATS = {
    "csv": csv_files,
    "jsonl": json_lines,
    "parquet": parquet_files,
    "sqlite": sqlite_tables,
    "xlsx": sheets,
}
