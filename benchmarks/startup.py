"""How long each verb takes to start, against a source of the CDK that does nothing."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.ran import OURS, file, run
from benchmarks.report import Report, Target, Tell, ratio, table
from benchmarks.served import Offer, served

Command = Sequence[str | Path]
Took = tuple[float, float]

RUNS = 5
HEADINGS = ("verb", "ours s", "ours CPU s", "empty source s", "empty source CPU s", "times the CPU")
EMPTY = (sys.executable, Path(__file__).with_name("empty_source.py"))
ARCHIVE = OURS.with_name("opsgenie-archive")
HELP_SECONDS = 0.5
# Two programs that do the same are so far apart on a quiet machine.
ALIKE = 1.1


def startup(tell: Tell) -> Report:
    """Run every verb a few times, ours and the empty one in turns."""
    with tempfile.TemporaryDirectory() as folder, served(Offer(alerts=100)) as simulator:
        config = file(folder, "config", {"api_token": simulator.key, "endpoint": simulator.url})
        pairs = {name: _pair(tell, name, (OURS, name, *args), (*EMPTY, name, *args)) for name, args in _verbs(config)}
    pair = _pair(tell, "opsgenie-archive --help", (ARCHIVE, "--help"), (sys.executable, "-c", "import click"))
    rows = [[f"`{name}`", *ours, *empty, ratio(ours[1], empty[1])] for name, (ours, empty) in pairs.items()]
    lines = table(HEADINGS, rows)
    lines += ["", f"`opsgenie-archive --help` takes {pair[0][0]:.2f} s, and `import click` alone {pair[1][0]:.2f} s."]
    lines += [f"The quickest of {RUNS} runs each; processor time is the steadier figure on a machine that does more."]
    targets = [
        Target(f"`{name}`: CPU, times the empty source's", ratio(ours[1], empty[1]), ALIKE, at_most=True)
        for name, (ours, empty) in pairs.items()
    ]
    archive = Target("`opsgenie-archive --help`", pair[0][0], HELP_SECONDS, at_most=True, unit=" s")
    return Report(lines, [*targets, archive])


def _verbs(config: Path) -> Iterator[tuple[str, Sequence[str | Path]]]:
    catalog = file(str(config.parent), "catalog", {"streams": []})
    yield "spec", ()
    yield "check", ("--config", config)
    yield "discover", ("--config", config)
    yield "read", ("--config", config, "--catalog", catalog)


def _pair(tell: Tell, name: str, ours: Command, other: Command) -> tuple[Took, Took]:
    took: tuple[list[Took], list[Took]] = ([], [])
    for _ in range(RUNS):
        took[0].append(_took(ours))
        took[1].append(_took(other))
    quickest = _quickest(took[0]), _quickest(took[1])
    tell(f"{name}: {quickest[0][0]:.2f} s, the other {quickest[1][0]:.2f} s")
    return quickest


def _quickest(took: list[Took]) -> Took:
    return min(wall for wall, _ in took), min(cpu for _, cpu in took)


def _took(command: Command) -> Took:
    """The seconds, and the seconds of processor time, that *command* takes."""
    ran = run(command, environment={})
    if ran.exit_code:
        raise SystemExit(f"{command[0]} failed")
    return ran.ended, ran.cpu
