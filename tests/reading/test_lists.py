"""Whole lists in each way of paging, and the rows that a stream makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.support.fakes import Paths, client_of, said
from tests.support.leaks import KEY

from source_opsgenie.errors import MalformedResponse, NotFound, Rejected, Unreachable
from source_opsgenie.reading.lists import fetch_bulk, fetch_rows, read_list
from source_opsgenie.streams import STREAMS

ENTRIES, ALERT_IDS, TEAM_LOGS = (STREAMS[one] for one in ("incident_timeline_entries", "incident_alerts", "team_logs"))
ENTRIES_PATH, LOGS_PATH = "/v2/incident-timelines/i/entries", "/v2/teams/t/logs"
ASSOCIATED, RESPONDER = "/v1/incidents/i/associated-alert-ids", "/v1/incidents/i/responder-alert-ids"
LINES, LINK = "/v2/logs/download/f", "https://files.example/f?signature=secret"


def entries(*ids: int, **beside: object) -> Any:
    """A page of timeline entries, and what stands beside them."""
    return said(200, {"data": {"entries": [{"id": f"e{one}"} for one in ids], **beside}})


def counted(ids: list[str], *, first: int) -> Any:
    """A list of bare ids of which a page holds 25, and whose offset counts from *first*."""

    def page(params: Mapping[str, str]) -> Any:
        start = int(params["offset"]) - first if "offset" in params else 0
        return said(200, {"data": ids[start : start + 25]})

    return page


@pytest.mark.parametrize("last", [{}, {"nextOffset": None}, {"nextOffset": ""}, {"nextOffset": "c"}])
def test_a_key_in_data_leads_to_the_next_page(last: dict[str, object]) -> None:
    """Pages are followed by the key beside their rows until there is none, or until a page is empty."""
    pages = {
        "": entries(1, 2, nextOffset="a"),
        "a": entries(3, nextOffset="b"),
        "b": entries(4, **last),
        "c": entries(nextOffset="c"),
    }
    paths = Paths({ENTRIES_PATH: lambda params: pages[params.get("offset", "")]})
    rows = fetch_rows(client_of(paths), ENTRIES, {"incident_id": "i"})

    assert rows == [{"incident_id": "i", "id": f"e{one}"} for one in (1, 2, 3, 4)]
    assert {request.params["limit"] for request in paths.asked} == {"20"}


@pytest.mark.parametrize("key", ["a", ["a"], True])
def test_a_key_that_leads_nowhere_is_an_error(key: object) -> None:
    """A key that was asked with before, or is none, would end the list early or never."""
    with pytest.raises(MalformedResponse):
        read_list(client_of(Paths({ENTRIES_PATH: lambda _: entries(1, nextOffset=key)})), ENTRIES, ENTRIES_PATH)


@pytest.mark.parametrize("size", [0, 1, 24, 25, 26, 49, 50, 51, 130])
@pytest.mark.parametrize("first", [0, 1])
def test_ids_are_read_to_the_last_whatever_number_the_first_has(size: int, first: int) -> None:
    """A list of bare ids is read whole, whether its offset counts from 0 or from 1."""
    ids = [f"a{number}" for number in range(size)]
    rows = read_list(client_of(Paths({ASSOCIATED: counted(ids, first=first)})), ALERT_IDS, ASSOCIATED)

    assert rows == [{"alert_id": one} for one in ids]


def test_ids_are_read_by_links_where_there_are_some() -> None:
    """Where a page names the next one, that is followed."""
    ids = [f"a{number}" for number in range(60)]

    def page(params: Mapping[str, str]) -> Any:
        start = ids.index(params["offset"]) + 1 if "offset" in params else 0
        following = {"next": f"https://x{ASSOCIATED}?offset={ids[start + 24]}"} if start + 25 < len(ids) else {}
        return said(200, {"data": ids[start : start + 25], "paging": following})

    rows = read_list(client_of(Paths({ASSOCIATED: page})), ALERT_IDS, ASSOCIATED)

    assert [row["alert_id"] for row in rows] == ids


@pytest.mark.parametrize("second", [["b"], [f"a{number}" for number in range(25)]])
def test_ids_whose_pages_do_not_meet_are_an_error(second: list[str]) -> None:
    """An offset that means something else leads to a gap or back: neither passes for the end of the list."""
    first = [f"a{number}" for number in range(25)]
    paths = Paths({ASSOCIATED: lambda params: said(200, {"data": second if "offset" in params else first})})
    with pytest.raises(MalformedResponse, match=ASSOCIATED):
        read_list(client_of(paths), ALERT_IDS, ASSOCIATED)


def test_an_alert_may_stand_in_both_lists() -> None:
    """The rows of two lists are put together by key, and say in which of the lists they stood."""
    paths = Paths({ASSOCIATED: said(200, {"data": ["a", "b"]}), RESPONDER: said(200, {"data": ["b", "c"]})})
    rows = fetch_rows(client_of(paths), ALERT_IDS, {"incident_id": "i"})
    expected = {"a": (True, False), "b": (True, True), "c": (False, True)}

    assert {row["alert_id"]: (row["is_associated"], row["is_responder"]) for row in rows} == expected
    assert {row["incident_id"] for row in rows} == {"i"}


def test_a_list_at_once_that_names_a_next_page_goes_on() -> None:
    """A list that should come whole and names a next page all the same is followed, not cut."""
    link = "https://x/v2/teams?offset=1"
    pages = {"": {"data": [{"id": "a"}], "paging": {"next": link}}, "1": {"data": [{"id": "b"}]}}
    paths = Paths({"/v2/teams": lambda params: said(200, pages[params.get("offset", "")])})

    assert fetch_rows(client_of(paths), STREAMS["teams"]) == [{"id": "a"}, {"id": "b"}]


def test_a_line_without_an_id_is_named_by_what_it_holds() -> None:
    """Equal lines have different names, and a line keeps its name when others come before or after it."""
    line, other = {"log": "x", "owner": "o", "createdDate": "2026-01-01T00:00:00Z"}, {"log": "y"}
    page = said(200, {"data": {"logs": [line, line, other]}})
    later = said(200, {"data": {"logs": [other, line, line, line | {"new": 1}]}})
    first = fetch_rows(client_of(Paths({LOGS_PATH: page})), TEAM_LOGS, {"team_id": "t"})
    second = fetch_rows(client_of(Paths({LOGS_PATH: later})), TEAM_LOGS, {"team_id": "t"})

    assert len({row["id"] for row in first}) == 3
    assert {row["id"] for row in first} < {row["id"] for row in second}
    assert [{name: row[name] for name in row if name not in {"team_id", "id"}} for row in first] == [line, line, other]


def test_a_key_that_comes_as_a_number_is_a_text() -> None:
    """An attachment's id may be a number: a key has one type in a warehouse, and large numbers lose no digit."""
    data = [{"id": 9007199254740993, "name": "x.log"}, {"id": "17", "name": "y.log"}]
    paths = Paths({"/v2/alerts/a/attachments": said(200, {"data": data})})
    rows = fetch_rows(client_of(paths), STREAMS["alert_attachments"], {"alert_id": "a"})

    assert [row["id"] for row in rows] == ["9007199254740993", "17"]


@pytest.mark.parametrize("refusal", [400, 404, 410, 422])
def test_a_list_of_all_that_is_refused(refusal: int) -> None:
    """Where the list that answers for all parents is refused, nothing is known at once."""
    client = client_of(Paths({"/v2/schedules/on-calls": said(refusal, {"message": "not supported anymore"})}))

    assert fetch_bulk(client, STREAMS["schedule_on_calls"]) == {}


@pytest.mark.parametrize("answer", [LINK.encode(), f'"{LINK}"'.encode(), b'{"url": "%b"}' % LINK.encode()])
def test_a_file_is_fetched_by_its_link_and_without_the_key(answer: bytes) -> None:
    """The link is read in whatever form it comes, the key is not sent to it, each line is numbered, and may be cut."""
    paths = Paths({LINES: said(200, answer), LINK: said(200, b'{"a": 1}\n\n{"cut": "\\ud83d"}\n')})
    rows = fetch_rows(client_of(paths), STREAMS["log_file_lines"], {"filename": "f"})

    assert rows == [{"filename": "f", "a": 1, "line_number": 1}, {"filename": "f", "cut": "\ufffd", "line_number": 3}]
    assert [bool(request.headers) for request in paths.asked] == [True, False]
    assert KEY not in str(paths.asked[-1])


def test_a_link_that_has_died_is_asked_for_anew() -> None:
    """A link lives for minutes only: another is asked for, a few times, and no message holds its signature."""
    answers = [said(403), said(200, b'{"a": 1}')]
    paths = Paths({LINES: said(200, LINK.encode()), LINK: lambda _: answers.pop(0)})
    dead = Paths({LINES: said(200, LINK.encode()), LINK: said(403)})
    rows = read_list(client_of(paths), STREAMS["log_file_lines"], LINES)
    with pytest.raises(Unreachable, match=LINES) as caught:
        read_list(client_of(dead), STREAMS["log_file_lines"], LINES)

    assert rows == [{"a": 1, "line_number": 1}]
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("link", "body"),
    [
        (b"<html>", b""),
        (b"http://files.example/f", b""),
        (b"{}", b""),
        (b"3", b""),
        (LINK.encode(), b"no json"),
        (LINK.encode(), b"[1]"),
    ],
)
def test_a_file_that_is_none_is_an_error(link: bytes, body: bytes) -> None:
    """What is no safe address, or leads to no lines of JSON, does not pass for an empty file."""
    with pytest.raises(MalformedResponse, match=LINES):
        read_list(client_of(Paths({LINES: said(200, link), LINK: said(200, body)})), STREAMS["log_file_lines"], LINES)


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (422, Rejected)])
def test_a_link_that_is_refused_is_an_error(status: int, error: type[Exception]) -> None:
    """What the API refuses is told as for any other request."""
    with pytest.raises(error):
        read_list(client_of(Paths({LINES: said(status, {"message": "?"})})), STREAMS["log_file_lines"], LINES)


@pytest.mark.parametrize("data", [None, [], "x", {"entries": None}, {"entries": [1]}, {}])
def test_entries_that_are_not_there_are_an_error(data: object) -> None:
    """A list that is missing where it should stand is no empty list."""
    with pytest.raises(MalformedResponse):
        read_list(client_of(Paths({ENTRIES_PATH: said(200, {"data": data})})), ENTRIES, ENTRIES_PATH)


@pytest.mark.parametrize("data", [{"any": [{"id": "a"}], "other": [{"id": "b"}]}, [{"id": "a"}, {"id": "b"}]])
def test_rows_under_a_name_that_nobody_knows(data: object) -> None:
    """Templates are read from whatever lists the answer holds, or from a bare one."""
    client = client_of(Paths({"/v1/incident-templates": said(200, {"data": data})}))

    assert fetch_rows(client, STREAMS["incident_templates"]) == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("data", [None, [], [{"name": "acme"}], "x"])
def test_one_row_that_is_not_there_is_an_error(data: object) -> None:
    """An answer that should be one object and is something else is an error."""
    with pytest.raises(MalformedResponse):
        fetch_rows(client_of(Paths({"/v2/account": said(200, {"data": data})})), STREAMS["account"])


def test_an_id_is_never_read_as_a_path() -> None:
    """An id that holds a slash or a question mark stays one step of the path."""
    stream = replace(STREAMS["team_roles"], path="/v2/teams/{team_id}/roles")
    paths = Paths({"/v2/teams/a%2F..%3Fb/roles": said(200, {"data": []})})

    assert fetch_rows(client_of(paths), stream, {"team_id": "a/..?b"}) == []
