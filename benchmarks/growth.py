"""How an archive grows over many small syncs, and what a compaction gains.

The rows are made here and written as a sync writes them, without a simulator and without requests.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Log, Report, Target, format_table, print_line, ratio
from source_opsgenie.archive.compact import compact, worthwhile_bytes
from source_opsgenie.archive.store import Store
from source_opsgenie.streams import STREAMS

ALERTS = 20_000
SYNCS = 500
ROWS_PER_SYNC = 20
# A first sync stores rows in writes of about this size.
ROWS_AT_ONCE = 10_000
LISTS = ("teams", "users", "schedules", "integrations")
LIST_ROWS = 100
MAX_RATIO = 1.5
HEADINGS = ("changed alerts", "syncs", "alerts", "file MB", "read at once MB", "ratio", "offered MB", "compacted MB")
WORDS = [
    f"{what}-{how}" for what in ("disk", "cpu", "queue", "database", "cache") for how in ("full", "slow", "down", "hot")
]


@dataclass(frozen=True, slots=True)
class Grown:
    """A file after many small syncs, one of the same rows that was read at once, and the compacted one, in MB."""

    changed: str
    grown: float
    at_once: float
    offered: float
    compacted: float

    @property
    def row(self) -> list[object]:
        """The row of the table."""
        alerts = ALERTS + SYNCS * ROWS_PER_SYNC
        sizes = (self.grown, self.at_once, ratio(self.grown, self.at_once), self.offered, self.compacted)
        return [self.changed, SYNCS, alerts, *sizes]


def growth(log: Log) -> Report:
    """Write small syncs whose changed alerts are the newest ones, or any, and compact the files."""
    runs = [_grow(log, changed) for changed in ("newest", "any")]
    targets = [
        Target(
            f"changed alerts: {run.changed}; compacted, relative to read at once",
            ratio(run.compacted, run.at_once),
            MAX_RATIO,
            at_most=True,
        )
        for run in runs
    ]
    return Report(format_table(HEADINGS, [run.row for run in runs]), targets)


def _grow(log: Log, changed: str) -> Grown:
    with tempfile.TemporaryDirectory() as folder:
        grown, at_once = Path(folder, "grown.duckdb"), Path(folder, "at_once.duckdb")
        # DuckDB's memory is not returned to the system: each file has a process of its own.
        subprocess.run([sys.executable, "-m", "benchmarks.growth", grown, changed], check=True)
        subprocess.run([sys.executable, "-m", "benchmarks.growth", at_once], check=True)
        before, fresh, offered = grown.stat().st_size, at_once.stat().st_size, worthwhile_bytes(grown)
        compact(grown)
        sizes = (before, fresh, offered, grown.stat().st_size)
        log(f"changed alerts: {changed}: {', '.join(f'{size / 1e6:,.1f}' for size in sizes)} MB")
        return Grown(changed, *(size / 1e6 for size in sizes))


def write_archive(path: Path, changed: str) -> None:
    """Write an archive to *path*: in small syncs if a kind of *changed* alerts is given, else at once."""
    store = Store(path, "acme", print_line)
    store.prepare()
    total = ALERTS + SYNCS * ROWS_PER_SYNC
    _sync(store, range(ALERTS if changed else total), (), number=0)
    randomness = random.Random(1)
    for number in range(1, SYNCS + 1) if changed else ():
        start = ALERTS + (number - 1) * ROWS_PER_SYNC
        newest = range(start - ROWS_PER_SYNC, start)
        old = newest if changed == "newest" else randomness.sample(range(start), ROWS_PER_SYNC)
        _sync(store, range(start, start + ROWS_PER_SYNC), old, number=number)


def _sync(store: Store, new: range, changed: Iterable[int], *, number: int) -> None:
    """Write one sync: *new* alerts, *changed* ones, and lists of which one row each changed."""
    alerts, lists = STREAMS["alerts"], [STREAMS[name] for name in LISTS]
    started_at = store.begin_run([alerts, *lists])
    rows = [_alert(n, number) for n in changed] + [_alert(n, 0) for n in new]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        store.write(alerts, rows[start : start + ROWS_AT_ONCE], state={"rows": start})
    store.write(alerts, [], state={"rows": len(rows)}, proof="counted", is_complete=True, is_last=True)
    for stream in lists:
        rows = [_listed(stream.name, n, number if n == number % LIST_ROWS else 0) for n in range(LIST_ROWS)]
        store.write(stream, rows, state={}, proof="read", is_complete=True, is_all=True, is_last=True)
    store.end_run(started_at, requests=1, incomplete=[])


def _alert(number: int, version: int) -> str:
    randomness = random.Random(number)
    created = 1_700_000_000 + number * 60
    return json.dumps(
        {
            "id": f"{randomness.getrandbits(128):032x}",
            "tinyId": str(number),
            "alias": f"{randomness.getrandbits(128):032x}",
            "message": " ".join(randomness.choices(WORDS, k=8)),
            "status": "closed" if version else "open",
            "acknowledged": bool(version),
            "tags": randomness.sample(WORDS, 3),
            "count": 1 + version,
            "createdAt": _timestamp(created),
            "updatedAt": _timestamp(created + 1_000 * version),
            "source": f"host-{randomness.randrange(400)}",
            "priority": f"P{randomness.randrange(1, 6)}",
            "responders": [{"type": "team", "id": f"{randomness.randrange(30):032x}"}],
            "report": {"ackTime": randomness.randrange(10**7), "closeTime": randomness.randrange(10**7)},
        }
    )


def _listed(name: str, number: int, version: int) -> str:
    return json.dumps({"id": f"{name}-{number}", "name": f"{name} {number}", "description": f"Version {version}"})


def _timestamp(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


if __name__ == "__main__":
    write_archive(Path(sys.argv[1]), "".join(sys.argv[2:]))
