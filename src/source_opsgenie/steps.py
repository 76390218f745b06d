"""Where the rows of a stream come from: a search or a list, and what hangs on its rows."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from source_opsgenie.changes import Changes
from source_opsgenie.children import children, completed
from source_opsgenie.clock import DAY_MS, MILLISECOND
from source_opsgenie.connection import Connection
from source_opsgenie.events import Counted, Step
from source_opsgenie.history import History
from source_opsgenie.listing import Listing, created_ms, updated_ms
from source_opsgenie.lists import rows_for
from source_opsgenie.markers import marked
from source_opsgenie.spans import read_span
from source_opsgenie.state import Recent, State, version
from source_opsgenie.streams import Paging, Record, Stream, ancestry, is_completed

# Of the pages of one window: more threads than these take more memory than they save time.
PAGES_AT_ONCE = 4
# A row that changes while it is read comes twice: the ids of this many rows are kept, to send each once.
IDS_KEPT = 200_000


def steps(connection: Connection, stream: Stream, state: State) -> Iterator[Step | Counted]:
    """Everything that *stream* still has to send after *state*, in an order that a read can be taken up in.

    Raises the OpsgenieError that the stream ends in: what came until then stands.
    """
    root, *below = ancestry(stream)
    if root.search:
        found = _searched(connection, root, state, are_parents=bool(below))
    elif root.paging is Paging.MARKER:
        found = marked(connection, root, state)
    else:
        found = _listed(connection, root)
    is_last_asked = is_completed(stream, connection.config)
    for child in below:
        found = children(connection, child, found)
    yield from completed(connection, stream, found) if is_last_asked else found


def _listed(connection: Connection, stream: Stream) -> Iterator[Step | Counted]:
    rows = rows_for(connection.client, stream)
    yield Counted(len(rows), stream.name)
    yield Step(rows)


def _searched(connection: Connection, stream: Stream, state: State, *, are_parents: bool) -> Iterator[Step | Counted]:
    search, config = stream.search, connection.config
    own = config.alert_query if search and search.takes_alert_query else ""
    listing = Listing(connection.client, stream, own, side_by_side=min(PAGES_AT_ONCE, config.max_concurrent_requests))
    lookback = config.lookback // MILLISECOND
    recent = Recent((state.begun or 0) - lookback, dict.fromkeys(state.seen))
    if state.bookmark is None:
        found = _history(listing, state, start=config.start_ms)
    else:
        looks_at = config.open_parents_per_sync if are_parents else 0
        found = _later(listing, state, since=state.bookmark - lookback, looks_at=looks_at)
    for one in found:
        yield _remembered(one, recent) if isinstance(one, Step) else one


def _history(listing: Listing, state: State, *, start: int | None) -> Iterator[Step | Counted]:
    """The rows created since *start*, by windows; then the older ones that were updated since."""
    if state.reached is None:
        for one in History(listing, start=start).read(state):
            state = (one.state or state) if isinstance(one, Step) else state
            yield one
    if start is not None:
        older = state if state.reached is not None else replace(state, below=None, reached=start)
        changes = Changes(listing, since=start, created_before=start)
        for one in _Unsent().of(changes.read(older)):
            state = (one.state or state) if isinstance(one, Step) else state
            yield one
    yield Step([], replace(state, looked=state.begun))


def _later(listing: Listing, state: State, *, since: int, looks_at: int) -> Iterator[Step | Counted]:
    """The rows updated *since* a moment; and for what hangs on them, as many open ones as a look takes."""
    unsent = _Unsent(frozenset(state.seen))
    for one in unsent.of(Changes(listing, since=since).read(state)):
        state = (one.state or state) if isinstance(one, Step) else state
        yield one
    is_due = state.look_below is not None or (state.begun or 0) - (state.looked or 0) >= DAY_MS
    if looks_at and is_due:
        yield from _Unsent(sent=unsent.sent).of(_look(listing, state, at_most=looks_at))


def _look(listing: Listing, state: State, *, at_most: int) -> Iterator[Step]:
    """Rows that people still work on, newest first: not everything that hangs on them moves `updatedAt`."""
    search = listing.stream.search
    looked_at = 0
    for rows in read_span(listing.also(search.still_open if search else ""), None, state.look_below):
        yield Step(rows)
        looked_at += len(rows)
        if looked_at >= at_most:
            # Others may have been created in the same millisecond; but each look gets further down.
            below = min(created_ms(rows[-1]) + 1, (state.look_below or sys.maxsize) - 1)
            yield Step([], replace(state, look_below=below))
            return
    yield Step([], replace(state, looked=state.begun, look_below=None))


def _remembered(step: Step, recent: Recent) -> Step:
    for row in step.rows:
        recent.add(row, updated=updated_ms(row))
    return replace(step, state=step.state and replace(step.state, seen=tuple(recent.digests)))


@dataclass(slots=True)
class _Unsent:
    """Leaves out what the sync before has *seen*, in its lookback, and what this one has *sent* already."""

    seen: frozenset[str] = frozenset()
    sent: set[str] = field(default_factory=set)

    def of(self, found: Iterable[Step | Counted]) -> Iterator[Step | Counted]:
        for one in found:
            yield replace(one, rows=self._rows(one.rows)) if isinstance(one, Step) else one

    def _rows(self, rows: list[Record]) -> list[Record]:
        unsent = [row for row in rows if row["id"] not in self.sent and version(row) not in self.seen]
        if len(self.sent) < IDS_KEPT:
            self.sent |= {row["id"] for row in unsent}
        return unsent
