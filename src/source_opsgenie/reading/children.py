"""Ask each parent for what hangs on it, and each row for what its list leaves out: side by side, and in order."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.concurrency import ordered_batches
from source_opsgenie.errors import NotFound
from source_opsgenie.reading.details import exists, get_row
from source_opsgenie.reading.events import Batch, Expected, Parents
from source_opsgenie.reading.lists import NO_IDS, fetch_bulk, fetch_rows
from source_opsgenie.reading.weeks import weeks
from source_opsgenie.streams import STREAMS, Record, Stream

Found = Iterator[Batch | Expected]


def children(connection: Connection, stream: Stream, parents: Found) -> Found:
    """The rows of *stream* that hang on *parents*; a state comes out once all the children before it are out.

    Raises what asking for a list raises, NotFound only where the parent itself is still there.
    """
    assert stream.parent
    if stream.parent.is_optional:
        yield Batch(fetch_rows(connection.client, stream, dict.fromkeys(stream.parent.ids)))
    known = fetch_bulk(connection.client, stream)
    yield from _side_by_side(connection, partial(_children_of, connection, stream, known), parents)


def completed(connection: Connection, stream: Stream, found: Found) -> Found:
    """The rows of *stream* that were *found*, each with what only its own answer holds; one that is gone is left out.

    Raises what asking for a row raises, NotFound only where its list still has the row.
    """
    return _side_by_side(connection, partial(_completed, connection, stream), found)


def _side_by_side(connection: Connection, ask: Callable[[Record], Batch], found: Found) -> Found:
    def step(one: Batch | Expected) -> Batch | Expected:
        return ask(one.rows[0]) if isinstance(one, Batch) and one.rows else one

    at_once = connection.config.max_concurrent_requests
    # Twice as many are taken as are under way: no thread waits while the next page of parents is asked for.
    for batch in ordered_batches(step, _one_by_one(found), max_concurrent=at_once, ahead=2 * at_once):
        yield from _together(batch)


def _together(batch: list[Batch | Expected]) -> Found:
    """The same in fewer steps: what each of many parents brings is little."""
    steps = [one for one in batch if isinstance(one, Batch)]
    yield from (one for one in batch if isinstance(one, Expected))
    states = [one.state for one in steps if one.state]
    yield Batch(
        [row for one in steps for row in one.rows],
        states[-1] if states else None,
        sum((one.parents for one in steps), Parents()),
    )


def _one_by_one(found: Found) -> Found:
    for step in found:
        if isinstance(step, Expected):
            yield step
        else:
            yield from (Batch([row]) for row in step.rows)
            yield Batch([], step.state, step.parents)


def _children_of(connection: Connection, stream: Stream, known: Mapping[Any, list[Record]], parent: Record) -> Batch:
    """The children of *parent*, each with its ids added.

    A 404 counts only if the parent itself is answered with one: a child is never taken for empty.
    """
    assert stream.parent
    ids = {name: parent[field] for name, field in stream.parent.ids.items()}
    brought = {name: parent.get(field) for name, field in stream.parent.brings.items()}
    rows: list[Record] = []
    try:
        for week in _weeks(connection, stream):
            of_parent = known.get(next(iter(ids.values())))
            rows += fetch_rows(connection.client, stream, {**ids, **week}, known=of_parent)
    except NotFound:
        if exists(connection.client, STREAMS[stream.parent.stream], parent):
            raise
        return Batch([], parents=Parents(asked=1, gone=1))
    return Batch([row | brought for row in rows] if brought else rows, parents=Parents(asked=1))


def _weeks(connection: Connection, stream: Stream) -> list[Mapping[str, Any]]:
    """What to ask a parent with, once for each: each of the weeks, or nothing at all."""
    if not stream.weeks:
        return [NO_IDS]
    now = connection.client.date_ms
    if now is None:
        raise Failure.NO_DATE.error(f"{stream.path} is asked by weeks, and no answer has a `Date` to tell the present")
    return weeks(now, days_back=getattr(connection.config, stream.weeks))


def _completed(connection: Connection, stream: Stream, row: Record) -> Batch:
    """The *row* with what its own answer adds; nothing if it is gone from its list too."""
    try:
        key = {name: row[name] for name in stream.key}
        return Batch([row | get_row(connection.client, stream, row) | key])
    except NotFound:
        ids = {name: row[name] for name in stream.parent.ids} if stream.parent else NO_IDS
        if any(row[stream.key[-1]] == one[stream.key[-1]] for one in fetch_rows(connection.client, stream, ids)):
            raise
        return Batch([])
