"""Exports of an archive of 1,000,000 alerts, its page, and its verification: rows per second and memory.

The archive is made with SQL, in a process of its own: `python -m benchmarks.exports FILE`.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.report import Log, Report, Target, format_table, print_line
from source_opsgenie.archive.store import Store

ALERTS = 1_000_000
FORMATS = ("csv", "parquet", "jsonl", "sqlite", "xlsx")
# The view with the alerts by name, and the table with every column and the JSON of each row.
RELATIONS = (("--views", "alert_facts"), ("--tables", "alerts"))
MAX_MEMORY_MB = 300
MIN_ROWS_PER_SECOND = 50_000
MAX_PAGE_SECONDS = 60
MAX_PAGE_MB = 15
MAX_PAGE_MEMORY_MB = 600
MAX_VERIFY_SECONDS = 30
MAX_VERIFY_MEMORY_MB = 500
FAST = ("csv", "parquet")
HEADINGS = ("export", "format", "rows per CPU s", "peak MB", "CPU s", "total s")
START = "from source_opsgenie.archive.run import main; main()"
ROWS = Path(__file__).with_name("exports.sql")


@dataclass(frozen=True, slots=True)
class Measured:
    """One export: its seconds, those of the processor, and its peak memory in MB."""

    name: str
    file_format: str
    seconds: float
    cpu: float
    peak_mb: float

    @property
    def rows_per_second(self) -> float:
        """Alerts per second of one core, which is all that an export uses."""
        return ALERTS / self.cpu


def exports(log: Log) -> Report:
    """Export the view and the table in each format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acme.duckdb"
        subprocess.run([sys.executable, "-m", "benchmarks.exports", path], check=True)
        log(f"an archive of {ALERTS:,} alerts with details: {path.stat().st_size / 1e6:.0f} MB")
        runs = [_measure_export(log, path, option, name, of) for of in FORMATS for option, name in RELATIONS]
        page = path.with_name("acme.html")
        shown = _measure(log, ("show", path, "--to", page, "--json"), name="show", file_format="html")
        page_mb = page.stat().st_size / 1e6
        verified = verify(log, path)
    rows = [
        [f"`{run.name}`", run.file_format, run.rows_per_second, run.peak_mb, run.cpu, run.seconds]
        for run in (*runs, shown, verified)
    ]
    targets = [
        Target(f"memory of `{run.name}` as {run.file_format}", run.peak_mb, MAX_MEMORY_MB, at_most=True, unit=" MB")
        for run in runs
    ]
    targets += [
        Target(f"rows per CPU s of `{run.name}` as {run.file_format}", run.rows_per_second, MIN_ROWS_PER_SECOND)
        for run in runs
        if run.file_format in FAST
    ]
    targets += [
        Target("CPU time of the page", shown.cpu, MAX_PAGE_SECONDS, at_most=True, unit=" s"),
        Target("size of the page", page_mb, MAX_PAGE_MB, at_most=True, unit=" MB"),
        Target("memory of the page", shown.peak_mb, MAX_PAGE_MEMORY_MB, at_most=True, unit=" MB"),
        Target("CPU time of `verify`", verified.cpu, MAX_VERIFY_SECONDS, at_most=True, unit=" s"),
        Target("memory of `verify`", verified.peak_mb, MAX_VERIFY_MEMORY_MB, at_most=True, unit=" MB"),
    ]
    return Report(format_table(HEADINGS, rows), targets)


def verify(log: Log, path: Path) -> Measured:
    """Verify the archive: no sync stored its rows, so that every check reads and compares all of them."""
    return _measure(log, ("verify", path, "--json"), name="verify", file_format="", exit_code=10)


def _measure_export(log: Log, path: Path, option: str, name: str, file_format: str) -> Measured:
    target = path.with_name(f"{name}-{file_format}")
    arguments = ("export", path, "--to", target, option, name, "--format", file_format, "--json")
    measured = _measure(log, arguments, name=name, file_format=file_format)
    for file in target.iterdir():
        file.unlink()
    return measured


def _measure(
    log: Log, arguments: tuple[str | Path, ...], *, name: str, file_format: str, exit_code: int = 0
) -> Measured:
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", START, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == exit_code, arguments
    cpu = usage.ru_utime + usage.ru_stime
    measured = Measured(name, file_format, time.monotonic() - started, cpu, usage.ru_maxrss / 1024)
    log(f"{name} as {file_format}: {measured.seconds:.1f} s, {measured.cpu:.1f} s of CPU, {measured.peak_mb:.0f} MB")
    return measured


def create_archive(path: Path) -> None:
    """Write an archive of many alerts, each with details, to *path*."""
    store = Store(path, "acme", print_line)
    store.prepare()
    store.begin_run([])
    with duckdb.connect(str(path)) as database:
        for statement in ROWS.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                database.execute(statement, {"alerts": ALERTS} if "$alerts" in statement else None)


if __name__ == "__main__":
    create_archive(Path(sys.argv[1]))
