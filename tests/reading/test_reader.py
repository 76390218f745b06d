"""The reader: what it sends first and last, what a quiet account costs, and what changes bring."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, ids_in, last_state, query_of, rows_in, texts_in

from opsgenie_simulator import Account
from source_opsgenie.api.client import Client
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.api.transport import Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import NotInPlan
from source_opsgenie.reading.events import Checkpoint, Event, Notice, Proof
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, is_incremental

MINUTE = 60_000
each_stream = pytest.mark.parametrize("stream", STREAMS)


def seeded(**sizes: Any) -> Account:
    """A small account with everything in it."""
    return Account.seeded(**{"alerts": 60, "incidents": 20, "until": format_timestamp(NOW - DAY), "days": 2, **sizes})


def read(
    wire: Wire,
    stream: str = "alerts",
    state: Mapping[str, Any] | None = None,
    *,
    incremental: bool = True,
    **options: Any,
) -> list[Event]:
    """Everything that one read of *stream* over a new connection says."""
    return list(Reader(connection_of(wire, **options)).read(STREAMS[stream], state=state, incremental=incremental))


@each_stream
def test_a_read_ends_with_checkpoint_and_proof(stream: str) -> None:
    """Every read ends with the state after its last row, and a line that says what is proven."""
    events = read(Wire(seeded()), stream)
    checkpoint, last = events[-2:]

    assert isinstance(checkpoint, Checkpoint)
    assert isinstance(last, Proof)
    assert checkpoint.state.rows == len(rows_in(events)) > 0
    assert "everything that this key may see" in last.text


@each_stream
def test_reading_twice_gives_the_same_rows(stream: str) -> None:
    """Two full reads of a quiet account are equal, row by row; no key comes twice."""
    wire = Wire(seeded())
    first, second = (rows_in(read(wire, stream, incremental=False)) for _ in range(2))
    keys = [tuple(row[name] for name in STREAMS[stream].key) for row in first]

    assert first == second
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("lookback_minutes", [0, 10, 1440])
@each_stream
def test_a_quiet_account_sends_nothing(stream: str, lookback_minutes: int) -> None:
    """With the state of the read before and nothing changed, an incremental read sends no row and costs little."""
    wire = Wire(seeded(alerts=40, until=format_timestamp(NOW), days=1))
    state = last_state(read(wire, stream, lookback_minutes=lookback_minutes))
    wire.asked.clear()
    again = rows_in(read(wire, stream, state, lookback_minutes=lookback_minutes))

    if is_incremental(STREAMS[stream]):
        assert again == []
        assert len(wire.asked) <= 4
    else:
        assert len(again) == state["rows"]


def test_a_change_is_sent_once() -> None:
    """What the lookback brings again unchanged is not sent again, not at the third read either."""
    wire = Wire(seeded())
    state, sent = last_state(read(wire)), []
    changed = sorted(wire.account.alerts)[:3]
    for number in range(4):
        wire.now += MINUTE
        if number == 1:
            for alert_id in changed:
                wire.account.update_alert(alert_id, priority="P1")
        wire.now += MINUTE
        events = read(wire, state=state)
        sent.append(sorted(ids_in(events)))
        state = last_state(events)

    assert sent == [[], changed, [], []]


def test_a_change_in_the_same_millisecond_is_sent() -> None:
    """A row that changes again within the millisecond of its `updatedAt`, after it was sent, is sent once more."""
    wire = Wire(seeded())
    alert_id = sorted(wire.account.alerts)[0]
    wire.account.update_alert(alert_id, updated_at=NOW, priority="P1")
    state = last_state(read(wire))
    wire.account.update_alert(alert_id, updated_at=NOW, priority="P2")

    assert [row["priority"] for row in rows_in(read(wire, state=state))] == ["P2"]


@pytest.mark.parametrize("size", [1, 60, 99, 100, 101, 200])
def test_a_bulk_change_in_one_millisecond(size: int) -> None:
    """So many rows updated in one millisecond come, and all of them, however few of them the state remembers."""
    wire = Wire(crowded(*((NOW - number * DAY, 1) for number in range(1, 260))))
    state = last_state(read(wire))
    wire.now += MINUTE
    changed = sorted(wire.account.alerts)[:size]
    for alert_id in changed:
        wire.account.update_alert(alert_id, priority="P1")
    found = ids_in(read(wire, state=state))

    assert sorted(found) == changed


def test_the_bookmark_is_the_beginning_on_the_apis_clock() -> None:
    """What changes while a read runs is not behind its bookmark: it comes with the next read."""
    wire = Wire(crowded(*((NOW - number * DAY, 1) for number in range(1, 260))))
    alert_ids = sorted(wire.account.alerts)

    def update(_: Request) -> None:
        wire.now += 1000
        wire.account.update_alert(alert_ids[len(wire.asked) % 7], description=f"{len(wire.asked)}")

    wire.before = update
    first = read(wire, lookback_minutes=0)
    wire.before = lambda _: None
    state = last_state(first)
    versions = {row["id"]: row for row in [*rows_in(first), *rows_in(read(wire, state=state, lookback_minutes=0))]}
    expected = {one: alert["updatedAt"] for one, alert in wire.account.alerts.items()}

    assert state["bookmark"] == format_timestamp(NOW + 1000)
    assert {one: row["updatedAt"] for one, row in versions.items()} == expected


@settings(max_examples=25, deadline=None)
@given(some.lists(some.sampled_from(["update", "create", "delete", "read", "same"]), max_size=14))
def test_nothing_is_stale_after_a_read(acts: list[str]) -> None:
    """Whatever changes between reads, after one more read the newest version of every living row was sent."""
    wire = Wire(crowded((NOW - DAY, 3), (NOW - 2 * DAY, 120)))
    events = read(wire)
    state, sent = last_state(events), {row["id"]: row for row in rows_in(events)}
    for number, act in enumerate([*acts, "read"]):
        alert_id = sorted(wire.account.alerts)[number * 7 % len(wire.account.alerts)]
        wire.now += 0 if act == "same" else 700
        if act == "read":
            events = read(wire, state=state)
            state, sent = last_state(events), sent | {row["id"]: row for row in rows_in(events)}
        elif act == "create":
            wire.account.create_alert()
        elif act == "delete":
            wire.account.delete_alert(alert_id)
        else:
            wire.account.update_alert(alert_id, priority=f"P{number % 5 + 1}")

    for alert_id, alert in wire.account.alerts.items():
        assert {name: alert[name] for name in ("updatedAt", "priority")}.items() <= sent[alert_id].items()


@pytest.mark.parametrize("stream", ["incidents", "services"])
def test_a_plan_without_the_feature(stream: str) -> None:
    """A plan without the feature gives an empty stream and a warning; rows of an earlier read make it an error."""
    wire = Wire(seeded())
    state = last_state(read(wire, stream))
    wire.account.plan = "Essentials"
    empty = read(wire, stream)

    assert rows_in(empty) == []
    assert any(isinstance(event, Notice) and event.is_warning for event in empty)
    assert isinstance(empty[-2], Checkpoint)
    with pytest.raises(NotInPlan):
        read(wire, stream, state)


def test_checkpoints_come_between_many_rows() -> None:
    """A long read says where it could go on, at least every 5,000 rows; no two states are equal."""
    wire = Wire(crowded(*((NOW - DAY - number * 1000, 1) for number in range(6_000))))
    events = read(wire)
    counts = [event.state.rows for event in events if isinstance(event, Checkpoint)]
    states = [event.state for event in events if isinstance(event, Checkpoint)]

    assert max(after - before for before, after in zip([0, *counts], counts, strict=False)) <= 5_100
    assert len(states) == len(set(states)) >= 2
    assert "6,000 counted, 6,000 read, 0 unexplained" in texts_in(events)


def test_a_start_date_is_named_with_what_it_counts() -> None:
    """Of rows from before the start date nothing is proven, and the closing line does not sound as if it were."""
    wire = Wire(crowded(*((NOW - number * DAY, 1) for number in range(1, 60))))
    old = min(wire.account.alerts, key=lambda one: wire.account.alerts[one]["createdAt"])
    wire.account.update_alert(old, updated_at=NOW - DAY, priority="P1")
    start = format_timestamp(NOW - 30 * DAY)
    events = read(wire, start_date=start)

    assert len(ids_in(events)) == 31
    assert f"30 counted, 30 read, 0 unexplained of those created since {start}; older ones" in texts_in(events)


def test_own_query_is_in_every_search_and_named_unproven() -> None:
    """With a query on what changes, only its rows come, and the proof does not claim more than it can."""
    wire = Wire(seeded())
    events = read(wire, alert_query="status: open")
    expected = {one["id"] for one in wire.account.alerts.values() if one["status"] == "open"}

    assert set(ids_in(events)) == expected
    assert all(query_of(request.params).startswith("(status: open)") for request in wire.asked[1:])
    assert "unproven" in texts_in(events)


def test_at_twenty_requests_a_minute_there_is_a_checkpoint_every_five_minutes() -> None:
    """A backfill that costs a request per alert says again and again where it could go on, however slow it is."""
    wire = Wire(Account.seeded(alerts=300, until=format_timestamp(NOW - DAY)))
    given = connection_of(wire, max_concurrent_requests=1)
    pacers = {domain: Pacer([Limit(20, 60.0)]) for domain in Domain}
    client = Client(wire, key=wire.account.full_key, pacers=pacers, clock=given.clock, max_concurrent=1)
    client.date_ms = given.client.date_ms
    events = Reader(replace(given, client=client)).read(STREAMS["alert_logs"])
    said = [given.clock.monotonic()]
    said += [given.clock.monotonic() for event in events if isinstance(event, Checkpoint)]

    assert said[-1] - said[0] > 14 * 60
    assert max(later - earlier for earlier, later in pairwise(said)) <= 5 * 60
