"""The table of streams against captured objects, the vendor's OpenAPI file and the public connector."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.streams.test_observed import OBSERVED
from tests.support.every_stream import account_of, added_by_us, events_of
from tests.support.fakes import Wire, rows_in
from tests.support.schemas import TIMESTAMPS, declared, sent, undeclared

from opsgenie_simulator import Switches
from source_opsgenie.streams import LACKS_DETAILS, STREAMS
from source_opsgenie.streams.fields import Field
from source_opsgenie.streams.stream import Stream


def unnamed(path: str) -> str:
    """The *path* without the names of the ids in it."""
    return re.sub(r"{\w+}", "{}", path)


TESTS = Path(__file__).parents[1] / "data"
PUBLISHED: dict[str, dict[str, Any]] = json.loads((TESTS / "published" / "catalog.json").read_text())
CAPTURED = sorted((TESTS / "captured").glob("*/*.json"))

DOCUMENTED_PATHS = {unnamed(path) for path in json.loads((TESTS / "documented" / "fields.json").read_text())}
# A row is a period of a timeline, with its rotation.
OF_PERIOD = {r"\.\w+Timeline\.rotations\[\]\.periods\[\]": "", r"\.\w+Timeline(\.rotations\[\])?": ".rotation"}


def in_row(path: str) -> str:
    """The *path* of a field in a response, as a path in a row."""
    for outer, own in OF_PERIOD.items():
        path = re.sub(outer, own, path)
    return path


OPENAPI: dict[str, list[str]] = {
    name: [in_row(path) for path in paths]
    for name, paths in json.loads((TESTS / "openapi" / "fields.json").read_text()).items()
}
# Fields that neither the simulator, the vendor's file nor the public connector has, and why they are declared.
NOT_SENT = {
    ("incidents", ".impactDetectDate"): "another extractor has it",
    ("incidents", ".serviceId"): "the vendor's library has it",
}
# Some streams lack these fields of a shape that several share.
OF_SHAPES = (".conditions[].key", ".conditions[].order", ".responders[].username", ".recipients[].username")
# Fields of the vendor's file that the table does not declare, and why.
NOT_NAMED = {
    **{
        (name, ".responders[].name"): "a team's name in requests; captured responses have only its id"
        for name in ("alerts", "alert_details", "incidents")
    },
    **{
        ("schedule_timelines", f"._parent{path}"): "the schedule, which schedule_id names"
        for path in ("", ".id", ".name", ".enabled")
    },
    (
        "incidents",
        ".requestId",
    ): "the file puts the id of the request into the row; captured objects lack it",
}


def named(stream: Stream) -> set[str]:
    """The paths of *stream* that the simulator sends, that we add, or that another source has."""
    schema = stream.schema()
    wire = Wire(account_of(), Switches(service_properties=True))
    rows = rows_in(events_of(stream, wire, integration_settings=True))
    rows += [row for name, row in OBSERVED if name == stream.name]
    paths = {path for row in rows for path in sent(row, schema)} | {*OPENAPI.get(stream.name, [])}
    paths |= {*declared(PUBLISHED[stream.name]["schema"])} if stream.name in PUBLISHED else set()
    return paths | {f".{name}" for name in (*added_by_us(stream), LACKS_DETAILS)}


def levels(fields: tuple[Field, ...]) -> Iterator[tuple[Field, ...]]:
    """The fields of each object: *fields*, and those inside each of them."""
    yield fields
    for field in fields:
        if inner := field.inner or (field.items and field.items.inner):
            yield from levels(inner)


def without_sentence(fields: tuple[Field, ...]) -> list[str]:
    """The names of *fields*, nested ones too, whose description is not a sentence."""
    every = [field for level in levels(fields) for field in level]
    every += [field.items for field in every if field.items]
    return [field.name for field in every if not re.fullmatch(r"\S.*\S\.", field.description)]


each_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
each_published = pytest.mark.parametrize("name", PUBLISHED)
each_captured = pytest.mark.parametrize("path", CAPTURED, ids=lambda path: f"{path.parent.name}-{path.stem}")


def test_captured_objects_are_found() -> None:
    """Captured objects of these streams are found, so that the tests below test something."""
    expected = {"alerts", "incidents", "users", "teams", "services", "incident_timeline_entries"}
    expected |= {"schedules", "schedule_rotations", "schedule_on_calls"}
    actual = {path.parent.name for path in CAPTURED}

    assert expected == actual


@each_captured
def test_captured_fields_are_declared(path: Path) -> None:
    """An object that Opsgenie sent has only fields that the table declares."""
    unknown = list(undeclared(json.loads(path.read_text()), STREAMS[path.parent.name].schema()))

    assert not unknown


@each_captured
def test_captured_records_validate(path: Path) -> None:
    """An object that Opsgenie sent is valid against the schema of its stream, timestamps included."""
    validator = Draft7Validator(STREAMS[path.parent.name].schema(), format_checker=TIMESTAMPS)
    errors = [error.message for error in validator.iter_errors(json.loads(path.read_text()))]

    assert not errors


@each_published
def test_published_fields_keep_their_types(name: str) -> None:
    """Fields of the public connector are declared here with the same type and format."""
    expected = declared(PUBLISHED[name]["schema"])
    ours = declared(STREAMS[name].schema())
    actual = {path: ours.get(path) for path in expected}

    assert expected == actual


@each_published
def test_published_keys_only_grow(name: str) -> None:
    """A key may gain the id of a parent, and never loses a field of the public connector's key."""
    lost = set(PUBLISHED[name]["key"]) - set(STREAMS[name].key)

    assert not lost


@each_published
def test_published_cursor_is_a_timestamp(name: str) -> None:
    """The cursor of the public connector, if there is one, is a timestamp in our schema."""
    cursor = PUBLISHED[name]["cursor"]
    actual = cursor and STREAMS[name].schema()["properties"][cursor].get("format")

    assert (cursor and "date-time") == actual


@each_stream
def test_added_fields_are_declared(stream: Stream) -> None:
    """The key is declared first, and the fields that we add are declared too."""
    names = tuple(field.name for field in stream.fields)
    parents = stream.parent.ids if stream.parent else ()
    undeclared_names = {*parents, *stream.rows.copies} - set(names)

    assert stream.key == names[: len(stream.key)]
    assert not undeclared_names


@each_stream
def test_every_declared_field_is_sent(stream: Stream) -> None:
    """The simulator sends each declared field, or one of the other sources has it, with the exceptions above."""
    paths = named(stream)
    unsent = {
        path
        for path in declared(stream.schema())
        if paths.isdisjoint({path, path.removesuffix("[]")})
        and not any(one.startswith((f"{path}.", f"{path}[]")) for one in paths)
    }

    assert {path for name, path in NOT_SENT if name == stream.name} == {
        path for path in unsent if not path.endswith(OF_SHAPES)
    }


@each_stream
def test_every_field_is_described(stream: Stream) -> None:
    """The stream and each of its fields, nested ones too, are described by a sentence."""
    undescribed = without_sentence(stream.fields)

    assert stream.description.endswith(".")
    assert not undescribed


@each_stream
def test_names_differ_in_more_than_case(stream: Stream) -> None:
    """No two fields of an object share a name, not even in a database that ignores case."""
    counts = [Counter(field.name.lower() for field in level) for level in levels(stream.fields)]
    twins = [name for level in counts for name, times in level.items() if times > 1]

    assert not twins


@pytest.mark.parametrize("name", STREAMS)
def test_fields_of_the_openapi_file_are_declared(name: str) -> None:
    """The table declares every field that the vendor's file has for a stream, with the exceptions above."""
    lacking = {path for path in OPENAPI.get(name, []) if path not in declared(STREAMS[name].schema())}
    excused = {path for stream, path in NOT_NAMED if stream == name}

    assert lacking == excused


def test_every_stream_in_the_openapi_file_is_compared() -> None:
    """The fields of the OpenAPI file are known for each stream whose path it documents, and for no other."""
    expected = {name for name, stream in STREAMS.items() if unnamed(stream.path) in DOCUMENTED_PATHS}

    assert expected
    assert expected == set(OPENAPI)
