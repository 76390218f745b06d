"""What holds for every child stream: a deleted parent, and a parent whose children are not found."""

import orjson
import pytest
from tests.support.every_stream import account_of, added_by_us, each_stream, events_of, rows_of
from tests.support.fakes import Wire, rows_in, said, texts_in

from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.reading.events import Notice, Proof
from source_opsgenie.streams import STREAMS, Record, Stream


def is_own_path(stream: Stream) -> bool:
    """Whether the path of *stream* is the parent's own path, so that its 404 is the parent's."""
    return stream.path.endswith("}")


CHILDREN = [stream for stream in STREAMS.values() if stream.parent]
each_child = pytest.mark.parametrize("stream", CHILDREN, ids=lambda one: one.name)


class Missing(Wire):
    """A wire on which requests for the children of *victim* return 404.

    With *is_deleted*, those for *victim* do too, and no list has it any more. A request for children has the id within
    its path, or in a parameter.
    """

    def __init__(self, stream: Stream, victim: Record, *, is_deleted: bool) -> None:
        super().__init__(account_of())
        self.key, self.victim = stream.key[-1], str(victim[stream.key[-1]])
        self.is_deleted = is_deleted
        self.hidden = 0

    def __call__(self, request: Request) -> RawResponse:
        """Respond, or with 404."""
        steps = request.path.split("/")
        is_own = steps[-1] == self.victim
        is_about = self.victim in steps[:-1] or self.victim in request.params.values()
        if is_about or (is_own and self.is_deleted):
            self.hidden += 1
            return said(404, {"message": "not found"})
        response = super().__call__(request)
        # Files behind links are requested without a key.
        is_list = self.hidden and self.is_deleted and request.headers
        return self._without_victim(response) if is_list else response

    def _without_victim(self, response: RawResponse) -> RawResponse:
        """The *response* without the victim, if it is a list."""
        if not response.body.startswith(b"{"):
            return response
        body = orjson.loads(response.body)
        if isinstance(body.get("data"), list):
            body["data"] = [
                one for one in body["data"] if not isinstance(one, dict) or one.get(self.key) != self.victim
            ]
        return RawResponse(response.status, response.headers, orjson.dumps(body))


def victim_of(stream: Stream) -> Record:
    """A parent that has children in *stream*."""
    assert stream.parent
    parents, ids = rows_of(stream.parent.stream), stream.parent.ids
    named = {tuple(row[name] for name in ids) for row in rows_of(stream.name)}
    return next(row for row in parents if tuple(row[field] for field in ids.values()) in named)


def is_child_of(row: Record, stream: Stream, victim: Record) -> bool:
    """Whether *row* of *stream* is a child of *victim*."""
    assert stream.parent
    return all(row[name] == victim[field] for name, field in stream.parent.ids.items())


@each_child
def test_a_deleted_parent_is_counted_and_all_others_are_read(stream: Stream) -> None:
    """If a parent and its children return 404, only its rows are missing, and it is counted as deleted."""
    assert stream.parent
    victim = victim_of(stream)
    wire = Missing(STREAMS[stream.parent.stream], victim, is_deleted=True)
    events = events_of(stream, wire)
    changing = set(added_by_us(stream)) - set(stream.key)
    expected = [row for row in rows_of(stream.name) if not is_child_of(row, stream, victim)]
    actual = rows_in(events)

    assert wire.hidden
    assert ", 1 deleted" in texts_in(events)
    assert [without(row, changing) for row in expected] == [without(row, changing) for row in actual]


@pytest.mark.parametrize("stream", [one for one in CHILDREN if not is_own_path(one)], ids=lambda one: one.name)
def test_an_existing_parent_is_never_taken_for_deleted(stream: Stream) -> None:
    """A 404 for the children of a parent that is found is owed, or counted if the API is known to reject such."""
    assert stream.parent
    wire = Missing(STREAMS[stream.parent.stream], victim_of(stream), is_deleted=False)
    *_, proof = events_of(stream, wire)

    assert isinstance(proof, Proof)
    assert "0 deleted" in proof.text
    assert len(proof.owed) == 1 or "1 of 5 integrations have none to read" in proof.text


@each_stream
def test_an_empty_account(stream: Stream) -> None:
    """An empty account has an empty stream, or what every account has, without a warning."""
    account = account_of()
    empty = type(account)()
    empty.keys = account.keys
    events = events_of(stream, Wire(empty))

    assert len(rows_in(events)) <= len(rows_of(stream.name))
    assert [event for event in events if isinstance(event, Notice)] == []


def without(row: Record, names: set[str]) -> Record:
    """The *row* without the fields *names*."""
    return {name: value for name, value in row.items() if name not in names}
