"""Accounts with 10,000 to 1,000,000 alerts: what reading costs, and that memory does not grow."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.programs import Program, RunResult
from benchmarks.report import Log, Report, Target, format_table, ratio
from benchmarks.server import ServerOptions, serve
from opsgenie_simulator import Request

SIZES = (10_000, 100_000, 1_000_000)
# Extra bytes per row, which make a row of about 9 kB.
WIDE_ROW_BYTES = 8_200
MAX_MEMORY_MB = 150
# The most memory for the largest size, relative to the smallest.
MAX_MEMORY_GROWTH = 1.2
LIST, COUNT = "/v2/alerts", "/v2/alerts/count"
LOWER_BOUND = re.compile(r"createdAt ?>= ?(\d+)")
HEADINGS = (
    *("alerts", "row", "rows/s", "CPU ms/row", "peak MB", "planning", "reading", "closing"),
    *("first row s", "first checkpoint s", "state bytes", "total s"),
)


@dataclass(frozen=True, slots=True)
class Phases:
    """The number of requests that planned the windows, read them, and counted them again."""

    planning: int = 0
    reading: int = 0
    closing: int = 0


@dataclass(frozen=True, slots=True)
class SizeResult:
    """One read of an account with *alerts* alerts of the given *row* size."""

    alerts: int
    row: str
    run: RunResult
    phases: Phases

    @property
    def peak_mb(self) -> float:
        """The peak memory in MB."""
        return self.run.peak_kb / 1024


def split_phases(requests: Sequence[Request]) -> Phases:
    """Split the requests of one read: a window is counted before it is listed (planning) and after (closing)."""
    listed: set[str] = set()
    planning = reading = closing = 0
    last_list = max((index for index, request in enumerate(requests) if request.route == LIST), default=0)
    for index, request in enumerate(requests):
        start = (LOWER_BOUND.findall(request.query.get("query", "")) or [""])[0]
        if request.route == LIST:
            reading += 1
            listed.add(start)
        elif request.route == COUNT and ((start and start in listed) or index > last_list):
            closing += 1
        elif request.route == COUNT:
            planning += 1
    return Phases(planning, reading, closing)


def scale(log: Log) -> Report:
    """Read each size once with normal rows and once with wide rows."""
    results = [*_read_sizes(log, "1 kB", row_bytes=0), *_read_sizes(log, "9 kB", row_bytes=WIDE_ROW_BYTES)]
    rows = [
        [
            *(result.alerts, result.row, result.run.rows_per_second, result.run.cpu_ms_per_row, result.peak_mb),
            *(result.phases.planning, result.phases.reading, result.phases.closing),
            *(result.run.first_row, result.run.first_state, result.run.largest_state, result.run.ended),
        ]
        for result in results
    ]
    targets = [target for row in ("1 kB", "9 kB") for target in _targets(row, results)]
    return Report(format_table(HEADINGS, rows), targets)


def _targets(row: str, results: Sequence[SizeResult]) -> Iterator[Target]:
    of_row = [result for result in results if result.row == row]
    smallest, largest = of_row[0], of_row[-1]
    what = f"memory for {largest.alerts:,} rows of {row}"
    yield Target(what, largest.peak_mb, MAX_MEMORY_MB, at_most=True, unit=" MB")
    growth = ratio(largest.peak_mb, smallest.peak_mb)
    yield Target(f"{what}, relative to {smallest.alerts:,}", growth, MAX_MEMORY_GROWTH, at_most=True)


def _read_sizes(log: Log, row: str, *, row_bytes: int) -> Iterator[SizeResult]:
    for size in SIZES:
        with serve(ServerOptions(alerts=size, row_bytes=row_bytes)) as simulator:
            run = Program().read("alerts", config={"api_token": simulator.key, "endpoint": simulator.url})
            result = SizeResult(size, row, run, split_phases(simulator.requests))
        if run.exit_code or run.rows != size:
            raise SystemExit(f"read {run.rows:,} of {size:,} rows: {run.error or 'no error message'}")
        log(f"{size:,} alerts of {row}: {run.rows_per_second:,.0f} rows/s, {result.peak_mb:.0f} MB")
        yield result
