"""One account being served, and the real program reading it: what the cases of the soak stand on."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from opsgenie_simulator import Account, Simulator

COMMAND = Path(sys.executable).with_name("source-opsgenie")
LINES_BETWEEN_LOOKS = 1_000
Row = dict[str, Any]


@dataclass
class Read:
    """What one run of the program brought."""

    rows: int = 0
    ids: set[str] = field(default_factory=set)
    state: Any = None
    exit_code: int = 0
    error: str = ""
    peak_kb: int = 0


@dataclass
class Soaked:
    """An account being served, and the last row of each id that was read from it."""

    account: Account
    kind: str = "alerts"
    keeps_rows: bool = True
    weather: tuple[Any, ...] = ()
    rows: dict[str, Row] = field(default_factory=dict)
    state: Any = None
    sent: int = 0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.simulator = Simulator(self.account, weather=self.weather)
        self.asked = 0

    def read(self, *, kill_at: int | None = None) -> Read:
        """Run the program once from the last state; kill it once *kill_at* rows came."""
        with tempfile.TemporaryDirectory() as folder, self.simulator:
            done = self._run(Path(folder), kill_at)
            self.asked += len(self.simulator.requests)
            self.simulator.forget()
        self.state, self.sent = done.state or self.state, self.sent + done.rows
        if kill_at is None:
            self.expect(done.exit_code == 0, f"exit code {done.exit_code}: {done.error}")
        if self.keeps_rows:
            self.expect(len(done.ids) == done.rows, f"{done.rows - len(done.ids)} rows twice in one sync")
        return done

    def expect(self, holds: bool, problem: str) -> None:
        """Remember *problem* unless all is well."""
        if not holds:
            self.problems.append(problem)

    def hold_against_account(self, *, lived: set[str] | None = None) -> None:
        """Nothing may be missing or stale; with *lived*, only that these are there is asked."""
        truth = {record.id: record for record in self.account.ledger.shelves[self.kind]}
        missing = (truth.keys() if lived is None else truth.keys() & lived) - self.rows.keys()
        self.expect(not missing, f"{len(missing)} missing")
        if lived is None:
            stale = [
                one for one in truth.keys() & self.rows.keys() if orjson.loads(truth[one].listed) != self.rows[one]
            ]
            self.expect(not stale, f"{len(stale)} stale")

    def _run(self, folder: Path, kill_at: int | None) -> Read:
        stream = {"name": self.kind, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
        asked = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
        config = {"api_token": self.account.full_key, "endpoint": self.simulator.url}
        args = [
            *("--config", _written(folder / "config.json", config)),
            *("--catalog", _written(folder / "catalog.json", {"streams": [asked]})),
            *(("--state", _written(folder / "state.json", self.state)) if self.state else ()),
        ]
        with subprocess.Popen([COMMAND, "read", *args], stdout=subprocess.PIPE) as program:
            done = self._followed(program, kill_at)
        done.exit_code = program.returncode
        return done

    def _followed(self, program: subprocess.Popen[bytes], kill_at: int | None) -> Read:
        done = Read()
        for number, line in enumerate(program.stdout or ()):
            if number % LINES_BETWEEN_LOOKS == 0:
                done.peak_kb = max(done.peak_kb, _peak_kb(program.pid))
            if self.keeps_rows or b'"RECORD"' not in line[:200]:
                self._take(orjson.loads(line), done)
            else:
                done.rows += 1
            if kill_at is not None and done.rows >= kill_at:
                program.kill()
                return done
        return done

    def _take(self, message: Row, done: Read) -> None:
        if message["type"] == "RECORD":
            row = message["record"]["data"]
            done.rows += 1
            done.ids.add(row["id"])
            self.rows[row["id"]] = row
        elif message["type"] == "STATE":
            done.state = [message["state"]]
        elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
            done.error = message["trace"]["error"]["message"][:200]


def _written(path: Path, content: Any) -> str:
    path.write_bytes(orjson.dumps(content))
    return str(path)


def _peak_kb(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
