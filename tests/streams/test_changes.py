"""What holds for every incremental stream: children of changed parents, a recheck of open ones, no duplicates."""

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
    """The events of an incremental read of *stream* over a new connection."""
    return list(Reader(connection_of(wire, **options)).read(stream, state=state))


def parents_in(wire: Wire, stream: Stream) -> Mapping[str, Record]:
    """The alerts or incidents that are the parents of *stream*."""
    assert stream.parent
    found: Mapping[str, Record] = getattr(wire.account, stream.parent.stream)
    return found


def parents_of(stream: Stream, rows: list[Record]) -> set[str]:
    """The ids of the parents of *rows*."""
    assert stream.parent
    (name,) = stream.parent.ids
    return {row[name] for row in rows}


@each_incremental
def test_every_row_has_a_cursor(stream: Stream) -> None:
    """Every row of an incremental stream has its cursor, by which a destination finds the newer version."""
    without = [row for row in rows_of(stream.name) if row.get(stream.cursor) in (None, "")]

    assert stream.cursor
    assert without == []


@each_searched_child
def test_only_children_of_changed_parents_are_read(stream: Stream) -> None:
    """A later read emits all children of the parents that were updated since, and no others."""
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
def test_open_parents_are_rechecked_once_a_day(name: str) -> None:
    """The children of an alert or incident that is still open are read again after a day, though it did not change."""
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
    """The state of every stream is below 2 kB, and a full refresh ignores it and reads everything."""
    wire = Wire(account_of())
    state = last_state(read(wire, stream))
    again = rows_in(Reader(connection_of(wire)).read(stream, state=state, incremental=False))

    assert len(str(state)) < 2_000
    assert again == list(rows_of(stream.name))
