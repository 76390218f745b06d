"""What a comparison prints: lines with a symbol and a word, or JSON with everything."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any

import click
import orjson
from rich.table import Table

from source_opsgenie.archive.compare.archives import Change, Difference
from source_opsgenie.archive.compare.inputs import Inputs
from source_opsgenie.archive.compare.other_table import WORDS, TableDifference, read_keys
from source_opsgenie.archive.query import print_table

SYMBOLS = {"added": "+ added", "changed": "~ changed", "deleted": "- deleted"}
# Longer values are cut in the lines, not in JSON.
LONGEST_VALUE = 160
BEFORE_DIFFERENCE = 40
FIRST_KEYS = 3
NO_MONTH = "no time"
JSON_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def print_archives(inputs: Inputs, difference: Difference) -> None:
    """Print what differs between two archives."""
    before, after = difference.synced_at
    click.echo(f"From {inputs.path} ({_synced(before)}) to {inputs.other} ({_synced(after)}):")
    for change in difference.configuration:
        for line in _change_lines(change):
            click.echo(line)
    if difference.rows:
        click.echo()
        rows = [(row.stream, row.month or NO_MONTH, row.added, row.changed, row.deleted) for row in difference.rows]
        _print_numbers(("stream", "month", *SYMBOLS.values()), rows)
    for stream, reason in difference.not_compared.items():
        click.echo(f"? not compared {stream}: {reason}.")
    click.echo(_describe_total(difference))
    if before and after and before > after:
        click.echo(f"{inputs.path} is the newer one: name it last to see what happened in order.")
    elif difference.configuration:
        click.echo(f'See when with: opsgenie-archive sql {inputs.other} "FROM configuration_changes"')


def _synced(at: datetime | None) -> str:
    return f"last sync {at:%Y-%m-%d %H:%M} UTC" if at else "no sync has ended"


def _change_lines(change: Change) -> Iterator[str]:
    name = f"{change.parent} / {change.name}" if change.parent and change.parent != change.name else change.name
    yield f"{SYMBOLS[change.what]:<10} {change.stream}: {name}"
    for field, values in change.fields.items():
        old, new = _cut(*("nothing" if value is None else orjson.dumps(value).decode() for value in values))
        yield f"{' ' * 11}{field}: {old} → {new}"


def _cut(*texts: str) -> list[str]:
    """The *texts* around the place where they begin to differ, if one of them is long."""
    if max(map(len, texts)) <= LONGEST_VALUE:
        return list(texts)
    same = next((number for number, letters in enumerate(zip(*texts, strict=False)) if len({*letters}) > 1), 0)
    start = max(0, same - BEFORE_DIFFERENCE)
    end = start + LONGEST_VALUE
    return [f"{'...' if start else ''}{text[start:end]}{'...' if len(text) > end else ''}" for text in texts]


def _describe_total(difference: Difference) -> str:
    total = difference.total
    if not any(total.values()):
        return f"No difference{' in the other streams' if difference.not_compared else ''}."
    return f"{', '.join(f'{number:,} {word}' for word, number in total.items())}."


def print_archives_json(inputs: Inputs, difference: Difference) -> None:
    """Print everything that differs between two archives as JSON."""
    configuration = [
        asdict(change)
        | {"fields": {name: dict(zip(("old", "new"), pair, strict=True)) for name, pair in change.fields.items()}}
        for change in difference.configuration
    ]
    report = {
        "file": str(inputs.path),
        "other": str(inputs.other),
        "file_synced_at": difference.synced_at[0],
        "other_synced_at": difference.synced_at[1],
        "total": difference.total,
        "configuration": configuration,
        "rows": [asdict(row) for row in difference.rows],
        "not_compared": difference.not_compared,
    }
    click.echo(orjson.dumps(report, option=JSON_OPTIONS | orjson.OPT_INDENT_2).decode())


def print_other_table(inputs: Inputs, difference: TableDifference, *, written: str) -> None:
    """Print what differs between an archive and a table of another tool; *written* is the file with all keys."""
    stream, table = difference.stream.name, difference.table
    there = table if table == inputs.other.name else f"{table} of {inputs.other}"
    click.echo(f"{stream}: {difference.held:,} in {inputs.path}, {difference.keys:,} in {there}")
    for line in _key_lines(difference):
        click.echo(line)
    rows = [
        (month.month or NO_MONTH, month.held, month.missing, month.extra, month.deleted)
        for month in difference.months
        if month.missing or month.extra or month.deleted
    ]
    if not rows:
        click.echo(f"No difference: {table} has every row of {stream} in the archive, and no other.")
        return
    _print_numbers(("month", "in the archive", "- missing there", "+ only there", "~ deleted since"), rows)
    for what, found in groupby(read_keys(inputs.database, difference, limit=FIRST_KEYS), key=lambda row: row[0]):
        keys = ", ".join("/".join(key) for _, _, *key in found)
        number = difference.total(what)
        click.echo(f"{DESCRIPTIONS[what]}: {keys}{f' and {number - FIRST_KEYS:,} more' if number > FIRST_KEYS else ''}")
    for line in _next_steps(inputs, difference, written=written):
        click.echo(line)


DESCRIPTIONS = {"missing": "- missing there", "extra": "+ only there", "deleted": "~ deleted since"}


def _key_lines(difference: TableDifference) -> Iterator[str]:
    """How rows were matched, unless it is obvious, and which could not be."""
    matched = [name if name == column else f"{name} ({column} there)" for name, column in difference.matched.items()]
    if difference.unmatched:
        lacking = " or ".join(difference.unmatched)
        yield f"Matched by {' and '.join(matched)} only: {difference.table} has no {lacking}. Equal values count once."
    elif list(difference.matched) != list(difference.matched.values()):
        yield f"Matched by {' and '.join(matched)}."
    if difference.rows > difference.keys and not difference.unmatched:
        yield f"Rows of {difference.table} that repeat the key of another row: {difference.rows - difference.keys:,}."
    if difference.without_key:
        yield f"Rows of {difference.table} without a key, which were not compared: {difference.without_key:,}."


def _next_steps(inputs: Inputs, difference: TableDifference, *, written: str) -> Iterator[str]:
    """What to do about the differences."""
    missing, stream = difference.total("missing"), difference.stream.name
    if difference.total("extra"):
        yield (
            "Rows that only the other table has were deleted in Opsgenie before the archive's first sync, are outside "
            "what its key can see or its syncs selected, or are newer than its last sync: run that again."
        )
    if missing:
        yield (
            f"{missing:,} of {difference.held:,} rows are missing there. To load all from the archive: "
            f"opsgenie-archive export {inputs.path} --to DIR --tables {stream} --format parquet"
        )
    yield f"All keys are in {written}." if written else "All keys: the same command with --to FILE.csv or --json."


def print_other_table_json(inputs: Inputs, difference: TableDifference) -> None:
    """Print everything that differs between an archive and a table of another tool as JSON, row by row."""
    report: Mapping[str, Any] = {
        "file": str(inputs.path),
        "other": str(inputs.other),
        "stream": difference.stream.name,
        "table": difference.table,
        "matched": difference.matched,
        "unmatched": difference.unmatched,
        "held": difference.held,
        "rows": difference.rows,
        "keys": difference.keys,
        "without_key": difference.without_key,
        "total": {word: difference.total(word) for word in WORDS},
        "months": [asdict(month) for month in difference.months],
    }
    click.echo(orjson.dumps(report).decode()[:-1] + ',"differences":[', nl=False)
    separator = "\n"
    for what, month, *key in read_keys(inputs.database, difference):
        row = {"what": what, "month": month, **dict(zip(difference.matched, key, strict=True))}
        click.echo(f"{separator}{orjson.dumps(row).decode()}", nl=False)
        separator = ",\n"
    click.echo("]}")


def _print_numbers(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print *rows* as a table whose numbers are on the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    printed = [[f"{value:,}" if isinstance(value, int) else value for value in row] for row in rows]
    for header in headers:
        table.add_column(header, justify="left" if header in {"stream", "month"} else "right", overflow="fold")
    for row in printed:
        table.add_row(*row)
    print_table(table)
