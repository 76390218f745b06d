"""A program that reads, run as a platform would run it, and what can be seen of it from outside."""

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
SECONDS_BETWEEN_LOOKS = 0.2
LONGEST_RUN_SECONDS = 1_800.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Look:
    """What a process had at one moment: memory, threads, open files and sockets."""

    memory_kb: int
    threads: int
    descriptors: int


@dataclass
class Ran:
    """What one run of a program brought; moments are seconds since it was started."""

    rows: int = 0
    first_row: float = 0.0
    last_row: float = 0.0
    first_state: float = 0.0
    ended: float = 0.0
    cpu: float = 0.0
    cpu_at_first_row: float = 0.0
    rows_at_first_look: int = 0
    peak_kb: int = 0
    looks: list["Look"] = field(default_factory=list)
    largest_state: int = 0
    states: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    exit_code: int = 0

    @property
    def rows_per_second(self) -> float:
        """Rows a second from the first row on."""
        return (self.rows - self.rows_at_first_look) / max(self.last_row - self.first_row, 0.001)

    @property
    def cpu_ms_per_row(self) -> float:
        """Milliseconds of processor time a row, from the first row on."""
        return 1000 * (self.cpu - self.cpu_at_first_row) / max(self.rows - self.rows_at_first_look, 1)


@dataclass(frozen=True, slots=True)
class Until:
    """When a run is ended: so many *seconds* after its first row, or once so many *rows* came."""

    seconds: float = LONGEST_RUN_SECONDS
    rows: float = math.inf

    def is_over(self, ran: Ran, now: float) -> bool:
        """Whether that is so."""
        return ran.rows >= self.rows or now > (ran.first_row if ran.rows else 0) + self.seconds


@dataclass(frozen=True, slots=True)
class Program:
    """A source that speaks Airbyte's verbs; *arguments* stand behind each verb."""

    command: Sequence[str | Path] = (OURS,)
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def read(self, *streams: str, config: Mapping[str, Any], state: Iterable[Any] = (), **how: Any) -> Ran:
        """Let it read *streams*; for *how*, see `run`."""
        with tempfile.TemporaryDirectory() as folder:
            given = {"config": config, "catalog": _catalog(streams), "state": list(state)}
            files = [part for name, what in given.items() if what for part in (f"--{name}", file(folder, name, what))]
            return run([*self.command, "read", *self.arguments, *files], environment=self.environment, **how)


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    until: Until = Until(),
    watch: Callable[[bytes], None] | None = None,
) -> Ran:
    """Run *command* to its end, or *until* it is enough; *watch* sees all lines that it prints."""
    ran = Ran()
    with _started(command, environment) as (program, started):
        for lines in _lines(program, ran, started=started):
            now = time.monotonic() - started
            _take(lines, ran, now=now, process_id=program.pid)
            if watch:
                watch(lines)
            if until.is_over(ran, now):
                program.kill()
        ran.ended = time.monotonic() - started
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = ran.exit_code = os.waitstatus_to_exitcode(status)
        ran.cpu = used.ru_utime + used.ru_stime
    return ran


@contextmanager
def _started(
    command: Sequence[str | Path], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    started = time.monotonic()
    program = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **environment}, bufsize=0)
    try:
        yield program, started
    finally:
        if program.returncode is None:
            program.kill()
            program.wait()
        if program.stdout:
            program.stdout.close()


def _lines(program: subprocess.Popen[bytes], ran: Ran, *, started: float) -> Iterator[bytes]:
    """Whole lines, as many as there are at a time, or none after a while."""
    assert program.stdout
    descriptor, rest, looked = program.stdout.fileno(), b"", 0.0
    while True:
        now = time.monotonic() - started
        if now - looked > SECONDS_BETWEEN_LOOKS:
            looked, ran.peak_kb = now, max(ran.peak_kb, _told_of(program.pid, "VmHWM"))
            ran.looks += _look(program.pid)
        lines = b""
        if select.select([descriptor], [], [], SECONDS_BETWEEN_LOOKS)[0]:
            chunk = os.read(descriptor, CHUNK_BYTES)
            if not chunk:
                return
            lines, _, rest = (rest + chunk).rpartition(b"\n")
        yield lines


def _take(lines: bytes, ran: Ran, *, now: float, process_id: int) -> None:
    if rows := lines.count(RECORD):
        if not ran.rows:
            ran.first_row, ran.rows_at_first_look, ran.cpu_at_first_row = now, rows, _cpu(process_id)
        ran.rows, ran.last_row = ran.rows + rows, now
    if STATE in lines or ERROR in lines:
        for line in lines.splitlines():
            _tell(line, ran, now=now)


def _tell(line: bytes, ran: Ran, *, now: float) -> None:
    if line.startswith(STATE):
        state = orjson.loads(line)["state"]
        ran.first_state = ran.first_state or now
        ran.states[state["stream"]["stream_descriptor"]["name"]] = state
        ran.largest_state = max(ran.largest_state, len(orjson.dumps(state["stream"].get("stream_state"))))
    elif b'"TRACE"' in line[:40] and ERROR in line:
        ran.error = orjson.loads(line)["trace"]["error"]["message"][:200]


def _look(process_id: int) -> list[Look]:
    try:
        descriptors = len(os.listdir(f"/proc/{process_id}/fd"))
    except OSError:
        return []
    return [Look(_told_of(process_id, "VmRSS"), _told_of(process_id, "Threads"), descriptors)]


def _told_of(process_id: int, name: str) -> int:
    """A number that the system tells of a process; 0 where it does not tell, or the process has ended."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:")), 0)


def _cpu(process_id: int) -> float:
    """Seconds of processor time that a process has had so far; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _catalog(streams: Iterable[str]) -> dict[str, Any]:
    modes = {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    asked = {"sync_mode": "incremental", "destination_sync_mode": "append"}
    return {"streams": [{"stream": {"name": name, **modes}, **asked} for name in streams]}


def file(folder: str, name: str, content: Any) -> Path:
    """Write *content* as JSON into *folder*."""
    path = Path(folder, f"{name}.json")
    path.write_bytes(orjson.dumps(content))
    return path
