"""`opsgenie-archive sql`: run a query on an archive, and print its rows as a table, CSV or JSON."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import duckdb
import orjson
from rich.console import Console
from rich.table import Table

from source_opsgenie.archive import views
from source_opsgenie.archive.offline import open_archive
from source_opsgenie.archive.tables import identifier
from source_opsgenie.errors import ConfigError

Row = tuple[Any, ...]
# The rows that a table shows: more of them are read by programs.
MAX_TABLE_ROWS = 1_000
BATCH_ROWS = 1_000
# A table that is not shown at a terminal has no width to keep to.
WIDEST = 100_000
ZONED = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class Result:
    """The names and types of the columns of a result, and its rows."""

    names: Sequence[str]
    types: Sequence[str]
    rows: Iterator[Row]


def run_query(path: Path, query: str, *, output: str) -> None:
    """Run *query* on the archive at *path*, and print its rows in the format *output*."""
    with open_archive(path, notify=say) as database:
        OUTPUTS[output](_execute(database, query))


def list_views(path: Path, *, output: str) -> None:
    """Print every view of the archive at *path*, and every macro that returns rows, with its description."""
    with open_archive(path, notify=say):
        pass
    rows = [(f"{view.name}{view.arguments}", view.topic, view.description) for view in views.all_views()]
    listed = [row for row, view in zip(rows, views.all_views(), strict=True) if view.is_listed]
    OUTPUTS[output](Result(("view", "topic", "description"), ("VARCHAR",) * 3, iter(listed)))


def say(text: str) -> None:
    """Print *text* on stderr, next to rows that another program reads."""
    click.echo(text, err=True)


def _execute(database: duckdb.DuckDBPyConnection, query: str) -> Result:
    try:
        result = database.execute(query)
        columns = [(column[0], str(column[1])) for column in result.description or ()]
        if any(kind == ZONED for _, kind in columns):
            # As texts: Python's values of this type need a library that is not installed.
            casts = [f"{identifier(name)}::VARCHAR AS {identifier(name)}" for name, kind in columns if kind == ZONED]
            result = database.execute(f"SELECT * REPLACE ({', '.join(casts)}) FROM ({query.rstrip().rstrip(';')})")
    except duckdb.Error as error:
        raise ConfigError(f"The query failed: {error}") from error
    names, types = [name for name, _ in columns], [kind for _, kind in columns]
    return Result(names, types, _fetch(result) if columns else iter(()))


def _fetch(result: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    while batch := result.fetchmany(BATCH_ROWS):
        yield from batch


def _print_table(result: Result) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in result.names:
        table.add_column(name, overflow="fold")
    for number, row in enumerate(result.rows):
        if number == MAX_TABLE_ROWS:
            say(f"Only the first {MAX_TABLE_ROWS:,} rows are shown. Use --format csv for all.")
            break
        table.add_row(*("" if value is None else str(value) for value in row))
    print_table(table)


def print_table(table: Table) -> None:
    """Print *table*, folded to the width of the terminal, and not at all without one."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDEST
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _print_csv(result: Result) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.names)
    writer.writerows(result.rows)


def _print_json(result: Result) -> None:
    """Print an array with a line for each row; JSON columns are part of it, not texts in it."""
    separator = "["
    for row in result.rows:
        fields = dict(zip(result.names, map(_plain, row, result.types), strict=True))
        click.echo(f"{separator}\n{orjson.dumps(fields, default=str).decode()}", nl=False)
        separator = ","
    click.echo("[]" if separator == "[" else "\n]")


def _plain(value: Any, kind: str) -> Any:
    return orjson.loads(value) if kind == "JSON" and value is not None else value


OUTPUTS: dict[str, Callable[[Result], None]] = {"table": _print_table, "csv": _print_csv, "json": _print_json}
