"""Lists by link, key and position, and unpaged ones: read to the end, on our own host, and never cut short."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.fakes import Paths, Script, client_of, said

from source_opsgenie.api.transport import RawResponse
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.paging import read_list
from source_opsgenie.streams import STREAMS

LOGS, ENTRIES, ALERT_IDS = (STREAMS[name] for name in ("alert_logs", "incident_timeline_entries", "incident_alerts"))
LOGS_PATH, ENTRIES_PATH = "/v2/alerts/a/logs", "/v2/incident-timelines/i/entries"
IDS_PATH = "/v1/incidents/i/associated-alert-ids"
HOST = "https://api.opsgenie.com"


def rows(*offsets: int) -> list[dict[str, Any]]:
    """Log lines."""
    return [{"offset": str(offset)} for offset in offsets]


def page(*offsets: int, then: object = None) -> dict[str, Any]:
    """A response with log lines, and *then* as its next page."""
    return {"data": rows(*offsets)} | ({} if then is None else {"paging": {"next": then}})


def read_by_link(*pages: Mapping[str, Any]) -> tuple[Script, list[dict[str, Any]]]:
    """Read the list that consists of *pages*."""
    script = Script(*[said(200, one) for one in pages])
    return script, read_list(client_of(script), LOGS, LOGS_PATH)


def entries(*ids: int, **beside: object) -> RawResponse:
    """A page of timeline entries, with the fields *beside* them."""
    return said(200, {"data": {"entries": [{"id": f"e{one}"} for one in ids], **beside}})


def counted(ids: list[str], *, first: int) -> Any:
    """A list of bare ids in pages of 25, whose offset counts from *first*."""

    def response(params: Mapping[str, str]) -> RawResponse:
        start = int(params["offset"]) - first if "offset" in params else 0
        return said(200, {"data": ids[start : start + 25]})

    return response


@pytest.mark.parametrize("last", [page(3), page(3) | {"paging": {}}, page(3) | {"paging": {"next": None}}])
def test_links_are_followed_to_the_end(last: Mapping[str, Any]) -> None:
    """A list ends with the response that has no next page, with or without `paging`."""
    script, found = read_by_link(page(1, 2, then=f"{HOST}{LOGS_PATH}?offset=2_0&order=asc"), last)

    assert found == rows(1, 2, 3)
    assert [dict(request.params) for request in script.requests] == [
        {"limit": "100", "order": "asc"},
        {"offset": "2_0", "order": "asc"},
    ]


@pytest.mark.parametrize("host", ["https://thief.example", "http://localhost:1", "//thief.example", ""])
def test_only_the_query_of_a_link_is_used(host: str) -> None:
    """Whatever host and path `next` has, the key goes to our host, and the request to the list's path."""
    script, _ = read_by_link(page(1, then=f"{host}/v2/other?offset=2%5f0"), page(2))

    assert [request.path for request in script.requests] == [LOGS_PATH, LOGS_PATH]
    assert script.requests[1].params == {"offset": "2_0"}


def test_a_link_that_leads_back_is_an_error() -> None:
    """A list that leads back to an earlier page would never end: it is an error."""
    again, other = f"{HOST}{LOGS_PATH}?offset=1", f"{HOST}{LOGS_PATH}?offset=2"
    with pytest.raises(MalformedResponse, match=f"GET {LOGS_PATH} leads back"):
        read_by_link(page(1, then=again), page(2, then=other), page(3, then=again))


def test_an_empty_page_ends_the_list() -> None:
    """An empty page is the last one, even if it has a next page."""
    script, found = read_by_link(page(1, then=f"{HOST}{LOGS_PATH}?offset=1"), page(then=f"{HOST}{LOGS_PATH}?offset=9"))

    assert found == rows(1)
    assert len(script.requests) == 2


@pytest.mark.parametrize("then", [17, ["x"], {"offset": "2"}, f"{HOST}{LOGS_PATH}", f"{HOST}{LOGS_PATH}?offset=", True])
def test_a_link_that_cannot_be_followed_is_an_error(then: object) -> None:
    """An invalid next page is never taken for the end."""
    with pytest.raises(MalformedResponse, match=f"GET {LOGS_PATH}"):
        read_by_link(page(1, then=then), page(2))


@pytest.mark.parametrize("paging", ["more", ["next"], 1])
def test_paging_of_another_form_is_an_error(paging: object) -> None:
    """A `paging` of another form may hide a next page."""
    with pytest.raises(MalformedResponse, match=f"GET {LOGS_PATH}"):
        read_by_link(page(1) | {"paging": paging}, page(2))


def test_an_unpaged_list_takes_one_request() -> None:
    """An unpaged list is requested once, without parameters."""
    script = Script(said(200, {"data": [{"id": "t"}]}))
    found = read_list(client_of(script), STREAMS["teams"], "/v2/teams")

    assert found == [{"id": "t"}]
    assert [(request.path, dict(request.params)) for request in script.requests] == [("/v2/teams", {})]


def test_a_link_in_an_unpaged_list_is_followed() -> None:
    """A list that should be unpaged and has a next page all the same is followed, not cut."""
    link = "https://x/v2/teams?offset=1"
    pages = {"": {"data": [{"id": "a"}], "paging": {"next": link}}, "1": {"data": [{"id": "b"}]}}
    paths = Paths({"/v2/teams": lambda params: said(200, pages[params.get("offset", "")])})

    assert read_list(client_of(paths), STREAMS["teams"], "/v2/teams") == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("last", [{}, {"nextOffset": None}, {"nextOffset": ""}, {"nextOffset": "c"}])
def test_keys_are_followed_to_the_end(last: dict[str, object]) -> None:
    """Pages are followed by the key beside their rows, until a page has no key or no rows."""
    pages = {
        "": entries(1, 2, nextOffset="a"),
        "a": entries(3, nextOffset="b"),
        "b": entries(4, **last),
        "c": entries(nextOffset="c"),
    }
    paths = Paths({ENTRIES_PATH: lambda params: pages[params.get("offset", "")]})
    found = read_list(client_of(paths), ENTRIES, ENTRIES_PATH)

    assert found == [{"id": f"e{one}"} for one in (1, 2, 3, 4)]
    assert {request.params["limit"] for request in paths.requests} == {"20"}


@pytest.mark.parametrize("key", ["a", ["a"], True])
def test_a_key_that_leads_nowhere_is_an_error(key: object) -> None:
    """A key that was sent before, or is invalid, would end the list early or never."""
    with pytest.raises(MalformedResponse):
        read_list(client_of(Paths({ENTRIES_PATH: lambda _: entries(1, nextOffset=key)})), ENTRIES, ENTRIES_PATH)


@pytest.mark.parametrize("data", [None, [], "x", {"entries": None}, {"entries": [1]}, {}])
def test_missing_entries_are_an_error(data: object) -> None:
    """A list that is missing in its place is not an empty list."""
    with pytest.raises(MalformedResponse):
        read_list(client_of(Paths({ENTRIES_PATH: said(200, {"data": data})})), ENTRIES, ENTRIES_PATH)


@pytest.mark.parametrize("size", [0, 1, 24, 25, 26, 49, 50, 51, 130])
@pytest.mark.parametrize("first", [0, 1])
def test_positions_may_count_from_0_or_1(size: int, first: int) -> None:
    """A list of bare ids is read to its end, whether its offset counts from 0 or from 1."""
    ids = [f"a{number}" for number in range(size)]
    found = read_list(client_of(Paths({IDS_PATH: counted(ids, first=first)})), ALERT_IDS, IDS_PATH)

    assert found == [{"alert_id": one} for one in ids]


def test_links_replace_positions() -> None:
    """A next page in a list by position is followed."""
    ids = [f"a{number}" for number in range(60)]

    def response(params: Mapping[str, str]) -> RawResponse:
        start = ids.index(params["offset"]) + 1 if "offset" in params else 0
        following = {"next": f"https://x{IDS_PATH}?offset={ids[start + 24]}"} if start + 25 < len(ids) else {}
        return said(200, {"data": ids[start : start + 25], "paging": following})

    found = read_list(client_of(Paths({IDS_PATH: response})), ALERT_IDS, IDS_PATH)

    assert [row["alert_id"] for row in found] == ids


@pytest.mark.parametrize("second", [["b"], [f"a{number}" for number in range(25)]])
def test_positions_whose_pages_do_not_overlap_are_an_error(second: list[str]) -> None:
    """An offset of another meaning leads to a gap or back: neither is taken for the end of the list."""
    first = [f"a{number}" for number in range(25)]
    paths = Paths({IDS_PATH: lambda params: said(200, {"data": second if "offset" in params else first})})
    with pytest.raises(MalformedResponse, match=IDS_PATH):
        read_list(client_of(paths), ALERT_IDS, IDS_PATH)
