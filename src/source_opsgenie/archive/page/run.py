"""Write an archive as a page: read its sections, render the template, and replace the file at once."""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import duckdb
import orjson
from rich.console import Console
from rich.status import Status as Spinner

from source_opsgenie.archive.offline import open_archive
from source_opsgenie.archive.page.render import Page, render
from source_opsgenie.archive.page.sections import Section, read_section, section_names
from source_opsgenie.archive.query import say
from source_opsgenie.archive.status import MEGABYTE, status_of
from source_opsgenie.archive.tables import literal
from source_opsgenie.errors import ConfigError
from source_opsgenie.signals import SIGNALS_DEFERRED

# DuckDB sorts and joins what is larger than this in temporary files.
MEMORY_LIMIT = "160MB"
BEGINNING = b"<!doctype html>"


def run_show(path: Path, target: Path, *, as_json: bool) -> None:
    """Write the archive at *path* to the page *target*, with progress, and print a summary."""
    started = time.monotonic()
    _check_target(target)
    with _spinner(quiet=as_json) as spinner, tempfile.TemporaryDirectory(prefix="opsgenie-archive.") as spill:
        with open_archive(path, notify=say) as database:
            _limit_memory(database, Path(spill))
            page = Page(
                made_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
                status=status_of(database, path),
                sections={section.name: section for section in _read_sections(database, spinner)},
            )
        _write(target, render(page))
    _print_summary(page, target, as_json=as_json, seconds=time.monotonic() - started)


def _read_sections(database: duckdb.DuckDBPyConnection, spinner: Spinner | None) -> Iterator[Section]:
    for name in section_names():
        # Closing the file raises the deferred signal, and no page is written.
        if SIGNALS_DEFERRED.pending:
            return
        if spinner:
            spinner.update(f"Reading {name.replace('_', ' ')}")
        yield read_section(database, name)


def _check_target(target: Path) -> None:
    """Raise ConfigError if no page can be written to *target*; only another page is overwritten."""
    if target.is_dir():
        raise ConfigError(f"{target} is a folder. Name a file in it, such as {target / 'page.html'}.")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"The folder {target.absolute().parent} does not exist. Create it, or use another one.")
    if target.exists() and not _is_page(target):
        raise ConfigError(f"{target} exists and is not an HTML page. Use another name, or remove it first.")


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(BEGINNING)).lower() in {BEGINNING, b""}


def _write(target: Path, texts: Iterable[str]) -> None:
    """Replace *target* by *texts*, which only its owner can read; after an error, it is as it was."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.absolute().parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(texts)
        Path(name).replace(target)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _limit_memory(database: duckdb.DuckDBPyConnection, spill: Path) -> None:
    database.execute(f"SET temp_directory = {literal(str(spill))}; SET memory_limit = '{MEMORY_LIMIT}'")
    # Each further thread would hold some megabytes of its own.
    database.execute("SET threads = 1")


@contextmanager
def _spinner(*, quiet: bool) -> Iterator[Spinner | None]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    with console.status("Opening the archive") as spinner:
        yield spinner


def _print_summary(page: Page, target: Path, *, as_json: bool, seconds: float) -> None:
    size = target.stat().st_size
    summary: dict[str, Any] = {
        "file": str(target),
        "bytes": size,
        "account": page.status.account,
        "alerts": page.glance["alerts"],
        "rows": {name: len(section.rows) for name, section in page.sections.items()},
        "text_characters": page.sections["alerts"].characters,
        "incomplete": page.status.incomplete,
        "seconds": round(seconds, 1),
    }
    if as_json:
        click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
        return
    click.echo(f"Alerts: {summary['alerts']:,}, and {summary['rows']['alerts']:,} of the newest with details")
    click.echo(f"Incidents: {page.glance['incidents']:,}, and {summary['rows']['incidents']:,} with their story")
    click.echo(f"Wrote {target} ({size / MEGABYTE:.1f} MB) in {seconds:.0f} s. Open it in a browser.")
