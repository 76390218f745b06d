"""Read accounts of full size with the real program, and hold every row against the account: `make soak`.

The simulator runs in this process and `source-opsgenie` in its own. It prints a line for each case, and exits
with 1 if any failed. Name cases (or parts of their names) to run only these.
"""

import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.report import tell
from benchmarks.soaked import Soaked
from opsgenie_simulator import Account, Faults, RandomChanges, RateLimit, Switches

DAY_MS = 86_400_000
LAG_MS = 2_000
# The highest share by which reading ten times as much may take more memory.
MEMORY_GROWTH = 1.20
LONG_RUN_GROWTH = 1.10
STATE_BYTES = 2_000
# A night passes so much faster than on other clocks.
HOURS, HASTE, HOUR_MS = 12, 600, 3_600_000


def crowded(size: int, *, spread_ms: int) -> Account:
    """An account with *size* alerts within so many milliseconds, and 1,000 around them."""
    account = Account.seeded(alerts=1_000)
    at = account.now() - 40 * DAY_MS
    for number in range(size):
        account.create_alert(created_at=at + number * spread_ms // size)
    return account


def whole(account: Account, kind: str = "alerts") -> Iterator[Soaked]:
    """One read of a quiet account; where rows are equal in what they are sorted by, their order is ever another."""
    soaked = Soaked(account, kind, switches=Switches(ties="shuffled"))
    yield soaked
    soaked.read()
    soaked.hold_against_account()
    soaked.expect(soaked.sent == len(account.store.tables[kind]), f"{soaked.sent} rows")


def while_it_is_deleted(account: Account) -> Iterator[Soaked]:
    """One read while rows are deleted, a part of them in the crowd; what lived throughout must be there."""
    deleting = RandomChanges(account, updates=0, creations=0, deletions=0.1)
    soaked = Soaked(account, middleware=(deleting,), switches=Switches(ties="shuffled"))
    yield from _changing(soaked, deleting, syncs=1)


def while_it_changes(lag_ms: int) -> Iterator[Soaked]:
    """A first and a second read while 2 rows are updated, 0.3 created and 0.1 deleted at every request."""
    account = crowded(650, spread_ms=1)
    for number in range(20_000):
        account.create_alert(created_at=account.now() - DAY_MS - number * 60_000)
    account.index_lag_ms = lag_ms
    changes = RandomChanges(account)
    yield from _changing(Soaked(account, middleware=(changes,)), changes, syncs=2)


def _changing(soaked: Soaked, changes: RandomChanges, *, syncs: int) -> Iterator[Soaked]:
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
    soaked.expect(bool(soaked.states), "no state before the kill")
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
    tell(f"  memory: {sizes}")


def night() -> Iterator[Soaked]:
    """Twelve hours, each as long as a few seconds, with a sync again and again.

    Fifteen answers of a hundred come broken, limits hold, the account changes, and for an hour the key is switched off.
    """
    account = Account.seeded(alerts=2_000)
    began = account.now()
    account.clock = lambda: began + (time.time_ns() // 1_000_000 - began) * HASTE
    changes = RandomChanges(account, updates=0.5)
    soaked = Soaked(account, middleware=(changes,), faults=Faults(share=0.15), limits={"search": [RateLimit(50, 1)]})
    yield soaked
    keys, hours = account.keys, 0
    while hours < HOURS:
        hours = (account.now() - began) // HOUR_MS
        account.keys = () if hours == HOURS // 2 else keys
        ran = soaked.read(fails=not account.keys)
        soaked.expect(ran.largest_state < STATE_BYTES, f"a state of {ran.largest_state} bytes")
        for alert_id in list(account.alerts)[:50]:
            account.update_alert(alert_id, tags=[f"hour {hours}"])
    changes.stop()
    soaked.read()
    soaked.hold_against_account()


def long_run() -> Iterator[Soaked]:
    """The logs of 4,000 alerts in one run, fifteen answers of a hundred broken: nothing that it holds grows."""
    account = Account.seeded(alerts=4_000)
    limits = {"alert": [RateLimit(150, 1)]}
    soaked = Soaked(account, "alert_logs", keeps_rows=False, faults=Faults(share=0.15), limits=limits)
    yield soaked
    ran = soaked.read()
    logs = sum(len(account.store.children(one).logs) for one in account.alerts)
    soaked.expect(ran.rows == logs, f"{ran.rows} of {logs} rows")
    third = len(ran.looks) // 3
    for name in ("memory_kb", "threads", "descriptors"):
        before, after = (
            max(getattr(one, name) for one in part) for part in (ran.looks[third:-third], ran.looks[-third:])
        )
        soaked.expect(after <= before * LONG_RUN_GROWTH, f"{name} from {before} to {after}")
        tell(f"  {name}: {before:,}, then {after:,}")


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
    "a night of faults and limits": night,
    "a long run of broken answers": long_run,
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
    tell(f"{name:38} {soaked.sent:>9,} {soaked.asked:>9,} {seconds:>8.1f}  {verdict}")
    return not soaked.problems


def main() -> None:
    """Run all cases, or those that are named."""
    names = [name for name in CASES if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    tell(f"{'case':38} {'rows':>9} {'requests':>9} {'seconds':>8}  verdict")
    failed = [name for name in names if not soak(name)]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
