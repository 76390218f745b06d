"""What a user of PyAirbyte waits for: three rows of each stream, with a new source each time."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.programs import OURS
from benchmarks.report import Log, Report, Target, format_table, print_line
from benchmarks.server import Server, ServerOptions, serve
from source_opsgenie.streams import STREAMS

# What `make test-clients` installs, and the name of its columns.
CLIENTS = {"pyairbyte": "0.7x", "pyairbyte-next": "1.0rc"}
ROOT = Path(__file__).parents[1]
SAMPLE = Path(__file__).with_name("sample_pyairbyte.py")
MAX_SECONDS = 4.0
PART_HEADINGS = ("PyAirbyte", "part", "runs", "median s", "longest s", "median CPU s")


@dataclass(frozen=True, slots=True)
class Spent:
    """The wall-clock and CPU seconds of a part."""

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Preview:
    """Three rows of a stream: what PyAirbyte itself spent on them, and each process that it started, by its verb."""

    rows: int
    total: Spent
    client: Spent
    processes: Mapping[str, Spent]


@dataclass(frozen=True, slots=True)
class Session:
    """One program that imports PyAirbyte and previews each stream."""

    imported: Spent
    previews: Mapping[str, Preview]


def clients(log: Log) -> Report:
    """Read three rows of every stream with each PyAirbyte that can be installed."""
    installed = {name: python for client, name in CLIENTS.items() if (python := _install(client))}
    if not installed:
        raise SystemExit("No PyAirbyte can be installed, see above.")
    with serve(ServerOptions()) as simulator:
        sessions = {name: _preview(log, name, python, simulator) for name, python in installed.items()}
    lines = [*_describe_streams(sessions), "", *format_table(PART_HEADINGS, list(_describe_parts(sessions)))]
    return Report(lines, [_target(name, session.previews.values()) for name, session in sessions.items()])


def _target(name: str, previews: Iterable[Preview]) -> Target:
    slowest = max(preview.total.seconds for preview in previews)
    return Target(f"PyAirbyte {name}: slowest stream", slowest, MAX_SECONDS, at_most=True, unit=" s")


def _install(client: str) -> Path | None:
    """The interpreter of the environment of *client*, which is installed first; None if it cannot be."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "install.py", client], check=False)
    return None if done.returncode else ROOT / f".venv-{client}" / "bin" / "python"


def _preview(log: Log, name: str, python: Path, simulator: Server) -> Session:
    """Run the program that previews each stream; raises if one has no rows."""
    with tempfile.TemporaryDirectory() as folder:
        config = {"api_token": simulator.key, "endpoint": simulator.url}
        argument = {"executable": str(OURS), "config": config, "streams": list(STREAMS)}
        command = [str(python), str(SAMPLE), json.dumps(argument)]
        done = subprocess.run(
            command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
        )
    if done.returncode or "Traceback" in done.stderr:
        raise SystemExit(f"PyAirbyte {name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    imported, *results = (json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"'))
    previews = {result["stream"]: _parse(result) for result in results}
    log(f"PyAirbyte {name}: {len(previews)} streams")
    return Session(Spent(**imported), previews)


def _environment(folder: str) -> dict[str, str]:
    """No registry is asked, nothing is reported to a vendor, and all files are below *folder*."""
    quiet = {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1", "NO_LIVE_PROGRESS": "1"}
    return os.environ | quiet | dict.fromkeys(("HOME", "AIRBYTE_PROJECT_DIR", "AIRBYTE_LOGGING_ROOT"), folder)


def _parse(result: Mapping[str, Any]) -> Preview:
    processes = {process["verb"]: Spent(process["seconds"], process["cpu"]) for process in result["processes"]}
    ours = Spent(sum(one.seconds for one in processes.values()), sum(one.cpu for one in processes.values()))
    total = Spent(result["seconds"], result["cpu"] + ours.cpu)
    return Preview(result["rows"], total, Spent(total.seconds - ours.seconds, result["cpu"]), processes)


def _describe_streams(sessions: Mapping[str, Session]) -> list[str]:
    headings = ["stream", *(f"{name} {unit}" for name in sessions for unit in ("s", "CPU s"))]
    totals = {stream: [session.previews[stream].total for session in sessions.values()] for stream in STREAMS}
    return format_table(
        headings,
        [
            [f"`{name}`", *(value for one in spent for value in (one.seconds, one.cpu))]
            for name, spent in totals.items()
        ],
    )


def _describe_parts(sessions: Mapping[str, Session]) -> Iterator[list[object]]:
    """A row for the import of each PyAirbyte, for each verb that it runs, and for the rest."""
    for name, session in sessions.items():
        yield _describe_part(name, "`import airbyte`, once", [session.imported])
        verbs = {verb: None for preview in session.previews.values() for verb in preview.processes}
        for verb in verbs:
            runs = [preview.processes[verb] for preview in session.previews.values() if verb in preview.processes]
            yield _describe_part(name, f"our process: `{verb}`", runs)
        yield _describe_part(name, "PyAirbyte itself", [preview.client for preview in session.previews.values()])


def _describe_part(name: str, part: str, runs: Sequence[Spent]) -> list[object]:
    seconds = [run.seconds for run in runs]
    return [name, part, len(runs), median(seconds), max(seconds), median(run.cpu for run in runs)]


def main() -> None:
    """Measure without the other benchmarks; `python -m benchmarks.bench clients --write` updates the page."""
    print_line("\n".join(clients(print_line)))


if __name__ == "__main__":
    main()
