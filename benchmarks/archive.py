"""Measure the first sync of an archive, for one version or two: `python -m benchmarks.archive`.

It runs `opsgenie-archive sync` in subprocesses, against a simulator in another process, and needs no network.
`--against SRC` compares with the `src` folder of another checkout: runs of both versions alternate, so that the
machine's speed affects both equally.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.report import (
    Log,
    Report,
    Target,
    describe_machine,
    describe_noise,
    format_table,
    print_line,
    ratio,
    time_fixed_work,
)
from benchmarks.scale import WIDE_ROW_BYTES
from benchmarks.server import Server, ServerOptions, serve

SOURCE = Path(__file__).parent.parent / "src"
START = "from source_opsgenie.archive.run import main; main()"
MAX_WRITTEN = 2.0
MIN_ROWS_PER_SECOND = 6_000
MAX_FILE_MB = 150
HEADINGS = ("alerts", "row", "version", "rows/s", "CPU µs/row", "peak MB", "file MB", "written MB", "written / file")


@dataclass(frozen=True, slots=True)
class Size:
    """An account: its number of *alerts*, the bytes added to each, and the *memory* in MB that a sync may take."""

    alerts: int
    row: str
    row_bytes: int
    memory: int


NARROW, WIDE = Size(300_000, "1 kB", 0, 400), Size(60_000, "9 kB", WIDE_ROW_BYTES, 600)


@dataclass(frozen=True, slots=True)
class Synced:
    """One first sync, by the *version* of that name, as measured from outside; sizes are in MB."""

    size: Size
    version: str
    seconds: float
    cpu: float
    peak: float
    file: float
    written: float

    @property
    def rows_per_second(self) -> float:
        """Alerts per second, from the start of the process to its end."""
        return self.size.alerts / self.seconds

    @property
    def row(self) -> list[object]:
        """The row of the table."""
        cpu = 1e6 * self.cpu / self.size.alerts
        return [
            *(self.size.alerts, self.size.row, self.version, self.rows_per_second, cpu),
            *(self.peak, self.file, self.written, self.written / self.file),
        ]


def archive(log: Log) -> Report:
    """Sync accounts of normal and of wide rows once."""
    runs = [run for size in (NARROW, WIDE) for run in sync_account(log, size, {"this": SOURCE}, rounds=1)]
    return Report(format_table(HEADINGS, [run.row for run in runs]), [*_targets(runs)])


def sync_account(log: Log, size: Size, sources: dict[str, Path], *, rounds: int) -> Iterator[Synced]:
    """Sync the account of *size* into a new file with each version, alternately."""
    with serve(ServerOptions(alerts=size.alerts, row_bytes=size.row_bytes)) as simulator:
        for number in range(rounds):
            for version in sorted(sources, reverse=number % 2 == 1):
                with tempfile.TemporaryDirectory() as folder:
                    run = _sync(size, version, sources[version], simulator=simulator, path=Path(folder, "acme.duckdb"))
                log(f"{size.alerts:,} alerts of {size.row}, {version}: {run.rows_per_second:,.0f} rows/s")
                yield run


def _sync(size: Size, version: str, source: Path, *, simulator: Server, path: Path) -> Synced:
    environment = {"PYTHONPATH": str(source), "OPSGENIE_API_TOKEN": simulator.key, "OPSGENIE_API_URL": simulator.url}
    command: list[str | Path] = [sys.executable, "-c", START, "sync", "--to", path, "--streams", "alerts"]
    started = time.monotonic()
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    seconds, written = time.monotonic() - started, _written_bytes(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or _count_alerts(path) != size.alerts:
        raise SystemExit(f"{version} did not store all {size.alerts:,} alerts")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return Synced(size, version, seconds, cpu, peak, path.stat().st_size / 1e6, written / 1e6)


def _written_bytes(process_id: int) -> int:
    """The bytes that the process has written so far: to files, and a few to sockets."""
    lines = Path(f"/proc/{process_id}/io").read_text(encoding="ascii").splitlines()
    return next(int(line.partition(":")[2]) for line in lines if line.startswith("wchar"))


def _count_alerts(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as database:
        ((count,),) = database.execute("SELECT count(*) FROM alerts").fetchall()
        return int(count)


def _targets(runs: Sequence[Synced]) -> Iterator[Target]:
    for run in runs:
        what = f"{run.size.alerts:,} alerts of {run.size.row}"
        yield Target(f"{what}: memory", run.peak, run.size.memory, at_most=True, unit=" MB")
        if run.size is NARROW:
            yield Target(
                f"{what}: written, relative to the file", ratio(run.written, run.file), MAX_WRITTEN, at_most=True
            )
            yield Target(f"{what}: rows/s", run.rows_per_second, MIN_ROWS_PER_SECOND)
            yield Target(f"{what}: file", run.file, MAX_FILE_MB, at_most=True, unit=" MB")


def main() -> None:
    """Measure this version, and another one if given."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.archive", description="Measure the first sync of an archive."
    )
    parser.add_argument("--against", type=Path, metavar="SRC", help="src folder of another checkout to compare with")
    parser.add_argument("--alerts", type=int, help="alerts in both accounts (default: 300,000 and 60,000)")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each version (default: %(default)s)")
    arguments = parser.parse_args()
    sources = {"this": SOURCE} | ({"other": arguments.against.resolve()} if arguments.against else {})
    sizes = [Size(arguments.alerts or size.alerts, size.row, size.row_bytes, size.memory) for size in (NARROW, WIDE)]
    before = time_fixed_work()
    runs = [run for size in sizes for run in sync_account(print_line, size, sources, rounds=arguments.rounds)]
    table = format_table(HEADINGS, [run.row for run in runs])
    print_line("\n" + "\n".join([f"{describe_machine()}.", describe_noise(before, time_fixed_work()), "", *table]))


if __name__ == "__main__":
    main()
