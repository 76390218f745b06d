"""Measure the CPU time of reading alerts, for one version of the connector or two: `python -m benchmarks.reader`.

It runs the command line of `source-opsgenie` in subprocesses, against a simulator in another process, and needs no
network. `--against SRC` compares with the `src` folder of another checkout: runs of both versions alternate, so that
the machine's speed affects both equally. The ratio of the medians is below 1 if this version needs less CPU time.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.programs import Program, RunResult
from benchmarks.report import describe_machine, describe_noise, format_table, print_line, ratio, time_fixed_work
from benchmarks.server import Server, ServerOptions, clear_journal, serve

SOURCE = Path(__file__).parent.parent / "src"
# The modules that had the entry point `main`, newest first.
ENTRY_POINTS = ("source_opsgenie.airbyte.run", "source_opsgenie.run")
HEADINGS = ("version", "runs", "rows", "CPU µs/row", "least", "most", "rows/s", "total CPU s")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the connector: the `src` folder of a checkout."""

    name: str
    source: Path

    def program(self) -> Program:
        """Its command line, started with this Python."""
        paths = {module: self.source.joinpath(*module.split(".")).with_suffix(".py") for module in ENTRY_POINTS}
        modules = [module for module, path in paths.items() if path.exists()]
        if not modules:
            raise SystemExit(f"{self.source} has no entry point of source-opsgenie. Pass the src folder of a checkout.")
        start = f"import sys; sys.argv[0] = 'source-opsgenie'; from {modules[0]} import main; main()"
        return Program((sys.executable, "-c", start), environment={"PYTHONPATH": str(self.source)})


def measure(versions: Sequence[Version], *, alerts: int, rounds: int) -> dict[str, list[RunResult]]:
    """Read all alerts with each version, alternately; the order of the versions changes with each round."""
    programs = {version.name: version.program() for version in versions}
    results: dict[str, list[RunResult]] = {name: [] for name in programs}
    with serve(ServerOptions(alerts=alerts)) as simulator:
        for number in range(rounds):
            for name in sorted(programs, reverse=number % 2 == 1):
                result = read_alerts(programs[name], simulator, alerts=alerts)
                results[name].append(result)
                print_line(f"round {number + 1}, {name}: {1000 * result.cpu_ms_per_row:.1f} µs/row")
    return results


def read_alerts(program: Program, simulator: Server, *, alerts: int) -> RunResult:
    """Read all alerts once, and fail if one is missing."""
    simulator.call(clear_journal)
    result = program.read("alerts", config={"api_token": simulator.key, "endpoint": simulator.url})
    if result.exit_code or result.rows != alerts:
        raise SystemExit(f"read {result.rows:,} of {alerts:,} rows: {result.error or 'no error message'}")
    return result


def summarize(results: Mapping[str, Sequence[RunResult]]) -> Iterator[str]:
    """Yield the lines of the table, and the ratio of two versions below it."""
    cpu = {name: [1000 * result.cpu_ms_per_row for result in runs] for name, runs in results.items()}
    yield from format_table(
        HEADINGS,
        [
            [
                *(name, len(runs), runs[0].rows, median(cpu[name]), min(cpu[name]), max(cpu[name])),
                *(median(run.rows_per_second for run in runs), median(run.cpu for run in runs)),
            ]
            for name, runs in results.items()
        ],
    )
    if len(cpu) > 1:
        this, other = (median(values) for values in cpu.values())
        yield ""
        yield f"CPU per row, this version relative to the other: {ratio(this, other):.3f}"


def main() -> None:
    """Measure this version, and another one if given."""
    parser = argparse.ArgumentParser("python -m benchmarks.reader", description="Measure the CPU time per alert row.")
    parser.add_argument("--against", type=Path, metavar="SRC", help="src folder of another checkout to compare with")
    parser.add_argument("--alerts", type=int, default=40_000, help="alerts in the account (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each version (default: %(default)s)")
    arguments = parser.parse_args()
    versions = [Version("this", SOURCE)]
    if arguments.against:
        versions.append(Version("other", arguments.against.resolve()))
    before = time_fixed_work()
    results = measure(versions, alerts=arguments.alerts, rounds=arguments.rounds)
    lines = [f"{describe_machine()}.", describe_noise(before, time_fixed_work()), "", *summarize(results)]
    print_line("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
