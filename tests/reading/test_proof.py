"""The proof: the line at the end of a read, which claims no more than the read has shown."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from tests.support.fakes import DAY, NOW, Wire, connection_of, crowded, ids_in, last_state, query_of, texts_in

from opsgenie_simulator import Account
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.events import Event, Notice, Proof
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS


def account_of(size: int) -> Account:
    """An account with an alert a day."""
    return crowded(*((NOW - number * DAY, 1) for number in range(1, size + 1)))


def read(wire: Wire, state: Mapping[str, Any] | None = None, *, stream: str = "alerts", **options: Any) -> list[Event]:
    """All events of one read of *stream* over a new connection."""
    return list(Reader(connection_of(wire, **options)).read(STREAMS[stream], state=state))


def test_proof_of_changes() -> None:
    """A later read says how many rows changed, and since when."""
    wire = Wire(account_of(20))
    state = last_state(read(wire))
    wire.account.update_alert(sorted(wire.account.alerts)[0], priority="P1")

    assert f"1 changed since {format_timestamp(NOW)}; everything" in texts_in(read(wire, state))


class HidingWire(Wire):
    """A wire to an API that counts two alerts and never lists them."""

    def __call__(self, request: Request) -> RawResponse:
        """Respond without the hidden rows."""
        response = super().__call__(request)
        if request.path != "/v2/alerts":
            return response
        hidden = sorted(self.account.alerts)[:2]
        body = orjson.loads(response.body)
        rows = [row for row in body["data"] if row["id"] not in hidden]
        return replace(response, body=orjson.dumps(body | {"data": rows}))


def test_unlisted_rows_are_a_warning() -> None:
    """The first read warns of rows that are counted but never listed, and its proof has their number."""
    *_, notice, proof = read(HidingWire(account_of(20)))

    assert notice == Notice("alerts: 2 alerts are counted but never listed.", is_warning=True)
    assert isinstance(proof, Proof)
    assert proof.unlisted == 2
    assert "20 counted, 18 read, 2 unexplained; everything" in proof.text


def test_later_proofs_repeat_unlisted_rows() -> None:
    """The proof of a later read repeats how many rows the first one could not list, without a warning."""
    wire = HidingWire(account_of(20))
    *_, checkpoint, proof = read(wire, last_state(read(wire)))

    assert not isinstance(checkpoint, Notice)
    assert isinstance(proof, Proof)
    assert "; 2 alerts were counted by the first read and never listed; everything" in proof.text


def test_proof_of_children_of_unlisted_rows() -> None:
    """Child records of rows that were never listed are missing too, and their proof says so."""
    *_, proof = read(HidingWire(account_of(20)), stream="alert_logs")

    assert isinstance(proof, Proof)
    assert "18 parents requested, 18 read, 0 deleted; 2 alerts were counted by the first read" in proof.text


def test_proof_names_the_start_date() -> None:
    """The proof says that rows from before the start date are not compared with a count."""
    wire = Wire(crowded(*((NOW - number * DAY, 1) for number in range(1, 60))))
    old = min(wire.account.alerts, key=lambda alert_id: wire.account.alerts[alert_id]["createdAt"])
    wire.account.update_alert(old, updated_at=NOW - DAY, priority="P1")
    start = format_timestamp(NOW - 30 * DAY)
    events = read(wire, start_date=start)

    assert len(ids_in(events)) == 31
    assert f"30 counted, 30 read, 0 unexplained of those created since {start}; older ones" in texts_in(events)


def test_unstable_query_is_sent_and_unproven() -> None:
    """A query on fields that change is part of every search, and the proof says that the read is unproven."""
    wire = Wire(Account.seeded(alerts=60, until=format_timestamp(NOW - DAY), days=2))
    events = read(wire, alert_query="status: open")
    expected = {alert["id"] for alert in wire.account.alerts.values() if alert["status"] == "open"}

    assert set(ids_in(events)) == expected
    assert all(query_of(request.params).startswith("(status: open)") for request in wire.requests[1:])
    assert "unproven" in texts_in(events)
