"""Where the rows of a stream come from: a search or a list, and what hangs on its rows."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from source_opsgenie.api.connection import Connection
from source_opsgenie.clock import DAY_MS, MILLISECOND
from source_opsgenie.reading.backfill import Backfill
from source_opsgenie.reading.changes import Changes
from source_opsgenie.reading.children import children, completed
from source_opsgenie.reading.events import Batch, Expected
from source_opsgenie.reading.lists import fetch_rows
from source_opsgenie.reading.markers import read_marked
from source_opsgenie.reading.search import Search, created_ms, updated_ms
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import Recent, State, version_of
from source_opsgenie.streams import MarkerPaging, Record, Stream, ancestry, reads_details

# Of the pages of one window: more threads than these take more memory than they save time.
PAGES_AT_ONCE = 4
# A row that changes while it is read comes twice: the ids of this many rows are kept, to send each once.
IDS_KEPT = 200_000


def read_batches(connection: Connection, stream: Stream, state: State) -> Iterator[Batch | Expected]:
    """Everything that *stream* still has to send after *state*, in an order that a read can be taken up in.

    Raises the OpsgenieError that the stream ends in: what came until then stands.
    """
    root, *below = ancestry(stream)
    if root.search:
        found = _searched(connection, root, state, are_parents=bool(below))
    elif isinstance(root.paging, MarkerPaging):
        found = read_marked(connection, root, state)
    else:
        found = _listed(connection, root)
    is_last_asked = reads_details(stream, connection.config)
    for child in below:
        found = children(connection, child, found)
    yield from completed(connection, stream, found) if is_last_asked else found


def _listed(connection: Connection, stream: Stream) -> Iterator[Batch | Expected]:
    rows = fetch_rows(connection.client, stream)
    yield Expected(len(rows), stream.name)
    yield Batch(rows)


def _searched(connection: Connection, stream: Stream, state: State, *, are_parents: bool) -> Iterator[Batch | Expected]:
    searchable, config = stream.search, connection.config
    own = config.alert_query if searchable and searchable.takes_alert_query else ""
    search = Search(connection.client, stream, own, side_by_side=min(PAGES_AT_ONCE, config.max_concurrent_requests))
    lookback = config.lookback // MILLISECOND
    recent = Recent((state.begun or 0) - lookback, dict.fromkeys(state.seen))
    if state.bookmark is None:
        found = _history(search, state, start=config.start_ms)
    else:
        looks_at = config.open_parents_per_sync if are_parents else 0
        found = _later(search, state, since=state.bookmark - lookback, looks_at=looks_at)
    for one in found:
        yield _remembered(one, recent) if isinstance(one, Batch) else one


def _history(search: Search, state: State, *, start: int | None) -> Iterator[Batch | Expected]:
    """The rows created since *start*, by windows; then the older ones that were updated since."""
    if state.reached is None:
        for one in Backfill(search, start=start).read(state):
            state = (one.state or state) if isinstance(one, Batch) else state
            yield one
    if start is not None:
        older = state if state.reached is not None else replace(state, below=None, reached=start)
        changes = Changes(search, since=start, created_before=start)
        for one in _Unsent().of(changes.read(older)):
            state = (one.state or state) if isinstance(one, Batch) else state
            yield one
    yield Batch([], replace(state, looked=state.begun))


def _later(search: Search, state: State, *, since: int, looks_at: int) -> Iterator[Batch | Expected]:
    """The rows updated *since* a moment; and for what hangs on them, as many open ones as a look takes."""
    unsent = _Unsent(frozenset(state.seen))
    for one in unsent.of(Changes(search, since=since).read(state)):
        state = (one.state or state) if isinstance(one, Batch) else state
        yield one
    is_due = state.look_below is not None or (state.begun or 0) - (state.looked or 0) >= DAY_MS
    if looks_at and is_due:
        yield from _Unsent(sent=unsent.sent).of(_look(search, state, at_most=looks_at))


def _look(search: Search, state: State, *, at_most: int) -> Iterator[Batch]:
    """Rows that people still work on, newest first: not everything that hangs on them moves `updatedAt`."""
    searchable = search.stream.search
    looked_at = 0
    for rows in read_span(search.also(searchable.still_open if searchable else ""), None, state.look_below):
        yield Batch(rows)
        looked_at += len(rows)
        if looked_at >= at_most:
            # Others may have been created in the same millisecond; but each look gets further down.
            below = min(created_ms(rows[-1]) + 1, (state.look_below or sys.maxsize) - 1)
            yield Batch([], replace(state, look_below=below))
            return
    yield Batch([], replace(state, looked=state.begun, look_below=None))


def _remembered(step: Batch, recent: Recent) -> Batch:
    for row in step.rows:
        recent.add(row, updated=updated_ms(row))
    return replace(step, state=step.state and replace(step.state, seen=tuple(recent.digests)))


@dataclass(slots=True)
class _Unsent:
    """Leaves out what the sync before has *seen*, in its lookback, and what this one has *sent* already."""

    seen: frozenset[str] = frozenset()
    sent: set[str] = field(default_factory=set)

    def of(self, found: Iterable[Batch | Expected]) -> Iterator[Batch | Expected]:
        for one in found:
            yield replace(one, rows=self._rows(one.rows)) if isinstance(one, Batch) else one

    def _rows(self, rows: list[Record]) -> list[Record]:
        unsent = [row for row in rows if row["id"] not in self.sent and version_of(row) not in self.seen]
        if len(self.sent) < IDS_KEPT:
            self.sent |= {row["id"] for row in unsent}
        return unsent
