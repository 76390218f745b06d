"""Where the rows of a stream come from: a search or a list, and what hangs on its rows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from source_opsgenie.changes import Changes
from source_opsgenie.children import children
from source_opsgenie.connection import Connection
from source_opsgenie.events import Counted, Step
from source_opsgenie.history import History
from source_opsgenie.listing import Listing, updated_ms
from source_opsgenie.paging import checked, read_list
from source_opsgenie.state import Recent, State, version
from source_opsgenie.streams import Stream, ancestry

# A row that changes while it is read comes twice; the ids of so many are kept, to send each once.
IDS_KEPT = 200_000


def steps(connection: Connection, stream: Stream, state: State) -> Iterator[Step | Counted]:
    """Everything that *stream* still has to send after *state*, in an order that a read can be taken up in."""
    root, *below = ancestry(stream)
    found = _searched(connection, root, state) if root.search else _listed(connection, root)
    for child in below:
        found = children(connection, child, found)
    yield from found


def _listed(connection: Connection, stream: Stream) -> Iterator[Step | Counted]:
    rows = read_list(connection.client, stream, stream.path)
    yield Counted(len(rows), stream.name)
    yield Step(checked(rows, stream.key, asked=f"GET {stream.path}"))


def _searched(connection: Connection, stream: Stream, state: State) -> Iterator[Step | Counted]:
    own = connection.config.alert_query if stream.search and stream.search.takes_alert_query else ""
    listing = Listing(connection.client, stream, own)
    lookback = connection.config.lookback // timedelta(milliseconds=1)
    recent = Recent((state.begun or 0) - lookback, dict.fromkeys(state.seen))
    if state.bookmark is None:
        found = _history(listing, state, start=connection.config.start_ms)
    else:
        found = _unseen(Changes(listing, since=state.bookmark - lookback).read(state), state)
    for one in found:
        yield _remembered(one, recent) if isinstance(one, Step) else one


def _history(listing: Listing, state: State, *, start: int | None) -> Iterator[Step | Counted]:
    """The rows created since *start*, by windows; then the older ones that were updated since."""
    if state.reached is None:
        for one in History(listing, start=start, updated_since=start).read(state):
            state = (one.state or state) if isinstance(one, Step) else state
            yield one
    if start is not None:
        changes = Changes(listing, since=start, created_before=start)
        older = state if state.reached is not None else replace(state, below=None, reached=start)
        yield from changes.read(older)


def _unseen(found: Iterator[Step | Counted], state: State) -> Iterator[Step | Counted]:
    """Leave out what was sent by the sync before, in its lookback, and what comes a second time in this one."""
    seen = frozenset(state.seen)
    sent: set[str] = set()
    for one in found:
        if isinstance(one, Step):
            rows = [row for row in one.rows if row["id"] not in sent and version(row) not in seen]
            if len(sent) < IDS_KEPT:
                sent |= {row["id"] for row in rows}
            yield replace(one, rows=rows)
        else:
            yield one


def _remembered(step: Step, recent: Recent) -> Step:
    for row in step.rows:
        recent.add(row, updated=updated_ms(row))
    return replace(step, state=step.state and replace(step.state, seen=tuple(recent.digests)))
