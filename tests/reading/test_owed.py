"""What is owed: how much a read sets aside, when that is too much, and what the user tolerates."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from tests.support.fakes import (
    DATE,
    DAY,
    NOW,
    Paths,
    Wire,
    connection_of,
    connection_over,
    ids_in,
    last_state,
    rows_in,
    said,
)

from opsgenie_simulator import Account
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Forbidden, Incomplete, OpsgenieError, Unauthorized, Unreachable
from source_opsgenie.reading.events import Checkpoint, Event, Expected, Notice, Proof, SetAside
from source_opsgenie.reading.ledger import FAILURES_WITHOUT_SUCCESS, MOST_OWED
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

LOGS = STREAMS["alert_logs"]
IsBroken = Callable[[Request], bool]


def nothing(_: Request) -> bool:
    """No request is broken."""
    return False


class Broken(Wire):
    """A wire that returns *response* to each request for which *is_broken* is true."""

    is_broken: IsBroken = staticmethod(nothing)
    response: RawResponse = said(500, {"message": "no", "requestId": "r"})

    def __call__(self, request: Request) -> RawResponse:
        """Respond as the simulator does, or not."""
        good = super().__call__(request)
        return self.response if self.is_broken(request) else good


def wire_of(number: int, status: int, is_broken: IsBroken) -> Broken:
    """An account with *number* alerts, and a wire to it that breaks some requests."""
    wire = Broken(Account.seeded(alerts=number, until=format_timestamp(NOW - DAY)))
    wire.is_broken = is_broken
    wire.response = said(status, {"message": "no", "requestId": "r"})
    return wire


def logs_of(alert_ids: Iterator[str] | list[str]) -> IsBroken:
    """Whether a request is for the log of one of these alerts."""
    paths = {f"/v2/alerts/{alert_id}/logs" for alert_id in alert_ids}
    return lambda request: request.path in paths


def oldest_first(account: Account) -> list[str]:
    """The ids of all alerts, in the order in which they were created."""
    return sorted(account.alerts, key=lambda one: str(account.alerts[one]["createdAt"]))


def read(wire: Wire, state: dict[str, Any] | None = None, **options: Any) -> tuple[list[Event], OpsgenieError | None]:
    """The events of one read of the logs, and the error that ended it."""
    events: list[Event] = []
    connection = replace(connection_of(wire, **options), account="acme@localhost")
    try:
        events.extend(Reader(connection, rows_between_checkpoints=0).read(LOGS, state=state))
    except OpsgenieError as error:
        return events, error
    return events, None


def proof_of(events: list[Event]) -> Proof:
    """The proof at the end of a read."""
    assert isinstance(events[-1], Proof)
    return events[-1]


@pytest.mark.parametrize(("number", "is_tolerated"), [(1, True), (2, True), (3, False)])
def test_failures_are_tolerated_up_to_a_number(number: int, is_tolerated: bool) -> None:
    """With as many failures as the user tolerates, the read is complete; what is owed is still named and requested."""
    wire = wire_of(60, 422, nothing)
    wire.is_broken = logs_of(oldest_first(wire.account)[:number])
    events, error = read(wire, tolerated_failures=2)
    proof = proof_of(events)

    assert error is None
    assert (len(proof.owed), bool(proof.lack)) == (number, not is_tolerated)
    assert f"{number} owed" in proof.text
    assert len(last_state(events)["owed"]) == number


def test_a_passing_failure_is_overcome_at_the_end() -> None:
    """What failed is requested again at the end of the stream; then nothing is owed, and no row comes twice."""
    wire = wire_of(60, 422, nothing)
    victim = oldest_first(wire.account)[40]
    responses = iter([True])
    wire.is_broken = lambda request: logs_of([victim])(request) and next(responses, False)
    events, error = read(wire)

    assert error is None
    assert [str(event.part) for event in events if isinstance(event, SetAside)] == [f"alert_logs of {victim}"]
    assert (proof_of(events).lack, proof_of(events).owed) == ("", ())
    assert {row["alert_id"] for row in rows_in(events)} == wire.account.alerts.keys()
    assert len({(row["alert_id"], row["offset"]) for row in rows_in(events)}) == len(rows_in(events))


def test_a_key_that_may_read_no_log_ends_the_stream() -> None:
    """If not one parent can be read, that is the key's or the API's fault: the stream ends after a few requests."""
    wire = wire_of(300, 403, lambda request: request.path.endswith("/logs"))
    events, error = read(wire, max_concurrent_requests=4)

    assert isinstance(error, Forbidden)
    assert rows_in(events) == []
    assert len([one for one in wire.requests if one.path.endswith("/logs")]) <= 2 * FAILURES_WITHOUT_SUCCESS


def test_an_account_with_few_parents_is_not_complete_without_any() -> None:
    """Fewer parents than that, and all of them fail: the error is that of the first."""
    wire = wire_of(3, 403, lambda request: request.path.endswith("/logs"))
    _, error = read(wire)

    assert isinstance(error, Forbidden)


def test_more_failures_than_a_state_can_name() -> None:
    """The read ends at the first failure that cannot be remembered, with the rows before it, and resumes there."""
    wire = wire_of(200, 422, nothing)
    newest = oldest_first(wire.account)[::-1]
    wire.is_broken = logs_of(newest[100 : 100 + 2 * MOST_OWED])
    events, error = read(wire)
    state = last_state(events)
    wire.is_broken = nothing
    later, later_error = read(wire, state)

    assert isinstance(error, Incomplete)
    assert f"More than {MOST_OWED} parts" in str(error)
    assert len(state["owed"]) <= MOST_OWED
    assert later_error is None
    assert {row["alert_id"] for row in rows_in([*events, *later])} == wire.account.alerts.keys()


def test_as_much_owed_as_a_state_can_name_does_not_block_the_rest() -> None:
    """If everything that is owed fails again, the alerts that changed are still read."""
    wire = wire_of(200, 422, nothing)
    wire.is_broken = logs_of(oldest_first(wire.account)[50 : 50 + MOST_OWED])
    first, _ = read(wire)
    wire.now += 3600_000
    created = wire.account.create_alert(created_at=wire.now - 1800_000)["id"]
    second, error = read(wire, last_state(first))

    assert error is None
    assert len(proof_of(second).owed) == MOST_OWED
    assert created in {row["alert_id"] for row in rows_in(second)}


@pytest.mark.parametrize("status", [500, 401])
def test_a_service_that_goes_down_is_not_many_owed_parents(status: int) -> None:
    """If a request that worked before fails too, the read ends at once, and nothing is owed."""
    wire = wire_of(400, status, lambda _: len(wire.requests) > 150)
    events, error = read(wire, max_concurrent_requests=4)

    assert isinstance(error, Unauthorized if status == 401 else Unreachable)
    assert not [event for event in events if isinstance(event, SetAside)]
    assert last_state(events)["owed"] == []


def test_one_401_does_not_end_a_run() -> None:
    """A 401 of one object is set aside if a request that worked before still works."""
    wire = wire_of(60, 401, nothing)
    victim = oldest_first(wire.account)[30]
    wire.is_broken = logs_of([victim])
    events, error = read(wire)

    assert error is None
    assert [one.part.ids for one in proof_of(events).owed] == [(victim,)]


def test_while_something_is_owed_the_stream_lives() -> None:
    """New alerts get their logs, the owed alert is requested first, and after the cure nothing is missing."""
    wire = wire_of(60, 500, nothing)
    victim = oldest_first(wire.account)[30]
    wire.is_broken = logs_of([victim])
    events, _ = read(wire)
    table = {(row["alert_id"], row["offset"]) for row in rows_in(events)}
    for _ in range(3):
        wire.now += 3600_000
        wire.account.create_alert(created_at=wire.now - 1800_000)
        wire.requests.clear()
        events, error = read(wire, last_state(events))
        table |= {(row["alert_id"], row["offset"]) for row in rows_in(events)}
        assert error is None
        assert proof_of(events).lack
    wire.is_broken = nothing
    last = read(wire, last_state(events))[0]
    table |= {(row["alert_id"], row["offset"]) for row in rows_in(last)}
    store = wire.account.store

    assert proof_of(last).lack == ""
    assert table == {(one, line["offset"]) for one in wire.account.alerts for line in store.children(one).logs}


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_count_that_fails_leaves_the_read_unproven(status: int) -> None:
    """Without counts every row is read, in one window, and the proof says that they were not compared."""
    wire = wire_of(450, status, lambda request: request.path == "/v2/alerts/count")
    *events, proof = Reader(connection_of(wire)).read(STREAMS["alerts"])

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert isinstance(proof, Proof)
    assert proof.uncounted == 450
    assert "450 not compared with a count" in proof.text
    assert not [event for event in events if isinstance(event, Expected)]


def test_a_count_that_begins_to_fail() -> None:
    """If counting fails in the middle, the windows from there on are unproven; every row is read."""
    wire = wire_of(25_000, 500, nothing)
    wire.is_broken = lambda request: request.path == "/v2/alerts/count" and len(wire.requests) > 150
    *events, proof = Reader(connection_of(wire)).read(STREAMS["alerts"])

    assert sorted(ids_in(events)) == sorted(wire.account.alerts)
    assert isinstance(proof, Proof)
    assert 0 < proof.uncounted < 25_000


def test_a_state_with_everything_owed_stays_small() -> None:
    """Twenty ids, each as long as an alert's, fit beside everything else that a state of this stream can hold."""
    wire = wire_of(300, 422, nothing)
    wire.is_broken = logs_of(oldest_first(wire.account)[100 : 100 + MOST_OWED])
    query = " AND ".join(["tinyId > 0"] * 20)
    events, _ = read(wire, alert_query=query, start_date="2020-01-01T00:00:00Z")
    states = [event.state.to_mapping() for event in events if isinstance(event, Checkpoint)]

    assert len(states[-1]["owed"]) == MOST_OWED
    assert max(len(orjson.dumps(state)) for state in states) < 2_000


@pytest.mark.parametrize("status", [500, 422, 403])
def test_one_bad_log_among_500_alerts(status: int) -> None:
    """J1 of the reports: all others are read, older ones too; it is named, and requested first next time."""
    wire = wire_of(500, status, nothing)
    victim = oldest_first(wire.account)[364]
    wire.is_broken = logs_of([victim])
    first, _ = read(wire)
    wire.requests.clear()
    again, _ = read(wire, last_state(first))
    logs = [request.path for request in wire.requests if request.path.endswith("/logs")]

    assert {row["alert_id"] for row in rows_in(first)} == wire.account.alerts.keys() - {victim}
    assert victim in proof_of(first).lack
    assert set(logs) == {f"/v2/alerts/{victim}/logs"}
    assert rows_in(again) == []


@pytest.mark.parametrize("status", [422, 400, 403, 404, 405, 500])
def test_the_actions_of_an_integration_that_is_not_advanced(status: int) -> None:
    """F1 of the reports: the rejected one is named in a warning and in the proof; the others are read."""
    integrations = [{"id": "a"}, {"id": "b", "advanced": False}, {"id": "c"}]
    actions: dict[str, Any] = {"_parent": {}, "create": []}
    paths: dict[str, RawResponse] = {
        "/v2/integrations": said(200, {"data": integrations}, date=DATE),
        "/v2/integrations/b": said(200, {"data": integrations[1]}),
        "/v2/integrations/b/actions": said(status, {"message": "no", "requestId": "r"}),
        **{f"/v2/integrations/{name}/actions": said(200, {"data": actions}) for name in "ac"},
    }
    *events, proof = Reader(connection_over(Paths(paths))).read(STREAMS["integration_actions"])
    warnings = [event.text for event in events if isinstance(event, Notice) and event.is_warning]

    assert [row["integration_id"] for row in rows_in(events)] == ["a", "c"]
    assert isinstance(proof, Proof)
    assert bool(proof.lack) == (status in {403, 500})
    assert proof.lack or ("1 of 3 integrations have none to read" in proof.text and "of b" in warnings[0])
