"""One account being served, and the real program reading it: what the cases of the soak stand on."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from benchmarks.ran import RECORD, Program, Ran, Until
from opsgenie_simulator import Account, Faults, RateLimit, Simulator, Switches

Row = dict[str, Any]


@dataclass
class Soaked:
    """An account being served, and the last row of each id that was read from it."""

    account: Account
    kind: str = "alerts"
    keeps_rows: bool = True
    middleware: tuple[Any, ...] = ()
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    limits: dict[str, list[RateLimit]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    sent: int = 0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.simulator = Simulator(
            self.account, switches=self.switches, middleware=self.middleware, faults=self.faults, limits=self.limits
        )
        self.asked = 0
        self.key = self.account.full_key

    def read(self, *, kill_at: int | None = None, fails: bool = False) -> Ran:
        """Run the program once from the last state; kill it once *kill_at* rows came, or expect that it *fails*."""
        ids: set[str] = set()
        until = Until() if kill_at is None else Until(rows=kill_at)
        with self.simulator:
            config = {"api_token": self.key, "endpoint": self.simulator.url}
            watch = partial(self._keep, ids) if self.keeps_rows else None
            done = Program().read(self.kind, config=config, state=self.states.values(), until=until, watch=watch)
            self.asked += len(self.simulator.requests)
            self.simulator.clear_requests()
        self.states, self.sent = self.states | done.states, self.sent + done.rows
        if kill_at is None:
            self.expect((done.exit_code != 0) == fails, f"exit code {done.exit_code}: {done.error}")
        if self.keeps_rows:
            self.expect(len(ids) == done.rows, f"{done.rows - len(ids)} rows twice in one sync")
        return done

    def expect(self, holds: bool, problem: str) -> None:
        """Remember *problem* unless all is well."""
        if not holds:
            self.problems.append(problem)

    def hold_against_account(self, *, lived: set[str] | None = None) -> None:
        """Nothing may be missing or stale; with *lived*, only that these are there is asked."""
        truth = {record.id: record for record in self.account.store.tables[self.kind]}
        missing = (truth.keys() if lived is None else truth.keys() & lived) - self.rows.keys()
        self.expect(not missing, f"{len(missing)} missing")
        if lived is None:
            stale = [
                one for one in truth.keys() & self.rows.keys() if orjson.loads(truth[one].listed) != self.rows[one]
            ]
            self.expect(not stale, f"{len(stale)} stale")

    def _keep(self, ids: set[str], lines: bytes) -> None:
        for line in lines.splitlines():
            if RECORD in line[:100]:
                row = orjson.loads(line)["record"]["data"]
                ids.add(row["id"])
                self.rows[row["id"]] = row
