"""Accounts from 10,000 to 1,000,000 alerts: what they cost, and that memory stays flat."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.ran import Program, Ran
from benchmarks.report import Report, Target, Tell, ratio, table
from benchmarks.served import Offer, served
from opsgenie_simulator import Request

SIZES = (10_000, 100_000, 1_000_000)
WIDE_SIZES = (10_000, 100_000, 1_000_000)
# With what a row holds anyway, about 9 kB.
WIDE_BYTES = 8_200
MOST_MEMORY_MB = 150
# The highest share by which a hundred times as much may take more memory.
MEMORY_GROWTH = 1.2
LIST, COUNT = "/v2/alerts", "/v2/alerts/count"
LOWER_BOUND = re.compile(r"createdAt ?>= ?(\d+)")
HEADINGS = (
    *("alerts", "row", "rows/s", "CPU ms/row", "peak MB", "planning", "reading", "closing"),
    *("first row s", "first checkpoint s", "state bytes", "seconds in all"),
)


@dataclass(frozen=True, slots=True)
class Phases:
    """How many requests a read took to plan its windows, to read them, and to count them again."""

    planning: int = 0
    reading: int = 0
    closing: int = 0


def phases(requests: Sequence[Request]) -> Phases:
    """Tell the requests of one read apart: a window is planned before it is listed, and closed after."""
    listed: set[str] = set()
    planning = reading = closing = 0
    last_list = max((at for at, one in enumerate(requests) if one.route == LIST), default=0)
    for at, one in enumerate(requests):
        start = (LOWER_BOUND.findall(one.query.get("query", "")) or [""])[0]
        if one.route == LIST:
            reading += 1
            listed.add(start)
        elif one.route == COUNT and ((start and start in listed) or at > last_list):
            closing += 1
        elif one.route == COUNT:
            planning += 1
    return Phases(planning, reading, closing)


def scale(tell: Tell) -> Report:
    """Read each size once, of rows as they are and of wide ones."""
    found = [*_sizes(tell, "1 kB", SIZES, row_bytes=0), *_sizes(tell, "9 kB", WIDE_SIZES, row_bytes=WIDE_BYTES)]
    rows = [
        [
            *(size, kind, ran.rows_per_second, ran.cpu_ms_per_row, ran.peak_kb / 1024),
            *(asked.planning, asked.reading, asked.closing),
            *(ran.first_row, ran.first_state, ran.largest_state, ran.ended),
        ]
        for size, kind, ran, asked in found
    ]
    peaks = {(kind, size): ran.peak_kb / 1024 for size, kind, ran, _ in found}
    return Report(table(HEADINGS, rows), [one for kind in ("1 kB", "9 kB") for one in _targets(kind, peaks)])


def _targets(kind: str, peaks: dict[tuple[str, int], float]) -> Iterator[Target]:
    sizes = [size for one, size in peaks if one == kind]
    least, most = peaks[kind, min(sizes)], peaks[kind, max(sizes)]
    what = f"memory of {max(sizes):,} rows of {kind}"
    yield Target(what, most, MOST_MEMORY_MB, at_most=True, unit=" MB")
    yield Target(f"{what}, times that of {min(sizes):,}", ratio(most, least), MEMORY_GROWTH, at_most=True)


def _sizes(tell: Tell, kind: str, sizes: Sequence[int], *, row_bytes: int) -> Iterator[tuple[int, str, Ran, Phases]]:
    for size in sizes:
        with served(Offer(alerts=size, row_bytes=row_bytes)) as simulator:
            ran = Program().read("alerts", config={"api_token": simulator.key, "endpoint": simulator.url})
            asked = phases(simulator.requests)
        if ran.exit_code or ran.rows != size:
            raise SystemExit(f"{ran.rows:,} of {size:,} rows came: {ran.error or 'it says no more'}")
        tell(f"{size:,} alerts of {kind}: {ran.rows_per_second:,.0f} rows/s, {ran.peak_kb / 1024:.0f} MB")
        yield size, kind, ran, asked
