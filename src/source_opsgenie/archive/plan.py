"""Estimate what a sync costs, with a handful of requests before the first row is read."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.outage import is_fatal
from source_opsgenie.config import Config
from source_opsgenie.errors import OpsgenieError, StateError
from source_opsgenie.reading.lanes import lane_of
from source_opsgenie.reading.lists import fetch_rows
from source_opsgenie.reading.paging import CAP, OVERLAP, PAGE
from source_opsgenie.reading.parsing import parse_total
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import search_of
from source_opsgenie.reading.spans import STEP
from source_opsgenie.reading.state import State, current_state
from source_opsgenie.streams import (
    STREAMS,
    OffsetPaging,
    SpanPaging,
    Stream,
    Unpaged,
    ancestry,
    is_incremental,
    reads_details,
    requests_per_parent,
)

# Counting with and without a time condition, the oldest row, the newest minutes.
REQUESTS_TO_PLAN_WINDOWS = 8
# Our own CPU time per request, however fast the response.
CPU_SECONDS_PER_REQUEST = 0.001
# Rate limits of accounts, in requests per minute, to show what a time would be if the limit is unknown.
COMMON_LIMITS = (100, 600, 3_000)
RESUMES, CHANGES_ONLY = "resumes", "changes only"
# The month in which a history begins, and the current and the next one, are read too.
DAYS_BEYOND, DAYS_OF_SPAN = 90, 365
# The current year, the one before, and one in which no one was on call.
LEAST_SPANS = 3
# A quiet account costs one request per stream to find that out.
REQUESTS_FOR_CHANGES = 1

States = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one stream costs, as far as it is known before the read.

    *rows* counts the stream's own rows, or those of its *parent* if it has one; of an interrupted read, only the rest.
    *note* says why a number is missing or a lower bound. *error* says why the stream cannot be read. If the rate limit
    is unknown, *seconds* is a lower bound, and *seconds_at* has the time at each of COMMON_LIMITS.
    """

    stream: Stream
    rows: int | None = None
    parent: str = ""
    requests: int | None = None
    seconds: float | None = None
    note: str = ""
    seconds_at: tuple[float, ...] = ()
    error: str = ""


def stored_state(states: States, stream: Stream) -> State | None:
    """The state that the next read of *stream* resumes from, if there is one; the read reports a damaged one."""
    try:
        return current_state(states.get(stream.name))
    except StateError:
        return None


def rows_so_far(state: State | None) -> int:
    """How many rows the interrupted read of *state* had read; 0 if none is under way."""
    return state.rows if state and state.read else 0


def plan(connection: Connection, streams: Iterable[Stream], *, states: States) -> list[Estimate]:
    """Estimate what each of *streams* costs, and sort them into the best order: cheap ones first."""
    chosen = list(streams)
    requests_before, started = connection.client.requests, connection.clock.monotonic()
    pending = [stream for stream in chosen if not _reads_changes_only(stream, states)]
    parts = dict.fromkeys(_part_to_read(stream, states) for stream in pending)
    counts = {part: _count(connection, part, chosen) for part in sorted(parts, key=lambda part: part.root)}
    requests = connection.client.requests - requests_before
    latency = (connection.clock.monotonic() - started) / requests if requests else 0.0
    estimates = [_estimate(connection, stream, states, counts=counts, latency=latency) for stream in chosen]
    return sorted(estimates, key=_rank)


def estimate_requests(stream: Stream, rows: int | None, config: Config) -> int | None:
    """The least requests of a first sync of *stream* if its root list has *rows*; None if that is unknown."""
    requests, per_row = _requests_to_list(ancestry(stream)[0], rows), _requests_per_row(stream, config)
    if requests is None or not per_row:
        return requests
    return requests + rows * per_row if rows is not None else None


def seconds_at_common_limits(requests: int, config: Config) -> tuple[float, ...]:
    """How long *requests* take with the user's share of each of COMMON_LIMITS."""
    return tuple(requests * 60 / (limit * config.rate_limit_share) for limit in COMMON_LIMITS)


def busiest_lane(seconds: Iterable[tuple[Stream, float]]) -> tuple[str, float]:
    """The domain whose streams take the most *seconds* together, and how many: domains are read side by side."""
    lanes: dict[str, float] = {}
    for stream, of_stream in seconds:
        lane = lane_of(stream).value
        lanes[lane] = lanes.get(lane, 0.0) + of_stream
    return max(lanes.items(), key=itemgetter(1), default=("", 0.0))


def _rank(estimate: Estimate) -> tuple[bool, bool, int]:
    stream = estimate.stream
    return is_incremental(stream), stream.parent is not None, estimate.requests or 0


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of the list *root* that are still to be read: all, or after an interruption those created *before*."""

    root: str
    before: int | None = None


def _part_to_read(stream: Stream, states: States) -> _Part:
    """The part of its root list that the next read of *stream* reads."""
    state = stored_state(states, stream)
    walk = state.walk if state else None
    return _Part(ancestry(stream)[0].name, walk.below if walk else None)


def _count(connection: Connection, part: _Part, chosen: Iterable[Stream]) -> int | str | None:
    """The number of rows of *part*, None if unknown, or the reason why they cannot be read.

    A list without paging is fetched only if one of the *chosen* streams sends a request per row.
    """
    root = STREAMS[part.root]
    is_needed = any(root is ancestry(stream)[0] for stream in chosen if _requests_each_row(connection, stream))
    try:
        if root.search:
            return search_of(connection, root).count(created(connection.config.start_ms, part.before))
        if isinstance(root.paging, OffsetPaging):
            return parse_total(connection.client.get(root.path, {"limit": "1"}, domain=root.domain))
        if isinstance(root.paging, Unpaged) and is_needed:
            return len(fetch_rows(connection.client, root).rows)
    except OpsgenieError as error:
        if is_fatal(error, connection.client):
            raise
        return str(error)
    return None


def _requests_each_row(connection: Connection, stream: Stream) -> bool:
    return stream.parent is not None or reads_details(stream, connection.config)


def _estimate(
    connection: Connection,
    stream: Stream,
    states: States,
    *,
    counts: Mapping[_Part, int | str | None],
    latency: float,
) -> Estimate:
    if _reads_changes_only(stream, states):
        requests, note = REQUESTS_FOR_CHANGES, _note(stream, states, CHANGES_ONLY)
        least = _seconds(connection, stream, requests, latency=latency)
        return Estimate(stream, requests=requests, seconds=least, note=note)
    root, count = ancestry(stream)[0], counts[_part_to_read(stream, states)]
    if isinstance(count, str):
        return Estimate(stream, error=count)
    parent = stream.parent.stream if stream.parent else ""
    rows = count if parent in ("", root.name) else None
    is_later = isinstance(stream.paging, SpanPaging) and _has_bookmark(stream, states)
    total = estimate_requests(stream, count, connection.config) if not is_later else (count or 0) + 1
    seconds = None if total is None else _seconds(connection, stream, total, latency=latency)
    levels = len(ancestry(stream)) - 1 + reads_details(stream, connection.config)
    is_bound = levels > 1 or (isinstance(stream.paging, SpanPaging) and connection.config.timeline_since_ms is not None)
    bound = "at least" if total is not None and is_bound else ""
    bound = CHANGES_ONLY if is_later else bound
    seconds_at = _seconds_at(connection, stream, total, least=seconds or 0.0)
    return Estimate(stream, rows, parent, total, seconds, _note(stream, states, bound), seconds_at)


def _note(stream: Stream, states: States, otherwise: str) -> str:
    state = stored_state(states, stream)
    return RESUMES if state and state.read else otherwise


def _requests_per_row(stream: Stream, config: Config) -> int:
    """Requests per row of the root list for *stream* or its ancestor; a lower bound for grandchildren."""
    root, *below = ancestry(stream)
    if not below:
        return int(reads_details(root, config))
    spans = _spans_of_history(config) if isinstance(below[0].paging, SpanPaging) else 1
    return requests_per_parent(below[0]) * spans


def _spans_of_history(config: Config) -> int:
    """Requests per parent in a first read: one for each year; at least, if it is unknown where the history begins."""
    if config.timeline_since_ms is not None:
        return LEAST_SPANS
    return math.ceil((config.timeline_days + DAYS_BEYOND) / DAYS_OF_SPAN)


def _requests_to_list(root: Stream, rows: int | None) -> int | None:
    """How many requests it takes to list *rows* of *root*; None if that is unknown."""
    if isinstance(root.paging, Unpaged):
        return 1
    if rows is None:
        return None
    # Pages by offset overlap; windows are counted twice, and the last page of each is not full.
    pages = math.ceil(rows / (STEP if root.search else PAGE - OVERLAP)) or 1
    windows = math.ceil(rows / CAP)
    return pages + 3 * windows + REQUESTS_TO_PLAN_WINDOWS if root.search else pages


def _seconds(connection: Connection, stream: Stream, requests: int, *, latency: float) -> float:
    """How long *requests* take: as long as the rate limit or the latency makes them, whichever is longer."""
    concurrency = connection.config.max_concurrent_requests if stream.parent else 1
    per_minute = connection.client.per_minute(stream.domain)
    per_request = max(latency / concurrency, CPU_SECONDS_PER_REQUEST)
    return max(requests * per_request, requests * 60 / per_minute if per_minute else 0.0)


def _seconds_at(connection: Connection, stream: Stream, requests: int | None, *, least: float) -> tuple[float, ...]:
    """How long *requests* take at each of COMMON_LIMITS; nothing if the rate limit is known."""
    if requests is None or connection.client.is_known(stream.domain):
        return ()
    return tuple(max(least, seconds) for seconds in seconds_at_common_limits(requests, connection.config))


def _reads_changes_only(stream: Stream, states: States) -> bool:
    """Whether a full read of *stream* has ended, and the next one does not walk through the history either."""
    is_counted = isinstance(stream.paging, SpanPaging)
    return is_incremental(stream) and not is_counted and _has_bookmark(stream, states)


def _has_bookmark(stream: Stream, states: States) -> bool:
    state = stored_state(states, stream)
    return state is not None and state.bookmark is not None and state.walk is None
