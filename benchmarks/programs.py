"""Run a source as a platform would, and measure it from outside."""

import math
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

OURS = Path(sys.executable).with_name("source-opsgenie")
CHUNK_BYTES = 1 << 20
RECORD, STATE, ERROR = b'"type":"RECORD"', b'{"type":"STATE"', b'"type":"ERROR"'
SECONDS_BETWEEN_SAMPLES = 0.2
LONGEST_RUN_SECONDS = 1_800.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """The resources that a process holds at one time: memory, threads, open files and sockets."""

    memory_kb: int
    threads: int
    descriptors: int


@dataclass
class RunResult:
    """The measurements of one run of a program; times are seconds since it was started."""

    rows: int = 0
    first_row: float = 0.0
    last_row: float = 0.0
    first_state: float = 0.0
    ended: float = 0.0
    cpu: float = 0.0
    cpu_at_first_row: float = 0.0
    rows_in_first_chunk: int = 0
    peak_kb: int = 0
    samples: list[Sample] = field(default_factory=list)
    largest_state: int = 0
    states: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    exit_code: int = 0

    @property
    def rows_per_second(self) -> float:
        """Rows per second, from the first row on."""
        return (self.rows - self.rows_in_first_chunk) / max(self.last_row - self.first_row, 0.001)

    @property
    def cpu_ms_per_row(self) -> float:
        """CPU milliseconds per row, from the first row on."""
        return 1000 * (self.cpu - self.cpu_at_first_row) / max(self.rows - self.rows_in_first_chunk, 1)


@dataclass(frozen=True, slots=True)
class StopAfter:
    """Stops a run a number of *seconds* after its first row, or after a number of *rows*."""

    seconds: float = LONGEST_RUN_SECONDS
    rows: float = math.inf

    def is_reached(self, result: RunResult, now: float) -> bool:
        """Whether the run must be stopped."""
        return result.rows >= self.rows or now > (result.first_row if result.rows else 0) + self.seconds


@dataclass(frozen=True, slots=True)
class Program:
    """A source that implements Airbyte's verbs; *arguments* follow the verb."""

    command: Sequence[str | Path] = (OURS,)
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def read(self, *streams: str, config: Mapping[str, Any], state: Iterable[Any] = (), **options: Any) -> RunResult:
        """Run `read` for *streams*; *options* are those of `run`."""
        with tempfile.TemporaryDirectory() as folder:
            contents = {"config": config, "catalog": _catalog(streams), "state": list(state)}
            paths = {name: write_json(folder, name, content) for name, content in contents.items() if content}
            files = [part for name, path in paths.items() for part in (f"--{name}", path)]
            return run([*self.command, "read", *self.arguments, *files], environment=self.environment, **options)


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    stop: StopAfter = StopAfter(),
    watch: Callable[[bytes], None] | None = None,
) -> RunResult:
    """Run *command* until it ends or *stop* is reached; *watch* gets all lines that it prints."""
    result = RunResult()
    with _start(command, environment) as (process, started):
        for lines in _read_lines(process, result, started=started):
            now = time.monotonic() - started
            _record_lines(lines, result, now=now, process_id=process.pid)
            if watch:
                watch(lines)
            if stop.is_reached(result, now):
                process.kill()
        result.ended = time.monotonic() - started
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = result.exit_code = os.waitstatus_to_exitcode(status)
        result.cpu = usage.ru_utime + usage.ru_stime
    return result


@contextmanager
def _start(
    command: Sequence[str | Path], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **environment}, bufsize=0)
    try:
        yield process, started
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _read_lines(process: subprocess.Popen[bytes], result: RunResult, *, started: float) -> Iterator[bytes]:
    """Yield complete lines as they arrive, or nothing after a timeout; take samples meanwhile."""
    assert process.stdout
    descriptor, rest, sampled = process.stdout.fileno(), b"", 0.0
    while True:
        now = time.monotonic() - started
        if now - sampled > SECONDS_BETWEEN_SAMPLES:
            sampled, result.peak_kb = now, max(result.peak_kb, _status_value(process.pid, "VmHWM"))
            result.samples += _take_sample(process.pid)
        lines = b""
        if select.select([descriptor], [], [], SECONDS_BETWEEN_SAMPLES)[0]:
            chunk = os.read(descriptor, CHUNK_BYTES)
            if not chunk:
                return
            lines, _, rest = (rest + chunk).rpartition(b"\n")
        yield lines


def _record_lines(lines: bytes, result: RunResult, *, now: float, process_id: int) -> None:
    if rows := lines.count(RECORD):
        if not result.rows:
            result.first_row, result.rows_in_first_chunk, result.cpu_at_first_row = now, rows, _cpu_seconds(process_id)
        result.rows, result.last_row = result.rows + rows, now
    if STATE in lines or ERROR in lines:
        for line in lines.splitlines():
            _record_line(line, result, now=now)


def _record_line(line: bytes, result: RunResult, *, now: float) -> None:
    if line.startswith(STATE):
        state = orjson.loads(line)["state"]
        result.first_state = result.first_state or now
        result.states[state["stream"]["stream_descriptor"]["name"]] = state
        result.largest_state = max(result.largest_state, len(orjson.dumps(state["stream"].get("stream_state"))))
    elif b'"TRACE"' in line[:40] and ERROR in line:
        result.error = orjson.loads(line)["trace"]["error"]["message"][:200]


def _take_sample(process_id: int) -> list[Sample]:
    """Sample the process, or return nothing if it has ended."""
    try:
        descriptors = len(os.listdir(f"/proc/{process_id}/fd"))
    except OSError:
        return []
    return [Sample(_status_value(process_id, "VmRSS"), _status_value(process_id, "Threads"), descriptors)]


def _status_value(process_id: int, name: str) -> int:
    """Return a value of /proc/PID/status; 0 without that file, or if the process has ended."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:")), 0)


def _cpu_seconds(process_id: int) -> float:
    """Return the CPU seconds of a process so far; 0 without /proc."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _catalog(streams: Iterable[str]) -> dict[str, Any]:
    stream = {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    modes = {"sync_mode": "incremental", "destination_sync_mode": "append"}
    return {"streams": [{"stream": {"name": name, **stream}, **modes} for name in streams]}


def write_json(folder: str, name: str, content: Any) -> Path:
    """Write *content* to a JSON file in *folder*; returns its path."""
    path = Path(folder, f"{name}.json")
    path.write_bytes(orjson.dumps(content))
    return path
