"""Verify an archive, and print what was found."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb
import orjson
from rich.console import Console

from source_opsgenie.archive import schema, tables
from source_opsgenie.archive.database import open_database
from source_opsgenie.archive.offline import MAX_WAIT_SECONDS, require_file
from source_opsgenie.archive.query import say
from source_opsgenie.archive.reporting import ExitCode
from source_opsgenie.archive.verify.checks import check_file
from source_opsgenie.archive.verify.findings import Finding, count_of
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS

# DuckDB counts and joins what is larger than this in temporary files.
MEMORY_LIMIT = "250MB"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in the file at *path*, and how much was read for it."""

    path: Path
    account: str
    seal: str
    rows: int
    last_sync: str
    findings: Sequence[Finding]
    seconds: float
    # How much was compared with Opsgenie, in words, if it was.
    compared: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """DIFFERENT if the file is not as its syncs left it; INCOMPLETE if a sync has not finished its work."""
        if any(one.kind.is_difference for one in self.findings):
            return ExitCode.DIFFERENT
        return ExitCode.INCOMPLETE if self.findings else ExitCode.COMPLETE


def verify(path: Path, *, lost: Sequence[Finding] = (), quiet: bool) -> Verified:
    """Check the archive at *path* without the API; raises ArchiveError if it cannot be opened.

    A repair before it found out what is *lost* for good.
    """
    started = time.monotonic()
    with open_unchanged(path) as database, _progress(path, quiet=quiet) as advance:
        findings = [*lost, *check_file(database, path, advance=advance)]
        ((account, seal),) = database.execute("SELECT account, seal FROM _archive.file").fetchall()
        rows = sum(_count_rows(database))
        ((last,),) = database.execute("SELECT max(started_at) FROM _archive.runs").fetchall()
    last_sync = f"{last:%Y-%m-%d %H:%M} UTC" if last else "none"
    return Verified(path, account, seal or "", rows, last_sync, findings, time.monotonic() - started)


@contextmanager
def open_unchanged(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the archive at *path* read-only, without upgrading it."""
    require_file(path)
    with open_database(path, "READ_ONLY", notify=say, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        header = schema.read_header(database, path)
        if header is None:
            raise ArchiveError(f"{path} is empty. Read the account again with: opsgenie-archive sync --to {path}")
        if header.format < schema.FORMAT:
            raise ArchiveError(
                f"{path} was written by an older version, which recorded no digests, so it cannot be verified. Upgrade "
                f"it with: opsgenie-archive status {path}"
            )
        database.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        yield database


def print_verified(verified: Verified) -> None:
    """Print the findings, what they mean, and what to do next."""
    for finding in verified.findings:
        click.echo(finding.line)
    differences = sum(finding.kind.is_difference for finding in verified.findings)
    read = (
        f"{count_of(verified.rows)} in {verified.path}, last synced {verified.last_sync}, in {verified.seconds:.1f} s"
    )
    if verified.compared:
        click.echo(f"{verified.compared}.")
    if differences:
        click.echo(f"{count_of(differences, 'difference')} in {read}.")
        click.echo(f"Read what Opsgenie still has again with: opsgenie-archive verify {verified.path} --repair")
    elif verified.exit_code:
        click.echo(f"Unchanged but incomplete: {read}. Continue with: opsgenie-archive sync --to {verified.path}")
    else:
        click.echo(f"Complete and unchanged: {read}.")
        click.echo(f"Seal: {verified.seal}")
        click.echo("It differs after any change. Keep it elsewhere, to prove later that there was none.")


def to_json(verified: Verified) -> str:
    """What was found, for machines."""
    report = {
        "file": str(verified.path),
        "account": verified.account,
        "status": verified.exit_code.name.lower(),
        "exit_code": int(verified.exit_code),
        "rows": verified.rows,
        "seal": verified.seal,
        "compared": verified.compared or None,
        "findings": [finding.to_mapping() for finding in verified.findings],
        "seconds": round(verified.seconds, 1),
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode()


def _count_rows(database: duckdb.DuckDBPyConnection) -> Iterator[int]:
    held = database.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()
    for (name,) in held:
        if name in STREAMS:
            ((rows,),) = database.execute(tables.count_rows(name)).fetchall()
            yield rows


@contextmanager
def _progress(path: Path, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    with console.status(f"Verifying {path}") as status:
        yield lambda name: status.update(f"Verifying {path}: {name}")
