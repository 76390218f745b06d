"""The state that a read is given: resumed, replaced by a full read with a reason, or rejected; never a silent gap."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.support.fakes import (
    DAY,
    NOW,
    Wire,
    connection_of,
    crowded,
    ids_in,
    last_state,
    one_by_one,
    rows_in,
    texts_in,
)

from opsgenie_simulator import Account
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import StateError
from source_opsgenie.reading.events import Checkpoint, Event
from source_opsgenie.reading.reader import Reader
from source_opsgenie.reading.recent import digest_of
from source_opsgenie.reading.resume import OTHER_CONNECTOR, OUTDATED, RESUMING, scope_of
from source_opsgenie.reading.state import CurrentRead, State, Walk
from source_opsgenie.streams import STREAMS

FOREIGN_STATES: list[dict[str, Any]] = [
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
    wire: Wire, state: Mapping[str, Any] | None = None, *, stream: str = "alerts", account: str = "acme", **options: Any
) -> list[Event]:
    """All events of an incremental read over a new connection."""
    return list(Reader(connection_of(wire, account=account, **options)).read(STREAMS[stream], state=state))


@pytest.mark.parametrize("state", FOREIGN_STATES, ids=str)
def test_state_of_the_public_connector(state: dict[str, Any]) -> None:
    """A state of another connector leads to one full read with a notice; its final state is ours."""
    wire = Wire(account_of())
    events = read(wire, state)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert OTHER_CONNECTOR in texts_in(events)
    assert ids_in(read(wire, last_state(events))) == []


@pytest.mark.parametrize("stream", ["alerts", "alert_logs"])
def test_state_of_a_development_version(stream: str) -> None:
    """A state of an earlier development version leads to one full read with a notice, not to an error."""
    wire = Wire(account_of(3))
    events = read(wire, OUTDATED_STATE, stream=stream)

    assert rows_in(events) == rows_in(read(wire, stream=stream))
    assert OUTDATED in texts_in(events)
    assert rows_in(read(wire, last_state(events), stream=stream)) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"account": "globex"}, "account"),
        ({"alert_query": "priority: P3"}, "alert filters"),
        ({"alert_status": "open"}, "alert filters"),
        ({"alert_query": " OR ".join(["priority: P3"] * 60)}, "alert filters"),
        ({"start_date": format_timestamp(NOW - 1000 * DAY)}, "start_date"),
    ],
)
def test_state_of_another_scope(changed: dict[str, Any], named: str) -> None:
    """With a state of another account, query or start date, everything is read again, and a notice says why."""
    wire = Wire(account_of())
    events = read(wire, last_state(read(wire)), **changed)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert f"The {named} changed since the last sync" in texts_in(events)


def test_return_to_an_earlier_scope() -> None:
    """With the query of an earlier sync, a read continues there: what changed since, and nothing twice."""
    wire = Wire(account_of())
    plain = last_state(read(wire))
    narrow = last_state(read(wire, plain, alert_query="priority: P3"))
    new = wire.account.create_alert(created_at=format_timestamp(NOW - DAY), priority="P1")["id"]
    wire.account.update_alert(new, updated_at=format_timestamp(NOW), message="changed")
    back = read(wire, narrow, alert_query="")

    assert ids_in(back) == [new]
    assert RESUMING in texts_in(back)
    assert ids_in(read(wire, last_state(back), alert_query="priority: P3")) == []


def test_an_unfinished_scope_is_not_returned_to() -> None:
    """What was interrupted before the query changed is read from its beginning."""
    wire = Wire(account_of())
    state = last_state(read(wire))
    state["read"] = {"began": state.pop("bookmark")}
    narrow = last_state(read(wire, state, alert_query="priority: P3"))

    assert sorted(ids_in(read(wire, narrow))) == sorted(wire.account.alerts)


def test_start_date_in_another_notation_resumes() -> None:
    """The same start date written with another offset is not a change."""
    wire = Wire(account_of())
    state = last_state(read(wire, start_date="2025-01-01T00:00:00Z"))

    assert ids_in(read(wire, state, start_date="2025-01-01T01:00:00.000+01:00")) == []


@pytest.mark.parametrize("name", ["bookmark", "read"])
def test_state_from_the_future(name: str) -> None:
    """A state from the future would hide all changes until then, so everything is read again."""
    wire = Wire(account_of())
    time = format_timestamp(NOW + 2 * DAY)
    state = last_state(read(wire)) | {name: time if name == "bookmark" else {"began": time}}
    events = read(wire, state)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert "in the future" in texts_in(events)


def test_state_from_a_few_hours_ahead() -> None:
    """A bookmark that is less than a day ahead hides no change either."""
    wire = Wire(account_of())
    state = last_state(read(wire)) | {"bookmark": format_timestamp(NOW + DAY // 2)}
    wire.now += DAY // 4
    wire.account.update_alert(sorted(wire.account.alerts)[0], priority="P1")
    found = ids_in(read(wire, state))
    wire.now += DAY
    found += ids_in(read(wire, state))

    assert sorted(wire.account.alerts)[0] in found


def test_state_from_slightly_ahead_resumes() -> None:
    """A bookmark that is seconds ahead is valid, since the clocks of two responses may differ."""
    wire = Wire(account_of())
    state = last_state(read(wire)) | {"bookmark": format_timestamp(NOW + 30_000)}

    assert ids_in(read(wire, state, lookback_minutes=0)) == []


def test_rows_before_the_lookback_are_not_remembered() -> None:
    """A state holds digests of the rows that the next read lists again, and of no other."""
    events = read(Wire(crowded((NOW - DAY, 2), (NOW - 1, 3))))
    rows = rows_in(events)

    assert len(rows) == 5
    assert last_state(events)["seen"] == [digest_of(row) for row in rows[:3]]


@pytest.mark.parametrize("damage", [{"bookmark": "x"}, {"scope": 1}, {"rows": "many"}, {"version": 99}])
@pytest.mark.parametrize("stream", ["alerts", "alert_logs", "users"])
def test_damaged_state(stream: str, damage: dict[str, Any]) -> None:
    """A damaged state of ours, or one of a newer version, raises StateError before the first row."""
    wire = Wire(account_of(3))
    with pytest.raises(StateError, match="eset the stream's state"):
        read(wire, last_state(read(wire)) | damage, stream=stream)


@pytest.mark.parametrize("generation", [0, 7])
def test_full_refresh_resumes_in_its_generation(generation: int) -> None:
    """An interrupted full refresh resumes under the same generation id, and starts again under any other."""
    connection = connection_of(Wire(account_of(600)))
    reader, alerts = Reader(connection), STREAMS["alerts"]
    events: list[Event] = []
    for event in one_by_one(reader.read(alerts, incremental=False, generation=generation)):
        connection.clock.sleep(1.0)
        events.append(event)
        if isinstance(event, Checkpoint) and len(events) > 350:
            break
    state = last_state(events)
    sizes = [
        len(rows_in(reader.read(alerts, state=state, incremental=False, generation=number)))
        for number in (generation, generation + 1, None)
    ]

    assert 0 < sizes[0] < 300
    assert sizes[1:] == [600, 600]


@pytest.mark.parametrize(("query", "expected"), [("", 20), ("tinyId > 0", 150)])
def test_full_refresh_of_another_query_starts_again(query: str, expected: int) -> None:
    """An interrupted full refresh resumes only with the query of its state."""
    connection = connection_of(Wire(account_of()))
    scope = scope_of(connection, STREAMS["alerts"])
    state = State(replace(scope, query=query), read=CurrentRead(NOW, Walk(NOW - 130 * DAY)), generation=7)
    events = Reader(connection).read(STREAMS["alerts"], state=state.to_mapping(), incremental=False, generation=7)

    assert len(ids_in(events)) == expected


def test_full_refresh_does_not_resume_a_read_of_changes() -> None:
    """A full refresh after an interrupted incremental read has every row, also under the same generation id."""
    wire = Wire(account_of())
    reader, alerts = Reader(connection_of(wire)), STREAMS["alerts"]
    finished = State.from_mapping(last_state(reader.read(alerts, generation=7)))
    interrupted = replace(finished, read=CurrentRead(NOW)).to_mapping()
    events = reader.read(alerts, state=interrupted, incremental=False, generation=7)

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)


def test_finished_full_refresh_starts_again() -> None:
    """A full refresh reads everything even if the state says that the last one finished."""
    wire = Wire(account_of())
    reader = Reader(connection_of(wire))
    alerts = STREAMS["alerts"]
    state = last_state(reader.read(alerts, incremental=False, generation=3))
    again = list(reader.read(alerts, state=state, incremental=False, generation=3))

    assert sorted(ids_in(again)) == sorted(wire.account.alerts)
    assert last_state(again)["rows"] == 300


def test_incremental_read_continues_a_full_refresh() -> None:
    """An incremental read from the state of a full refresh reads only changes."""
    wire = Wire(account_of())
    reader = Reader(connection_of(wire))
    state = last_state(reader.read(STREAMS["alerts"], incremental=False))

    assert ids_in(reader.read(STREAMS["alerts"], state=state)) == []


@pytest.mark.parametrize("stream", ["alerts", "alert_logs", "alert_recipients"])
def test_resume_after_any_checkpoint(stream: str) -> None:
    """A read that stops at any checkpoint and is resumed has every row, of child streams too."""
    wire = Wire(Account.seeded(alerts=260, until=format_timestamp(NOW - DAY)))
    connection = connection_of(wire)
    clock = connection.clock
    events: list[Event] = []
    for event in Reader(connection).read(STREAMS[stream]):
        # Time passes, so that every possible checkpoint is passed on.
        clock.sleep(31.0)
        events.append(event)
    keys = {tuple(row[name] for name in STREAMS[stream].key) for row in rows_in(events)}
    stops = [number for number, event in enumerate(events) if isinstance(event, Checkpoint)]
    for stop in stops[:-1]:
        rest = read(Wire(wire.account), last_state(events[: stop + 1]), stream=stream, account="acme@localhost")
        rows = rows_in([*events[: stop + 1], *rest])

        assert keys == {tuple(row[name] for name in STREAMS[stream].key) for row in rows}
        assert len(rows_in(rest)) <= len(rows_in(events))
    assert len(stops) > 3


def test_resumed_read_keeps_its_beginning() -> None:
    """The bookmark of a resumed read is when it first began, so changes since then are not lost."""
    wire = Wire(account_of(260))
    connection = connection_of(wire)
    state = State(scope_of(connection, STREAMS["alerts"]), read=CurrentRead(NOW - 3600_000, Walk(NOW - 20 * DAY)))
    end = last_state(Reader(connection).read(STREAMS["alerts"], state=state.to_mapping()))

    assert end["bookmark"] == format_timestamp(NOW - 3600_000)
