"""The rows that a stream makes of its lists."""

from dataclasses import replace

import pytest
from tests.support.fakes import Paths, client_of, said

from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.lists import fetch_bulk, fetch_rows
from source_opsgenie.streams import STREAMS

ALERT_IDS, TEAM_LOGS = STREAMS["incident_alerts"], STREAMS["team_logs"]
LOGS_PATH = "/v2/teams/t/logs"
ASSOCIATED, RESPONDER = "/v1/incidents/i/associated-alert-ids", "/v1/incidents/i/responder-alert-ids"


def test_an_alert_may_be_in_both_lists() -> None:
    """The rows of two lists are merged by key, with a flag for each list that holds the row."""
    paths = Paths({ASSOCIATED: said(200, {"data": ["a", "b"]}), RESPONDER: said(200, {"data": ["b", "c"]})})
    rows = fetch_rows(client_of(paths), ALERT_IDS, {"incident_id": "i"}).rows
    expected = {"a": (True, False), "b": (True, True), "c": (False, True)}

    assert {row["alert_id"]: (row["is_associated"], row["is_responder"]) for row in rows} == expected
    assert {row["incident_id"] for row in rows} == {"i"}


def test_a_line_without_an_id_is_identified_by_its_digest() -> None:
    """Equal lines have different digests, and a line keeps its digest when others come before or after it."""
    line, other = {"log": "x", "owner": "o", "createdDate": "2026-01-01T00:00:00Z"}, {"log": "y"}
    page = said(200, {"data": {"logs": [line, line, other]}})
    later = said(200, {"data": {"logs": [other, line, line, line | {"new": 1}]}})
    first = fetch_rows(client_of(Paths({LOGS_PATH: page})), TEAM_LOGS, {"team_id": "t"}).rows
    second = fetch_rows(client_of(Paths({LOGS_PATH: later})), TEAM_LOGS, {"team_id": "t"}).rows

    assert len({row["id"] for row in first}) == 3
    assert {row["id"] for row in first} < {row["id"] for row in second}
    assert [{name: row[name] for name in row if name not in {"team_id", "id"}} for row in first] == [line, line, other]


def test_a_numeric_key_becomes_a_text() -> None:
    """An attachment's id may be a number: a key has one type in a warehouse, and large numbers lose no digit."""
    data = [{"id": 9007199254740993, "name": "x.log"}, {"id": "17", "name": "y.log"}]
    paths = Paths({"/v2/alerts/a/attachments": said(200, {"data": data})})
    rows = fetch_rows(client_of(paths), STREAMS["alert_attachments"], {"alert_id": "a"}).rows

    assert [row["id"] for row in rows] == ["9007199254740993", "17"]


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422, 500])
def test_a_failed_bulk_request_returns_nothing(status: int) -> None:
    """If the bulk endpoint fails, the rows of every parent are fetched individually."""
    client = client_of(Paths({"/v2/schedules/on-calls": said(status, {"message": "not supported anymore"})}))

    assert fetch_bulk(client, STREAMS["schedule_on_calls"]) == {}


@pytest.mark.parametrize("data", [{"any": [{"id": "a"}], "other": [{"id": "b"}]}, [{"id": "a"}, {"id": "b"}]])
def test_rows_under_an_unknown_name(data: object) -> None:
    """Templates are read from every list in the response, or from a bare list."""
    client = client_of(Paths({"/v1/incident-templates": said(200, {"data": data})}))

    assert fetch_rows(client, STREAMS["incident_templates"]).rows == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("data", [None, [], [{"name": "acme"}], "x"])
def test_a_missing_row_is_an_error(data: object) -> None:
    """A response that should hold one object and holds anything else is an error."""
    with pytest.raises(MalformedResponse):
        fetch_rows(client_of(Paths({"/v2/account": said(200, {"data": data})})), STREAMS["account"])


def test_a_file_link_is_fetched() -> None:
    """The rows of a file have the ids of its parent too."""
    link = "https://files.example/f"
    paths = Paths({"/v2/logs/download/f": said(200, link.encode()), link: said(200, b'{"a": 1}')})
    rows = fetch_rows(client_of(paths), STREAMS["log_file_lines"], {"filename": "f"})

    assert rows.rows == [{"filename": "f", "a": 1, "line_number": 1}]


def test_an_id_is_one_step_of_a_path() -> None:
    """An id with a slash or a question mark is quoted."""
    stream = replace(STREAMS["team_roles"], path="/v2/teams/{team_id}/roles")
    paths = Paths({"/v2/teams/a%2F..%3Fb/roles": said(200, {"data": []})})

    assert fetch_rows(client_of(paths), stream, {"team_id": "a/..?b"}).rows == []
