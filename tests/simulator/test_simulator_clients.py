"""Clients that others wrote read from the simulator: the vendor's own SDK, and opsgenielib."""

from collections.abc import Iterator
from typing import Any

import opsgenie_sdk  # type: ignore[import-untyped]
import pytest
from opsgenielib import Opsgenie  # type: ignore[import-untyped]
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.timestamps import epoch_ms

# It has no types of its own.
Sdk = Any


@pytest.fixture
def account() -> Account:
    """A seeded account with users on more than one page."""
    return Account.seeded(users=130)


@pytest.fixture
def simulator(account: Account) -> Iterator[Simulator]:
    """The account, standing."""
    with Simulator(account) as simulator:
        yield simulator


@pytest.fixture
def sdk(account: Account, simulator: Simulator) -> Iterator[Sdk]:
    """The vendor's SDK, set up as its documentation says; nothing is retried."""
    configuration = opsgenie_sdk.Configuration()
    configuration.host, configuration.retry_enabled = simulator.url, False
    configuration.api_key = {"Authorization": account.full_key}
    client = opsgenie_sdk.ApiClient(configuration=configuration)
    yield client
    client.rest_client.pool_manager.clear()


def test_sdk_reads_the_account(account: Account, sdk: Sdk) -> None:
    """Name, size and plan arrive in the SDK's own model."""
    info = opsgenie_sdk.AccountApi(sdk).get_info().data

    assert (account.name, 130, "Enterprise") == (info.name, info.user_count, info.plan.name)


def test_sdk_pages_through_alerts(account: Account, sdk: Sdk) -> None:
    """By offset, the SDK reads every alert once, with its times, teams and report."""
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
    """A query brings as many alerts as the SDK's count says."""
    api, query = opsgenie_sdk.AlertApi(sdk), "status:open AND createdAt > 0"
    open_alerts = [alert for alert in account.alerts.values() if alert["status"] == "open"]

    assert len(open_alerts) == api.count_alerts(query=query).data.count
    assert {alert["id"] for alert in open_alerts} == {
        alert.id for alert in api.list_alerts(query=query, limit=100).data
    }


def test_sdk_reads_one_alert_in_full(account: Account, sdk: Sdk) -> None:
    """The single answer carries what lists leave out."""
    expected = next(alert for alert in account.alerts.values() if alert["details"] and alert["entity"])
    alert = opsgenie_sdk.AlertApi(sdk).get_alert(expected["id"]).data

    assert (expected["description"], expected["details"]) == (alert.description, alert.details)
    assert (expected["entity"], expected["actions"]) == (alert.entity, alert.actions)


def test_sdk_reads_logs_notes_and_recipients(account: Account, sdk: Sdk) -> None:
    """All that hangs on an alert arrives, logs over several pages by cursor."""
    api = opsgenie_sdk.AlertApi(sdk)
    alert_id = next(one for one, alert in account.alerts.items() if alert["teams"])
    account.add_note(alert_id, "On it")
    children = account.ledger.children(alert_id)
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
    """Incidents are listed and read by id; the SDK demands a query, and its older model drops newer fields."""
    api = opsgenie_sdk.IncidentApi(sdk)
    incidents = api.list_incidents(query="createdAt > 0", limit=100, order="asc").data
    first = next(iter(account.incidents.values()))

    assert list(account.incidents) == [incident.id for incident in incidents]
    assert (first["message"], first["status"]) == (incidents[0].message, incidents[0].status)
    assert first["id"] == api.get_incident(first["id"]).data.id


def test_sdk_reads_heartbeats(account: Account, sdk: Sdk) -> None:
    """Heartbeats come one level deeper, as the SDK expects them."""
    heartbeats = opsgenie_sdk.HeartbeatApi(sdk).list_heart_beats().data.heartbeats

    assert [one["name"] for one in account.heartbeats] == [one.name for one in heartbeats]


def test_sdk_understands_our_refusals(sdk: Sdk) -> None:
    """A 422 and a 404 arrive as the SDK's own exceptions, with the message in the body."""
    api = opsgenie_sdk.AlertApi(sdk)
    with pytest.raises(opsgenie_sdk.exceptions.ConfigurationException, match="should be lower than 20000") as capped:
        api.list_alerts(offset=20_000)
    with pytest.raises(opsgenie_sdk.exceptions.OpenApiException, match="Alert is not found") as missing:
        api.get_alert("none")

    assert (422, 404) == (capped.value.status, missing.value.status)


class Rerouting(HTTPAdapter):
    """Sends to the simulator what is meant for the real API."""

    def __init__(self, url: str) -> None:
        """Send to *url*."""
        super().__init__()
        self._url = url

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send a request elsewhere."""
        request.url = str(request.url).replace("https://api.opsgenie.com", self._url)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def opsgenielib(account: Account, simulator: Simulator) -> Iterator[Opsgenie]:
    """The library opsgenielib; its host is an argument, except where it is written into a method."""
    library = Opsgenie(account.full_key, url=simulator.url)
    session = library._session
    session.mount("https://api.opsgenie.com", Rerouting(simulator.url))
    with session:
        yield library


def test_opsgenielib_reads_users_page_by_page(account: Account, opsgenielib: Opsgenie) -> None:
    """It follows our links to the end of the users, and reads the teams of each by user name."""
    users = opsgenielib.list_users()
    member = next(iter(account.teams.values()))["members"][0]["user"]
    teams = opsgenielib.get_user_teams(member["username"]).json()["data"]

    assert set(account.users) == {user.id for user in users}
    assert {user["fullName"] for user in account.users.values()} == {user.full_name for user in users}
    assert account.ledger.teams_of_user(member["id"]) == [team["id"] for team in teams]


def test_opsgenielib_reads_teams(account: Account, opsgenielib: Opsgenie) -> None:
    """Teams come as a list, and each by id or name with its members."""
    first = next(iter(account.teams.values()))

    assert list(account.teams) == [team.id for team in opsgenielib.list_teams()]
    assert first["members"] == opsgenielib.get_team_by_name(first["name"]).members
    assert first["members"] == opsgenielib.get_team_by_id(first["id"]).members


def test_opsgenielib_reads_integrations(account: Account, opsgenielib: Opsgenie) -> None:
    """Integrations come all at once, by team id, and by team name."""
    team = next(iter(account.teams.values()))
    of_team = [one["id"] for one in account.integrations.values() if one.get("teamId") == team["id"]]

    assert list(account.integrations.values()) == opsgenielib.list_integrations()["data"]
    assert of_team == [one["id"] for one in opsgenielib.list_integrations_by_team_id(team["id"])["data"]]
    assert of_team == [one["id"] for one in opsgenielib.list_integrations_by_team_name(team["name"])["data"]]


def test_opsgenielib_searches_alerts(account: Account, opsgenielib: Opsgenie) -> None:
    """It asks for 2,000 alerts a page, gets 100, and still arrives at all of them by `next`."""
    alerts = opsgenielib.query_alerts("createdAt > 0")
    team = next(iter(account.teams.values()))["name"]

    assert set(account.alerts) == {alert.id for alert in alerts}
    assert opsgenielib.count_alerts_by_query(f"teams={team}")["data"]["count"] == len(
        opsgenielib.query_alerts(f"teams={team}")
    )


def test_opsgenielib_reads_heartbeats(account: Account, opsgenielib: Opsgenie) -> None:
    """Heartbeats come as it expects them."""
    assert [one["name"] for one in account.heartbeats] == [one.name for one in opsgenielib.list_heartbeats()]
