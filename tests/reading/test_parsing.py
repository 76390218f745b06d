"""List responses: rows, keys and totals are taken from a valid response only."""

from typing import Any

import pytest

from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.api.transport import Request
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.parsing import has_key, parse_rows, parse_total
from source_opsgenie.streams import STREAMS


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        ("teams", None),
        ("teams", {}),
        ("teams", "none"),
        ("teams", [None]),
        ("teams", [{"id": "t"}, "u"]),
        ("team_members", None),
        ("team_members", []),
        ("team_members", {"members": None}),
        ("team_members", {"members": {}}),
        ("team_members", {"members": ["u"]}),
    ],
)
def test_invalid_rows_are_an_error(stream: str, data: object) -> None:
    """Anything but a list of objects in the place of the rows is an error, never an empty list."""
    with pytest.raises(MalformedResponse, match=r"GET /x did not return a list of rows"):
        parse_rows(Response(Request("/x"), {"data": data}), STREAMS[stream])


def test_rows_are_found_where_the_stream_states() -> None:
    """Rows may be nested; the list of members may be absent, and then the team has none."""
    members = STREAMS["team_members"]

    assert parse_rows(Response(Request("/x"), {"data": {"members": [{"role": "user"}]}}), members) == [{"role": "user"}]
    assert parse_rows(Response(Request("/x"), {"data": {"id": "t"}}), members) == []


@pytest.mark.parametrize("total", [-1, "3", 1.5, [], True])
def test_invalid_total_is_an_error(total: object) -> None:
    """A total that is not a count is an error."""
    with pytest.raises(MalformedResponse, match="GET /x returned the total"):
        parse_total(Response(Request("/x"), {"totalCount": total}))


@pytest.mark.parametrize("total", [None, 0, 83])
def test_total(total: int | None) -> None:
    """A total is a number of rows, or absent."""
    assert parse_total(Response(Request("/x"), {} if total is None else {"totalCount": total})) == total


@pytest.mark.parametrize("row", [{"a": "x"}, {"a": "x", "b": None}, {"a": "x", "b": ""}, {"a": "x", "b": ["y"]}])
def test_row_without_its_key(row: dict[str, Any]) -> None:
    """A row without a part of its key could overwrite another; 0 is a value."""
    assert has_key({"a": "x", "b": 0}, ("a", "b"))
    assert not has_key(row, ("a", "b"))


def test_value_at() -> None:
    """A path that ends early, or leads through anything but an object, leads to None."""
    row = {"a": {"b": {"c": 1}}, "x": [1]}
    values = [value_at(row, path) for path in (("a", "b", "c"), ("a", "z"), ("x", "b"), ("a", "b", "c", "d"), ())]

    assert values == [1, None, None, None, row]
