"""The vendor's own SDK reads from the simulator."""

from collections.abc import Iterator
from typing import Any

import opsgenie_sdk  # type: ignore[import-untyped]
import pytest

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.timestamps import epoch_ms

# The SDK calls what urllib3 2.0 to 2.5 announced to remove.
pytestmark = pytest.mark.filterwarnings(r"ignore:HTTPResponse\.getheader:DeprecationWarning")

# The SDK has no types.
Sdk = Any


@pytest.fixture
def account() -> Account:
    """A seeded account with users on more than one page."""
    return Account.seeded(users=130)


@pytest.fixture
def sdk(account: Account, simulator: Simulator) -> Iterator[Sdk]:
    """The vendor's SDK, configured as documented, without retries."""
    configuration = opsgenie_sdk.Configuration()
    configuration.host, configuration.retry_enabled = simulator.url, False
    configuration.api_key = {"Authorization": account.full_key}
    client = opsgenie_sdk.ApiClient(configuration=configuration)
    yield client
    client.rest_client.pool_manager.clear()


def test_sdk_reads_the_account(account: Account, sdk: Sdk) -> None:
    """The SDK returns name, size and plan in its own model."""
    info = opsgenie_sdk.AccountApi(sdk).get_info().data

    assert (account.name, 130, "Enterprise") == (info.name, info.user_count, info.plan.name)


def test_sdk_pages_through_alerts(account: Account, sdk: Sdk) -> None:
    """By offset, the SDK reads every alert once, with its timestamps and report."""
    api = opsgenie_sdk.AlertApi(sdk)
    alerts = [
        alert for offset in range(0, 400, 100) for alert in api.list_alerts(limit=100, offset=offset, order="asc").data
    ]

    assert list(account.alerts) == [alert.id for alert in alerts]
    for ours, theirs in zip(account.alerts.values(), alerts, strict=True):
        assert (ours["message"], ours["tags"], ours["priority"]) == (theirs.message, theirs.tags, theirs.priority)
        assert epoch_ms(ours["updatedAt"]) == round(theirs.updated_at.timestamp() * 1000)
        assert ours.get("report", {}).get("ackTime") == (theirs.report and theirs.report.ack_time)


def test_sdk_searches_and_counts(account: Account, sdk: Sdk) -> None:
    """A query returns as many alerts as the SDK counts."""
    api, query = opsgenie_sdk.AlertApi(sdk), "status:open AND createdAt > 0"
    open_alerts = [alert for alert in account.alerts.values() if alert["status"] == "open"]

    assert len(open_alerts) == api.count_alerts(query=query).data.count
    assert {alert["id"] for alert in open_alerts} == {
        alert.id for alert in api.list_alerts(query=query, limit=100).data
    }


def test_sdk_reads_one_alert_in_full(account: Account, sdk: Sdk) -> None:
    """The response for a single alert has the fields that lists omit."""
    expected = next(alert for alert in account.alerts.values() if alert["details"] and alert["entity"])
    alert = opsgenie_sdk.AlertApi(sdk).get_alert(expected["id"]).data

    assert (expected["description"], expected["details"]) == (alert.description, alert.details)
    assert (expected["entity"], expected["actions"]) == (alert.entity, alert.actions)


def test_sdk_reads_logs_notes_and_recipients(account: Account, sdk: Sdk) -> None:
    """The SDK reads all child records of an alert, with logs over several pages by cursor."""
    api = opsgenie_sdk.AlertApi(sdk)
    alert_id = next(alert_id for alert_id, alert in account.alerts.items() if alert["teams"])
    account.add_note(alert_id, "On it")
    children = account.store.children(alert_id)
    logs = api.list_logs(alert_id, limit=2, order="asc").data
    while page := api.list_logs(alert_id, limit=2, order="asc", offset=logs[-1].offset).data:
        logs += page

    assert [entry["log"] for entry in children.logs] == [entry.log for entry in logs]
    assert [note["note"] for note in children.notes] == [
        note.note for note in api.list_notes(alert_id, order="asc").data
    ]
    assert [one["user"]["username"] for one in children.recipients] == [
        one.user.username for one in api.list_recipients(alert_id).data
    ]


def test_sdk_reads_incidents(account: Account, sdk: Sdk) -> None:
    """Incidents can be listed and read by id; the SDK requires a query, and its old model drops newer fields."""
    api = opsgenie_sdk.IncidentApi(sdk)
    incidents = api.list_incidents(query="createdAt > 0", limit=100, order="asc").data
    first = next(iter(account.incidents.values()))

    assert list(account.incidents) == [incident.id for incident in incidents]
    assert (first["message"], first["status"]) == (incidents[0].message, incidents[0].status)
    assert first["id"] == api.get_incident(first["id"]).data.id


def test_sdk_reads_heartbeats(account: Account, sdk: Sdk) -> None:
    """Heartbeats are one level deeper in the response, as the SDK expects."""
    heartbeats = opsgenie_sdk.HeartbeatApi(sdk).list_heart_beats().data.heartbeats

    assert [one["name"] for one in account.heartbeats] == [one.name for one in heartbeats]


def test_sdk_reads_attachments_and_saved_searches(account: Account, sdk: Sdk) -> None:
    """Attachments have a link and saved searches a query; the SDK's ids of attachments are strings."""
    api = opsgenie_sdk.AlertApi(sdk)
    by_alert = ((alert_id, account.store.children(alert_id).attachments) for alert_id in account.alerts)
    alert_id, attachments = next((alert_id, attachments) for alert_id, attachments in by_alert if attachments)
    listed = api.list_attachments(alert_id).data
    searches = [api.get_saved_search(one.id).data for one in api.list_saved_searches().data]

    assert [(one["id"], one["name"]) for one in attachments] == [(one.id, one.name) for one in listed]
    assert "/_files/attachments/" in api.get_attachment(alert_id, attachments[0]["id"]).data.url
    assert all(one.query and one.owner.id in account.users for one in searches)


def test_sdk_pings_a_heartbeat(account: Account, simulator: Simulator, sdk: Sdk) -> None:
    """A ping revives a heartbeat, and is the only write in the request log."""
    api, name = opsgenie_sdk.HeartbeatApi(sdk), account.heartbeats[1]["name"]
    before = api.get_heartbeat(name).data.expired
    api.ping(name)

    assert (True, False) == (before, api.get_heartbeat(name).data.expired)
    assert ["/v2/heartbeats/{name}/ping"] == [request.route for request in simulator.requests if request.writes]


def test_sdk_raises_its_own_errors(sdk: Sdk) -> None:
    """A 422 and a 404 raise the SDK's own exceptions, with the message in the body."""
    api = opsgenie_sdk.AlertApi(sdk)
    with pytest.raises(opsgenie_sdk.exceptions.ConfigurationException, match="should be lower than 20000") as capped:
        api.list_alerts(offset=20_000)
    with pytest.raises(opsgenie_sdk.exceptions.OpenApiException, match="Alert is not found") as missing:
        api.get_alert("none")

    assert (422, 404) == (capped.value.status, missing.value.status)
