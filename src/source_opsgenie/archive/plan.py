"""What a sync will cost, asked with a handful of requests before the first row."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.config import Config
from source_opsgenie.errors import InvalidInput, OpsgenieError
from source_opsgenie.reading.lists import fetch_rows
from source_opsgenie.reading.paging import OVERLAP, PAGE
from source_opsgenie.reading.parsing import parse_total
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search
from source_opsgenie.reading.spans import STEP
from source_opsgenie.reading.weeks import weeks
from source_opsgenie.reading.windows import window_size
from source_opsgenie.streams import (
    STREAMS,
    OffsetPaging,
    Stream,
    Unpaged,
    ancestry,
    is_incremental,
    reads_details,
    requests_per_parent,
)

# Counting everything with and without a time, the oldest row, the newest minutes.
REQUESTS_TO_PLAN_WINDOWS = 8
# A request costs us as much of our own time, however fast it is answered.
SECONDS_OF_OUR_OWN = 0.001


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one stream will cost, as far as anything tells before it is read.

    *rows* counts the stream's own rows, or those that it *hangs on*. *note* says why a number is missing.
    """

    stream: Stream
    rows: int | None = None
    hangs_on: str = ""
    requests: int | None = None
    seconds: float | None = None
    note: str = ""


def plan(
    connection: Connection, streams: Iterable[Stream], *, states: Mapping[str, Mapping[str, Any]]
) -> list[Estimate]:
    """What each of *streams* will cost, in the order in which they are best read: the cheap ones first."""
    chosen = list(streams)
    asked_before, began = connection.client.requests, connection.clock.monotonic()
    lists = {ancestry(one)[0].name for one in chosen if not _reads_changes_only(one, states)}
    counts = {name: _count(connection, STREAMS[name], chosen) for name in sorted(lists)}
    asked = connection.client.requests - asked_before
    latency = (connection.clock.monotonic() - began) / asked if asked else 0.0
    estimates = [_estimate(connection, one, states, counts=counts, latency=latency) for one in chosen]
    return sorted(estimates, key=_rank)


def _rank(estimate: Estimate) -> tuple[bool, bool, int]:
    stream = estimate.stream
    return is_incremental(stream), stream.parent is not None, estimate.requests or 0


def _count(connection: Connection, root: Stream, chosen: Iterable[Stream]) -> int | str | None:
    """The rows of *root*, None if nothing tells, or the reason why they cannot be read.

    A list that comes whole is asked for only if a cost hangs on its rows.
    """
    matters = any(root is ancestry(one)[0] for one in chosen if _asks_by_row(connection, one))
    try:
        if root.search:
            config = connection.config
            own = config.alert_query if root.search.takes_alert_query else ""
            return Search(connection.client, root, own).count(created(config.start_ms))
        if isinstance(root.paging, OffsetPaging):
            return parse_total(connection.client.get(root.path, {"limit": "1"}, domain=root.domain))
        if isinstance(root.paging, Unpaged) and matters:
            return len(fetch_rows(connection.client, root))
    except InvalidInput:
        raise
    except OpsgenieError as refusal:
        return str(refusal)
    return None


def _asks_by_row(connection: Connection, stream: Stream) -> bool:
    return stream.parent is not None or reads_details(stream, connection.config)


def _estimate(
    connection: Connection,
    stream: Stream,
    states: Mapping[str, Mapping[str, Any]],
    *,
    counts: Mapping[str, int | str | None],
    latency: float,
) -> Estimate:
    if _reads_changes_only(stream, states):
        return Estimate(stream, note="only what changed")
    root, *below = ancestry(stream)
    found = counts[root.name]
    if isinstance(found, str):
        return Estimate(stream, note=found)
    hangs_on = stream.parent.stream if stream.parent else ""
    rows = found if hangs_on in ("", root.name) else None
    requests = requests_of(stream, found, connection.config)
    goes_on = "goes on" if states.get(stream.name, {}).get("read") else ""
    is_more = requests is not None and len(below) + reads_details(stream, connection.config) > 1
    seconds = None if requests is None else _seconds(connection, stream, requests, latency=latency)
    return Estimate(stream, rows, hangs_on, requests, seconds, goes_on or ("at least" if is_more else ""))


def requests_of(stream: Stream, listed: int | None, config: Config) -> int | None:
    """How many requests a first sync of *stream* takes at least whose list has so many rows; None if nothing tells."""
    requests, by_row = _requests(ancestry(stream)[0], listed), _requests_by_row(stream, config)
    if requests is None or not by_row:
        return requests
    return requests + listed * by_row if listed is not None else None


def _requests_by_row(stream: Stream, config: Config) -> int:
    """How many requests each row of the list costs that *stream* is, or hangs on in the end; at least, if deeper."""
    root, *below = ancestry(stream)
    if not below:
        return int(reads_details(root, config))
    option = below[0].parent.weeks if below[0].parent else ""
    spans = len(weeks(0, days_back=getattr(config, option))) if option else 1
    return requests_per_parent(below[0]) * spans


def _requests(root: Stream, rows: int | None) -> int | None:
    """How many requests it takes to list *rows* of *root*."""
    if isinstance(root.paging, Unpaged):
        return 1
    if rows is None:
        return None
    # Pages by offset overlap; windows are counted twice, and in each the last page is not full.
    pages = math.ceil(rows / (STEP if root.search else PAGE - OVERLAP)) or 1
    windows = math.ceil(rows / window_size(rows))
    return pages + 3 * windows + REQUESTS_TO_PLAN_WINDOWS if root.search else pages


def _seconds(connection: Connection, stream: Stream, requests: int, *, latency: float) -> float:
    """How long *requests* take: as long as the account's limit makes them, or the answers, if that is longer."""
    side_by_side = connection.config.max_concurrent_requests if stream.parent else 1
    per_minute = connection.client.per_minute(stream.domain)
    each = max(latency / side_by_side, SECONDS_OF_OUR_OWN)
    return max(requests * each, requests * 60 / per_minute if per_minute else 0.0)


def _reads_changes_only(stream: Stream, states: Mapping[str, Mapping[str, Any]]) -> bool:
    state = states.get(stream.name, {})
    return is_incremental(stream) and "bookmark" in state and "read" not in state
