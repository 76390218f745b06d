"""Where the rows of a stream come from: a search or a list, and the child records of its rows."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from source_opsgenie.api.connection import Connection
from source_opsgenie.clock import DAY_MS, MILLISECOND
from source_opsgenie.config import Config
from source_opsgenie.reading.backfill import Backfill
from source_opsgenie.reading.changes import Changes
from source_opsgenie.reading.children import complete_rows, read_children, without_parent
from source_opsgenie.reading.events import Batch, Batches, Expected, transform
from source_opsgenie.reading.histories import mark_known
from source_opsgenie.reading.lists import fetch_rows
from source_opsgenie.reading.markers import read_marked
from source_opsgenie.reading.paging import PORTION, SMALL_WINDOW
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.recent import Recent, digest_of
from source_opsgenie.reading.search import Search, SearchRow, search_of
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import Recheck, State
from source_opsgenie.streams import MarkerPaging, Record, SpanPaging, Stream, ancestry, reads_details

# A row that changes during a read is listed twice; the ids of this many rows are kept, to emit each once.
IDS_KEPT = 200_000


def read_batches(connection: Connection, stream: Stream, state: State) -> Iterator[Batch[Record]]:
    """Everything that *stream* still has to emit after *state*, in an order in which a read can resume.

    Raises the OpsgenieError that ends the stream; the batches before it are valid.
    """
    root, *below = ancestry(stream)
    batches: Iterator[Batch[Record]]
    if root.search:
        batches = _searched(connection, root, state, are_parents=bool(below))
    elif isinstance(root.paging, MarkerPaging):
        batches = read_marked(connection, root, state)
    else:
        batches = _listed(connection, root)
    if isinstance(stream.paging, SpanPaging):
        batches = mark_known(batches, state, key=root.key[0])
    return descend(connection, stream, below, batches)


def descend(
    connection: Connection, stream: Stream, below: Sequence[Stream], found: Iterator[Batch[Record]]
) -> Iterator[Batch[Record]]:
    """The rows of *stream*: the children of the rows *found*, level by level, with their details."""
    for child in below:
        found = read_children(connection, child, chain(without_parent(child), found))
    return complete_rows(connection, stream, found) if reads_details(stream, connection.config) else found


def without_invalid(batch: Batch[SearchRow]) -> Batch[Record]:
    """The records of *batch*; rows that cannot be read are set aside."""
    set_aside = tuple(row.set_aside for row in batch.rows if row.set_aside)
    records = [row.record for row in batch.rows if not row.set_aside]
    return Batch(records, batch.state, expected=batch.expected, set_aside=batch.set_aside + set_aside)


def _listed(connection: Connection, stream: Stream) -> Iterator[Batch[Record]]:
    listed = fetch_rows(connection.client, stream)
    set_aside = listed.set_aside(Part(stream.name), key=stream.key)
    yield Batch(listed.rows, expected=Expected(len(listed.rows), stream.name), set_aside=set_aside)


def _searched(connection: Connection, root: Stream, state: State, *, are_parents: bool) -> Iterator[Batch[Record]]:
    """The rows of a searchable stream; the states remember those that the next lookback returns again."""
    recent, recent_since = Recent(state.seen), state.began - _lookback_ms(connection.config)
    search = search_of(connection, root)
    if are_parents or reads_details(root, connection.config):
        search = replace(search, portion=PORTION, window=SMALL_WINDOW)
    if state.bookmark is None:
        batches = _first_read(search, state, start=connection.config.start_ms)
    else:
        batches = _later_read(search, state, connection.config, are_parents=are_parents)
    owed = set(state.owed)
    for batch in batches:
        # What is owed has been requested before.
        rows = [row for row in batch.rows if row.id not in owed] if owed else batch.rows
        recent.add(row.record for row in rows if row.updated >= recent_since and not row.set_aside)
        state_after = batch.state and replace(batch.state, seen=recent.digests)
        yield without_invalid(replace(batch, rows=rows, state=state_after))


def _lookback_ms(config: Config) -> int:
    return config.lookback // MILLISECOND


def _first_read(search: Search, state: State, *, start: int | None) -> Batches[SearchRow]:
    """The rows created since *start*, by windows; then the older ones that were updated since."""
    if state.reached is None:
        state = yield from Backfill(search, start=start).read(state)
    if start is not None:
        older = state if state.reached is not None else state.with_walk(None).with_reached(start)
        state = yield from _Unsent().filter(Changes(search, since=start, created_before=start).read(older))
    state = replace(state, recheck=Recheck(finished=state.began))
    yield Batch([], state)
    return state


def _later_read(search: Search, state: State, config: Config, *, are_parents: bool) -> Batches[SearchRow]:
    """The rows updated since the last read; as parents, also a round of those that are still open."""
    unsent = _Unsent(frozenset(state.seen))
    since = (state.bookmark or 0) - _lookback_ms(config)
    state = yield from unsent.filter(Changes(search, since=since).read(state))
    if are_parents and config.open_parents_per_sync and _is_recheck_due(state):
        recheck = _recheck(search, state, limit=config.open_parents_per_sync)
        state = yield from _Unsent(sent=unsent.sent).filter(recheck)
    return state


def _is_recheck_due(state: State) -> bool:
    return state.recheck.below is not None or state.began - (state.recheck.finished or 0) >= DAY_MS


def _recheck(search: Search, state: State, *, limit: int) -> Batches[SearchRow]:
    """The rows that are still open, newest first: not every new child record updates its parent."""
    searchable = search.stream.search
    below = state.recheck.below
    checked = 0
    for rows in read_span(search.matching(searchable.still_open if searchable else ""), None, below):
        yield Batch(rows)
        checked += len(rows)
        if checked >= limit:
            # Others may have been created in the same millisecond, but each sync must get further down.
            reached = min(rows[-1].created + 1, (below or sys.maxsize) - 1)
            state = replace(state, recheck=replace(state.recheck, below=reached))
            yield Batch([], state)
            return state
    state = replace(state, recheck=Recheck(finished=state.began))
    yield Batch([], state)
    return state


@dataclass(slots=True)
class _Unsent:
    """Filters out rows that the last sync has *seen* in its lookback, and those *sent* in this one."""

    seen: frozenset[str] = frozenset()
    sent: set[str] = field(default_factory=set)

    def filter(self, batches: Batches[SearchRow]) -> Batches[SearchRow]:
        """*batches* without these rows."""
        return transform(batches, self._without)

    def _without(self, batch: Batch[SearchRow]) -> Batch[SearchRow]:
        rows = [row for row in batch.rows if row.id not in self.sent and not self._is_seen(row)]
        if len(self.sent) < IDS_KEPT:
            self.sent |= {row.id for row in rows}
        return replace(batch, rows=rows)

    def _is_seen(self, row: SearchRow) -> bool:
        return bool(self.seen) and digest_of(row.record) in self.seen
