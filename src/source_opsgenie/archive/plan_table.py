"""The plan as a person sees it: a table, how to leave out expensive streams, and what cannot be read."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from source_opsgenie.archive.causes import describe_causes
from source_opsgenie.archive.plan import COMMON_LIMITS, RESUMES, Estimate, busiest_lane
from source_opsgenie.archive.progress import format_duration
from source_opsgenie.reading.lanes import lane_of

# A stream is called expensive from this share and this number of requests on.
EXPENSIVE_SHARE = 0.1
EXPENSIVE_REQUESTS = 1_000
LEGEND = """
?: unknown until the stream is read.
at least: rows that are not known yet will need more requests.
changes only: at least; what changed needs more requests.
total: streams of different rate limit domains are read side by side, so the
time is that of the busiest domain ({domain}). Child streams of alerts and
incidents list these again, which is included."""
UNKNOWN_LIMITS = (
    "The account's rate limits are unknown until a request is throttled ({domains}). "
    "The times are a lower bound. In total, they would be at"
)
LINE_WIDTH = 79
# The width of stream names in a line to paste.
NAMES_WIDTH = 66


def plan_table(estimates: Sequence[Estimate]) -> Table:
    """A line for each stream that can be read, and the total; only stream names are folded if it is too wide."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stream", overflow="fold")
    table.add_column("rows", no_wrap=True)
    table.add_column("requests", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    expensive = find_expensive(estimates)
    for estimate in estimates:
        if not estimate.error:
            mark = "expensive" if estimate in expensive and estimate.note != RESUMES else estimate.note
            table.add_row(estimate.stream.name, *_cells(estimate), mark)
    requests, duration = _total(estimates)
    table.add_row("total", "", f"{requests:,}", duration, "at least")
    return table


def notes_below(estimates: Sequence[Estimate]) -> Iterator[str]:
    """What the table's words mean, and how to leave out the expensive streams."""
    yield LEGEND.format(domain=_busiest(estimates)[0])
    yield from _unknown_limits(estimates)
    if expensive := find_expensive(estimates):
        yield _advise(expensive)


def unreadable(estimates: Sequence[Estimate]) -> Iterator[str]:
    """A line for each reason why streams cannot be read."""
    return describe_causes((estimate.stream.name, estimate.error) for estimate in estimates if estimate.error)


def plan_rows(estimates: Sequence[Estimate]) -> list[dict[str, Any]]:
    """The plan for machines: a row for each stream."""
    return [
        {
            "stream": estimate.stream.name,
            "rows": estimate.rows,
            "rows_of": estimate.parent or estimate.stream.name,
            "requests": estimate.requests,
            "domain": lane_of(estimate.stream).value,
            "seconds": estimate.seconds,
            "note": estimate.note or None,
            "error": estimate.error or None,
        }
        for estimate in estimates
    ]


def describe_total(estimates: Sequence[Estimate]) -> str:
    """The total in a line."""
    requests, duration = _total(estimates)
    return f"Estimated cost: at least {requests:,} requests, {duration} (by stream: opsgenie-archive plan)"


def find_expensive(estimates: Sequence[Estimate]) -> list[Estimate]:
    """The streams that make up a large part of the cost."""
    total = sum(estimate.requests or 0 for estimate in estimates)
    least = max(EXPENSIVE_REQUESTS, EXPENSIVE_SHARE * total)
    return [estimate for estimate in estimates if (estimate.requests or 0) >= least]


def _unknown_limits(estimates: Sequence[Estimate]) -> Iterator[str]:
    """That the rate limits of some of *estimates* are unknown, and what the total is at common limits."""
    unknown = [estimate for estimate in estimates if estimate.seconds_at]
    if not unknown:
        return
    domains = ", ".join(sorted({estimate.stream.domain.value for estimate in unknown}))
    yield ""
    yield from textwrap.wrap(UNKNOWN_LIMITS.format(domains=domains), LINE_WIDTH)
    for position, limit in enumerate(COMMON_LIMITS):
        duration = format_duration(math.ceil(_total_at(estimates, position)))
        yield f"  {limit:,} requests per minute in each domain: {duration}"


def _total_at(estimates: Sequence[Estimate], position: int) -> float:
    """The seconds of the busiest domain at the common limit of that *position*."""
    times = ((each.stream, each.seconds_at[position] if each.seconds_at else each.seconds or 0.0) for each in estimates)
    return busiest_lane(times)[1]


def _busiest(estimates: Sequence[Estimate]) -> tuple[str, float]:
    return busiest_lane((estimate.stream, estimate.seconds or 0.0) for estimate in estimates)


def _total(estimates: Sequence[Estimate]) -> tuple[int, str]:
    """The requests of all streams, and the time of the busiest domain."""
    _, seconds = _busiest(estimates)
    return sum(estimate.requests or 0 for estimate in estimates), format_duration(math.ceil(seconds))


def _cells(estimate: Estimate) -> tuple[str, str, str]:
    """The rows, requests and time of *estimate*: empty if its note says why, `?` if they are unknown."""
    unknown = "" if estimate.note else "?"
    rows = unknown if estimate.rows is None else f"{estimate.rows:,}"
    if estimate.rows is not None and estimate.parent:
        rows = f"of {rows} {estimate.parent}"
    requests = unknown if estimate.requests is None else f"{estimate.requests:,}"
    seconds = "" if estimate.seconds is None else format_duration(max(1, math.ceil(estimate.seconds)))
    return rows, requests, seconds


def _advise(expensive: Sequence[Estimate]) -> str:
    lines = textwrap.wrap(", ".join(estimate.stream.name for estimate in expensive), NAMES_WIDTH)
    options = [f"  --without {names.rstrip(',').replace(' ', '')}" for names in lines]
    return "\n".join(
        ["To sync everything else first, add:", *options, "Omit it from a later sync to add these streams to the file."]
    )
