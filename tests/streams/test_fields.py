"""The table of streams against what Opsgenie was seen to send and what the public connector declares."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from source_opsgenie.streams import STREAMS
from source_opsgenie.streams.fields import Field
from source_opsgenie.streams.stream import Stream

TESTS = Path(__file__).parents[1] / "data"
PUBLISHED: dict[str, dict[str, Any]] = json.loads((TESTS / "published" / "catalog.json").read_text())
CAPTURED = sorted((TESTS / "captured").glob("*/*.json"))

OPENAPI: dict[str, list[str]] = json.loads((TESTS / "openapi" / "fields.json").read_text())
# What the vendor's file gives a stream's rows and the table does not name, and why.
NOT_NAMED = {
    **{
        (name, ".responders[].name"): "a team's name in requests; every answer that was seen has its id alone"
        for name in ("alerts", "alert_details", "incidents")
    },
    ("incidents", ".requestId"): "the file puts the request's own id into the row; no answer was seen to have it there",
}

MOMENTS = FormatChecker(formats=())


@MOMENTS.checks("date-time", raises=ValueError)
def is_moment(value: object) -> bool:
    """Whether *value* is a moment in ISO 8601; null is left to the type."""
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


def undeclared(value: object, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths in *value* that *schema* does not name, except inside objects that customers fill."""
    if isinstance(value, list):
        for one in value:
            yield from undeclared(one, schema.get("items", {}), f"{path}[]")
    properties = schema.get("properties")
    if isinstance(value, dict) and properties:
        for name, inner in value.items():
            if name in properties:
                yield from undeclared(inner, properties[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"


def declared(schema: dict[str, Any], path: str = "") -> dict[str, tuple[str, str | None]]:
    """Each path of *schema* with its type, null left aside, and its format."""
    kinds = {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    found = {path: ("/".join(sorted(kinds - {"null"})), schema.get("format"))}
    for name, inner in schema.get("properties", {}).items():
        found |= declared(inner, f"{path}.{name}")
    if "items" in schema:
        found |= declared(schema["items"], f"{path}[]")
    return found


def levels(fields: tuple[Field, ...]) -> Iterator[tuple[Field, ...]]:
    """The fields that stand side by side: *fields*, and those inside each of them."""
    yield fields
    for field in fields:
        if inner := field.inner or (field.items and field.items.inner):
            yield from levels(inner)


def missing_stops(fields: tuple[Field, ...]) -> list[str]:
    """The fields among *fields*, nested ones too, whose description is no sentence."""
    every = [field for level in levels(fields) for field in level]
    every += [field.items for field in every if field.items]
    return [field.name for field in every if not re.fullmatch(r"\S.*\S\.", field.description)]


each_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
each_published = pytest.mark.parametrize("name", PUBLISHED)
each_captured = pytest.mark.parametrize("path", CAPTURED, ids=lambda path: f"{path.parent.name}-{path.stem}")


def test_captured_records_are_there() -> None:
    """Each stream of which a record was captured has one here, so that the tests below test something."""
    expected = {"alerts", "incidents", "users", "teams", "services", "incident_timeline_entries"}
    expected |= {"schedules", "schedule_rotations", "schedule_on_calls"}
    actual = {path.parent.name for path in CAPTURED}

    assert expected == actual


@each_captured
def test_captured_fields_are_declared(path: Path) -> None:
    """A record that Opsgenie sent has no field that the table does not know."""
    strangers = list(undeclared(json.loads(path.read_text()), STREAMS[path.parent.name].schema()))

    assert not strangers


@each_captured
def test_captured_records_validate(path: Path) -> None:
    """A record that Opsgenie sent is valid against the schema of its stream, moments included."""
    validator = Draft7Validator(STREAMS[path.parent.name].schema(), format_checker=MOMENTS)
    errors = [error.message for error in validator.iter_errors(json.loads(path.read_text()))]

    assert not errors


@each_published
def test_published_fields_keep_their_types(name: str) -> None:
    """What the public connector declares is declared here with the same type and the same format."""
    expected = declared(PUBLISHED[name]["schema"])
    ours = declared(STREAMS[name].schema())
    actual = {path: ours.get(path) for path in expected}

    assert expected == actual


@each_published
def test_published_keys_only_grow(name: str) -> None:
    """The key of the public connector is part of ours: a key may gain a parent's id, never lose a field."""
    lost = set(PUBLISHED[name]["key"]) - set(STREAMS[name].key)

    assert not lost


@each_published
def test_published_cursor_is_a_moment(name: str) -> None:
    """The cursor of the public connector, where it has one, is a moment in our schema."""
    cursor = PUBLISHED[name]["cursor"]
    actual = cursor and STREAMS[name].schema()["properties"][cursor].get("format")

    assert (cursor and "date-time") == actual


@each_stream
def test_our_fields_are_declared(stream: Stream) -> None:
    """The key stands first, and the parent's id and the fields that we add are fields of the row too."""
    names = tuple(field.name for field in stream.fields)
    parents = stream.parent.ids if stream.parent else ()
    unnamed = {*parents, *stream.rows.copies} - set(names)

    assert stream.key == names[: len(stream.key)]
    assert not unnamed


@each_stream
def test_every_field_is_explained(stream: Stream) -> None:
    """The stream and each of its fields, nested ones too, are explained by a sentence."""
    unexplained = missing_stops(stream.fields)

    assert stream.description.endswith(".")
    assert not unexplained


@each_stream
def test_names_differ_in_more_than_case(stream: Stream) -> None:
    """No two fields side by side have one name, not even for a database that ignores case."""
    counts = [Counter(field.name.lower() for field in level) for level in levels(stream.fields)]
    twins = [name for level in counts for name, times in level.items() if times > 1]

    assert not twins


@pytest.mark.parametrize("name", STREAMS)
def test_fields_of_the_openapi_file_are_declared(name: str) -> None:
    """The table names whatever the vendor's file gives a stream's rows, but for what has a reason not to be named."""
    lacking = {path for path in OPENAPI.get(name, []) if path not in declared(STREAMS[name].schema())}
    excused = {path for stream, path in NOT_NAMED if stream == name}

    assert lacking == excused


def test_the_openapi_file_knows_most_streams() -> None:
    """The streams that the vendor's file does not know are those that came after it."""
    after = {
        *("incident_logs", "incident_notes", "incident_timeline_entries", "incident_alerts", "incident_templates"),
        *("services", "service_incident_rules", "service_incident_templates", "service_audience_templates"),
        *("log_files", "log_file_lines"),
    }

    assert set(STREAMS) - set(OPENAPI) == after
