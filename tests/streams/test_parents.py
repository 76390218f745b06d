"""What every stream that hangs on another keeps to: a parent that vanished, and one that refuses."""

import pytest
from tests.support.every_stream import account_of, added_by_us, each_stream, events_of, rows_of
from tests.support.fakes import Wire, rows_in, said, texts_in

from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.errors import NotFound
from source_opsgenie.reading.events import Notice
from source_opsgenie.streams import STREAMS, Record, Stream


def is_own_path(stream: Stream) -> bool:
    """Whether what *stream* asks a parent for stands at the parent's own path, so that its 404 is the parent's."""
    return stream.path.endswith("}")


CHILDREN = [stream for stream in STREAMS.values() if stream.parent]
each_child = pytest.mark.parametrize("stream", CHILDREN, ids=lambda one: one.name)


class Missing(Wire):
    """A wire on which a request that is about the row *victim* is answered with 404, if *hides* its own path too.

    A request is about a row if its path goes on below it, or if a parameter names it.
    """

    def __init__(self, stream: Stream, victim: Record, *, hides_own_path: bool) -> None:
        super().__init__(account_of())
        self.victim = str(victim[stream.key[-1]])
        self.own_level = hides_own_path
        self.hidden = 0

    def __call__(self, request: Request) -> RawResponse:
        """Answer, or say that it does not exist."""
        steps = request.path.split("/")
        is_own = steps[-1] == self.victim
        is_about = self.victim in steps[:-1] or self.victim in request.params.values()
        if is_about or (is_own and self.own_level):
            self.hidden += 1
            return said(404, {"message": "not found"})
        return super().__call__(request)


def victim_of(stream: Stream) -> Record:
    """A parent that has children in *stream*."""
    assert stream.parent
    parents, ids = rows_of(stream.parent.stream), stream.parent.ids
    named = {tuple(row[name] for name in ids) for row in rows_of(stream.name)}
    return next(row for row in parents if tuple(row[field] for field in ids.values()) in named)


def is_of(row: Record, stream: Stream, victim: Record) -> bool:
    """Whether *row* of *stream* hangs on *victim*."""
    assert stream.parent
    return all(row[name] == victim[field] for name, field in stream.parent.ids.items())


@each_child
def test_a_parent_that_vanished_is_counted_and_the_rest_is_read(stream: Stream) -> None:
    """Where a parent and what hangs on it are answered with 404, its rows alone are missing, and the line says so."""
    assert stream.parent
    victim = victim_of(stream)
    wire = Missing(STREAMS[stream.parent.stream], victim, hides_own_path=True)
    events = events_of(stream, wire)
    changing = set(added_by_us(stream)) - set(stream.key)
    expected = [row for row in rows_of(stream.name) if not is_of(row, stream, victim)]
    actual = rows_in(events)

    assert wire.hidden
    assert ", 1 gone" in texts_in(events)
    assert [without(row, changing) for row in expected] == [without(row, changing) for row in actual]


@pytest.mark.parametrize("stream", [one for one in CHILDREN if not is_own_path(one)], ids=lambda one: one.name)
def test_a_parent_that_is_there_is_never_taken_for_gone(stream: Stream) -> None:
    """A 404 of what hangs on a parent that is answered itself ends the read."""
    assert stream.parent
    wire = Missing(STREAMS[stream.parent.stream], victim_of(stream), hides_own_path=False)
    with pytest.raises(NotFound):
        events_of(stream, wire)


@each_stream
def test_an_account_with_nothing_in_it(stream: Stream) -> None:
    """An empty account gives an empty stream, or what every account has, without a warning."""
    account = account_of()
    empty = type(account)()
    empty.keys = account.keys
    events = events_of(stream, Wire(empty))

    assert len(rows_in(events)) <= len(rows_of(stream.name))
    assert [event for event in events if isinstance(event, Notice)] == []


def without(row: Record, names: set[str]) -> Record:
    """The *row* without the fields *names*."""
    return {name: value for name, value in row.items() if name not in names}
