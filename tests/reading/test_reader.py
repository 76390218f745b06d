"""The reader: its last events, the cost of a quiet account, and which changes are emitted."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, ids_in, last_state, rows_in, texts_in

from opsgenie_simulator import Account
from source_opsgenie.api.client import Client
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.api.transport import Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import NotInPlan
from source_opsgenie.reading.events import Checkpoint, Event, Notice, Proof
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, SpanPaging, is_incremental

MINUTE = 60_000
each_stream = pytest.mark.parametrize("stream", STREAMS)


def seeded(**sizes: Any) -> Account:
    """A small account with rows of every stream."""
    return Account.seeded(**{"alerts": 60, "incidents": 20, "until": format_timestamp(NOW - DAY), "days": 2, **sizes})


def read(
    wire: Wire,
    stream: str = "alerts",
    state: Mapping[str, Any] | None = None,
    *,
    incremental: bool = True,
    **options: Any,
) -> list[Event]:
    """All events of one read of *stream* over a new connection."""
    return list(Reader(connection_of(wire, **options)).read(STREAMS[stream], state=state, incremental=incremental))


@each_stream
def test_read_ends_with_checkpoint_and_proof(stream: str) -> None:
    """Every read ends with the state after its last row, and with its proof."""
    events = read(Wire(seeded()), stream)
    checkpoint, last = events[-2:]

    assert isinstance(checkpoint, Checkpoint)
    assert isinstance(last, Proof)
    assert checkpoint.state.rows == len(rows_in(events)) > 0
    assert "everything that this key may see" in last.text


@each_stream
def test_reading_twice_gives_the_same_rows(stream: str) -> None:
    """Two full reads of a quiet account have equal rows in the same order, and no key twice."""
    wire = Wire(seeded())
    first, second = (rows_in(read(wire, stream, incremental=False)) for _ in range(2))
    keys = [tuple(row[name] for name in STREAMS[stream].key) for row in first]

    assert first == second
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("lookback_minutes", [0, 10, 1440])
@each_stream
def test_quiet_account_emits_nothing(stream: str, lookback_minutes: int) -> None:
    """If nothing changed since the last read, an incremental read emits no row and costs at most four requests."""
    wire = Wire(seeded(alerts=40, until=format_timestamp(NOW), days=1))
    state = last_state(read(wire, stream, lookback_minutes=lookback_minutes))
    wire.requests.clear()
    again = rows_in(read(wire, stream, state, lookback_minutes=lookback_minutes))

    if isinstance(STREAMS[stream].paging, SpanPaging):
        assert [row for row in again if row["is_final"]] == []
    elif is_incremental(STREAMS[stream]):
        assert again == []
        assert len(wire.requests) <= 4
    else:
        assert len(again) == state["rows"]


def test_change_is_emitted_once() -> None:
    """Rows that the lookback returns again unchanged are not emitted again, even two reads later."""
    wire = Wire(seeded())
    state, emitted = last_state(read(wire)), []
    changed = sorted(wire.account.alerts)[:3]
    for number in range(4):
        wire.now += MINUTE
        if number == 1:
            for alert_id in changed:
                wire.account.update_alert(alert_id, priority="P1")
        wire.now += MINUTE
        events = read(wire, state=state)
        emitted.append(sorted(ids_in(events)))
        state = last_state(events)

    assert emitted == [[], changed, [], []]


def test_change_in_the_same_millisecond_is_emitted() -> None:
    """A row that changes again within the millisecond of its `updatedAt`, after it was read, is emitted again."""
    wire = Wire(seeded())
    alert_id = sorted(wire.account.alerts)[0]
    wire.account.update_alert(alert_id, updated_at=NOW, priority="P1")
    state = last_state(read(wire))
    wire.account.update_alert(alert_id, updated_at=NOW, priority="P2")

    assert [row["priority"] for row in rows_in(read(wire, state=state))] == ["P2"]


@pytest.mark.parametrize(("lookback_minutes", "is_emitted"), [(10, True), (4, False)])
def test_change_that_is_indexed_late(lookback_minutes: int, is_emitted: bool) -> None:
    """A change from before the last read that the index shows only now is emitted if the lookback covers it."""
    wire = Wire(seeded())
    state = last_state(read(wire, lookback_minutes=lookback_minutes))
    alert_id = sorted(wire.account.alerts)[0]
    wire.account.update_alert(alert_id, updated_at=NOW - 5 * MINUTE, priority="P1")

    assert ids_in(read(wire, state=state, lookback_minutes=lookback_minutes)) == [alert_id] * is_emitted


@pytest.mark.parametrize("size", [1, 60, 99, 100, 101, 200])
def test_bulk_change_in_one_millisecond(size: int) -> None:
    """All rows updated in one millisecond are emitted, even if the state remembers fewer."""
    wire = Wire(crowded(*((NOW - number * DAY, 1) for number in range(1, 260))))
    state = last_state(read(wire))
    wire.now += MINUTE
    changed = sorted(wire.account.alerts)[:size]
    for alert_id in changed:
        wire.account.update_alert(alert_id, priority="P1")

    assert sorted(ids_in(read(wire, state=state))) == changed


def test_bookmark_is_the_beginning_on_the_apis_clock() -> None:
    """Changes made during a read are read by the next one, since the bookmark is the beginning of the read."""
    wire = Wire(crowded(*((NOW - number * DAY, 1) for number in range(1, 260))))
    alert_ids = sorted(wire.account.alerts)

    def update(_: Request) -> None:
        wire.now += 1000
        wire.account.update_alert(alert_ids[len(wire.requests) % 7], description=f"{len(wire.requests)}")

    wire.before = update
    first = read(wire, lookback_minutes=0)
    wire.before = lambda _: None
    state = last_state(first)
    versions = {row["id"]: row for row in [*rows_in(first), *rows_in(read(wire, state=state, lookback_minutes=0))]}
    expected = {alert_id: alert["updatedAt"] for alert_id, alert in wire.account.alerts.items()}

    assert state["bookmark"] == format_timestamp(NOW + 1000)
    assert {alert_id: row["updatedAt"] for alert_id, row in versions.items()} == expected


@settings(max_examples=25, deadline=None)
@given(some.lists(some.sampled_from(["update", "create", "delete", "read", "same"]), max_size=14))
def test_nothing_is_stale_after_a_read(actions: list[str]) -> None:
    """Whatever changes between reads, one more read has emitted the newest version of every existing row."""
    wire = Wire(crowded((NOW - DAY, 3), (NOW - 2 * DAY, 120)))
    events = read(wire)
    state, emitted = last_state(events), {row["id"]: row for row in rows_in(events)}
    for number, action in enumerate([*actions, "read"]):
        alert_id = sorted(wire.account.alerts)[number * 7 % len(wire.account.alerts)]
        wire.now += 0 if action == "same" else 700
        if action == "read":
            events = read(wire, state=state)
            state, emitted = last_state(events), emitted | {row["id"]: row for row in rows_in(events)}
        elif action == "create":
            wire.account.create_alert()
        elif action == "delete":
            wire.account.delete_alert(alert_id)
        else:
            wire.account.update_alert(alert_id, priority=f"P{number % 5 + 1}")

    for alert_id, alert in wire.account.alerts.items():
        assert {name: alert[name] for name in ("updatedAt", "priority")}.items() <= emitted[alert_id].items()


@pytest.mark.parametrize("stream", ["incidents", "services"])
def test_plan_without_the_feature(stream: str) -> None:
    """Without the feature in the plan, a stream is empty with a warning, or an error if it had rows before."""
    wire = Wire(seeded())
    state = last_state(read(wire, stream))
    wire.account.plan = "Essentials"
    empty = read(wire, stream)

    assert rows_in(empty) == []
    assert any(isinstance(event, Notice) and event.is_warning for event in empty)
    assert isinstance(empty[-2], Checkpoint)
    with pytest.raises(NotInPlan):
        read(wire, stream, state)


def test_plan_that_gains_the_feature() -> None:
    """Once the plan has the feature, the state of the empty read leads to a full one."""
    wire = Wire(seeded())
    wire.account.plan = "Essentials"
    state = last_state(read(wire, "incidents"))
    wire.account.plan = "Enterprise"

    assert sorted(ids_in(read(wire, "incidents", state))) == sorted(wire.account.incidents)


def test_long_read_emits_checkpoints() -> None:
    """A long read emits a checkpoint about every 5,000 rows, and no two states are equal."""
    wire = Wire(crowded(*((NOW - DAY - number * 1000, 1) for number in range(6_000))))
    events = read(wire)
    counts = [event.state.rows for event in events if isinstance(event, Checkpoint)]
    states = [event.state for event in events if isinstance(event, Checkpoint)]

    assert max(after - before for before, after in zip([0, *counts], counts, strict=False)) <= 5_100
    assert len(states) == len(set(states)) >= 2
    assert "6,000 counted, 6,000 read, 0 unexplained" in texts_in(events)


def test_slow_read_emits_a_checkpoint_every_five_minutes() -> None:
    """At twenty requests a minute, a backfill with a request per alert emits a checkpoint every five minutes."""
    wire = Wire(Account.seeded(alerts=300, until=format_timestamp(NOW - DAY)))
    given = connection_of(wire, max_concurrent_requests=1)
    pacers = {domain: Pacer([Limit(20, 60.0)]) for domain in Domain}
    client = Client(wire, key=wire.account.full_key, pacers=pacers, clock=given.clock, max_concurrent=1)
    client.date_ms = given.client.date_ms
    events = Reader(replace(given, client=client)).read(STREAMS["alert_logs"])
    times = [given.clock.monotonic()]
    times += [given.clock.monotonic() for event in events if isinstance(event, Checkpoint)]

    assert times[-1] - times[0] > 14 * 60
    assert max(later - earlier for earlier, later in pairwise(times)) <= 5 * 60
