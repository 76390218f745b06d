"""Export an archive: choose what, open the file, write a folder, and say what is in it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb
import orjson
from rich.console import Console
from rich.status import Status

from source_opsgenie.archive.export.config_tree import write_config
from source_opsgenie.archive.export.copies import write_csv, write_jsonl, write_parquet
from source_opsgenie.archive.export.evidence import write_evidence
from source_opsgenie.archive.export.folder import CHECKSUMS, new_folder
from source_opsgenie.archive.export.opsgenie_csv import write_opsgenie_csv
from source_opsgenie.archive.export.redaction import Redaction
from source_opsgenie.archive.export.relations import Written, choose, find_relations
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.export.spreadsheet import write_xlsx
from source_opsgenie.archive.export.sqlite_file import write_sqlite
from source_opsgenie.archive.offline import open_archive
from source_opsgenie.archive.query import say
from source_opsgenie.archive.tables import literal
from source_opsgenie.signals import SIGNALS_DEFERRED

# DuckDB sorts and joins what is larger than this in temporary files.
MEMORY_LIMIT = "112MB"
WRITERS = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
    "sqlite": write_sqlite,
}


@dataclass(frozen=True, slots=True)
class Export:
    """What to export of the archive at *path*, and how: in a *form* of its own, or in a *file_format*."""

    path: Path
    target: Path
    file_format: str = "csv"
    form: str = ""
    views: Sequence[str] = ()
    tables: Sequence[str] = ()
    is_redacted: bool = False


def run_export(export: Export, *, as_json: bool) -> None:
    """Write the folder, with progress, and print a summary."""
    names = choose(export.views, export.tables)
    started, written, redaction = time.monotonic(), [], Redaction(is_on=export.is_redacted)
    with (
        new_folder(export.target) as staging,
        TemporaryDirectory(dir=staging.parent, prefix=".spill.") as spill,
        open_archive(export.path, notify=say) as database,
        _spinner(quiet=as_json) as spinner,
    ):
        _limit_memory(database, Path(spill))
        redaction.prepare(database)
        for one in _write(Rows(database, redaction), export, staging, names=names):
            written.append(one)
            if not as_json:
                _print_written(one, spinner)
            # Leaving the block raises the deferred signal, and the folder does not appear.
            if SIGNALS_DEFERRED.pending:
                break
    seconds = time.monotonic() - started
    if as_json:
        _print_json(export, written, redaction, seconds=seconds)
    else:
        _print_summary(export, redaction, seconds=seconds)


def _write(
    rows: Rows, export: Export, staging: Path, *, names: tuple[Sequence[str], Sequence[str]]
) -> Iterator[Written]:
    match export.form:
        case "opsgenie-csv":
            yield from write_opsgenie_csv(rows, staging)
        case "config":
            yield from write_config(rows, staging)
        case "evidence":
            yield from write_evidence(rows, staging, path=export.path)
        case _:
            chosen = find_relations(rows.database, view_names=names[0], table_names=names[1])
            yield from WRITERS[export.file_format](rows, list(chosen), staging)


def _limit_memory(database: duckdb.DuckDBPyConnection, spill: Path) -> None:
    database.execute(f"SET temp_directory = {literal(str(spill))}; SET memory_limit = '{MEMORY_LIMIT}'")
    # Each further thread would hold some megabytes of its own: with two, CSV took 490 MB instead of 210.
    database.execute("SET threads = 1")


def _spinner(*, quiet: bool) -> AbstractContextManager[Status | None]:
    console = Console(stderr=True)
    return nullcontext() if quiet or not console.is_terminal else console.status("Exporting")


def _print_written(written: Written, spinner: Status | None) -> None:
    # The line takes the place of the spinner, which continues below it.
    if spinner:
        spinner.stop()
    click.echo(f"{written.file}: {written.rows:,} rows")
    if spinner:
        spinner.start()


def _print_json(export: Export, written: Iterable[Written], redaction: Redaction, *, seconds: float) -> None:
    summary = {
        "folder": str(export.target),
        "checksums": CHECKSUMS,
        "files": [asdict(one) for one in written],
        "redacted": redaction.touched if redaction.is_on else None,
        "seconds": round(seconds, 1),
    }
    click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())


def _print_summary(export: Export, redaction: Redaction, *, seconds: float) -> None:
    for column, count in redaction.touched.items():
        click.echo(f"redacted {column}: {count:,} values")
    if redaction.is_on:
        click.echo(
            "Replaced the names, e-mail addresses and phone numbers that the archive knows. Texts may hold others."
        )
    click.echo(f"Wrote {export.target} in {seconds:.0f} s. Verify it there with: sha256sum -c {CHECKSUMS}")
