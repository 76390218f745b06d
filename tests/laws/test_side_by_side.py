"""Streams that are read side by side are each read as if alone, whatever the order of their events."""

from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from itertools import islice
from typing import Any

import orjson
import pytest
from tests.support.fakes import one_by_one
from tests.support.worlds import DAY_MS, MINUTE_MS, NOW, Sync, Table, World, count_duplicates

from opsgenie_simulator import Account, RandomChanges
from source_opsgenie.errors import Incomplete
from source_opsgenie.parallel import in_parallel
from source_opsgenie.reading.events import Checkpoint, Event, Rows
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

NAMES = ("alerts", "alert_logs", "incidents")
Tagged = tuple[str, Event]


def account_of() -> Account:
    """Create an account with alerts, logs and incidents, the newest of them a day old."""
    return Account.seeded(alerts=160, incidents=130, until=NOW - DAY_MS, days=60)


def read_side_by_side(
    world: World,
    states: dict[str, Any],
    *,
    stop_after: int | None = None,
    names: Sequence[str] = NAMES,
    is_changing: bool = False,
) -> dict[str, list[Event]]:
    """The events of *names*, read side by side from *states* until *stop_after* events of them together.

    An account that *is_changing* may do so too fast to be counted: that is an error, which ends the read like a stop.
    """
    found: dict[str, list[Event]] = {name: [] for name in names}
    with world.connect() as connection:
        reader = Reader(connection, rows_between_checkpoints=0)

        def tagged(name: str) -> Generator[Tagged, None, None]:
            for event in one_by_one(reader.read(STREAMS[name], state=states.get(name))):
                yield name, event

        sources = [tagged(name) for name in names]
        merging = in_parallel(sources, then=lambda _: [], max_threads=len(names))
        with suppress(*[Incomplete] * is_changing), closing(merging) as merged:
            for name, event in islice(merged, stop_after):
                found[name].append(event)
    return found


def sync_of(events: list[Event]) -> Sync:
    """The rows and states in *events*."""
    rows = [record for event in events if isinstance(event, Rows) for record in event.records]
    states = [event.state.to_mapping() for event in events if isinstance(event, Checkpoint)]
    return Sync(rows, [orjson.loads(orjson.dumps(state)) for state in states], [], [])


def test_the_order_within_a_stream_does_not_change() -> None:
    """Of an unchanging account, each stream has the rows in the same order and the same state as if read alone."""
    world = World(account_of(), step_ms=0)
    together = read_side_by_side(world, {})
    alone = {name: read_side_by_side(world, {}, names=[name])[name] for name in NAMES}

    for name in NAMES:
        assert sync_of(alone[name]).rows == sync_of(together[name]).rows
        assert sync_of(alone[name]).state == sync_of(together[name]).state


@pytest.mark.parametrize("stops", [(50, 700), (300, 20), (1_100, 900)])
def test_streams_are_complete_after_stops(stops: tuple[int, int]) -> None:
    """However the events of changing streams interleave, a stop loses no row, and no key comes twice in a read."""
    account = account_of()
    changes = RandomChanges(account, deletions=0.05)
    world, tables = World(account, middleware=(changes,)), {name: Table(name) for name in NAMES}
    duplicates: dict[str, int] = {}
    is_changing = True
    for stop_after in (*stops, None, *stops, None):
        if stop_after is None:
            changes.stop()
            is_changing = False
            world.now += DAY_MS
        states = {name: table.state for name, table in tables.items()}
        found = read_side_by_side(world, states, stop_after=stop_after, is_changing=is_changing)
        for name, table in tables.items():
            duplicates[name] = duplicates.get(name, 0) + count_duplicates(table.apply(sync_of(found[name])).keys(name))
        world.now += MINUTE_MS

    assert dict.fromkeys(NAMES, 0) == duplicates
    assert [({}, [])] * len(NAMES) == [
        (table.differences(account), table.invalid_states()) for table in tables.values()
    ]
