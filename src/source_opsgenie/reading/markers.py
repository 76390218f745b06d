"""Read a list that is paged by markers: the rows since the newest known one, oldest first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.clock import MILLISECOND, parse_timestamp
from source_opsgenie.reading.events import Batch
from source_opsgenie.reading.paging import chunks, read_by_marker
from source_opsgenie.reading.recent import Recent, digest_of
from source_opsgenie.reading.state import State
from source_opsgenie.streams.stream import MarkerPaging, Record, Stream

# No account is older than Opsgenie itself.
OLDEST_MS = parse_timestamp("2012-01-01T00:00:00Z")
# The name of a file may be minutes earlier than its date (docs/opsgenie-api.md#log-files).
LATE_MS = timedelta(hours=1) // MILLISECOND


def format_marker(timestamp_ms: int) -> str:
    """The marker of a time, such as `2026-11-01-00-00-00`."""
    return datetime.fromtimestamp(timestamp_ms // 1000, UTC).strftime("%Y-%m-%d-%H-%M-%S")


def read_marked(connection: Connection, stream: Stream, state: State) -> Iterator[Batch[Record]]:
    """The rows of *stream* since the newest one ever listed, or since the start date, in small batches with a state.

    The time of the last read does not count: a file is listed once it is full, and may have begun long before.
    Rows of the lookback that the state remembers are not emitted again.
    """
    assert isinstance(stream.paging, MarkerPaging)
    since = connection.config.start_ms or OLDEST_MS
    if state.newest is not None:
        since = max(since, state.newest - connection.config.lookback // MILLISECOND)
    newest = state.newest or 0
    recent = Recent(0, state.seen)
    seen = set(state.seen)
    start = format_marker(since - LATE_MS)
    for page in read_by_marker(connection.client, stream, start, limit=stream.paging.limit):
        for rows in chunks(page):
            unsent = [row for row in rows if digest_of(row) not in seen]
            seen |= {digest_of(row) for row in unsent}
            for row in unsent:
                recent.add(row, updated=_timestamp(stream, row))
            # A timestamp in the future would hide the rows that are listed until then.
            newest = max(newest, min(state.began, max(_timestamp(stream, row) for row in rows)))
            yield Batch(unsent, replace(state, newest=newest, seen=recent.digests))


def _timestamp(stream: Stream, row: Record) -> int:
    """The time of *row* in milliseconds."""
    timestamp = row[stream.cursor]
    if not isinstance(timestamp, int):
        raise Failure.NO_KEY.error(f"{stream.path} returned a row with an invalid `{stream.cursor}`: {timestamp!r}")
    return timestamp
