"""What every stream's rows keep to, whichever row of the table they come from."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator
from tests.streams.test_fields import MOMENTS, undeclared
from tests.support.every_stream import account_of, added_by_us, each_stream, events_of, rows_of, values_at
from tests.support.fakes import Wire, rows_in

from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.streams import STREAMS, Record, Relation, Stream, relations


class Recorded(Wire):
    """A wire that keeps what it answered."""

    def __init__(self) -> None:
        super().__init__(account_of())
        self.bodies: list[bytes] = []

    def __call__(self, request: Request) -> RawResponse:
        """Answer, and keep it."""
        response = super().__call__(request)
        self.bodies.append(response.body)
        return response

    def objects(self) -> Iterator[Record]:
        """Every object in the answers, at any depth; the lines of a file are objects too."""
        for body in self.bodies:
            for line in body.splitlines():
                yield from objects_in(orjson.loads(line) if line.startswith(b"{") else None)


def objects_in(value: Any) -> Iterator[Record]:
    """The objects in *value*, itself among them."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(inner)


@each_stream
def test_rows_are_valid(stream: Stream) -> None:
    """There are rows, and each is valid by the schema of its stream, moments included."""
    validator = Draft7Validator(stream.schema(), format_checker=MOMENTS)
    errors = {
        f"{error.json_path}: {error.message}" for row in rows_of(stream.name) for error in validator.iter_errors(row)
    }

    assert errors == set()
    assert rows_of(stream.name)


@each_stream
def test_no_field_is_unknown(stream: Stream) -> None:
    """The simulator, which was written without a look at the table, sends no field that the table does not name."""
    strangers = {path for row in rows_of(stream.name) for path in undeclared(row, stream.schema())}

    assert strangers == set()


@each_stream
def test_keys_name_rows(stream: Stream) -> None:
    """No two rows share a key, and no part of a key is missing or of another type than the schema says."""
    keys = [tuple(row[name] for name in stream.key) for row in rows_of(stream.name)]
    kinds = {one.name: one.kind.json_type for one in stream.fields}
    expected = [tuple({"string": str, "number": int}[kinds[name]] for name in stream.key)] * len(keys)

    assert len(set(keys)) == len(keys)
    assert [tuple(map(type, key)) for key in keys] == expected


@each_stream
def test_nothing_of_an_answer_is_lost(stream: Stream) -> None:
    """Each row is made of whole answered objects, as they were answered, and of what we add: no field is left out."""
    wire = Recorded()
    rows = rows_in(events_of(stream, wire))
    added, answered = added_by_us(stream), list(wire.objects())
    lost = set()
    for row in rows:
        whole = [one for one in answered if one.items() <= row.items()]
        lost |= set(row) - added - {name for one in whole for name in one}

    assert rows
    assert lost == set()


@pytest.mark.parametrize("relation", relations(), ids=lambda one: f"{one.stream}-{one.field}-{one.other}")
def test_what_a_row_names_is_there(relation: Relation) -> None:
    """Each relation that the diagram draws holds: whatever a row names is a row of the other stream."""
    child, other = STREAMS[relation.stream], STREAMS[relation.other]
    parent_ids = child.parent.ids if relation.is_child and child.parent else {}
    known = {tuple(row[field] for field in parent_ids.values() or other.key[-1:]) for row in rows_of(other.name)}
    if parent_ids:
        named = {tuple(row[name] for name in parent_ids) for row in rows_of(child.name)} - {(None,)}
    else:
        named = {(value,) for row in rows_of(child.name) for value in values_at(row, relation.field)}

    assert named <= known
    assert named or not relation.is_child
