"""Read a list that goes on from a moment named in its path: what is new since the newest row known, oldest first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response
from source_opsgenie.clock import MILLISECOND, parse_timestamp
from source_opsgenie.reading.details import expand_path
from source_opsgenie.reading.events import Batch
from source_opsgenie.reading.paging import chunks, parse_rows, require_key
from source_opsgenie.reading.state import Recent, State, version_of
from source_opsgenie.streams.stream import MarkerPaging, Record, Stream

# No account is older than Opsgenie.
OLDEST_MS = parse_timestamp("2012-01-01T00:00:00Z")
# A file may be named minutes before its date (docs/opsgenie-api.md#log-files).
LATE_MS = timedelta(hours=1) // MILLISECOND


def format_marker(moment_ms: int) -> str:
    """The moment *moment_ms* as a marker."""
    return datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%Y-%m-%d-%H-%M-%S")


def read_marked(connection: Connection, stream: Stream, state: State) -> Iterator[Batch]:
    """The rows of *stream* since the newest that was ever listed, or since the start date; each few are a checkpoint.

    Not since the last read: a file is listed once it is full, and may have been begun long before that read.
    What the hour before brings again is not sent again, as far as the state remembers it.
    """
    since = connection.config.start_ms or OLDEST_MS
    if state.newest is not None:
        since = max(since, state.newest - connection.config.lookback // MILLISECOND)
    newest = state.newest or 0
    recent = Recent(0, dict.fromkeys(state.seen))
    seen = set(state.seen)
    for page in _pages(connection, stream, format_marker(since - LATE_MS)):
        for rows in chunks(page):
            unsent = [row for row in rows if version_of(row) not in seen]
            seen |= {version_of(row) for row in unsent}
            for row in unsent:
                recent.add(row, updated=_moment(stream, row))
            # A moment that is yet to come would hide what is listed until then.
            newest = max(newest, min(state.begun or 0, max(_moment(stream, row) for row in rows)))
            yield Batch(unsent, replace(state, newest=newest, seen=tuple(recent.digests)))


def _pages(connection: Connection, stream: Stream, start: str) -> Iterator[list[Record]]:
    """The pages from the marker *start* on, until one is empty or names no marker but the one it was asked with."""
    assert isinstance(stream.paging, MarkerPaging)
    limit = stream.paging.limit
    asked: set[str] = set()
    following: str | None = start
    while following:
        asked.add(following)
        path = expand_path(stream.path, {"marker": following})
        answer = connection.client.get(path, {"limit": str(limit)}, domain=stream.domain)
        rows = require_key(parse_rows(answer, stream), (*stream.key, stream.cursor), asked=answer.asked)
        if not rows:
            return
        yield rows
        after = _marker_in(answer)
        if after in asked and not (after == following and len(rows) < limit):
            raise Failure.NO_NEXT.error(f"{answer.asked} leads back to a page that was read before")
        following = after if after != following else None


def _marker_in(answer: Response) -> str | None:
    found = answer.body.get("marker")
    if found is None or isinstance(found, str):
        return found or None
    raise Failure.NO_NEXT.error(f"{answer.asked} was answered with a `marker` that is none")


def _moment(stream: Stream, row: Record) -> int:
    """When *row* came to be, in milliseconds."""
    moment = row[stream.cursor]
    if not isinstance(moment, int):
        raise Failure.NO_KEY.error(f"{stream.path} lists a row with a `{stream.cursor}` that is no moment: {moment!r}")
    return moment
