"""What every stream that knows what is new keeps to: children of what changed, a look at what is open, no doubles."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.every_stream import account_of, rows_of
from tests.support.fakes import Wire, connection_of, last_state, rows_in

from source_opsgenie.reading.events import Event
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Record, Stream, ancestry, is_incremental

SEARCHED = [one for one in STREAMS.values() if one.parent and ancestry(one)[0].search]
INCREMENTAL = [one for one in STREAMS.values() if is_incremental(one)]
each_searched_child = pytest.mark.parametrize("stream", SEARCHED, ids=lambda one: one.name)
each_incremental = pytest.mark.parametrize("stream", INCREMENTAL, ids=lambda one: one.name)
HOUR = 3_600_000


def read(wire: Wire, stream: Stream, state: Mapping[str, Any] | None = None, **options: Any) -> list[Event]:
    """All that an incremental read of *stream* over a new connection says."""
    return list(Reader(connection_of(wire, **options)).read(stream, state=state))


def parents_in(wire: Wire, stream: Stream) -> Mapping[str, Record]:
    """The alerts, or the incidents, that *stream* hangs on."""
    assert stream.parent
    found: Mapping[str, Record] = getattr(wire.account, stream.parent.stream)
    return found


def parents_of(stream: Stream, rows: list[Record]) -> set[str]:
    """The ids of the parents that *rows* name."""
    assert stream.parent
    (name,) = stream.parent.ids
    return {row[name] for row in rows}


@each_incremental
def test_every_row_has_a_moment(stream: Stream) -> None:
    """Every row of an incremental stream has its cursor, so that a destination can tell which version is newer."""
    without = [row for row in rows_of(stream.name) if row.get(stream.cursor) in (None, "")]

    assert stream.cursor
    assert without == []


@each_searched_child
def test_children_of_what_changed_are_asked_and_no_others(stream: Stream) -> None:
    """A later read brings the rows of parents that were updated since, all of them, and of no others."""
    wire = Wire(account_of())
    state = last_state(read(wire, stream))
    wire.now += HOUR
    with_rows = parents_of(stream, list(rows_of(stream.name)))
    changed = sorted(with_rows)[:3]
    for parent_id in changed:
        wire.account.add_note(parent_id, "something new", touch=True)
    rows = rows_in(read(wire, stream, state))

    assert changed
    assert parents_of(stream, rows) == set(changed)


@pytest.mark.parametrize("name", ["alert_notes", "incident_notes", "incident_timeline_entries", "alert_details"])
def test_what_is_open_is_looked_at_once_a_day(name: str) -> None:
    """What hangs on an alert or incident that people still work on is asked again after a day, though nothing moved."""
    stream, wire = STREAMS[name], Wire(account_of())
    still_open = {one for one, parent in parents_in(wire, stream).items() if parent["status"] != "closed"}
    states = [last_state(read(wire, stream))]
    found = []
    for hours in (1, 24, 1):
        wire.now += hours * HOUR
        events = read(wire, stream, states[-1])
        states.append(last_state(events))
        found.append(parents_of(stream, rows_in(events)))

    assert found[0] == found[2] == set()
    assert still_open >= found[1] > set()


@each_incremental
def test_a_state_is_small_and_a_full_refresh_ignores_it(stream: Stream) -> None:
    """The state of every stream stays below 2 kB, and a full refresh with it reads all that a first read does."""
    wire = Wire(account_of())
    state = last_state(read(wire, stream))
    again = rows_in(Reader(connection_of(wire)).read(stream, state=state, incremental=False))

    assert len(str(state)) < 2_000
    assert again == list(rows_of(stream.name))
