"""The declared types of numbers, against what captured objects, the vendor's file and the simulator send."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.every_stream import rows_of

from source_opsgenie.streams import STREAMS, Kind
from source_opsgenie.streams.fields import Field

DATA = Path(__file__).parents[1] / "data"
# A number that the vendor's file declares with a fraction: the position of a rotation in a timeline.
FRACTIONS = {("schedule_timelines", "rotation.order")}
# What the public connector publishes as numbers, in every stream that declares the same fields.
COUNTS = {
    (stream, path) for stream in ("alerts", "alert_details") for path in ("count", "report.ackTime", "report.closeTime")
}


def numbers(fields: tuple[Field, ...], above: str = "") -> Iterator[tuple[str, Kind]]:
    """The path and the kind of each number in *fields*, also inside objects and lists."""
    for field in fields:
        path = f"{above}{field.name}"
        if field.kind in {Kind.INTEGER, Kind.WHOLE_NUMBER, Kind.NUMBER}:
            yield path, field.kind
        yield from numbers(field.items.inner if field.items else field.inner, f"{path}{'[]' if field.items else ''}.")


def sent(value: Any, path: str = "") -> Iterator[tuple[str, type]]:
    """The path and the Python type of each number in *value*."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from sent(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from sent(inner, f"{path}[]")
    elif type(value) in {int, float}:
        yield path, type(value)


def types_sent() -> dict[tuple[str, str], set[type]]:
    """The types of each number in captured objects and in the simulator's rows, by stream and path."""
    rows = [(path.parent.name, json.loads(path.read_text())) for path in sorted(DATA.glob("captured/*/*.json"))]
    rows += [(name, row) for name in STREAMS for row in rows_of(name)]
    found: dict[tuple[str, str], set[type]] = defaultdict(set)
    for stream, row in rows:
        for path, kind in sent(row):
            found[stream, path].add(kind)
    return found


def declared() -> dict[tuple[str, str], Kind]:
    """The kind of each declared number, by stream and path."""
    return {(name, path): kind for name, stream in STREAMS.items() for path, kind in numbers(stream.fields)}


def test_whole_numbers_are_integers() -> None:
    """Every number is an integer, except those that the public connector or the vendor's file has as numbers."""
    others = {place: kind for place, kind in declared().items() if kind is not Kind.INTEGER}

    assert dict.fromkeys(FRACTIONS, Kind.NUMBER) | dict.fromkeys(COUNTS, Kind.WHOLE_NUMBER) == others


def test_numbers_have_the_declared_type() -> None:
    """Each number in a captured object or of the simulator is declared, and has a fraction only where one may be."""
    kinds, found = declared(), types_sent()
    allowed: dict[Kind, set[type]] = {Kind.INTEGER: {int}, Kind.WHOLE_NUMBER: {int}, Kind.NUMBER: {int, float}}
    wrong = {place: types for place, types in found.items() if place in kinds and not types <= allowed[kinds[place]]}

    assert {} == wrong
    assert COUNTS | FRACTIONS <= found.keys()
    # What customers name is no field of ours.
    assert {place for place in found if place not in kinds} <= {("log_file_lines", path) for _, path in found}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.INTEGER, ("integer", "BIGINT")),
        (Kind.WHOLE_NUMBER, ("number", "BIGINT")),
        (Kind.NUMBER, ("number", "DOUBLE")),
    ],
)
def test_archive_keeps_whole_numbers_whole(kind: Kind, expected: tuple[str, str]) -> None:
    """A whole number is a BIGINT of the archive, whatever type the catalog declares."""
    assert expected == (kind.json_type, kind.column)
