"""Read the children of each parent, and the details of each row, in parallel and in order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.concurrency import ordered_batches
from source_opsgenie.errors import NotFound, NotInPlan, OpsgenieError, Rejected
from source_opsgenie.reading.counts import Parents
from source_opsgenie.reading.details import exists, get_row, row_path
from source_opsgenie.reading.events import Batch, SetAside
from source_opsgenie.reading.histories import SINCE, read_history
from source_opsgenie.reading.lists import NO_IDS, fetch_bulk, fetch_rows
from source_opsgenie.reading.markers import find_marked
from source_opsgenie.reading.parts import Part, children_of, row_of
from source_opsgenie.reading.search import Search
from source_opsgenie.reading.spans import read_span
from source_opsgenie.streams import LACKS_DETAILS, STREAMS, MarkerPaging, Parent, Record, SpanPaging, Stream

Found = Iterator[Batch[Record]]


def read_children(connection: Connection, stream: Stream, parents: Found) -> Found:
    """The rows of *stream* for each of *parents*; a state follows once all children before it are emitted.

    Parents whose children cannot be read are set aside.
    """
    assert stream.parent
    known = fetch_bulk(connection.client, stream)
    yield from _in_parallel(connection, partial(_children_of_parent, connection, stream, known), parents)


def without_parent(stream: Stream) -> Found:
    """What stands for a parent in the list of *stream* that belongs to no parent, if there is such a list."""
    if stream.parent and stream.parent.is_optional:
        yield Batch([dict.fromkeys(stream.parent.ids.values())])


def complete_rows(connection: Connection, stream: Stream, found: Found) -> Found:
    """The rows *found* of *stream*, each completed by its details; deleted rows are left out.

    A row whose details cannot be read is marked as such, and its details are set aside.
    """
    return _in_parallel(connection, partial(_complete, connection, stream), found)


def _in_parallel(connection: Connection, read: Callable[[Record], Batch[Record]], found: Found) -> Found:
    """Call *read* for each row, in parallel and in order; a state follows once the rows before it are emitted."""

    def read_one(batch: Batch[Record]) -> Batch[Record]:
        return read(batch.rows[0]) if batch.rows else batch

    parallel = connection.config.max_concurrent_requests
    # Twice as many rows are taken as are in flight: no thread waits while the next page of parents is fetched.
    for batches in ordered_batches(read_one, _split(found), max_concurrent=parallel, ahead=2 * parallel):
        yield _join(batches)


def _join(batches: list[Batch[Record]]) -> Batch[Record]:
    """One batch out of many small ones, since one parent has few children."""
    states = [batch.state for batch in batches if batch.state]
    expected = [batch.expected for batch in batches if batch.expected]
    return Batch(
        [row for batch in batches for row in batch.rows],
        states[-1] if states else None,
        sum((batch.parents for batch in batches), Parents()),
        expected[-1] if expected else None,
        tuple(one for batch in batches for one in batch.set_aside),
        tuple(part for batch in batches for part in batch.without),
        tuple(part for batch in batches for part in batch.read_parents),
    )


def _split(found: Found) -> Found:
    """One batch per row, and a last one with all else that *found* holds."""
    for batch in found:
        yield from (Batch([row]) for row in batch.rows)
        yield replace(batch, rows=[])


def _children_of_parent(
    connection: Connection, stream: Stream, known: Mapping[Any, list[Record]], parent: Record
) -> Batch[Record]:
    """The children of *parent*, each with the parent's ids; nothing if the parent was deleted.

    A 404 means that, if the parent's own endpoint returns 404 too; it never means an empty list.
    """
    assert stream.parent
    part = children_of(stream, parent)
    try:
        return _fetch_children(connection, stream, known, part)
    except NotInPlan:
        raise
    except OpsgenieError as error:
        if isinstance(error, NotFound):
            above = STREAMS[stream.parent.stream]
            is_own_path = _is_path_of(above, parent, error.path)
            if not _exists(connection.client, above, parent, is_own_path=is_own_path):
                # The history of a deleted parent is kept.
                read = () if isinstance(stream.paging, SpanPaging) else (part,)
                return Batch([], parents=Parents(requested=1, deleted=1), read_parents=read)
            if is_own_path:
                part = replace(part, span=_created(parent))
        if isinstance(error, NotFound | Rejected) and _may_lack_list(stream.parent, parent):
            return Batch([], parents=Parents(requested=1, without=1), without=(part,))
        return Batch([], parents=Parents(requested=1, failed=1), set_aside=(SetAside(part, error),))


def _fetch_children(
    connection: Connection, stream: Stream, known: Mapping[Any, list[Record]], part: Part
) -> Batch[Record]:
    """All children of the parent in *part*."""
    assert stream.parent
    ids = {name: part.row[field] for name, field in stream.parent.ids.items()}
    copied = {name: part.row.get(field) for name, field in stream.parent.brings.items()}
    read = part
    if isinstance(stream.paging, SpanPaging):
        listed, span = read_history(connection, stream, ids, since=part.row.get(SINCE))
        read = replace(part, span=span)
    else:
        listed = fetch_rows(connection.client, stream, ids, known=known.get(next(iter(ids.values()))))
    rows = [row | copied for row in listed.rows] if copied else listed.rows
    set_aside = listed.set_aside(part, key=stream.key)
    # The list without a parent is not a parent.
    is_parent = any(ids.values())
    return Batch(
        rows,
        parents=Parents(requested=int(is_parent)),
        set_aside=set_aside,
        read_parents=(read,) if is_parent and not set_aside else (),
    )


def _exists(client: Client, stream: Stream, row: Record, *, is_own_path: bool) -> bool:
    """Whether *row* still exists, also if that cannot be found out, and if it stands for no parent at all.

    Its own endpoint says so; if *is_own_path*, that is the one that returned 404, and the list says so.
    """
    if all(row.get(name) is None for name in stream.key):
        return True
    try:
        if isinstance(stream.paging, MarkerPaging):
            return bool(find_marked(client, stream, row[stream.key[0]]).rows)
        if not is_own_path:
            return exists(client, stream, row)
        return _is_found(client, stream, row) if stream.search else _is_listed(client, stream, row)
    except OpsgenieError:
        return True


def _is_path_of(stream: Stream, row: Record, path: str) -> bool:
    """Whether *path* is the endpoint of *row* itself, which a list with markers does not have."""
    has_endpoint = not isinstance(stream.paging, MarkerPaging)
    return has_endpoint and path.partition("?")[0] == row_path(stream, row)


def _is_found(client: Client, stream: Stream, row: Record) -> bool:
    """Whether a search finds *row*; it is not found if its creation time is unknown."""
    span = _created(row)
    pages = read_span(Search(client, stream), *span) if span else ()
    return any(found.id == row["id"] for page in pages for found in page)


def _created(row: Record) -> tuple[int, int] | None:
    """The millisecond in which a row of a searchable list was created."""
    created = row.get("createdAt")
    return (parse_timestamp(created), parse_timestamp(created) + 1) if isinstance(created, str) else None


def _may_lack_list(parent: Parent, row: Record) -> bool:
    """Whether the API rejects the list of this parent because it has none (docs/opsgenie-api.md#integration)."""
    return bool(parent.lists_only_if) and row.get(parent.lists_only_if) is not True


def _complete(connection: Connection, stream: Stream, row: Record) -> Batch[Record]:
    """The *row* with its details; nothing if the list does not have it any more either."""
    client, key = connection.client, {name: row[name] for name in stream.key}
    try:
        return Batch([row | get_row(client, stream, row) | key])
    except NotInPlan:
        raise
    except OpsgenieError as error:
        if isinstance(error, NotFound) and not _is_listed(client, stream, row):
            return Batch([])
        return Batch([row | {LACKS_DETAILS: True}], set_aside=(SetAside(row_of(stream, row), error),))


def _is_listed(client: Client, stream: Stream, row: Record) -> bool:
    """Whether the list still has *row*; a list that fails does."""
    ids = {name: row[name] for name in stream.parent.ids} if stream.parent else NO_IDS
    try:
        listed = fetch_rows(client, stream, ids).rows
    except OpsgenieError:
        return True
    return any(all(other[name] == row[name] for name in stream.key) for other in listed)
