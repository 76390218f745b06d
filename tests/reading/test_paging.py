"""Lists at once and by cursor: followed to the end, on our own host, and never taken for less than they are."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.fakes import Script, client_of, said

from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.api.transport import Request
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.lists import read_list
from source_opsgenie.reading.paging import parse_rows, parse_total, require_key
from source_opsgenie.streams import STREAMS

LOGS = STREAMS["alert_logs"]
PATH = "/v2/alerts/a/logs"
HOST = "https://api.opsgenie.com"


def rows(*offsets: int) -> list[dict[str, Any]]:
    """Log lines."""
    return [{"offset": str(offset)} for offset in offsets]


def page(*offsets: int, then: object = None) -> dict[str, Any]:
    """An answer with log lines, and what it says comes next."""
    return {"data": rows(*offsets)} | ({} if then is None else {"paging": {"next": then}})


def read_by_cursor(*pages: Mapping[str, Any]) -> tuple[Script, list[dict[str, Any]]]:
    """Read the list that *pages* make up."""
    script = Script(*[said(200, one) for one in pages])
    return script, read_list(client_of(script), LOGS, PATH)


@pytest.mark.parametrize("last", [page(3), page(3) | {"paging": {}}, page(3) | {"paging": {"next": None}}])
def test_cursor_is_followed_to_the_end(last: Mapping[str, Any]) -> None:
    """A list ends where no next page is named, with or without `paging`."""
    script, found = read_by_cursor(page(1, 2, then=f"{HOST}{PATH}?offset=2_0&order=asc"), last)

    assert found == rows(1, 2, 3)
    assert [dict(request.params) for request in script.asked] == [
        {"limit": "100", "order": "asc"},
        {"offset": "2_0", "order": "asc"},
    ]


@pytest.mark.parametrize("host", ["https://thief.example", "http://localhost:1", "//thief.example", ""])
def test_of_next_only_the_query_is_used(host: str) -> None:
    """Whatever host and path `next` names, the key goes to ours, and the list to its own path."""
    script, _ = read_by_cursor(page(1, then=f"{host}/v2/other?offset=2%5f0"), page(2))

    assert [request.path for request in script.asked] == [PATH, PATH]
    assert script.asked[1].params == {"offset": "2_0"}


def test_cursor_that_comes_back_is_an_error() -> None:
    """A list that leads back to a page that was read would never end: it is refused."""
    again, other = f"{HOST}{PATH}?offset=1", f"{HOST}{PATH}?offset=2"
    with pytest.raises(MalformedResponse, match=f"GET {PATH} leads back"):
        read_by_cursor(page(1, then=again), page(2, then=other), page(3, then=again))


def test_an_empty_page_ends_the_list() -> None:
    """A next page that turns out to be empty is the end, even if it names another."""
    script, found = read_by_cursor(page(1, then=f"{HOST}{PATH}?offset=1"), page(then=f"{HOST}{PATH}?offset=9"))

    assert found == rows(1)
    assert len(script.asked) == 2


@pytest.mark.parametrize("then", [17, ["x"], {"offset": "2"}, f"{HOST}{PATH}", f"{HOST}{PATH}?offset=", True])
def test_next_that_cannot_be_followed_is_an_error(then: object) -> None:
    """A next page that is named in a way that we cannot follow is never taken for the end."""
    with pytest.raises(MalformedResponse, match=f"GET {PATH}"):
        read_by_cursor(page(1, then=then), page(2))


@pytest.mark.parametrize("paging", ["more", ["next"], 1])
def test_paging_of_another_shape_is_an_error(paging: object) -> None:
    """What cannot be looked into may hide a next page."""
    with pytest.raises(MalformedResponse, match=f"GET {PATH}"):
        read_by_cursor(page(1) | {"paging": paging}, page(2))


def test_list_at_once_is_one_request() -> None:
    """A list without pages is asked for once, without parameters."""
    script = Script(said(200, {"data": [{"id": "t"}]}))
    found = read_list(client_of(script), STREAMS["teams"], "/v2/teams")

    assert found == [{"id": "t"}]
    assert [(request.path, dict(request.params)) for request in script.asked] == [("/v2/teams", {})]


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
def test_rows_that_are_no_rows(stream: str, data: object) -> None:
    """Anything but a list of objects where the rows should stand is an error, never an empty list."""
    with pytest.raises(MalformedResponse, match=r"GET /x was answered with something that is no list of rows"):
        parse_rows(Response(Request("/x"), {"data": data}), STREAMS[stream])


def test_rows_stand_where_the_stream_says() -> None:
    """Rows may stand deeper in the answer; a team without members is answered without the list of them."""
    members = STREAMS["team_members"]

    assert parse_rows(Response(Request("/x"), {"data": {"members": [{"role": "user"}]}}), members) == [{"role": "user"}]
    assert parse_rows(Response(Request("/x"), {"data": {"id": "t"}}), members) == []


@pytest.mark.parametrize("total", [-1, "3", 1.5, [], True])
def test_total_that_is_no_number(total: object) -> None:
    """A total that cannot be counted with is an error."""
    with pytest.raises(MalformedResponse, match="GET /x was answered with the total"):
        parse_total(Response(Request("/x"), {"totalCount": total}))


@pytest.mark.parametrize("total", [None, 0, 83])
def test_total(total: int | None) -> None:
    """A total is a number of rows, or not told."""
    assert parse_total(Response(Request("/x"), {} if total is None else {"totalCount": total})) == total


@pytest.mark.parametrize("row", [{"a": "x"}, {"a": "x", "b": None}, {"a": "x", "b": ""}, {"a": "x", "b": ["y"]}])
def test_row_without_its_key(row: dict[str, Any]) -> None:
    """A row without a part of its key could overwrite another: it is an error that names the field."""
    with pytest.raises(MalformedResponse, match=r"GET /x was answered with a row without `b`"):
        require_key([{"a": "x", "b": 0}, row], ("a", "b"), asked="GET /x")


def test_value_at() -> None:
    """A path that ends early, or leads through something else than an object, leads to nothing."""
    row = {"a": {"b": {"c": 1}}, "x": [1]}
    found = [value_at(row, path) for path in (("a", "b", "c"), ("a", "z"), ("x", "b"), ("a", "b", "c", "d"), ())]

    assert found == [1, None, None, None, row]
