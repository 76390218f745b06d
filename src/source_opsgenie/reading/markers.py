"""Read a list that is paged by markers: the rows since the newest known one, oldest first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.clock import MILLISECOND, OLDEST_MS
from source_opsgenie.reading.events import Batch, SetAside
from source_opsgenie.reading.paging import PORTION, chunks, read_by_marker
from source_opsgenie.reading.parsing import has_key
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.recent import Recent, digest_of, identify
from source_opsgenie.reading.state import State
from source_opsgenie.streams.stream import MarkerPaging, Record, Stream

# The form of a marker; the name of a file begins with one.
MARKER = "%Y-%m-%d-%H-%M-%S"
MARKER_LENGTH = len("2026-11-01-00-00-00")
# The name of a file may be minutes earlier than its date (docs/opsgenie-api.md#log-files).
LATE_MS = timedelta(hours=1) // MILLISECOND


def format_marker(timestamp_ms: int) -> str:
    """The marker of a time, such as `2026-11-01-00-00-00`."""
    return datetime.fromtimestamp(timestamp_ms // 1000, UTC).strftime(MARKER)


def read_marked(connection: Connection, stream: Stream, state: State) -> Iterator[Batch[Record]]:
    """The rows of *stream* since the newest one ever listed, or since the start date, in small batches with a state.

    The time of the last read does not count: a file is listed once it is full, and may have begun long before.
    Rows of the lookback that the state remembers are not emitted again. Invalid rows are set aside.
    """
    assert isinstance(stream.paging, MarkerPaging)
    since = connection.config.start_ms or OLDEST_MS
    if state.newest is not None:
        since = max(since, state.newest - connection.config.lookback // MILLISECOND)
    newest = state.newest or 0
    recent = Recent(state.seen)
    # What is owed has been requested before.
    seen, owed = set(state.seen), set(state.owed)
    start = format_marker(since - LATE_MS)
    for page in read_by_marker(connection.client, stream, start, limit=stream.paging.limit):
        for rows in chunks(page, PORTION):
            valid = [row for row in rows if _is_valid(stream, row)]
            unsent = [row for row in valid if digest_of(row) not in seen and identify(row, stream.key[0]) not in owed]
            seen |= {digest_of(row) for row in unsent}
            recent.add(unsent)
            # A timestamp in the future would hide the rows that are listed until then.
            newest = max([newest, *(min(state.began, row[stream.cursor]) for row in valid)])
            reached = replace(state, newest=newest, seen=recent.digests)
            yield Batch(unsent, reached, set_aside=tuple(_set_aside(stream, row) for row in rows if row not in valid))


def find_marked(client: Client, stream: Stream, row_id: str) -> Batch[Record]:
    """The row of *stream* with *row_id*, as the list returns it now; no row if the list does not have it."""
    assert isinstance(stream.paging, MarkerPaging)
    (key,) = stream.key
    named_ms = _parse_marker(row_id[:MARKER_LENGTH])
    start = format_marker(OLDEST_MS if named_ms is None else named_ms - LATE_MS)
    for rows in read_by_marker(client, stream, start, limit=stream.paging.limit):
        for row in rows:
            if identify(row, key) == row_id:
                return Batch([row]) if _is_valid(stream, row) else Batch([], set_aside=(_set_aside(stream, row),))
        if named_ms is not None and _is_valid(stream, rows[-1]) and rows[-1][stream.cursor] > named_ms + LATE_MS:
            break
    return Batch([])


def _parse_marker(text: str) -> int | None:
    """The time of a marker, in milliseconds; None if *text* is not a marker."""
    try:
        return int(datetime.strptime(text, MARKER).replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return None


def _is_valid(stream: Stream, row: Record) -> bool:
    return has_key(row, stream.key) and type(row.get(stream.cursor)) is int


def _set_aside(stream: Stream, row: Record) -> SetAside:
    """An invalid *row*, which lacks its name or its time."""
    (key,) = stream.key
    named = {name: row.get(name) for name in (key, stream.cursor)}
    part = Part(stream.name, (identify(row, key),), is_row=True, row=row)
    return SetAside(part, Failure.NO_KEY.error(f"{stream.path} lists a row with {named}"), [row])
