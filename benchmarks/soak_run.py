"""An account on a simulator and the real program that reads it: the setup of every soak case."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from benchmarks.programs import RECORD, Program, RunResult, StopAfter
from opsgenie_simulator import Account, Faults, RateLimit, Simulator, Switches

Row = dict[str, Any]


@dataclass
class SoakRun:
    """A simulated account, and the last row of each id that was read from it."""

    account: Account
    kind: str = "alerts"
    keeps_rows: bool = True
    middleware: tuple[Any, ...] = ()
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    limits: dict[str, list[RateLimit]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    rows_read: int = 0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.simulator = Simulator(
            self.account, switches=self.switches, middleware=self.middleware, faults=self.faults, limits=self.limits
        )
        self.requests = 0
        self.key = self.account.full_key

    def read(self, *, kill_at: int | None = None, fails: bool = False) -> RunResult:
        """Run the program once from the last state; kill it after *kill_at* rows, or expect that it *fails*."""
        ids: set[str] = set()
        stop = StopAfter() if kill_at is None else StopAfter(rows=kill_at)
        with self.simulator:
            config = {"api_token": self.key, "endpoint": self.simulator.url}
            watch = partial(self._keep_rows, ids) if self.keeps_rows else None
            result = Program().read(self.kind, config=config, state=self.states.values(), stop=stop, watch=watch)
            self.requests += len(self.simulator.requests)
            self.simulator.clear_requests()
        self.states, self.rows_read = self.states | result.states, self.rows_read + result.rows
        if kill_at is None:
            self.expect((result.exit_code != 0) == fails, f"exit code {result.exit_code}: {result.error}")
        if self.keeps_rows:
            self.expect(len(ids) == result.rows, f"{result.rows - len(ids)} duplicate rows in one sync")
        return result

    def expect(self, holds: bool, problem: str) -> None:
        """Record *problem* unless the condition *holds*."""
        if not holds:
            self.problems.append(problem)

    def compare_with_account(self, *, only_missing_of: set[str] | None = None) -> None:
        """Record missing and stale rows; with *only_missing_of*, only missing rows with these ids."""
        expected = {record.id: record for record in self.account.store.tables[self.kind]}
        ids = expected.keys() if only_missing_of is None else expected.keys() & only_missing_of
        missing = ids - self.rows.keys()
        self.expect(not missing, f"{len(missing)} missing")
        if only_missing_of is None:
            stale = [
                row_id
                for row_id in expected.keys() & self.rows.keys()
                if orjson.loads(expected[row_id].listed) != self.rows[row_id]
            ]
            self.expect(not stale, f"{len(stale)} stale")

    def _keep_rows(self, ids: set[str], lines: bytes) -> None:
        for line in lines.splitlines():
            if RECORD in line[:100]:
                row = orjson.loads(line)["record"]["data"]
                ids.add(row["id"])
                self.rows[row["id"]] = row
