"""Streams of different domains, each alone and then together: time and memory, relative to the largest of them."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.programs import Program, RunResult, run
from benchmarks.report import Log, Report, Target, format_table, ratio
from benchmarks.server import Server, ServerOptions, clear_journal, serve
from opsgenie_simulator import RateLimit

# One stream of each domain, with one request per parent.
STREAMS = ("alert_notes", "incident_notes", "user_contacts")
PARENTS = 400
LATENCY_MS = 20
LIMIT = RateLimit(20, 1)
MOST = 1.15
SYNC = (sys.executable, "-c", "from source_opsgenie.archive.run import main; main()", "sync", "--quiet")
HEADINGS = ("program", *STREAMS, "busiest s", "together s", "together / busiest")

# Two large lists, read side by side without a limit.
LISTS = ("alerts", "incidents")
ROWS = 30_000
MOST_MEMORY = 1.5
MEMORY_HEADINGS = ("program", *(f"{name} MB" for name in LISTS), "together MB", "together / larger")


Reading = Callable[[Server, Sequence[str]], RunResult]


def domains(log: Log) -> Report:
    """Read the streams with both programs, each alone and then all of them."""
    times, time_targets = _compare_times(log)
    memory, memory_targets = _compare_memory(log)
    return Report([*times, "", *memory], [*time_targets, *memory_targets])


def _compare_times(log: Log) -> tuple[list[str], list[Target]]:
    rows, targets = [], []
    account = ServerOptions(alerts=PARENTS, incidents=PARENTS, users=PARENTS, latency_ms=LATENCY_MS, limits=(LIMIT,))
    with serve(account) as simulator:
        for name, program in PROGRAMS.items():
            log(f"{name}: {len(STREAMS)} streams alone, then together, for about two minutes")
            alone = [measure(simulator, program, [stream]) for stream in STREAMS]
            together = measure(simulator, program, STREAMS)
            share = ratio(together, max(alone))
            rows.append([name, *alone, max(alone), together, share])
            targets.append(Target(f"{name}: time relative to the busiest domain", share, MOST, at_most=True))
    return format_table(HEADINGS, rows), targets


def _compare_memory(log: Log) -> tuple[list[str], list[Target]]:
    rows, targets = [], []
    with serve(ServerOptions(alerts=ROWS, incidents=ROWS)) as simulator:
        for name, program in PROGRAMS.items():
            log(f"{name}: memory with {ROWS:,} rows in each of {len(LISTS)} lists")
            *alone, together = (
                _run(simulator, program, lists).peak_kb / 1024 for lists in (*([name] for name in LISTS), LISTS)
            )
            share = ratio(together, max(alone))
            rows.append([name, *alone, together, share])
            targets.append(Target(f"{name}: memory relative to the larger list", share, MOST_MEMORY, at_most=True))
    return format_table(MEMORY_HEADINGS, rows), targets


def measure(simulator: Server, program: Reading, streams: Sequence[str]) -> float:
    """The seconds from the first request to the last one when *program* reads *streams*, which must succeed."""
    simulator.call(clear_journal)
    _run(simulator, program, streams)
    times = [request.at for request in simulator.requests]
    return max(times) - min(times)


def _run(simulator: Server, program: Reading, streams: Sequence[str]) -> RunResult:
    result = program(simulator, streams)
    if result.exit_code:
        raise SystemExit(f"reading {', '.join(streams)} ended with exit code {result.exit_code}")
    return result


def _read(simulator: Server, streams: Sequence[str]) -> RunResult:
    """Read *streams* with `source-opsgenie`."""
    return Program().read(*streams, config={"api_token": simulator.key, "endpoint": simulator.url})


def _sync(simulator: Server, streams: Sequence[str]) -> RunResult:
    """Sync *streams* into a new file with `opsgenie-archive`."""
    environment = {"OPSGENIE_API_TOKEN": simulator.key, "OPSGENIE_API_URL": simulator.url}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "acme.duckdb")
        return run([*SYNC, "--to", file, "--streams", ",".join(streams)], environment=environment)


PROGRAMS: dict[str, Reading] = {"read": _read, "sync": _sync}
