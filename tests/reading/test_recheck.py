"""The daily recheck of open parents, whose new child records may not have updated them."""

from collections.abc import Mapping
from typing import Any

from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, last_state, rows_in

from source_opsgenie.reading.events import Event
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS


def read(wire: Wire, state: Mapping[str, Any] | None = None, **options: Any) -> list[Event]:
    """All events of one read of alert logs over a new connection."""
    return list(Reader(connection_of(wire, **options)).read(STREAMS["alert_logs"], state=state))


def test_changed_parent_is_read_once() -> None:
    """The children of a parent that changed are not read again by the recheck of the same sync."""
    wire = Wire(crowded((NOW - DAY, 3)))
    state = last_state(read(wire))
    wire.now += 2 * DAY
    wire.account.update_alert(next(iter(wire.account.alerts)), priority="P1")
    keys = [(row["alert_id"], row["offset"]) for row in rows_in(read(wire, state))]

    assert {alert_id for alert_id, _ in keys} == set(wire.account.alerts)
    assert len(keys) == len(set(keys))


def test_recheck_gets_past_a_crowd() -> None:
    """A round ends even if one millisecond holds more open parents than one sync may recheck."""
    wire = Wire(crowded((NOW - DAY, 250), (NOW - 2 * DAY, 1)))
    oldest = min(wire.account.alerts.values(), key=lambda alert: alert["createdAt"])["id"]
    state = last_state(read(wire))
    wire.now += 2 * DAY
    rechecked: list[str] = []
    for _ in range(3):
        events = read(wire, state, open_parents_per_sync=100)
        state = last_state(events)
        rechecked += [row["alert_id"] for row in rows_in(events)]

    assert oldest in rechecked
    assert "below" not in state["recheck"]
