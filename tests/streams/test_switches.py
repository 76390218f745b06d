"""Every stream has the same rows, in every position of the simulator's switches."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.every_stream import account_of, events_of, rows_of
from tests.support.fakes import Wire, rows_in
from tests.support.verbs import Verbs

from opsgenie_simulator import Simulator, Switches
from source_opsgenie.streams import STREAMS, Record, Stream
from source_opsgenie.streams.stream import KeyPaging, LinkPaging, MarkerPaging, PositionPaging

KEYED = [{"last_key": one, "small_limits": "rejected"} for one in ("absent", "null", "empty", "present")]
POSITIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, positions) for name in ("incident_timeline_entries", "team_logs", "log_files") for positions in KEYED),
    ("alert_attachments", {"attachment_ids": "number"}),
    *(("incident_alerts", {"alert_ids_paging": one}) for one in ("offset", "offset-from-one", "link")),
    ("incident_templates", {"incident_templates": "list"}),
    ("schedule_on_calls", {"all_on_calls": "unsupported"}),
    ("log_file_lines", {"download_link": "json"}),
    *((name, {"single_page_paging": "present"}) for name in ("alert_notes", "incident_logs")),
]


def keys(name: str, rows: list[Record] | tuple[Record, ...]) -> list[tuple[str, ...]]:
    """The keys of *rows*."""
    return [tuple(row[field] for field in STREAMS[name].key) for row in rows]


def with_pages_of_three(stream: Stream) -> Stream:
    """The *stream* with three rows on a page, if a page of it has a limit."""
    match stream.paging:
        case LinkPaging() | KeyPaging() | PositionPaging() | MarkerPaging() as paging:
            return replace(stream, paging=replace(paging, limit=3))
    return stream


@pytest.mark.parametrize(("name", "positions"), POSITIONS, ids=str)
def test_rows_do_not_depend_on_open_questions(name: str, positions: dict[str, Any]) -> None:
    """Each open question about a list, in its other position and with pages of three rows, leads to the same rows."""
    wire = Wire(account_of(), Switches(**positions))
    rows = rows_in(events_of(with_pages_of_three(STREAMS[name]), wire))
    are_renamed = "attachment_ids" in positions

    assert len(rows) == len(rows_of(name)) > 0
    assert are_renamed or keys(name, rows) == keys(name, rows_of(name))
    assert all(isinstance(row[field], str | int) for row in rows for field in STREAMS[name].key)


def test_a_timeline_with_offsets_has_the_same_weeks() -> None:
    """If the times of a timeline have an offset, its rows have the same keys."""
    wire = Wire(account_of(), Switches(timeline_times="offset"))
    rows = rows_in(events_of(STREAMS["schedule_timelines"], wire))

    assert keys("schedule_timelines", rows) == keys("schedule_timelines", rows_of("schedule_timelines"))


def test_nothing_is_written_and_no_key_leaks(source: Verbs) -> None:
    """A read of every stream pings no heartbeat, fetches files without the key, and does not read secret settings."""
    account = account_of()
    with Simulator(account) as simulator:
        output = source.with_config(endpoint=simulator.url, api_token=account.full_key).read()
        requests = simulator.requests

    assert output.exit_code == 0
    assert [one.path for one in requests if one.writes or one.method != "GET"] == []
    assert [one.path for one in requests if not one.has_key]
    assert [one.path for one in requests if not one.has_key and one.path.startswith(("/v1/", "/v2/"))] == []
    assert [one.path for one in requests if one.has_key and not one.path.startswith(("/v1/", "/v2/"))] == []
    assert [one.path for one in requests if one.route == "/v2/integrations/{id}"] == []
