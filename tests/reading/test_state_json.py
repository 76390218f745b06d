"""Dataclasses as JSON and back: optional fields, tuples, mappings, and numbers that other tools rewrote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from source_opsgenie.reading.state_json import LARGEST, Timestamp, from_json, to_json

TIME = 1_793_491_200_000
TIME_TEXT = "2026-11-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Inner:
    """A dataclass within another one."""

    time: Timestamp
    size: int = 0


@dataclass(frozen=True, slots=True)
class Outer:
    """A dataclass with a field of each kind that a state may have."""

    name: str
    inner: Inner = Inner(TIME)
    other: Inner | None = None
    time: Timestamp | None = None
    size: int | None = None
    texts: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


INNER = {"time": TIME_TEXT, "size": 0}
# The JSON of a dataclass of which nothing optional is set.
SMALLEST = {"name": "", "inner": INNER, "texts": [], "sizes": [], "counts": {}}
FULL = Outer("a", Inner(TIME, 1), Inner(TIME, 2), TIME, 0, ("b", ""), (3, 0), {"c": 4})
FULL_JSON = {
    "name": "a",
    "inner": {"time": TIME_TEXT, "size": 1},
    "other": {"time": TIME_TEXT, "size": 2},
    "time": TIME_TEXT,
    "size": 0,
    "texts": ["b", ""],
    "sizes": [3, 0],
    "counts": {"c": 4},
}


@pytest.mark.parametrize(("value", "expected"), [(Outer(""), SMALLEST), (FULL, FULL_JSON)], ids=["smallest", "full"])
def test_json_of_a_dataclass(value: Outer, expected: dict[str, Any]) -> None:
    """Only fields that are None are omitted: empty and zero values are written, and parsed as they were."""
    written = to_json(value, Outer)

    assert written == expected
    assert from_json(orjson.loads(orjson.dumps(written)), Outer) == value


@pytest.mark.parametrize("name", ["other", "time", "size"])
def test_optional_field_may_be_absent_or_null(name: str) -> None:
    """An optional field is None if it is missing or null, and no other field is affected."""
    absent = {key: value for key, value in FULL_JSON.items() if key != name}

    assert from_json(absent, Outer) == from_json(absent | {name: None}, Outer)
    assert to_json(from_json(absent, Outer), Outer) == absent


@pytest.mark.parametrize("name", ["name", "inner", "texts", "sizes", "counts"])
def test_required_field_must_be_present(name: str) -> None:
    """A field that cannot be None must be present, even if it has a default."""
    with pytest.raises(KeyError, match=name):
        from_json({key: value for key, value in FULL_JSON.items() if key != name}, Outer)
    with pytest.raises(TypeError):
        from_json(FULL_JSON | {name: None}, Outer)


@pytest.mark.parametrize("change", [{"nam": "a"}, {"inner": INNER | {"length": 1}}, {"other": INNER | {"length": 1}}])
def test_unknown_field_is_rejected(change: dict[str, Any]) -> None:
    """A field that the dataclass does not declare is an error that names it, at any depth."""
    with pytest.raises(ValueError, match=r"unknown fields \['(nam|length)'\]"):
        from_json(FULL_JSON | change, Outer)


@pytest.mark.parametrize(
    "change",
    [
        {"name": 1},
        {"inner": "a"},
        {"other": [INNER]},
        {"time": TIME},
        {"texts": "ab"},
        {"texts": [1]},
        {"sizes": {"a": 1}},
        {"sizes": [None]},
        {"counts": [["a", 1]]},
        {"counts": {"a": None}},
        {"counts": {"a": [1]}},
    ],
    ids=str,
)
def test_value_of_another_type_is_rejected(change: dict[str, Any]) -> None:
    """A value whose JSON type is not the declared one is an error, also within tuples and mappings."""
    with pytest.raises(TypeError, match="not a"):
        from_json(FULL_JSON | change, Outer)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(60, 60), (60.0, 60), ("60", 60), ("6E+1", 60), ("-0", 0), (0.0, 0), (LARGEST, LARGEST), (f"{LARGEST}", LARGEST)],
)
def test_numbers_survive_in_every_place(number: object, expected: int) -> None:
    """A number that another tool rewrote is parsed in fields, dataclasses, tuples and mappings."""
    change = {"size": number, "inner": {"time": TIME_TEXT, "size": number}, "sizes": [number], "counts": {"a": number}}
    parsed = from_json(FULL_JSON | change, Outer)

    assert [parsed.size, parsed.inner.size, *parsed.sizes, *parsed.counts.values()] == [expected] * 4
    assert {type(one) for one in (parsed.size, *parsed.sizes, *parsed.counts.values())} == {int}


@pytest.mark.parametrize(
    "number",
    [-1, LARGEST + 1, 0.5, math.nan, math.inf, "NaN", "sNaN", "-Infinity", "0.5", "1e999999999", "", "many"],
    ids=str,
)
def test_invalid_count_is_rejected(number: object) -> None:
    """A number that is negative, too large, not an integer or not finite raises ValueError."""
    with pytest.raises(ValueError, match="not a"):
        from_json(number, int)


@pytest.mark.parametrize("number", [True, None, [], {}], ids=str)
def test_other_types_are_not_numbers(number: object) -> None:
    """JSON that is neither a number nor text raises TypeError; true is not 1."""
    with pytest.raises(TypeError):
        from_json(number, int)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(TIME_TEXT, TIME), ("2026-11-01T00:00:00Z", TIME), ("2026-11-01T01:00:00.0019+01:00", TIME + 1)],
)
def test_timestamp_in_any_notation(text: str, expected: int) -> None:
    """A timestamp is parsed whatever its number of fraction digits and its offset, and written in one form."""
    assert from_json(text, Timestamp) == expected
    assert from_json(to_json(expected, Timestamp), Timestamp) == expected
