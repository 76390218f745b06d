"""Read accounts of full size with the real program, and hold every row against the account: `make soak`.

The simulator runs in this process and `source-opsgenie` in its own. It prints a line for each case, and exits
with 1 if any failed. Name cases (or parts of their names) to run only these.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from opsgenie_simulator import Account, Changing, Simulator

COMMAND = Path(sys.executable).with_name("source-opsgenie")
DAY_MS = 86_400_000
LAG_MS = 2_000
# The highest share by which reading ten times as much may take more memory.
MEMORY_GROWTH = 1.20
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


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def crowded(size: int, *, spread_ms: int) -> Account:
    """An account with *size* alerts within so many milliseconds, and 1,000 around them."""
    account = Account.seeded(alerts=1_000)
    at = account.now() - 40 * DAY_MS
    for number in range(size):
        account.create_alert(created_at=at + number * spread_ms // size)
    return account


def whole(account: Account, kind: str = "alerts") -> Iterator[Soaked]:
    """One read of a quiet account."""
    soaked = Soaked(account, kind)
    yield soaked
    soaked.read()
    soaked.hold_against_account()
    soaked.expect(soaked.sent == len(account.ledger.shelves[kind]), f"{soaked.sent} rows")


def while_it_is_deleted(account: Account) -> Iterator[Soaked]:
    """One read while rows are deleted, a part of them in the crowd; what lived throughout must be there."""
    deleting = Changing(account, updates=0, creations=0, deletions=0.1)
    yield from _changing(Soaked(account, weather=(deleting,)), deleting, syncs=1)


def while_it_changes(lag_ms: int) -> Iterator[Soaked]:
    """A first and a second read while 2 rows are updated, 0.3 created and 0.1 deleted at every request."""
    account = crowded(650, spread_ms=1)
    for number in range(20_000):
        account.create_alert(created_at=account.now() - DAY_MS - number * 60_000)
    account.index_lag_ms = lag_ms
    changes = Changing(account)
    yield from _changing(Soaked(account, weather=(changes,)), changes, syncs=2)


def _changing(soaked: Soaked, changes: Changing, *, syncs: int) -> Iterator[Soaked]:
    yield soaked
    account, lived = soaked.account, set(soaked.account.alerts)
    for number in range(syncs):
        soaked.read()
        soaked.hold_against_account(lived=lived)
        for alert_id in list(account.alerts)[: 5_000 * (number + 1 < syncs)]:
            account.update_alert(alert_id, tags=["between two reads"])
        time.sleep(account.index_lag_ms / 1000)
    changes.stop()
    time.sleep(2 * account.index_lag_ms / 1000)
    soaked.read()
    soaked.hold_against_account()
    soaked.expect(bool(changes.deleted), "nothing was deleted")


def five_syncs() -> Iterator[Soaked]:
    """After a first read: updates, creations, deletions, ties, and nothing."""
    account = Account.seeded(alerts=10_000)
    soaked = Soaked(account)
    yield soaked
    soaked.read()
    steps: tuple[tuple[Callable[[str], object], int | None], ...] = (
        (lambda one: account.update_alert(one, tags=["updated"]), 600),
        (lambda _: account.create_alert(message="created"), 600),
        (account.delete_alert, 0),
        (lambda one: account.update_alert(one, tags=["tied"], updated_at=moment), 600),
        (lambda _: None, None),
    )
    for change, brings in steps:
        moment = account.now()
        for alert_id in list(account.alerts)[:600]:
            change(alert_id)
        rows = soaked.read().rows
        soaked.hold_against_account()
        soaked.expect(brings is None or rows >= brings, f"{rows} rows of {brings}")


def killed() -> Iterator[Soaked]:
    """Killed with signal 9 at 40 %, and started again."""
    soaked = Soaked(Account.seeded(alerts=30_000))
    yield soaked
    soaked.read(kill_at=12_000)
    soaked.expect(soaked.state is not None, "no state before the kill")
    soaked.read()
    soaked.hold_against_account()
    soaked.expect(soaked.sent <= 30_000 + 6_000, f"{soaked.sent} rows sent in all")


def memory() -> Iterator[Soaked]:
    """The highest memory of reading 300,000 alerts, against 30,000."""
    small, large = (Soaked(Account.seeded(alerts=size), keeps_rows=False) for size in (30_000, 300_000))
    yield large
    before, after = small.read(), large.read()
    large.expect((before.rows, after.rows) == (30_000, 300_000), f"{before.rows} and {after.rows} rows")
    growth = after.peak_kb / before.peak_kb
    sizes = f"{before.peak_kb / 1024:.0f} MB and {after.peak_kb / 1024:.0f} MB"
    large.expect(growth <= MEMORY_GROWTH, f"memory {sizes}")
    _tell(f"  memory: {sizes}")


CASES: dict[str, Callable[[], Iterator[Soaked]]] = {
    "60,000 alerts": lambda: whole(Account.seeded(alerts=60_000)),
    "45,000 incidents": lambda: whole(Account.seeded(alerts=0, incidents=45_000), "incidents"),
    "45,000 alerts in a second": lambda: whole(crowded(45_000, spread_ms=1_000)),
    "30,000 alerts in a millisecond": lambda: whole(crowded(30_000, spread_ms=1)),
    "30,000 in a millisecond, some deleted": lambda: while_it_is_deleted(crowded(30_000, spread_ms=1)),
    "live change": lambda: while_it_changes(0),
    "live change, late index": lambda: while_it_changes(LAG_MS),
    "five incremental syncs": five_syncs,
    "kill -9 at 40 %": killed,
    "memory of 300,000 alerts": memory,
}


def soak(name: str) -> bool:
    """Run one case, print its line, and tell whether all is well."""
    case = CASES[name]()
    soaked = next(case)
    started = time.monotonic()
    for _ in case:
        pass
    verdict = "; ".join(soaked.problems) or "well"
    seconds = time.monotonic() - started
    _tell(f"{name:38} {soaked.sent:>9,} {soaked.asked:>9,} {seconds:>8.1f}  {verdict}")
    return not soaked.problems


def main() -> None:
    """Run all cases, or those that are named."""
    names = [name for name in CASES if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    _tell(f"{'case':38} {'rows':>9} {'requests':>9} {'seconds':>8}  verdict")
    failed = [name for name in names if not soak(name)]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
