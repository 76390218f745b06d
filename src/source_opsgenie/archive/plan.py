"""What a sync will cost, asked with a handful of requests before the first row."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from source_opsgenie.connection import Connection
from source_opsgenie.errors import OpsgenieError, Unusable
from source_opsgenie.listing import Listing
from source_opsgenie.paging import OVERLAP, PAGE, rows_of, total_of
from source_opsgenie.query import created
from source_opsgenie.streams import STREAMS, Paging, Stream, ancestry, is_incremental
from source_opsgenie.windows import width

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

    A list that comes whole is asked for only if another stream's cost hangs on it.
    """
    is_parent = any(one.parent and one.parent.stream == root.name for one in chosen)
    try:
        if root.search:
            config = connection.config
            own = config.alert_query if root.search.takes_alert_query else ""
            return Listing(connection.client, root, own).count(created(config.start_ms))
        if root.paging is Paging.OFFSET:
            return total_of(connection.client.get(root.path, {"limit": "1"}, domain=root.domain))
        if is_parent:
            return len(rows_of(connection.client.get(root.path, domain=root.domain), root))
    except Unusable:
        raise
    except OpsgenieError as refusal:
        return str(refusal)
    return None


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
    root = ancestry(stream)[0]
    found = counts[root.name]
    if isinstance(found, str):
        return Estimate(stream, note=found)
    hangs_on = stream.parent.stream if stream.parent else ""
    rows = found if hangs_on in ("", root.name) else None
    requests = requests_of(stream, found)
    note = "goes on" if states.get(stream.name, {}).get("begun") else ""
    seconds = None if requests is None else _seconds(connection, stream, requests, latency=latency)
    return Estimate(stream, rows, hangs_on, requests, seconds, note)


def requests_of(stream: Stream, listed: int | None) -> int | None:
    """How many requests a first sync of *stream* takes whose list has so many rows, or None if nothing tells."""
    root = ancestry(stream)[0]
    requests = _requests(root, listed)
    if requests is None or not stream.parent:
        return requests
    # How many rows hang on the rows of a list is not known, and so not what hangs on these.
    return requests + listed if listed is not None and stream.parent.stream == root.name else None


def _requests(root: Stream, rows: int | None) -> int | None:
    """How many requests it takes to list *rows* of *root*."""
    if root.paging is Paging.WHOLE:
        return 1
    if rows is None:
        return None
    # Pages by offset overlap; windows are counted twice, and in each the last page is not full.
    pages = math.ceil(rows / (PAGE if root.search else PAGE - OVERLAP)) or 1
    windows = math.ceil(rows / width(rows))
    return pages + 3 * windows + REQUESTS_TO_PLAN_WINDOWS if root.search else pages


def _seconds(connection: Connection, stream: Stream, requests: int, *, latency: float) -> float:
    """How long *requests* take: as long as the account's limit makes them, or the answers, if that is longer."""
    side_by_side = connection.config.max_concurrent_requests if stream.parent else 1
    per_minute = connection.client.per_minute(stream.domain)
    each = max(latency / side_by_side, SECONDS_OF_OUR_OWN)
    return max(requests * each, requests * 60 / per_minute if per_minute else 0.0)


def _reads_changes_only(stream: Stream, states: Mapping[str, Mapping[str, Any]]) -> bool:
    state = states.get(stream.name, {})
    return is_incremental(stream) and "bookmark" in state and "begun" not in state
