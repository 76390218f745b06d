"""Read random accounts repeatedly, with interruptions and changes, and compare the rows: `make explore`.

It checks the laws, which the tests check on chosen accounts, on random ones: every stream, every switch, crowds, a
late index, changes during a read and between two, faulty responses, a stop after any event. It prints a line for each
seed that violated a law, and exits with 1 if any did. The arguments are the number of seeds and the first seed:
`make explore SEEDS=1 FIRST=4711` repeats one.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tests.support.worlds import (
    DAY_MS,
    MINUTE_MS,
    NOW,
    SteppingClock,
    Sync,
    Table,
    World,
    count_duplicates,
    create_crowd,
)

from benchmarks.report import print_line
from opsgenie_simulator import Account, Faults, RandomChanges, Switches
from source_opsgenie.streams import STREAMS, ancestry

Rows = dict[tuple[Any, ...], dict[str, Any]]
# Less than a page of 100, exactly a page, and more.
SIZES = (0, 1, 50, 99, 101, 230, 400)
# Child records cost one request per parent.
MAX_PARENTS = 40
AGES_MS = (30 * DAY_MS, 30 * DAY_MS + 1, 3 * DAY_MS, 20 * MINUTE_MS, 2 * MINUTE_MS)
# Mean numbers of updates, creations and deletions per response.
CHANGES = ((0.0, 0.0, 0.0), (2.0, 0.3, 0.1), (5.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.5, 0.5))
GAPS_MS = (1_000, MINUTE_MS, 20 * MINUTE_MS, DAY_MS)
QUERIES = ("", "", "createdAt > 1", "source: Prometheus")
# A read must work in every position of a switch, except of these: in another position no row can be read, or the
# counts show at once that they are wrong.
FIXED = {"host": "api", "wrong_region": False, "created_at_values": "milliseconds"}
# Faults that leave the connection intact: a world has no sockets.
FAULTS = ("status 500", "status 503", "broken JSON", "HTML as 200")


@dataclass(frozen=True)
class Case:
    """All random choices that precede the first read; later ones come from *chance*."""

    chance: Random
    stream: str
    root: str
    switches: Switches
    lag_ms: int
    changes: tuple[float, float, float]
    fault_share: float
    step_ms: int
    query: str
    stops: tuple[int | None, ...]

    @property
    def is_searched(self) -> bool:
        """Whether the rows, or their ancestors, are alerts or incidents."""
        return self.root in {"alerts", "incidents"}


def create_case(seed: int) -> Case:
    """Create the case of *seed*; half of the cases read alerts or incidents."""
    chance = Random(seed)
    stream = chance.choice(("alerts", "incidents", *chance.sample(list(STREAMS), 2)))
    root = ancestry(STREAMS[stream])[0].name
    is_searched = root in {"alerts", "incidents"}
    # Child records cost a request per parent, and each request changes something: fewer changes, so the read ends.
    share = 1.0 if stream == root else 0.1
    changes = chance.choice(CHANGES) if is_searched else CHANGES[0]
    return Case(
        chance=chance,
        stream=stream,
        root=root,
        switches=choose_switches(chance),
        lag_ms=chance.choice((0, 0, 2_000, MINUTE_MS)),
        changes=(changes[0] * share, changes[1] * share, changes[2] * share),
        fault_share=chance.choice((0.0, 0.0, 0.02)),
        # Time stands still for the other streams: who is on call changes with time.
        step_ms=chance.choice((40, 300, 2_000) if any(changes) else (0, 1, 40)) if is_searched else 0,
        query=chance.choice(QUERIES) if root == "alerts" else "",
        stops=tuple(chance.choice((None, chance.randint(1, 40), chance.randint(1, 400))) for _ in range(4)),
    )


def choose_switches(chance: Random) -> Switches:
    """Choose a random position for each switch."""
    positions = {}
    for name, kind in get_type_hints(Switches).items():
        positions[name] = chance.choice(get_args(kind) if get_origin(kind) is Literal else (True, False))
    return Switches(**positions | FIXED)


def create_account(case: Case) -> Account:
    """Create an account of random size, with crowds of alerts at one time."""
    largest = max(SIZES) if case.stream == case.root else MAX_PARENTS
    size, *crowds = (min(largest, case.chance.choice(SIZES)) for _ in range(3))
    alerts, incidents = (size if case.root == kind else MAX_PARENTS for kind in ("alerts", "incidents"))
    few = case.chance.choice((1, 3, 12))
    account = Account.seeded(alerts=alerts, incidents=incidents, users=few, teams=few, until=NOW - MINUTE_MS)
    for size in crowds if case.root == "alerts" else ():
        create_crowd(account, size, at=NOW - case.chance.choice(AGES_MS), spread_ms=case.chance.choice((1, 2, 1_000)))
    account.index_lag_ms = case.lag_ms
    return account


class Exploration:
    """One account, the table that it is read into, and the violations."""

    def __init__(self, case: Case) -> None:
        self.case, self.account = case, create_account(case)
        updates, creations, deletions = case.changes
        self.changing = RandomChanges(self.account, updates=updates, creations=creations, deletions=deletions)
        self.faults = Faults(share=case.fault_share, among=FAULTS)
        self.unchanging_world = World(self.account, replace(case.switches, ties="kept"), step_ms=0)
        # The world that is created last sets the account's clock.
        self.world = World(self.account, case.switches, (self.faults, self.changing), step_ms=case.step_ms)
        self.table = Table(case.stream)
        self.was_interrupted = False

    def run(self) -> Iterator[str]:
        """Read as often as the case says, with changes between, then twice without changes; yields violations."""
        for stop in self.case.stops:
            yield from self._read(stop)
            self._change()
        self.changing.stop()
        self.faults.share = 0.0
        for _ in range(2):
            # An interrupted read is complete as of its start: later changes are left to the next read.
            self.world.now += DAY_MS + MINUTE_MS
            yield from self._read(None, must_succeed=True)
        yield from self.compare(self.expected_rows(), "at the end")
        yield from self.table.invalid_states()

    def _read(self, stop: int | None, *, must_succeed: bool = False) -> Iterator[str]:
        """Read once; after an uninterrupted read, the table has every row that existed unchanged throughout."""
        before = self.expected_rows() if not self.case.lag_ms else {}
        is_new_read, config = not self.was_interrupted, self._config()
        stream, state = self.case.stream, self.table.state
        sync = self.world.read(stream, state=state, stop_after=stop, clock=SteppingClock(), config=config)
        self.table.apply(sync)
        self.was_interrupted = bool(stop or sync.error)
        if duplicates := count_duplicates(sync.keys(stream)):
            yield f"{duplicates} duplicate keys in one sync"
        if sync.error and (must_succeed or not self._may_fail):
            yield sync.error
        if is_new_read and not self.was_interrupted:
            after = self.expected_rows() if before else {}
            unchanged = {key: row for key, row in before.items() if after.get(key) == row}
            yield from self.compare(unchanged, "after one read")

    @property
    def _may_fail(self) -> bool:
        """Whether a read may end in an error: the account changes, responses are faulty, or the index is late."""
        return any(self.case.changes) or bool(self.case.fault_share or self.case.lag_ms)

    def _config(self) -> dict[str, Any]:
        return {"alert_query": self.case.query, "open_parents_per_sync": 10_000}

    def expected_rows(self) -> Rows:
        """Read all rows of the account, without changes and faults."""
        sync: Sync = self.unchanging_world.read(self.case.stream, incremental=False, config=self._config())
        return dict(zip(sync.keys(self.case.stream), sync.rows, strict=True))

    def compare(self, expected: Rows, when: str) -> Iterator[str]:
        """Yield a violation if any of the *expected* rows is missing or stale in the table."""
        missing = expected.keys() - self.table.rows.keys()
        stale = [key for key in expected.keys() - missing if expected[key] != self.table.rows[key]]
        if missing or stale:
            yield f"{len(missing)} of {len(expected)} missing and {len(stale)} stale {when}"

    def _change(self) -> None:
        """Let time pass, and change some alerts or incidents, several of them in one millisecond."""
        chance, account = self.case.chance, self.account
        self.world.now += chance.choice(GAPS_MS)
        if not self.case.is_searched:
            # Log files contain lines about alerts.
            account.create_alert(message="between two reads")
            return
        is_alert = self.case.root == "alerts"
        update = account.update_alert if is_alert else account.update_incident
        delete = account.delete_alert if is_alert else account.delete_incident
        ids = list(account.alerts if is_alert else account.incidents)
        for row_id in chance.sample(ids, min(len(ids), chance.choice((0, 1, 120, 300)))):
            match chance.choice(("update", "update", "close", "note", "delete")):
                case "update":
                    update(row_id, tags=[f"{self.world.now}"])
                case "close":
                    update(row_id, status="closed")
                case "note":
                    account.add_note(row_id, "between two reads", touch=True)
                case "delete":
                    delete(row_id)
            self.world.now += chance.choice((0,) * 9 + (1,))


def describe(case: Case) -> str:
    """Describe the case in one line, with the switches that differ from the default."""
    default = Switches()
    positions = {switch.name: getattr(case.switches, switch.name) for switch in fields(Switches)}
    changed = {name: position for name, position in positions.items() if position != getattr(default, name)}
    return (
        f"changes {case.changes}, index lag {case.lag_ms} ms, faults {case.fault_share}, stops {case.stops}, "
        f"query {case.query!r}, {changed}"
    )


def main() -> None:
    """Run the given number of seeds, and print those that violated a law."""
    number, first = map(int, sys.argv[1:])
    started, failed = time.monotonic(), 0
    for seed in range(first, first + number):
        case = create_case(seed)
        try:
            violations = list(Exploration(case).run())
        except Exception as error:
            error.add_note(f"seed {seed}: {case.stream}: {describe(case)}")
            raise
        if violations:
            failed += 1
            print_line(f"{seed}: {case.stream}: {'; '.join(violations)}\n    {describe(case)}")
    print_line(f"{number} seeds, {failed} with violations, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
