"""Ask each parent for what hangs on it, and each row for what its list leaves out: side by side, and in order."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from source_opsgenie.connection import Connection
from source_opsgenie.errors import Gone
from source_opsgenie.events import Counted, Parents, Step
from source_opsgenie.lists import NO_IDS, rows_at_once, rows_for
from source_opsgenie.lookahead import batches
from source_opsgenie.singles import exists, single
from source_opsgenie.streams import STREAMS, Record, Stream
from source_opsgenie.troubles import Trouble
from source_opsgenie.weeks import weeks

Found = Iterator[Step | Counted]


def children(connection: Connection, stream: Stream, parents: Found) -> Found:
    """The rows of *stream* that hang on *parents*; a state comes out once all the children before it are out.

    Raises what asking for a list raises, Gone only where the parent itself is still there.
    """
    assert stream.parent
    if stream.parent.is_optional:
        yield Step(rows_for(connection.client, stream, dict.fromkeys(stream.parent.ids)))
    known = rows_at_once(connection.client, stream)
    yield from _side_by_side(connection, partial(_children_of, connection, stream, known), parents)


def completed(connection: Connection, stream: Stream, found: Found) -> Found:
    """The rows of *stream* that were *found*, each with what only its own answer holds; one that is gone is left out.

    Raises what asking for a row raises, Gone only where its list still has the row.
    """
    return _side_by_side(connection, partial(_completed, connection, stream), found)


def _side_by_side(connection: Connection, ask: Callable[[Record], Step], found: Found) -> Found:
    def step(one: Step | Counted) -> Step | Counted:
        return ask(one.rows[0]) if isinstance(one, Step) and one.rows else one

    at_once = connection.config.max_concurrent_requests
    # Twice as many are taken as are under way: no thread waits while the next page of parents is asked for.
    for batch in batches(step, _one_by_one(found), at_once=at_once, ahead=2 * at_once):
        yield from _together(batch)


def _together(batch: list[Step | Counted]) -> Found:
    """The same in fewer steps: what each of many parents brings is little."""
    steps = [one for one in batch if isinstance(one, Step)]
    yield from (one for one in batch if isinstance(one, Counted))
    states = [one.state for one in steps if one.state]
    yield Step(
        [row for one in steps for row in one.rows],
        states[-1] if states else None,
        sum((one.parents for one in steps), Parents()),
    )


def _one_by_one(found: Found) -> Found:
    for step in found:
        if isinstance(step, Counted):
            yield step
        else:
            yield from (Step([row]) for row in step.rows)
            yield Step([], step.state, step.parents)


def _children_of(connection: Connection, stream: Stream, known: Mapping[Any, list[Record]], parent: Record) -> Step:
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
            rows += rows_for(connection.client, stream, {**ids, **week}, known=of_parent)
    except Gone:
        if exists(connection.client, STREAMS[stream.parent.stream], parent):
            raise
        return Step([], parents=Parents(asked=1, gone=1))
    return Step([row | brought for row in rows] if brought else rows, parents=Parents(asked=1))


def _weeks(connection: Connection, stream: Stream) -> list[Mapping[str, Any]]:
    """What to ask a parent with, once for each: each of the weeks, or nothing at all."""
    if not stream.weeks:
        return [NO_IDS]
    now = connection.client.date_ms
    if now is None:
        raise Trouble.NO_DATE.told(f"{stream.path} is asked by weeks, and no answer has a `Date` to tell the present")
    return weeks(now, days_back=getattr(connection.config, stream.weeks))


def _completed(connection: Connection, stream: Stream, row: Record) -> Step:
    """The *row* with what its own answer adds; nothing if it is gone from its list too."""
    try:
        key = {name: row[name] for name in stream.key}
        return Step([row | single(connection.client, stream, row) | key])
    except Gone:
        ids = {name: row[name] for name in stream.parent.ids} if stream.parent else NO_IDS
        if any(row[stream.key[-1]] == one[stream.key[-1]] for one in rows_for(connection.client, stream, ids)):
            raise
        return Step([])
