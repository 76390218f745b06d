"""The connector against the public one as the platform runs it today, and against a client that only downloads."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.bare import CHILDREN
from benchmarks.public import START_DATE, VERSION, public
from benchmarks.ran import Program, Ran, run
from benchmarks.report import Report, Target, Tell, ratio, table
from benchmarks.served import Offer, Served, forget, served, touch, trust

ALERTS = 20_000
PARENTS = 2_000
# Ours takes seconds where the public connector takes minutes, in which the machine is now faster and now slower: ours
# is read before it, after it and once more, and of these three the one in the middle counts.
ORDER = ("ours", "public", "ours", "bare", "ours")
TOUCHED = 100
BARE: tuple[str | Path, ...] = (sys.executable, Path(__file__).with_name("bare.py"))
HEADINGS = ("stream", "latency ms", "program", "rows", "rows/s", "CPU ms/row", "peak MB", "seconds in all", "requests")
# How many times the public connector's rows a second, at least, by latency; and at most so much of its CPU.
CHILDREN_TIMES = {20: 10.0, 100: 20.0}
ALERTS_TIMES = 5.0
CPU_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Ring:
    """One simulator, and the three that read from it."""

    simulator: Served
    ours: Program
    public: Program
    latency_ms: float

    @property
    def config(self) -> dict[str, Any]:
        """What both connectors are told; the public one speaks https by itself, and needs a start date."""
        endpoint = self.simulator.url.removeprefix("https://")
        return {"api_token": self.simulator.key, "endpoint": endpoint, "start_date": START_DATE}

    def compare(self, tell: Tell, stream: str) -> "Compared":
        """Read *stream* with each of the three."""
        every: dict[str, list[Ran]] = {name: [] for name in ORDER}
        asked: dict[str, int] = {}
        for name in ORDER:
            self.simulator.do(forget)
            one = self._read(name, stream)
            every[name].append(one)
            asked[name] = len(self.simulator.requests)
            tell(f"{stream}, {self.latency_ms:.0f} ms, {name}: {one.rows:,} rows, {one.rows_per_second:,.0f} rows/s")
            if one.exit_code or not one.rows:
                raise SystemExit(f"{name} failed to read {stream}: {one.error or 'it says no more'}")
        if len({one.rows for rounds in every.values() for one in rounds}) > 1:
            raise SystemExit(f"{stream}: not everybody read the same number of rows")
        return Compared(stream, self.latency_ms, {name: _middle(rounds) for name, rounds in every.items()}, asked)

    def _read(self, name: str, stream: str) -> Ran:
        if name == "bare":
            return run([*BARE, self.simulator.url, self.simulator.key, stream], environment=self.ours.environment)
        program = self.ours if name == "ours" else self.public
        return program.read(stream, config=self.config)


@dataclass(frozen=True, slots=True)
class Compared:
    """How one stream was read by each."""

    stream: str
    latency_ms: float
    ran: dict[str, Ran]
    asked: dict[str, int]

    def rows(self) -> Iterator[list[object]]:
        """A line of the table for each."""
        for name, one in self.ran.items():
            yield [
                *(self.stream, int(self.latency_ms), name, one.rows, one.rows_per_second, one.cpu_ms_per_row),
                *(one.peak_kb // 1024, one.ended, self.asked[name]),
            ]

    def times(self) -> float:
        """How many times the public connector's rows a second ours are."""
        return ratio(self.ran["ours"].rows_per_second, self.ran["public"].rows_per_second)

    def targets(self, times: float) -> Iterator[Target]:
        """What must hold of the ratios."""
        ours, theirs = self.ran["ours"], self.ran["public"]
        what = f"{self.stream}, {self.latency_ms:.0f} ms"
        yield Target(f"{what}: rows/s, times the public connector's", self.times(), times)
        cheaper = ratio(ours.cpu_ms_per_row, theirs.cpu_ms_per_row)
        yield Target(f"{what}: CPU a row, of the public connector's", cheaper, CPU_SHARE, at_most=True)

    def beside_bare(self) -> str:
        """How near the bare client is."""
        share = ratio(self.ran["ours"].rows_per_second, self.ran["bare"].rows_per_second)
        return f"{self.stream}, {self.latency_ms:.0f} ms: {share:.0%} of the bare client's rows a second."


def alerts(tell: Tell) -> Report:
    """As many alerts as the public connector can read, without latency."""
    with _ring(tell, Offer(alerts=ALERTS)) as ring:
        found = ring.compare(tell, "alerts")
    return _report([found], list(found.targets(ALERTS_TIMES)))


def children(tell: Tell) -> Report:
    """What hangs on alerts, at two latencies, at default settings."""
    every: list[Compared] = []
    for latency_ms in CHILDREN_TIMES:
        with _ring(tell, Offer(alerts=PARENTS, latency_ms=latency_ms)) as ring:
            every += [ring.compare(tell, stream) for stream in CHILDREN]
    return _report(every, [one for each in every for one in each.targets(CHILDREN_TIMES[int(each.latency_ms)])])


def small(tell: Tell) -> Report:
    """Users and teams of a large account: lists so short that the whole time says more than the rows a second."""
    with _ring(tell, Offer(alerts=10, users=5_000, teams=1_000, latency_ms=20)) as ring:
        every = [ring.compare(tell, stream) for stream in ("users", "teams")]
    rows = [
        [each.stream, name, one.rows, one.ended, one.cpu, each.asked[name]]
        for each in every
        for name, one in each.ran.items()
    ]
    return Report(table(("stream", "program", "rows", "seconds in all", "CPU s in all", "requests"), rows), [])


def again(tell: Tell) -> Report:
    """A second sync, when nothing changed and when a little did."""
    rows: list[list[object]] = []
    with _ring(tell, Offer(alerts=ALERTS)) as ring:
        for name, program in (("ours", ring.ours), ("public", ring.public)):
            first = program.read("alerts", config=ring.config)
            for touched in (0, TOUCHED):
                ring.simulator.do(touch, touched)
                ring.simulator.do(forget)
                second = program.read("alerts", config=ring.config, state=first.states.values())
                asked = len(ring.simulator.requests)
                tell(f"{name}, {touched} changed: {second.rows:,} rows, {asked} requests")
                rows.append([name, touched, second.rows, asked, second.ended, second.cpu])
    headings = ("program", "alerts changed", "rows", "requests", "seconds in all", "CPU s in all")
    return Report(table(headings, rows), [])


@contextmanager
def _ring(tell: Tell, offer: Offer) -> Iterator[Ring]:
    with tempfile.TemporaryDirectory() as folder:
        trusted = trust(Path(folder))
        with served(replace(offer, certificate=trusted.certificate)) as simulator:
            ours = Program(environment=trusted.environment)
            yield Ring(simulator, ours, public(tell, trusted.environment), offer.latency_ms)


def _middle(rounds: list[Ran]) -> Ran:
    return sorted(rounds, key=lambda one: one.cpu_ms_per_row)[len(rounds) // 2]


def _report(every: Sequence[Compared], targets: list[Target]) -> Report:
    lines = table(HEADINGS, [row for one in every for row in one.rows()])
    lines += ["", *(one.beside_bare() for one in every)]
    intro = (
        f"The public connector is {VERSION}. Ours was read before it, after it and once more: the middle one counts. "
        "Rates and CPU count from the first row."
    )
    return Report([intro, "", *lines], targets)
