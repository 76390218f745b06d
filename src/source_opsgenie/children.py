"""Ask each parent for what hangs on it: side by side, and in order."""

from collections.abc import Iterator
from functools import partial

from source_opsgenie.connection import Connection
from source_opsgenie.errors import Gone
from source_opsgenie.events import Counted, Parents, Step
from source_opsgenie.listing import Listing
from source_opsgenie.lookahead import ordered_map
from source_opsgenie.paging import checked, read_list, value_at
from source_opsgenie.streams import STREAMS, Record, Stream


def children(connection: Connection, stream: Stream, parents: Iterator[Step | Counted]) -> Iterator[Step | Counted]:
    """The rows of *stream* that hang on *parents*; a state comes out once all the children before it are out."""
    ask = partial(_ask, connection, stream)
    return ordered_map(ask, _one_by_one(parents), at_once=connection.config.max_concurrent_requests)


def _one_by_one(parents: Iterator[Step | Counted]) -> Iterator[Step | Counted]:
    for step in parents:
        if isinstance(step, Counted):
            yield step
        else:
            yield from (Step([row]) for row in step.rows)
            yield Step([], step.state, step.parents)


def _ask(connection: Connection, stream: Stream, step: Step | Counted) -> Step | Counted:
    if isinstance(step, Counted) or not step.rows:
        return step
    (parent,) = step.rows
    rows = _children_of(connection, stream, parent)
    return Step(rows or [], step.state, Parents(asked=1, gone=int(rows is None)))


def _children_of(connection: Connection, stream: Stream, parent: Record) -> list[Record] | None:
    """The children of *parent*, each with its ids added; None if the parent is gone.

    A 404 counts only if the parent itself is answered with one: a child is never taken for empty.
    """
    assert stream.parent
    ids = {name: parent[field] for name, field in stream.parent.ids.items()}
    path = stream.path.format(**ids)
    try:
        rows = read_list(connection.client, stream, path)
    except Gone:
        if Listing(connection.client, STREAMS[stream.parent.stream]).exists(parent["id"]):
            raise
        return None
    added = [{**ids, **row, **_copied(stream, row)} for row in rows]
    return checked(added, stream.key, asked=f"GET {path}")


def _copied(stream: Stream, row: Record) -> Record:
    return {name: value_at(row, where) for name, where in stream.adds.items()}
