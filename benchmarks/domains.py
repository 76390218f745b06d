"""Streams of three domains, each alone and then together: how long they take, relative to the busiest domain."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.programs import Program, run
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


def domains(log: Log) -> Report:
    """Read the streams with both programs, each alone and then all of them."""
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
    return Report(format_table(HEADINGS, rows), targets)


def measure(simulator: Server, program: Callable[[Server, Sequence[str]], int], streams: Sequence[str]) -> float:
    """The seconds from the first request to the last one when *program* reads *streams*, which must succeed."""
    simulator.call(clear_journal)
    if code := program(simulator, streams):
        raise SystemExit(f"reading {', '.join(streams)} ended with exit code {code}")
    times = [request.at for request in simulator.requests]
    return max(times) - min(times)


def _read(simulator: Server, streams: Sequence[str]) -> int:
    """Read *streams* with `source-opsgenie`."""
    return Program().read(*streams, config={"api_token": simulator.key, "endpoint": simulator.url}).exit_code


def _sync(simulator: Server, streams: Sequence[str]) -> int:
    """Sync *streams* into a new file with `opsgenie-archive`."""
    environment = {"OPSGENIE_API_TOKEN": simulator.key, "OPSGENIE_API_URL": simulator.url}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "acme.duckdb")
        return run([*SYNC, "--to", file, "--streams", ",".join(streams)], environment=environment).exit_code


PROGRAMS: dict[str, Callable[[Server, Sequence[str]], int]] = {"read": _read, "sync": _sync}
