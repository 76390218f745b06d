"""Compare an archive: open both files, choose how, and print what differs."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from source_opsgenie.archive.compare.archives import compare_archives
from source_opsgenie.archive.compare.inputs import Inputs, check_accounts, open_inputs
from source_opsgenie.archive.compare.open_table import choose_stream
from source_opsgenie.archive.compare.other_table import WORDS, compare_table
from source_opsgenie.archive.compare.report import (
    print_archives,
    print_archives_json,
    print_other_table,
    print_other_table_json,
)
from source_opsgenie.archive.tables import literal
from source_opsgenie.errors import ArchiveError, ConfigError
from source_opsgenie.streams import STREAMS


@dataclass(frozen=True, slots=True)
class Choice:
    """What to compare the archive at *path* with, and how.

    *table*, *key_column* and *target* are for a table of another tool; *is_same_account* is for an archive.
    """

    path: Path
    other: Path
    stream: str | None = None
    table: str | None = None
    key_column: str | None = None
    target: Path | None = None
    is_same_account: bool = False


def run_compare(choice: Choice, *, as_json: bool) -> bool:
    """Print what differs; returns whether anything does."""
    with open_inputs(choice.path, choice.other) as inputs:
        compare = _compare_archives if inputs.other_header else _compare_table
        return compare(inputs, choice, as_json=as_json)


def _compare_archives(inputs: Inputs, choice: Choice, *, as_json: bool) -> bool:
    if choice.table or choice.key_column or choice.target:
        raise ConfigError(
            f"{inputs.other} is an archive. --table, --id and --to are for a table of another tool; omit them."
        )
    if not choice.is_same_account:
        check_accounts(inputs)
    streams = [STREAMS[choice.stream]] if choice.stream else STREAMS.values()
    difference = compare_archives(inputs, streams)
    (print_archives_json if as_json else print_archives)(inputs, difference)
    return any(difference.total.values())


def _compare_table(inputs: Inputs, choice: Choice, *, as_json: bool) -> bool:
    stream = choose_stream(inputs, stream=choice.stream, table=choice.table)
    difference = compare_table(inputs, stream, table=choice.table, key_column=choice.key_column)
    if choice.target:
        _write_keys(inputs, choice.target)
    if as_json:
        print_other_table_json(inputs, difference)
    else:
        print_other_table(inputs, difference, written=str(choice.target or ""))
    return any(difference.total(word) for word in WORDS)


def _write_keys(inputs: Inputs, target: Path) -> None:
    """Write all keys that differ to *target*, as CSV."""
    if any(target.exists() and target.samefile(one) for one in (inputs.path, inputs.other)):
        raise ConfigError(f"{target} is one of the files that are compared. Use another file.")
    try:
        inputs.database.execute(f"COPY (FROM difference ORDER BY ALL) TO {literal(str(target))} (FORMAT csv, HEADER)")
    except duckdb.Error as error:
        raise ArchiveError(f"{target} cannot be written. Use another file. (DuckDB: {error})") from error
