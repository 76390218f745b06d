"""Read random accounts again and again, cut off and changing, and hold what came against them: `make explore`.

What the laws say of chosen accounts is tried on any: every stream, every switch, crowds, a late index, changes under
the read and between two of them, broken answers, ends at any message. A line names each seed that broke a promise; it
exits with 1 if any did. Say how many seeds to try, and the first: `make explore SEEDS=1 FIRST=4711` runs one again.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tests.support.worlds import DAY_MS, MINUTE_MS, NOW, Hasty, Sync, Table, World, crowd, twice

from benchmarks.report import tell
from opsgenie_simulator import Account, Faults, RandomChanges, Switches
from source_opsgenie.streams import STREAMS, ancestry

Rows = dict[tuple[Any, ...], dict[str, Any]]
# Less than a page of 100, a page, and some of them.
SIZES = (0, 1, 50, 99, 101, 230, 400)
# What hangs on something costs a request for each.
MOST_PARENTS = 40
MOMENTS = (30 * DAY_MS, 30 * DAY_MS + 1, 3 * DAY_MS, 20 * MINUTE_MS, 2 * MINUTE_MS)
# Means of updates, creations and deletions for each answer.
CHANGES = ((0.0, 0.0, 0.0), (2.0, 0.3, 0.1), (5.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.5, 0.5))
GAPS = (1_000, MINUTE_MS, 20 * MINUTE_MS, DAY_MS)
QUERIES = ("", "", "createdAt > 1", "source: Prometheus")
# A read takes all that these questions are about, but for these: no row can be read, or the count says so at once.
FIXED = {"host": "api", "wrong_region": False, "created_at_values": "milliseconds"}
# What an answer may be without a word of it being lost: the world has no wire that breaks.
BROKEN = ("status 500", "status 503", "broken JSON", "HTML as 200")


@dataclass(frozen=True)
class Case:
    """All that chance decides before the first read; the rest comes of *chance* as it goes on."""

    chance: Random
    stream: str
    root: str
    switches: Switches
    lag_ms: int
    changes: tuple[float, float, float]
    faults: float
    step_ms: int
    query: str
    stops: tuple[int | None, ...]

    @property
    def is_searched(self) -> bool:
        """Whether the rows, or what they hang on, are alerts or incidents."""
        return self.root in {"alerts", "incidents"}


def case_of(seed: int) -> Case:
    """The case of that number; half of them are about alerts and incidents themselves."""
    chance = Random(seed)
    stream = chance.choice(("alerts", "incidents", *chance.sample(list(STREAMS), 2)))
    root = ancestry(STREAMS[stream])[0].name
    is_searched = root in {"alerts", "incidents"}
    # What hangs on a row costs a request, and each request changes something: a read shall come to an end.
    share = 1.0 if stream == root else 0.1
    changes = chance.choice(CHANGES) if is_searched else CHANGES[0]
    return Case(
        chance=chance,
        stream=stream,
        root=root,
        switches=switches_of(chance),
        lag_ms=chance.choice((0, 0, 2_000, MINUTE_MS)),
        changes=(changes[0] * share, changes[1] * share, changes[2] * share),
        faults=chance.choice((0.0, 0.0, 0.02)),
        # Who is on call at the end is another question than at the beginning.
        step_ms=chance.choice((40, 300, 2_000) if any(changes) else (0, 1, 40)) if is_searched else 0,
        query=chance.choice(QUERIES) if root == "alerts" else "",
        stops=tuple(chance.choice((None, chance.randint(1, 40), chance.randint(1, 400))) for _ in range(4)),
    )


def switches_of(chance: Random) -> Switches:
    """Each switch in any position."""
    given = {}
    for name, kind in get_type_hints(Switches).items():
        positions = get_args(kind) if get_origin(kind) is Literal else (True, False)
        given[name] = chance.choice(positions)
    return Switches(**given | FIXED)


def account_of(case: Case) -> Account:
    """An account of any size, with alerts that crowd in time."""
    most = max(SIZES) if case.stream == case.root else MOST_PARENTS
    size, *crowds = (min(most, case.chance.choice(SIZES)) for _ in range(3))
    alerts, incidents = (size if case.root == kind else MOST_PARENTS for kind in ("alerts", "incidents"))
    few = case.chance.choice((1, 3, 12))
    account = Account.seeded(alerts=alerts, incidents=incidents, users=few, teams=few, until=NOW - MINUTE_MS)
    for size in crowds if case.root == "alerts" else ():
        crowd(account, size, at=NOW - case.chance.choice(MOMENTS), spread_ms=case.chance.choice((1, 2, 1_000)))
    account.index_lag_ms = case.lag_ms
    return account


class Explored:
    """One account, the table that it is read into, and what went wrong."""

    def __init__(self, case: Case) -> None:
        self.case, self.account = case, account_of(case)
        updates, creations, deletions = case.changes
        self.changing = RandomChanges(self.account, updates=updates, creations=creations, deletions=deletions)
        self.faults = Faults(share=case.faults, among=BROKEN)
        self.quiet = World(self.account, replace(case.switches, ties="kept"), step_ms=0)
        # The last one made tells the account the time.
        self.world = World(self.account, case.switches, (self.faults, self.changing), step_ms=case.step_ms)
        self.table = Table(case.stream)
        self.is_cut = False

    def problems(self) -> Iterator[str]:
        """Read as often as the case says, with changes between, and then twice in peace."""
        for stop in self.case.stops:
            yield from self._read(stop)
            self._change()
        self.changing.stop()
        self.faults.share = 0.0
        for _ in range(2):
            # A read that was cut off ends as of its beginning: what came later comes with the next one.
            self.world.now += DAY_MS + MINUTE_MS
            yield from self._read(None, must_end=True)
        yield from self.lacking(self.held(), "in the end")
        yield from self.table.broken_states()

    def _read(self, stop: int | None, *, must_end: bool = False) -> Iterator[str]:
        """Read once; what lived unchanged from the beginning to the end of a whole read must be there."""
        before = self.held() if not self.case.lag_ms else {}
        began_anew, config = not self.is_cut, self._config()
        sync = self.world.read(self.case.stream, state=self.table.state, stop_after=stop, clock=Hasty(), config=config)
        self.table.take(sync)
        self.is_cut = bool(stop or sync.problem)
        if doubles := twice(sync.keys(self.case.stream)):
            yield f"{doubles} keys twice in one sync"
        if sync.problem and (must_end or not self._may_fail):
            yield sync.problem
        if began_anew and not self.is_cut:
            after = self.held() if before else {}
            yield from self.lacking({key: row for key, row in before.items() if after.get(key) == row}, "at once")

    @property
    def _may_fail(self) -> bool:
        """Whether an error is a good answer: the account does not hold still, or nor does what it answers."""
        return any(self.case.changes) or bool(self.case.faults or self.case.lag_ms)

    def _config(self) -> dict[str, Any]:
        return {"alert_query": self.case.query, "open_parents_per_sync": 10_000}

    def held(self) -> Rows:
        """What the account holds, read whole and in peace."""
        sync: Sync = self.quiet.read(self.case.stream, incremental=False, config=self._config())
        return dict(zip(sync.keys(self.case.stream), sync.rows, strict=True))

    def lacking(self, held: Rows, when: str) -> Iterator[str]:
        """What the table has not, or has otherwise, of *held*."""
        missing = held.keys() - self.table.rows.keys()
        stale = [key for key in held.keys() - missing if held[key] != self.table.rows[key]]
        if missing or stale:
            yield f"{len(missing)} of {len(held)} missing and {len(stale)} stale {when}"

    def _change(self) -> None:
        """Let time pass, and change some alerts or incidents, several of them in one millisecond."""
        chance, account = self.case.chance, self.account
        self.world.now += chance.choice(GAPS)
        if not self.case.is_searched:
            # Log files tell of alerts.
            account.create_alert(message="between two reads")
            return
        is_alert = self.case.root == "alerts"
        update = account.update_alert if is_alert else account.update_incident
        delete = account.delete_alert if is_alert else account.delete_incident
        ids = list(account.alerts if is_alert else account.incidents)
        for one in chance.sample(ids, min(len(ids), chance.choice((0, 1, 120, 300)))):
            match chance.choice(("update", "update", "close", "note", "delete")):
                case "update":
                    update(one, tags=[f"{self.world.now}"])
                case "close":
                    update(one, status="closed")
                case "note":
                    account.add_note(one, "between two reads", touch=True)
                case "delete":
                    delete(one)
            self.world.now += chance.choice((0,) * 9 + (1,))


def told(case: Case) -> str:
    """The case in one line: what is not as usual."""
    usual = Switches()
    said = {one.name: getattr(case.switches, one.name) for one in fields(Switches)}
    odd = {name: value for name, value in said.items() if value != getattr(usual, name)}
    return f"{case.changes} {case.lag_ms} ms late, {case.faults} broken, stops {case.stops}, {case.query!r}, {odd}"


def main() -> None:
    """Try so many seeds, and tell which broke a promise."""
    many, first = map(int, sys.argv[1:])
    started, broken = time.monotonic(), 0
    for seed in range(first, first + many):
        case = case_of(seed)
        try:
            problems = list(Explored(case).problems())
        except Exception as crash:
            crash.add_note(f"seed {seed}: {case.stream}: {told(case)}")
            raise
        if problems:
            broken += 1
            tell(f"{seed}: {case.stream}: {'; '.join(problems)}\n    {told(case)}")
    tell(f"{many} seeds, {broken} of them broke a promise, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
