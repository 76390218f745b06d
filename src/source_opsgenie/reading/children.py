"""Read the children of each parent, and the details of each row, in parallel and in order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.concurrency import ordered_batches
from source_opsgenie.errors import NotFound
from source_opsgenie.reading.details import exists, get_row
from source_opsgenie.reading.events import Batch, Parents
from source_opsgenie.reading.lists import NO_IDS, fetch_bulk, fetch_rows
from source_opsgenie.reading.weeks import weeks
from source_opsgenie.streams import STREAMS, Record, Stream

Found = Iterator[Batch[Record]]


def read_children(connection: Connection, stream: Stream, parents: Found) -> Found:
    """The rows of *stream* for each of *parents*; a state follows once all children before it are emitted.

    Raises NotFound only if the parent itself still exists.
    """
    assert stream.parent
    if stream.parent.is_optional:
        yield Batch(fetch_rows(connection.client, stream, dict.fromkeys(stream.parent.ids)))
    known = fetch_bulk(connection.client, stream)
    yield from _in_parallel(connection, partial(_children_of_parent, connection, stream, known), parents)


def complete_rows(connection: Connection, stream: Stream, found: Found) -> Found:
    """The rows *found* of *stream*, each completed by its details; deleted rows are left out.

    Raises NotFound only if the list still has the row.
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
    )


def _split(found: Found) -> Found:
    """One batch per row, and a last one with all else that *found* holds."""
    for batch in found:
        yield from (Batch([row]) for row in batch.rows)
        yield replace(batch, rows=[])


def _children_of_parent(
    connection: Connection, stream: Stream, known: Mapping[Any, list[Record]], parent: Record
) -> Batch[Record]:
    """The children of *parent*, each with the parent's ids.

    A 404 means that the parent was deleted, if its own endpoint returns 404 too; it never means an empty list.
    """
    assert stream.parent
    ids = {name: parent[field] for name, field in stream.parent.ids.items()}
    copied = {name: parent.get(field) for name, field in stream.parent.brings.items()}
    rows: list[Record] = []
    try:
        for week in _weeks(connection, stream):
            known_rows = known.get(next(iter(ids.values())))
            rows += fetch_rows(connection.client, stream, {**ids, **week}, known=known_rows)
    except NotFound:
        if exists(connection.client, STREAMS[stream.parent.stream], parent):
            raise
        return Batch([], parents=Parents(requested=1, deleted=1))
    return Batch([row | copied for row in rows] if copied else rows, parents=Parents(requested=1))


def _weeks(connection: Connection, stream: Stream) -> list[Mapping[str, Any]]:
    """The parameters of each request for the children of one parent: one per week, or a single empty one."""
    if not (stream.parent and stream.parent.weeks):
        return [NO_IDS]
    now = connection.client.date_ms
    if now is None:
        raise Failure.NO_DATE.error(f"{stream.path} is requested by week, and no response has a `Date` header")
    return weeks(now, days_back=getattr(connection.config, stream.parent.weeks))


def _complete(connection: Connection, stream: Stream, row: Record) -> Batch[Record]:
    """The *row* with its details; nothing if the list does not have it any more either."""
    try:
        key = {name: row[name] for name in stream.key}
        return Batch([row | get_row(connection.client, stream, row) | key])
    except NotFound:
        ids = {name: row[name] for name in stream.parent.ids} if stream.parent else NO_IDS
        listed = {other[stream.key[-1]] for other in fetch_rows(connection.client, stream, ids)}
        if row[stream.key[-1]] in listed:
            raise
        return Batch([])
