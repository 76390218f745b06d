"""Compare the connector with the public one, as the platform runs it, and with a bare download client."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bare_client import CHILDREN
from benchmarks.programs import Program, RunResult, run
from benchmarks.public_connector import START_DATE, VERSION, public_connector
from benchmarks.report import Log, Report, Target, format_table, ratio
from benchmarks.server import Server, ServerOptions, clear_journal, create_certificate, serve, update_alerts

ALERTS = 20_000
PARENTS = 2_000
# Ours takes seconds and the public connector takes minutes, and the speed of the machine varies over minutes. So ours
# runs before it, after it and once more, and the median of the three counts.
ORDER = ("ours", "public", "ours", "bare", "ours")
# The bare client takes less than a second, in which the machine may be faster or slower than before: the median counts.
PAIRS = 9
CHANGED = 100
BARE_CLIENT: tuple[str | Path, ...] = (sys.executable, Path(__file__).with_name("bare_client.py"))
HEADINGS = ("stream", "latency ms", "program", "rows", "rows/s", "CPU ms/row", "peak MB", "total s", "requests")
# The targets: rows per second as a multiple of the public connector's, by latency, and its share of the CPU per row.
MIN_SPEEDUP_CHILDREN = {20: 10.0, 100: 20.0}
MIN_SPEEDUP_ALERTS = 5.0
MIN_SHARE_OF_BARE = 0.5
MAX_CPU_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Setup:
    """One simulator, and the two connectors that read from it."""

    simulator: Server
    ours: Program
    public: Program
    latency_ms: float

    @property
    def config(self) -> dict[str, Any]:
        """The config of both connectors; the public one adds https itself and requires a start date."""
        endpoint = self.simulator.url.removeprefix("https://")
        return {"api_token": self.simulator.key, "endpoint": endpoint, "start_date": START_DATE}

    def compare(self, log: Log, stream: str) -> "Comparison":
        """Read *stream* with both connectors and the bare client."""
        results: dict[str, list[RunResult]] = {name: [] for name in ORDER}
        requests: dict[str, int] = {}
        for name in ORDER:
            self.simulator.call(clear_journal)
            result = self._read(name, stream)
            results[name].append(result)
            requests[name] = len(self.simulator.requests)
            log(
                f"{stream}, {self.latency_ms:.0f} ms, {name}: "
                f"{result.rows:,} rows, {result.rows_per_second:,.0f} rows/s"
            )
            if result.exit_code or not result.rows:
                raise SystemExit(f"{name} failed to read {stream}: {result.error or 'no error message'}")
        if len({result.rows for rounds in results.values() for result in rounds}) > 1:
            raise SystemExit(f"{stream}: the programs read different numbers of rows")
        medians = {name: _median(rounds) for name, rounds in results.items()}
        return Comparison(stream, self.latency_ms, medians, requests)

    def shares_of_bare(self, log: Log, stream: str) -> list[float]:
        """Our rows per second as shares of the bare client's: one of each pair of runs, in ascending order."""
        shares = []
        for _ in range(PAIRS):
            ours, bare = self._read("ours", stream), self._read("bare", stream)
            shares.append(ratio(ours.rows_per_second, bare.rows_per_second))
            log(f"{stream}: {ours.rows_per_second:,.0f} rows/s, the bare client {bare.rows_per_second:,.0f}")
        return sorted(shares)

    def _read(self, name: str, stream: str) -> RunResult:
        if name == "bare":
            command = [*BARE_CLIENT, self.simulator.url, self.simulator.key, stream]
            return run(command, environment=self.ours.environment)
        program = self.ours if name == "ours" else self.public
        return program.read(stream, config=self.config)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How each program read one stream."""

    stream: str
    latency_ms: float
    results: dict[str, RunResult]
    requests: dict[str, int]

    def rows(self) -> Iterator[list[object]]:
        """One row of the table for each program."""
        for name, result in self.results.items():
            yield [
                *(self.stream, int(self.latency_ms), name),
                *(result.rows, result.rows_per_second, result.cpu_ms_per_row),
                *(result.peak_kb // 1024, result.ended, self.requests[name]),
            ]

    @property
    def speedup(self) -> float:
        """Our rows per second as a multiple of the public connector's."""
        return ratio(self.results["ours"].rows_per_second, self.results["public"].rows_per_second)

    def targets(self, min_speedup: float) -> Iterator[Target]:
        """The targets of the comparison with the public connector."""
        ours, public = self.results["ours"], self.results["public"]
        what = f"{self.stream}, {self.latency_ms:.0f} ms"
        yield Target(f"{what}: rows/s relative to the public connector", self.speedup, min_speedup)
        cpu_share = ratio(ours.cpu_ms_per_row, public.cpu_ms_per_row)
        yield Target(f"{what}: CPU per row relative to the public connector", cpu_share, MAX_CPU_SHARE, at_most=True)

    def relative_to_bare(self) -> str:
        """Our rows per second as a share of the bare client's, in one line."""
        share = ratio(self.results["ours"].rows_per_second, self.results["bare"].rows_per_second)
        return f"{self.stream}, {self.latency_ms:.0f} ms: {share:.0%} of the bare client's rows per second."


def alerts(log: Log) -> Report:
    """Compare reading as many alerts as the public connector can read, without latency."""
    with _setup(log, ServerOptions(alerts=ALERTS)) as setup:
        comparison = setup.compare(log, "alerts")
        shares = setup.shares_of_bare(log, "alerts")
    text = f"{PAIRS} pairs of runs: {shares[0]:.0%} to {shares[-1]:.0%} of the bare client's rows per second."
    target = Target("alerts, 0 ms: rows/s relative to the bare client", median(shares), MIN_SHARE_OF_BARE)
    return _report([comparison], [*comparison.targets(MIN_SPEEDUP_ALERTS), target], text)


def children(log: Log) -> Report:
    """Compare reading logs and recipients of alerts at two latencies, with default settings."""
    comparisons: list[Comparison] = []
    for latency_ms in MIN_SPEEDUP_CHILDREN:
        with _setup(log, ServerOptions(alerts=PARENTS, latency_ms=latency_ms)) as setup:
            comparisons += [setup.compare(log, stream) for stream in CHILDREN]
    targets = [
        target
        for comparison in comparisons
        for target in comparison.targets(MIN_SPEEDUP_CHILDREN[int(comparison.latency_ms)])
    ]
    return _report(comparisons, targets)


def small(log: Log) -> Report:
    """Compare reading users and teams: short lists, for which the total time matters, not the rows per second."""
    with _setup(log, ServerOptions(alerts=10, users=5_000, teams=1_000, latency_ms=20)) as setup:
        comparisons = [setup.compare(log, stream) for stream in ("users", "teams")]
    rows = [
        [comparison.stream, name, result.rows, result.ended, result.cpu, comparison.requests[name]]
        for comparison in comparisons
        for name, result in comparison.results.items()
    ]
    return Report(format_table(("stream", "program", "rows", "total s", "total CPU s", "requests"), rows), [])


def again(log: Log) -> Report:
    """Compare a second sync, without changes and with a few changed alerts."""
    rows: list[list[object]] = []
    with _setup(log, ServerOptions(alerts=ALERTS)) as setup:
        for name, program in (("ours", setup.ours), ("public", setup.public)):
            first = program.read("alerts", config=setup.config)
            for changed in (0, CHANGED):
                setup.simulator.call(update_alerts, changed)
                setup.simulator.call(clear_journal)
                second = program.read("alerts", config=setup.config, state=first.states.values())
                requests = len(setup.simulator.requests)
                log(f"{name}, {changed} changed: {second.rows:,} rows, {requests} requests")
                rows.append([name, changed, second.rows, requests, second.ended, second.cpu])
    headings = ("program", "alerts changed", "rows", "requests", "total s", "total CPU s")
    return Report(format_table(headings, rows), [])


@contextmanager
def _setup(log: Log, options: ServerOptions) -> Iterator[Setup]:
    with tempfile.TemporaryDirectory() as folder:
        files = create_certificate(Path(folder))
        with serve(replace(options, certificate=files.certificate)) as simulator:
            ours, public = Program(environment=files.environment), public_connector(log, files.environment)
            yield Setup(simulator, ours, public, options.latency_ms)


def _median(results: list[RunResult]) -> RunResult:
    return sorted(results, key=lambda result: result.cpu_ms_per_row)[len(results) // 2]


def _report(comparisons: Sequence[Comparison], targets: list[Target], *texts: str) -> Report:
    lines = format_table(HEADINGS, [row for comparison in comparisons for row in comparison.rows()])
    lines += ["", *(texts or [comparison.relative_to_bare() for comparison in comparisons])]
    intro = (
        f"The public connector is {VERSION}. Ours ran before it, after it and once more; its median run is shown. "
        "Rates and CPU count from the first row."
    )
    return Report([intro, "", *lines], targets)
