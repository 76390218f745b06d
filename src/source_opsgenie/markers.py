"""Read a list that goes on from a moment named in its path: what is new since the newest row known, oldest first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source_opsgenie.answers import Answer
from source_opsgenie.clock import MILLISECOND, milliseconds
from source_opsgenie.connection import Connection
from source_opsgenie.events import Step
from source_opsgenie.paging import checked, portions, rows_of
from source_opsgenie.singles import address
from source_opsgenie.state import Recent, State, version
from source_opsgenie.streams.stream import Record, Stream
from source_opsgenie.troubles import Trouble

# No account is older than Opsgenie.
OLDEST_MS = milliseconds("2012-01-01T00:00:00Z")
# A file may be named minutes before its date (docs/opsgenie-api.md#log-files).
LATE_MS = timedelta(hours=1) // MILLISECOND


def marker(moment_ms: int) -> str:
    """The moment *moment_ms* as a marker."""
    return datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%Y-%m-%d-%H-%M-%S")


def marked(connection: Connection, stream: Stream, state: State) -> Iterator[Step]:
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
    for page in _pages(connection, stream, marker(since - LATE_MS)):
        for rows in portions(page):
            unsent = [row for row in rows if version(row) not in seen]
            seen |= {version(row) for row in unsent}
            for row in unsent:
                recent.add(row, updated=_moment(stream, row))
            # A moment that is yet to come would hide what is listed until then.
            newest = max(newest, min(state.begun or 0, max(_moment(stream, row) for row in rows)))
            yield Step(unsent, replace(state, newest=newest, seen=tuple(recent.digests)))


def _pages(connection: Connection, stream: Stream, start: str) -> Iterator[list[Record]]:
    """The pages from the marker *start* on, until one is empty or names no marker but the one it was asked with."""
    asked: set[str] = set()
    following: str | None = start
    while following:
        asked.add(following)
        path = address(stream.path, {"marker": following})
        answer = connection.client.get(path, {"limit": str(stream.limit)}, domain=stream.domain)
        rows = checked(rows_of(answer, stream), (*stream.key, stream.cursor), asked=answer.asked)
        if not rows:
            return
        yield rows
        after = _marker_in(answer)
        if after in asked and not (after == following and len(rows) < stream.limit):
            raise Trouble.NO_NEXT.told(f"{answer.asked} leads back to a page that was read before")
        following = after if after != following else None


def _marker_in(answer: Answer) -> str | None:
    found = answer.body.get("marker")
    if found is None or isinstance(found, str):
        return found or None
    raise Trouble.NO_NEXT.told(f"{answer.asked} was answered with a `marker` that is none")


def _moment(stream: Stream, row: Record) -> int:
    """When *row* came to be, in milliseconds."""
    moment = row[stream.cursor]
    if not isinstance(moment, int):
        raise Trouble.NO_KEY.told(f"{stream.path} lists a row with a `{stream.cursor}` that is no moment: {moment!r}")
    return moment
