"""States that a read is given: gone on with, begun anew with a word why, or refused; never a silent gap."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, ids_in, last_state, rows_in, texts_in

from opsgenie_simulator import Account
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import StateError
from source_opsgenie.reading.events import Checkpoint, Event
from source_opsgenie.reading.reader import OTHER_CONNECTOR, OUTDATED, Reader
from source_opsgenie.reading.state import CurrentRead, State, Walk
from source_opsgenie.streams import STREAMS

OLD_FORMS: list[dict[str, Any]] = [
    {"updatedAt": "2023-01-01T00:00:00Z"},
    {"updatedAt": 1672531200},
    {"createdAt": "2023-01-01T00:00:00Z"},
    {"states": []},
]


# As version 1 wrote it, in the middle of a backfill.
OUTDATED_STATE: dict[str, Any] = {
    "version": 1,
    "scope": {"account": "acme", "query": "", "start_date": ""},
    "rows": 3,
    "begun": "2026-10-31T23:59:00.000Z",
    "below": "2026-10-01T00:00:00.000Z",
    "top": "2026-10-20T00:00:00.000Z",
    "listed": 3,
    "tally": {"counted": 3, "listed": 3, "gone": 0, "unlisted": 0, "recent": 0},
    "seen": [],
}


def account_of(size: int = 150) -> Account:
    """An account with an alert a day."""
    return crowded(*((NOW - number * DAY, 1) for number in range(1, size + 1)))


def read(
    wire: Wire, state: Mapping[str, Any] | None = None, *, stream: str = "alerts", of: str = "acme", **options: Any
) -> list[Event]:
    """Everything that an incremental read over a new connection says."""
    return list(Reader(connection_of(wire, account=of, **options)).read(STREAMS[stream], state=state))


@pytest.mark.parametrize("state", OLD_FORMS, ids=str)
def test_state_of_the_public_connector(state: dict[str, Any]) -> None:
    """A state that another connector wrote leads to one full read and a message that says why; then it is ours."""
    wire = Wire(account_of())
    events = read(wire, state)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert OTHER_CONNECTOR in texts_in(events)
    assert ids_in(read(wire, last_state(events))) == []


@pytest.mark.parametrize("stream", ["alerts", "alert_logs"])
def test_state_of_a_development_version(stream: str) -> None:
    """A state in the format of an earlier development version leads to one full read and a message, not an error."""
    wire = Wire(account_of(3))
    events = read(wire, OUTDATED_STATE, stream=stream)

    assert rows_in(events) == rows_in(read(wire, stream=stream))
    assert OUTDATED in texts_in(events)
    assert rows_in(read(wire, last_state(events), stream=stream)) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"of": "globex"}, "account"),
        ({"alert_query": "priority: P3"}, "alert_query"),
        ({"alert_query": " OR ".join(["priority: P3"] * 60)}, "alert_query"),
        ({"start_date": format_timestamp(NOW - 1000 * DAY)}, "start_date"),
    ],
)
def test_state_of_something_else(changed: dict[str, Any], named: str) -> None:
    """A bookmark of another account, query or start date is worth nothing: all is read again, and the read says why."""
    wire = Wire(account_of())
    events = read(wire, last_state(read(wire)), **changed)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert f"The {named} differs from the last sync" in texts_in(events)


def test_a_start_date_written_otherwise_is_the_same() -> None:
    """The same moment in other words does not begin anew."""
    wire = Wire(account_of())
    state = last_state(read(wire, start_date="2025-01-01T00:00:00Z"))

    assert ids_in(read(wire, state, start_date="2025-01-01T01:00:00.000+01:00")) == []


@pytest.mark.parametrize("name", ["bookmark", "read"])
def test_state_from_the_future(name: str) -> None:
    """A state of a day that is yet to come would hide all that changes until then: all is read again."""
    wire = Wire(account_of())
    time = format_timestamp(NOW + 2 * DAY)
    state = last_state(read(wire)) | {name: time if name == "bookmark" else {"began": time}}
    events = read(wire, state)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert "in the future" in texts_in(events)


def test_state_of_a_few_hours_ahead() -> None:
    """A bookmark that is ahead by less than a day hides nothing for good: what changed since its day is sent later."""
    wire = Wire(account_of())
    state = last_state(read(wire)) | {"bookmark": format_timestamp(NOW + DAY // 2)}
    wire.now += DAY // 4
    wire.account.update_alert(sorted(wire.account.alerts)[0], priority="P1")
    found = ids_in(read(wire, state))
    wire.now += DAY
    found += ids_in(read(wire, state))

    assert sorted(wire.account.alerts)[0] in found


@pytest.mark.parametrize("damage", [{"bookmark": "x"}, {"scope": 1}, {"rows": "many"}, {"version": 99}])
@pytest.mark.parametrize("stream", ["alerts", "alert_logs", "users"])
def test_damaged_state(stream: str, damage: dict[str, Any]) -> None:
    """A state of ours that was damaged, or that a newer version wrote, is an error before the first row."""
    wire = Wire(account_of(3))
    with pytest.raises(StateError, match="eset the stream's state"):
        read(wire, last_state(read(wire)) | damage, stream=stream)


@pytest.mark.parametrize("generation", [0, 7])
def test_full_refresh_is_taken_up_in_its_generation(generation: int) -> None:
    """A full refresh that was cut off goes on under the same generation id, and begins anew under another."""
    connection = connection_of(Wire(account_of(600)))
    reader, alerts = Reader(connection), STREAMS["alerts"]
    events: list[Event] = []
    for event in reader.read(alerts, incremental=False, generation=generation):
        connection.clock.sleep(1.0)
        events.append(event)
        if isinstance(event, Checkpoint) and len(events) > 350:
            break
    cut = last_state(events)
    rests = [
        len(rows_in(reader.read(alerts, state=cut, incremental=False, generation=one)))
        for one in (generation, generation + 1, None)
    ]

    assert 0 < rests[0] < 300
    assert rests[1:] == [600, 600]


def test_finished_full_refresh_begins_again() -> None:
    """A state that says finished never means that there is nothing to do."""
    wire = Wire(account_of())
    reader = Reader(connection_of(wire))
    alerts = STREAMS["alerts"]
    state = last_state(reader.read(alerts, incremental=False, generation=3))
    again = list(reader.read(alerts, state=state, incremental=False, generation=3))

    assert sorted(ids_in(again)) == sorted(wire.account.alerts)
    assert last_state(again)["rows"] == 300


def test_incremental_goes_on_after_a_full_refresh() -> None:
    """The state of a full refresh is good for an incremental read."""
    wire = Wire(account_of())
    reader = Reader(connection_of(wire))
    state = last_state(reader.read(STREAMS["alerts"], incremental=False))

    assert ids_in(reader.read(STREAMS["alerts"], state=state)) == []


@pytest.mark.parametrize("stream", ["alerts", "alert_logs", "alert_recipients"])
def test_stop_after_any_checkpoint(stream: str) -> None:
    """Cut off at any checkpoint, of a child too, and taken up again: the union is the whole."""
    wire = Wire(Account.seeded(alerts=260, until=format_timestamp(NOW - DAY)))
    connection = connection_of(wire)
    clock = connection.clock
    whole: list[Event] = []
    for event in Reader(connection).read(STREAMS[stream]):
        # Time passes, so that every state that could be passed on is.
        clock.sleep(31.0)
        whole.append(event)
    keys = {tuple(row[name] for name in STREAMS[stream].key) for row in rows_in(whole)}
    cuts = [number for number, event in enumerate(whole) if isinstance(event, Checkpoint)]
    for cut in cuts[:-1]:
        rest = read(Wire(wire.account), last_state(whole[: cut + 1]), stream=stream, of="acme@localhost")
        found = rows_in([*whole[: cut + 1], *rest])

        assert keys == {tuple(row[name] for name in STREAMS[stream].key) for row in found}
        assert len(rows_in(rest)) <= len(rows_in(whole))
    assert len(cuts) > 3


def test_the_first_beginning_is_kept() -> None:
    """A read that is taken up later keeps the bookmark of its first beginning: what changed between is not lost."""
    wire = Wire(account_of(260))
    connection = connection_of(wire)
    state = State(Reader(connection)._scope(STREAMS["alerts"]), read=CurrentRead(NOW - 3600_000, Walk(NOW - 20 * DAY)))
    end = last_state(Reader(connection).read(STREAMS["alerts"], state=state.to_mapping()))

    assert end["bookmark"] == format_timestamp(NOW - 3600_000)
