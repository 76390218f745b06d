"""Child records: with their parent's ids, in the order of the parents, never mistaken for empty lists."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.fakes import DAY, NOW, Wire, connection_of, ids_in, last_state, rows_in, said, texts_in

from opsgenie_simulator import Account
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Forbidden, MalformedResponse
from source_opsgenie.reading.events import Proof
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS


class Broken(Wire):
    """A wire that returns one response to every request for which *is_broken* is true."""

    def breaking(self, is_broken: Callable[[Request], bool], response: RawResponse) -> "Broken":
        """Return *response* to these requests from now on."""
        self.is_broken, self.broken_response = is_broken, response
        return self

    def __call__(self, request: Request) -> RawResponse:
        """Respond as the simulator does, or with the broken response."""
        good = super().__call__(request)
        return self.broken_response if self.is_broken(request) else good


def account_of() -> Account:
    """An account with alerts, users and teams."""
    return Account.seeded(alerts=40, users=12, teams=4, until=format_timestamp(NOW - DAY))


def children_path(stream: str) -> str:
    """The end of the path of the stream's child records."""
    return STREAMS[stream].path.rpartition("}")[2]


def is_child(stream: str, parent_id: str) -> Callable[[Request], bool]:
    """Whether a request is for the child records of one parent."""
    return lambda request: request.path.endswith(f"/{parent_id}{children_path(stream)}")


def test_logs_are_those_of_the_account() -> None:
    """Each log entry of each alert is read unchanged, with only the alert's id added."""
    wire = Wire(account_of())
    alert_id = sorted(wire.account.alerts)[0]
    for number in range(250):
        wire.account.add_log(alert_id, f"line {number}")
    expected = [
        {"alert_id": one, **line} for one in wire.account.alerts for line in wire.account.store.children(one).logs
    ]
    rows = rows_in(Reader(connection_of(wire)).read(STREAMS["alert_logs"]))

    assert sorted(expected, key=repr) == sorted(({**row} for row in rows), key=repr)


def test_child_records_come_in_the_order_of_their_parents() -> None:
    """With any number of concurrent requests, child records of newer alerts come before those of older ones."""
    wire = Wire(account_of())
    connection = connection_of(wire, max_concurrent_requests=7)
    parents = list(dict.fromkeys(row["alert_id"] for row in rows_in(Reader(connection).read(STREAMS["alert_logs"]))))
    alerts = ids_in(Reader(connection).read(STREAMS["alerts"]))

    assert parents == [alert_id for alert_id in alerts if alert_id in set(parents)]


@pytest.mark.parametrize("stream", ["alert_logs", "alert_recipients", "user_teams"])
def test_404_of_a_child_whose_parent_exists(stream: str) -> None:
    """A child's 404 is set aside, not an empty list, while its parent exists."""
    account = account_of()
    parent = STREAMS[stream].parent
    assert parent
    parent_id = sorted(getattr(account, parent.stream))[0]
    wire = Broken(account).breaking(is_child(stream, parent_id), said(404, {"message": "?"}))
    *_, proof = Reader(connection_of(wire)).read(STREAMS[stream])

    assert isinstance(proof, Proof)
    assert [part.ids for part in (one.part for one in proof.owed)] == [(parent_id,)]
    assert parent_id in proof.lack


@pytest.mark.parametrize("stream", ["alert_logs", "alert_recipients"])
def test_404_of_a_child_whose_parent_is_deleted(stream: str) -> None:
    """A parent deleted before the request is counted as deleted; the child records of all others are read."""
    account = account_of()
    victim = sorted(account.alerts)[0]

    def delete(request: Request) -> None:
        if request.path.endswith(children_path(stream)) and victim in account.alerts:
            account.delete_alert(victim)

    events = list(Reader(connection_of(Wire(account, before=delete))).read(STREAMS[stream]))
    expected = {one for one in account.alerts if getattr(account.store.children(one), stream.split("_")[1])}

    assert {row["alert_id"] for row in rows_in(events)} == expected
    assert "40 parents requested, 39 read, 1 deleted" in texts_in(events)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (said(200, {"took": 1}), MalformedResponse),
        (said(200, {"data": None}), MalformedResponse),
        (said(200, {"data": [{"log": "x"}]}), MalformedResponse),
        (said(403, {"message": "no"}), Forbidden),
    ],
)
def test_unusable_response_for_a_child_is_set_aside(response: RawResponse, expected: type[Exception]) -> None:
    """A response without rows, or with rows without a key, is set aside; all other children are read."""
    account = account_of()
    oldest = min(account.alerts, key=lambda alert_id: account.alerts[alert_id]["createdAt"])
    wire = Broken(account).breaking(is_child("alert_logs", oldest), response)
    *events, proof = Reader(connection_of(wire)).read(STREAMS["alert_logs"])

    assert isinstance(proof, Proof)
    assert [(one.part.ids, type(one.error)) for one in proof.owed] == [((oldest,), expected)]
    assert {row["alert_id"] for row in rows_in(events)} == account.alerts.keys() - {oldest}


@pytest.mark.parametrize("stream", ["alert_logs", "alert_recipients"])
def test_later_read_requests_only_children_of_changed_parents(stream: str) -> None:
    """A later read requests the child records of the alerts that changed, and no others."""
    wire = Wire(account_of())
    connection = connection_of(wire)
    state = last_state(Reader(connection).read(STREAMS[stream]))
    wire.now += 3600_000
    changed = sorted(wire.account.alerts)[:3]
    for alert_id in changed:
        wire.account.add_log(alert_id, "Alert viewed", touch=True)
    wire.requests.clear()
    list(Reader(connection).read(STREAMS[stream], state=state))
    requested = [path for path in wire.paths() if path.endswith(children_path(stream))]

    assert sorted(requested) == [STREAMS[stream].path.format(alert_id=alert_id) for alert_id in changed]


def test_child_that_does_not_update_its_parent_is_read_within_a_day() -> None:
    """A log entry of an open alert that does not change `updatedAt` is read by the daily recheck."""
    wire = Wire(account_of())
    connection = connection_of(wire)
    state = last_state(Reader(connection).read(STREAMS["alert_logs"]))
    alert_id = next(row_id for row_id, alert in wire.account.alerts.items() if alert["status"] == "open")
    wire.account.add_log(alert_id, "a quiet line", touch=False)
    wire.now += DAY + 1000
    # As any new connection, this one knows the API's date from a first response.
    later = replace(connection_of(wire), account=connection.account)
    rows = rows_in(Reader(later).read(STREAMS["alert_logs"], state=state))

    assert "a quiet line" in {row["log"] for row in rows if row["alert_id"] == alert_id}
