"""Changes to an account: from Python and over HTTP."""

import json
from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Call, Faults, Response, Simulator
from opsgenie_simulator.control import respond_to_control
from opsgenie_simulator.middleware import Respond
from opsgenie_simulator.request_log import RequestLog

NOON = 1_790_000_000_000


@pytest.fixture
def account() -> Account:
    """A seeded account whose clock is stopped at noon."""
    account = Account.seeded()
    account.clock = lambda: NOON
    return account


def alert_with_status(account: Account, status: str) -> str:
    """The id of an alert with that status and no report."""
    alerts = account.alerts.items()
    return next(alert_id for alert_id, alert in alerts if alert["status"] == status and "report" not in alert)


def test_created_alert_is_available_immediately(account: Account) -> None:
    """A created alert is listed first, counted, and returned by its id with the given fields."""
    client = ApiClient(account)
    created = account.create_alert(message="Fire", tags=["hot"], created_at="2026-10-31T23:59:59.5Z")

    assert created["id"] == client.get("/v2/alerts", limit=1).ids[0]
    assert created == client.get(f"/v2/alerts/{created['id']}").body["data"]
    assert ("Fire", ["hot"], "2026-10-31T23:59:59.5Z") == (created["message"], created["tags"], created["createdAt"])
    assert {"count": 301} == client.get("/v2/alerts/count").body["data"]


def test_new_alert_has_default_fields(account: Account) -> None:
    """Without given fields, an alert is open, unacknowledged, and has no optional fields."""
    created = account.create_alert()

    assert ("open", False, NOON) == (created["status"], created["acknowledged"], int(created["id"][-13:]))
    assert created["createdAt"] == created["updatedAt"] == created["lastOccurredAt"]
    assert not {"report", "integration", "snoozedUntil"} & set(created)


def test_acknowledging_writes_report_and_owner(account: Account) -> None:
    """An acknowledgement sets its time since creation, its actor and an owner, and adds a log entry."""
    alert_id = alert_with_status(account, "open")
    elapsed = NOON - int(alert_id[-13:])
    after = account.update_alert(alert_id, acknowledged=True)

    assert {"ackTime": elapsed, "acknowledgedBy": "Alert API"} == after["report"]
    assert "Alert API" == after["owner"]
    assert "Alert acknowledged via API" == account.store.children(alert_id).logs[-1]["log"]


def test_withdrawn_acknowledgement_keeps_its_time(account: Account) -> None:
    """After an acknowledgement is withdrawn, its time remains and its actor is removed."""
    alert_id = alert_with_status(account, "open")
    account.update_alert(alert_id, acknowledged=True)
    after = account.update_alert(alert_id, acknowledged=False)

    assert {"ackTime"} == set(after["report"])


def test_update_sets_updated_at(account: Account) -> None:
    """An update sets `updatedAt` to the account's time, and the alert is the newest by that sort."""
    alert_id = alert_with_status(account, "open")
    after = account.update_alert(alert_id, status="closed", priority="P1")
    account.clock = lambda: NOON * 2
    account.update_alert(alert_id, tags=["late"])
    listed = ApiClient(account).get("/v2/alerts", sort="updatedAt", limit=1).rows[0]

    assert ("2026-09-21T14:13:20Z", "closed", "P1") == (after["updatedAt"], after["status"], after["priority"])
    assert (alert_id, ["late"]) == (listed["id"], listed["tags"])


def test_update_can_be_at_any_time(account: Account) -> None:
    """With *updated_at*, many updates can be in one millisecond."""
    for alert_id in account.alerts:
        account.update_alert(alert_id, updated_at=NOON, tags=["again"])
    client = ApiClient(account)

    assert {"count": 300} == client.get("/v2/alerts/count", query=f"updatedAt = {NOON}").body["data"]
    assert {"count": 0} == client.get("/v2/alerts/count", query=f"updatedAt > {NOON}").body["data"]


@pytest.mark.parametrize("touch", [False, True])
def test_child_records_touch_their_alert_only_on_request(account: Account, touch: bool) -> None:
    """A log entry or a note changes `updatedAt` only with *touch*."""
    alert_id = alert_with_status(account, "open")
    before = account.alerts[alert_id]["updatedAt"]
    account.add_log(alert_id, "Viewed on [web]", touch=touch)
    account.add_note(alert_id, "On it", touch=touch)

    assert ("2026-09-21T14:13:20Z" if touch else before) == account.alerts[alert_id]["updatedAt"]
    assert "On it" == account.store.children(alert_id).notes[-1]["note"]


def test_deleted_alert_is_not_found(account: Account) -> None:
    """A deleted alert is not listed, not counted, and a 404 by its id."""
    alert_id = next(iter(account.alerts))
    account.delete_alert(alert_id)
    client = ApiClient(account)

    assert alert_id not in client.get("/v2/alerts", order="asc", limit=100).ids
    assert {"count": 299} == client.get("/v2/alerts/count").body["data"]
    assert 404 == client.get(f"/v2/alerts/{alert_id}").status
    with pytest.raises(KeyError):
        account.delete_alert(alert_id)


def test_resolving_an_incident_ends_its_impact(account: Account) -> None:
    """Resolving an incident sets the end of its impact; reopening it keeps that end."""
    incident = account.create_incident(message="Down", created_at=NOON - 1000)
    resolved = account.update_incident(incident["id"], status="resolved")
    reopened = account.update_incident(incident["id"], status="open")

    assert "impactEndDate" not in incident
    assert "2026-09-21T14:13:20Z" == resolved["impactEndDate"] == reopened["impactEndDate"]
    account.delete_incident(incident["id"])
    assert 404 == ApiClient(account).get(f"/v1/incidents/{incident['id']}").status


def test_users_and_teams_stay_consistent(account: Account) -> None:
    """A new team adds memberships; a deleted user is removed from teams; an empty team has no `members`."""
    user = account.create_user(username="new@acme.example")
    initial = account.store.teams_of_user(user["id"])
    member = {"user": {"id": user["id"], "username": user["username"]}, "role": "admin"}
    team = account.create_team(name="New", members=[member])
    client = ApiClient(account)
    before = client.get(f"/v2/users/{user['username']}/teams").rows
    account.delete_user(user["id"])

    assert [] == initial
    assert [{"id": team["id"], "name": "New"}] == before
    assert "members" not in client.get(f"/v2/teams/{team['id']}").body["data"]
    assert 404 == client.get(f"/v2/users/{user['id']}").status


def send_control(account: Account, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """Send a request to the simulator's own routes."""
    call = Call(method, path, {}, body=b"" if body is None else json.dumps(body).encode())
    response = respond_to_control(call, account, request_log=RequestLog(), faults=Faults())
    return response.status, json.loads(response.body)


@pytest.mark.parametrize("kind", ["alerts", "incidents", "users", "teams", "services", "integrations"])
def test_other_programs_create_and_delete(account: Account, kind: str) -> None:
    """POST creates and DELETE deletes records of every kind, without a key."""
    before = set(getattr(account, kind))
    status, body = send_control(account, "POST", f"/_simulator/{kind}", {"name": "New"})
    created = set(getattr(account, kind)) - before
    deleted, _ = send_control(account, "DELETE", f"/_simulator/{kind}/{body['data']['id']}")

    assert (201, {body["data"]["id"]}) == (status, created)
    assert (200, before) == (deleted, set(getattr(account, kind)))


def test_other_programs_change_alerts(account: Account) -> None:
    """PATCH updates an alert, at the given time; POST adds notes."""
    alert_id = alert_with_status(account, "open")
    fields = {"status": "closed", "updatedAt": NOON + 1000}
    _, patched = send_control(account, "PATCH", f"/_simulator/alerts/{alert_id}", fields)
    send_control(account, "POST", f"/_simulator/alerts/{alert_id}/notes", {"note": "Done"})

    assert ("closed", "2026-09-21T14:13:21Z") == (patched["data"]["status"], patched["data"]["updatedAt"])
    assert "Done" == account.store.children(alert_id).notes[-1]["note"]


def test_other_programs_change_teams(account: Account) -> None:
    """PATCH changes a team, including its members."""
    team_id = next(iter(account.teams))
    send_control(account, "PATCH", f"/_simulator/teams/{team_id}", {"name": "Renamed", "members": []})

    assert "Renamed" == account.teams[team_id]["name"]
    assert "members" not in account.teams[team_id]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/_simulator/alerts/none", {}, 404),
        ("DELETE", "/_simulator/users/none", None, 404),
        ("PUT", "/_simulator/alerts", {}, 404),
        ("POST", "/_simulator/moods", {}, 404),
        ("POST", "/_simulator/alerts", [], 422),
        ("POST", "/_simulator/alerts", {"createdAt": "soon"}, 422),
    ],
)
def test_invalid_changes_are_rejected(account: Account, method: str, path: str, body: Any, status: int) -> None:
    """An invalid change is an error with a message, and changes nothing."""
    actual, error = send_control(account, method, path, body)

    assert status == actual
    assert error["message"]
    assert 300 == len(account.alerts)


def test_middleware_wraps_every_response(account: Account) -> None:
    """Middleware gets each request and can change the account before the response."""
    paths = []

    def create_alert(call: Call, respond: Respond) -> Response:
        paths.append(call.path)
        account.create_alert()
        return respond(call)

    simulator = Simulator(account, middleware=(create_alert,))
    response = simulator.respond(Call("GET", "/v2/alerts/count", {}, f"GenieKey {account.full_key}"))

    assert ["/v2/alerts/count"] == paths
    assert {"count": 301} == json.loads(response.body)["data"]
