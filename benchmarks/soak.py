"""Read full-size accounts with the real program, and compare every row with the account: `make soak`.

The simulator runs in this process and `source-opsgenie` in another. It prints a line for each case, and exits
with 1 if any failed. Arguments are cases (or parts of their names) to run only these.
"""

import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.report import print_line
from benchmarks.soak_run import SoakRun
from opsgenie_simulator import Account, Faults, RandomChanges, RateLimit, Switches

DAY_MS = 86_400_000
LAG_MS = 2_000
# The most memory for ten times as many rows, relative to the smaller read.
MAX_MEMORY_GROWTH = 1.20
# The most memory, threads and open files in the last third of a long run, relative to the middle third.
MAX_LONG_RUN_GROWTH = 1.10
MAX_STATE_BYTES = 2_000
# The simulated clock of the night runs this much faster.
HOURS, SPEED, HOUR_MS = 12, 600, 3_600_000


def create_crowded_account(size: int, *, spread_ms: int) -> Account:
    """Create an account with *size* alerts within *spread_ms* milliseconds, and 1,000 alerts around them."""
    account = Account.seeded(alerts=1_000)
    start = account.now() - 40 * DAY_MS
    for number in range(size):
        account.create_alert(created_at=start + number * spread_ms // size)
    return account


def read_once(account: Account, kind: str = "alerts") -> Iterator[SoakRun]:
    """Read an account that does not change, with a new order of equal sort keys in every response."""
    soak_run = SoakRun(account, kind, switches=Switches(ties="shuffled"))
    yield soak_run
    soak_run.read()
    soak_run.compare_with_account()
    soak_run.expect(soak_run.rows_read == len(account.store.tables[kind]), f"{soak_run.rows_read} rows")


def read_with_deletions(account: Account) -> Iterator[SoakRun]:
    """Read once while rows are deleted, some of them in the crowd; all other rows must be read."""
    deleting = RandomChanges(account, updates=0, creations=0, deletions=0.1)
    soak_run = SoakRun(account, middleware=(deleting,), switches=Switches(ties="shuffled"))
    yield from _read_changing(soak_run, deleting, syncs=1)


def read_with_changes(lag_ms: int) -> Iterator[SoakRun]:
    """Read twice while 2 rows are updated, 0.3 created and 0.1 deleted with every request."""
    account = create_crowded_account(650, spread_ms=1)
    for number in range(20_000):
        account.create_alert(created_at=account.now() - DAY_MS - number * 60_000)
    account.index_lag_ms = lag_ms
    changes = RandomChanges(account)
    yield from _read_changing(SoakRun(account, middleware=(changes,)), changes, syncs=2)


def _read_changing(soak_run: SoakRun, changes: RandomChanges, *, syncs: int) -> Iterator[SoakRun]:
    yield soak_run
    account, initial_ids = soak_run.account, set(soak_run.account.alerts)
    for number in range(syncs):
        soak_run.read()
        soak_run.compare_with_account(only_missing_of=initial_ids)
        for alert_id in list(account.alerts)[: 5_000 * (number + 1 < syncs)]:
            account.update_alert(alert_id, tags=["between two reads"])
        time.sleep(account.index_lag_ms / 1000)
    changes.stop()
    time.sleep(2 * account.index_lag_ms / 1000)
    soak_run.read()
    soak_run.compare_with_account()
    soak_run.expect(bool(changes.deleted), "nothing was deleted")


def sync_five_times() -> Iterator[SoakRun]:
    """After a first read, sync updates, creations, deletions, equal timestamps, and no change."""
    account = Account.seeded(alerts=10_000)
    soak_run = SoakRun(account)
    yield soak_run
    soak_run.read()
    steps: tuple[tuple[Callable[[str], object], int | None], ...] = (
        (lambda alert_id: account.update_alert(alert_id, tags=["updated"]), 600),
        (lambda _: account.create_alert(message="created"), 600),
        (account.delete_alert, 0),
        (lambda alert_id: account.update_alert(alert_id, tags=["tied"], updated_at=now), 600),
        (lambda _: None, None),
    )
    for change, min_rows in steps:
        now = account.now()
        for alert_id in list(account.alerts)[:600]:
            change(alert_id)
        rows = soak_run.read().rows
        soak_run.compare_with_account()
        soak_run.expect(min_rows is None or rows >= min_rows, f"{rows} rows of {min_rows}")


def kill_and_resume() -> Iterator[SoakRun]:
    """Kill a read with signal 9 at 40 %, and resume it."""
    soak_run = SoakRun(Account.seeded(alerts=30_000))
    yield soak_run
    soak_run.read(kill_at=12_000)
    soak_run.expect(bool(soak_run.states), "no state before the kill")
    soak_run.read()
    soak_run.compare_with_account()
    soak_run.expect(soak_run.rows_read <= 30_000 + 6_000, f"{soak_run.rows_read} rows in both reads")


def compare_memory() -> Iterator[SoakRun]:
    """Compare the peak memory of reading 300,000 alerts and 30,000."""
    small, large = (SoakRun(Account.seeded(alerts=size), keeps_rows=False) for size in (30_000, 300_000))
    yield large
    before, after = small.read(), large.read()
    large.expect((before.rows, after.rows) == (30_000, 300_000), f"{before.rows} and {after.rows} rows")
    growth = after.peak_kb / before.peak_kb
    sizes = f"{before.peak_kb / 1024:.0f} MB and {after.peak_kb / 1024:.0f} MB"
    large.expect(growth <= MAX_MEMORY_GROWTH, f"memory {sizes}")
    print_line(f"  memory: {sizes}")


def sync_all_night() -> Iterator[SoakRun]:
    """Sync repeatedly for twelve simulated hours, each a few seconds long.

    15 % of the responses are faulty, rate limits apply, the account changes, and the key is disabled for an hour.
    """
    account = Account.seeded(alerts=2_000)
    started = account.now()
    account.clock = lambda: started + (time.time_ns() // 1_000_000 - started) * SPEED
    changes = RandomChanges(account, updates=0.5)
    soak_run = SoakRun(account, middleware=(changes,), faults=Faults(share=0.15), limits={"search": [RateLimit(50, 1)]})
    yield soak_run
    keys, hour = account.keys, 0
    while hour < HOURS:
        hour = (account.now() - started) // HOUR_MS
        account.keys = () if hour == HOURS // 2 else keys
        result = soak_run.read(fails=not account.keys)
        soak_run.expect(result.largest_state < MAX_STATE_BYTES, f"a state of {result.largest_state} bytes")
        for alert_id in list(account.alerts)[:50]:
            account.update_alert(alert_id, tags=[f"hour {hour}"])
    changes.stop()
    soak_run.read()
    soak_run.compare_with_account()


def read_for_long() -> Iterator[SoakRun]:
    """Read the logs of 4,000 alerts with 15 % faulty responses; memory, threads and open files must not grow."""
    account = Account.seeded(alerts=4_000)
    limits = {"alert": [RateLimit(150, 1)]}
    soak_run = SoakRun(account, "alert_logs", keeps_rows=False, faults=Faults(share=0.15), limits=limits)
    yield soak_run
    result = soak_run.read()
    logs = sum(len(account.store.children(alert_id).logs) for alert_id in account.alerts)
    soak_run.expect(result.rows == logs, f"{result.rows} of {logs} rows")
    third = len(result.samples) // 3
    for name in ("memory_kb", "threads", "descriptors"):
        before, after = (
            max(getattr(sample, name) for sample in part)
            for part in (result.samples[third:-third], result.samples[-third:])
        )
        soak_run.expect(after <= before * MAX_LONG_RUN_GROWTH, f"{name} from {before} to {after}")
        print_line(f"  {name}: {before:,}, then {after:,}")


CASES: dict[str, Callable[[], Iterator[SoakRun]]] = {
    "60,000 alerts": lambda: read_once(Account.seeded(alerts=60_000)),
    "45,000 incidents": lambda: read_once(Account.seeded(alerts=0, incidents=45_000), "incidents"),
    "45,000 alerts in a second": lambda: read_once(create_crowded_account(45_000, spread_ms=1_000)),
    "30,000 alerts in a millisecond": lambda: read_once(create_crowded_account(30_000, spread_ms=1)),
    "30,000 in a millisecond, some deleted": lambda: read_with_deletions(create_crowded_account(30_000, spread_ms=1)),
    "live changes": lambda: read_with_changes(0),
    "live changes, late index": lambda: read_with_changes(LAG_MS),
    "five incremental syncs": sync_five_times,
    "kill -9 at 40 %": kill_and_resume,
    "memory of 300,000 alerts": compare_memory,
    "a night of faults and limits": sync_all_night,
    "a long run with faulty responses": read_for_long,
}


def run_soak(name: str) -> bool:
    """Run one case and print its line; returns whether it passed."""
    case = CASES[name]()
    soak_run = next(case)
    started = time.monotonic()
    for _ in case:
        pass
    verdict = "; ".join(soak_run.problems) or "passed"
    seconds = time.monotonic() - started
    print_line(f"{name:38} {soak_run.rows_read:>9,} {soak_run.requests:>9,} {seconds:>8.1f}  {verdict}")
    return not soak_run.problems


def main() -> None:
    """Run all cases, or those in the arguments."""
    names = [name for name in CASES if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    print_line(f"{'case':38} {'rows':>9} {'requests':>9} {'seconds':>8}  verdict")
    failed = [name for name in names if not run_soak(name)]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
