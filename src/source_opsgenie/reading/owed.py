"""Request again what a read could not fetch, in the same sync or the next one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from source_opsgenie.api.connection import Connection
from source_opsgenie.concurrency import ordered_map
from source_opsgenie.errors import NotFound, OpsgenieError
from source_opsgenie.reading.backfill import Backfill
from source_opsgenie.reading.batches import descend, without_invalid
from source_opsgenie.reading.children import complete_rows, read_children
from source_opsgenie.reading.counts import Parents
from source_opsgenie.reading.events import Batch, SetAside
from source_opsgenie.reading.lists import fetch_rows
from source_opsgenie.reading.markers import find_marked
from source_opsgenie.reading.parts import Part, parse_span
from source_opsgenie.reading.search import Search, SearchRow, search_of
from source_opsgenie.reading.spans import read_span
from source_opsgenie.streams import LACKS_DETAILS, MarkerPaging, Record, Stream, ancestry


def read_again(connection: Connection, stream: Stream, parts: Sequence[Part]) -> Iterator[Batch[Record]]:
    """What *parts* of *stream* return now; what fails again is set aside again."""
    root, *below = ancestry(stream)
    # Of what a state remembers, only ids and spans of the root list are known.
    if of_root := [part for part in parts if not part.row]:
        yield from descend(connection, stream, below, _root_rows(connection, root, of_root))
    for level, child in enumerate(below, start=1):
        if parents := [part.row for part in parts if part.stream == child.name and not part.is_row and part.row]:
            children = read_children(connection, child, iter([Batch(parents)]))
            yield from descend(connection, stream, below[level:], children)
    if rows := [part.row for part in parts if part.is_row and part.row]:
        for batch in complete_rows(connection, stream, iter([Batch(rows)])):
            # Rows that lack their details were emitted before.
            yield replace(batch, rows=[row for row in batch.rows if LACKS_DETAILS not in row])


def restore_part(stream: Stream, text: str) -> Part:
    """The part of the root list of *stream* that a state remembers as *text*."""
    root, *below = ancestry(stream)
    if span := parse_span(text):
        return Part(root.name, span=span)
    return Part(below[0].name if below else root.name, (text,), is_row=not below)


def _root_rows(connection: Connection, root: Stream, parts: Sequence[Part]) -> Iterator[Batch[Record]]:
    """The rows of a root list that are in *parts*."""
    rows = [part for part in parts if not part.span]
    fetch = partial(_root_row, connection, root)
    yield from ordered_map(fetch, rows, max_concurrent=connection.config.max_concurrent_requests)
    backfill = Backfill(search_of(connection, root))
    for start, end in filter(None, (part.span for part in parts)):
        yield from map(without_invalid, backfill.read_window(start, end))


def _root_row(connection: Connection, root: Stream, part: Part) -> Batch[Record]:
    """The row of a root list that is in *part*, as the list returns it; nothing if it was deleted."""
    try:
        if isinstance(root.paging, MarkerPaging):
            return find_marked(connection.client, root, part.ids[0])
        if root.search is None:
            listed = fetch_rows(connection.client, root).rows
            found = [row for row in listed if row[root.key[0]] == part.ids[0]]
            return Batch(found, parents=Parents() if found else Parents(requested=1, deleted=1))
        return without_invalid(Batch(_find_row(search_of(connection, root), part.ids[0])))
    except NotFound:
        return Batch([], parents=Parents(requested=1, deleted=1))
    except OpsgenieError as error:
        return Batch([], parents=Parents(requested=1, failed=1), set_aside=(SetAside(part, error),))


def _find_row(search: Search, row_id: str) -> list[SearchRow]:
    """The row with *row_id* in the list: its own endpoint returns more fields, and the time by which to find it."""
    row = search.get(row_id)
    pages = read_span(search, row.created, row.created + 1) if not row.set_aside else ()
    listed = [found for page in pages for found in page if found.id == row_id or found.set_aside]
    return listed or [row]
