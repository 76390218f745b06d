"""What holds for the rows of every stream of the table."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator
from tests.support.every_stream import account_of, added_by_us, each_stream, events_of, rows_of, values_at
from tests.support.fakes import Wire, rows_in
from tests.support.schemas import TIMESTAMPS, undeclared

from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.streams import STREAMS, Record, Relation, SpanPaging, Stream, relations


class Recorded(Wire):
    """A wire that keeps the bodies of its responses."""

    def __init__(self) -> None:
        super().__init__(account_of())
        self.bodies: list[bytes] = []

    def __call__(self, request: Request) -> RawResponse:
        """Respond, and keep the body."""
        response = super().__call__(request)
        self.bodies.append(response.body)
        return response

    def objects(self) -> Iterator[Record]:
        """Every object in the responses, at any depth; the lines of a file are objects too."""
        for body in self.bodies:
            for line in body.splitlines():
                yield from objects_in(orjson.loads(line) if line.startswith(b"{") else None)


def objects_in(value: Any) -> Iterator[Record]:
    """The objects in *value*, including itself."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(inner)


@each_stream
def test_rows_are_valid(stream: Stream) -> None:
    """Each row is valid against the schema of its stream, timestamps included, and there are rows."""
    validator = Draft7Validator(stream.schema(), format_checker=TIMESTAMPS)
    errors = {
        f"{error.json_path}: {error.message}" for row in rows_of(stream.name) for error in validator.iter_errors(row)
    }

    assert errors == set()
    assert rows_of(stream.name)


@each_stream
def test_every_field_is_declared(stream: Stream) -> None:
    """The simulator, which was written without the table, sends no field that the table does not declare."""
    strangers = {path for row in rows_of(stream.name) for path in undeclared(row, stream.schema())}

    assert strangers == set()


def test_every_setting_of_an_integration_is_declared() -> None:
    """With the option, the simulator sends settings of each type of integration, all of which are declared."""
    stream = STREAMS["integrations"]
    rows = rows_in(events_of(stream, Wire(account_of()), integration_settings=True))

    assert {"emailAddress", "token", "isDefaultIntegration"} <= {name for row in rows for name in row}
    assert [] == [path for row in rows for path in undeclared(row, stream.schema())]


@each_stream
def test_keys_are_unique(stream: Stream) -> None:
    """No two rows share a key, and every part of a key has the type of the schema."""
    keys = [tuple(row[name] for name in stream.key) for row in rows_of(stream.name)]
    kinds = {one.name: one.kind.json_type for one in stream.fields}
    expected = [tuple({"string": str, "integer": int}[kinds[name]] for name in stream.key)] * len(keys)

    assert len(set(keys)) == len(keys)
    assert [tuple(map(type, key)) for key in keys] == expected


@each_stream
def test_no_field_of_a_response_is_lost(stream: Stream) -> None:
    """Each row consists of complete objects of the responses, unchanged, and of the fields that we add."""
    wire = Recorded()
    rows = rows_in(events_of(stream, wire))
    # Periods are cut by months.
    dates = {"startDate", "endDate"} if isinstance(stream.paging, SpanPaging) else set()
    added = added_by_us(stream) | dates
    received = [{name: one[name] for name in one.keys() - dates} for one in wire.objects()]
    lost = set()
    for row in rows:
        complete = [one for one in received if one.items() <= row.items()]
        lost |= set(row) - added - {name for one in complete for name in one}

    assert rows
    assert lost == set()


@pytest.mark.parametrize("relation", relations(), ids=lambda one: f"{one.stream}-{one.field}-{one.other}")
def test_references_lead_to_rows(relation: Relation) -> None:
    """Each relation of the diagram holds: every id in a row belongs to a row of the other stream."""
    child, other = STREAMS[relation.stream], STREAMS[relation.other]
    parent_ids = child.parent.ids if relation.is_child and child.parent else {}
    known = {tuple(row[field] for field in parent_ids.values() or other.key[-1:]) for row in rows_of(other.name)}
    if parent_ids:
        named = {tuple(row[name] for name in parent_ids) for row in rows_of(child.name)} - {(None,)}
    else:
        named = {(value,) for row in rows_of(child.name) for value in values_at(row, relation.field)}

    assert named <= known
    assert named or not relation.is_child
