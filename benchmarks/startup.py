"""The time that each verb takes to start, compared with a CDK source that does nothing."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs import OURS, run, write_json
from benchmarks.report import Log, Report, Target, format_table, ratio
from benchmarks.server import ServerOptions, serve

Command = Sequence[str | Path]

RUNS = 5
HEADINGS = ("verb", "ours s", "ours CPU s", "empty source s", "empty source CPU s", "relative CPU")
EMPTY = (sys.executable, Path(__file__).with_name("empty_source.py"))
IMPORT_CLICK = (sys.executable, "-c", "import click")
ARCHIVE = OURS.with_name("opsgenie-archive")
MAX_HELP_SECONDS = 0.5
# Two identical programs differ by this much on a quiet machine.
MAX_RELATIVE_CPU = 1.1


@dataclass(frozen=True, slots=True)
class Timing:
    """The wall-clock and CPU seconds of a command."""

    wall: float
    cpu: float


def startup(log: Log) -> Report:
    """Run every verb of our source and of the empty one, alternately."""
    with tempfile.TemporaryDirectory() as folder, serve(ServerOptions(alerts=100)) as simulator:
        config = write_json(folder, "config", {"api_token": simulator.key, "endpoint": simulator.url})
        pairs = {name: _compare(log, name, (OURS, name, *args), (*EMPTY, name, *args)) for name, args in _verbs(config)}
    archive, click = _compare(
        log, "opsgenie-archive --help", (ARCHIVE, "--help"), (sys.executable, "-c", "import click")
    )
    rows = [
        [f"`{name}`", ours.wall, ours.cpu, empty.wall, empty.cpu, ratio(ours.cpu, empty.cpu)]
        for name, (ours, empty) in pairs.items()
    ]
    lines = format_table(HEADINGS, rows)
    lines += ["", f"`opsgenie-archive --help` takes {archive.wall:.2f} s, and `import click` alone {click.wall:.2f} s."]
    lines += [f"The fastest of {RUNS} runs each. On a busy machine, CPU time is more stable than wall-clock time."]
    targets = [
        Target(f"`{name}`: relative CPU", ratio(ours.cpu, empty.cpu), MAX_RELATIVE_CPU, at_most=True)
        for name, (ours, empty) in pairs.items()
    ]
    targets.append(Target("`opsgenie-archive --help`", archive.wall, MAX_HELP_SECONDS, at_most=True, unit=" s"))
    return Report(lines, targets)


def _verbs(config: Path) -> Iterator[tuple[str, Sequence[str | Path]]]:
    catalog = write_json(str(config.parent), "catalog", {"streams": []})
    yield "spec", ()
    yield "check", ("--config", config)
    yield "discover", ("--config", config)
    yield "read", ("--config", config, "--catalog", catalog)


def _compare(log: Log, name: str, ours: Command, other: Command) -> tuple[Timing, Timing]:
    timings = [(_time(ours), _time(other)) for _ in range(RUNS)]
    fastest_ours, fastest_other = (_fastest(column) for column in zip(*timings, strict=True))
    log(f"{name}: {fastest_ours.wall:.2f} s, the other {fastest_other.wall:.2f} s")
    return fastest_ours, fastest_other


def _fastest(timings: Sequence[Timing]) -> Timing:
    return Timing(min(timing.wall for timing in timings), min(timing.cpu for timing in timings))


def _time(command: Command) -> Timing:
    result = run(command, environment={})
    if result.exit_code:
        raise SystemExit(f"{command[0]} failed")
    return Timing(result.ended, result.cpu)
