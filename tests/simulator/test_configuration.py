"""Single integrations, heartbeats, roles and saved searches."""

from urllib.request import Request, urlopen

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.timestamps import epoch_ms

KINDS = ("ignore", "create", "close", "acknowledge", "addNote")


@pytest.fixture
def client() -> ApiClient:
    """A client of an account with integrations of all types."""
    return ApiClient(Account.seeded(alerts=0, incidents=0, users=30, integrations=12))


def test_only_single_integrations_have_secrets(client: ApiClient) -> None:
    """A single Datadog integration has a token, and an email integration its address; the list has neither."""
    single = [client.get(f"/v2/integrations/{row_id}").body["data"] for row_id in client.account.integrations]
    tokens = [row["token"] for row in single if row["type"] == "Datadog"]
    addresses = [row["emailAddress"] for row in single if row["type"] == "Email"]
    listed = str(client.get("/v2/integrations").body)

    assert (2, 2) == (len(set(tokens)), len(set(addresses)))
    assert not [secret for secret in (*tokens, *addresses) if secret in listed]


def test_integrations_have_no_configuration_access_by_default(client: ApiClient) -> None:
    """An integration has read access and no configuration access; one is the default integration."""
    single = [client.get(f"/v2/integrations/{row_id}").body["data"] for row_id in client.account.integrations]
    access = {(row["allowReadAccess"], row["allowConfigurationAccess"]) for row in single if row["type"] != "Email"}

    assert {(True, False)} == access
    assert 1 == len([row for row in single if row.get("isDefaultIntegration")])


def test_actions_are_lists_by_kind(client: ApiClient) -> None:
    """An integration's actions are lists by kind, with the integration as parent; an advanced one has more."""
    for integration_id, integration in client.account.integrations.items():
        actions = client.get(f"/v2/integrations/{integration_id}/actions").body["data"]
        parent = {
            name: integration[name] for name in ("id", "name", "enabled", "type", "teamId") if name in integration
        }

        assert ["_parent", *KINDS] == list(actions)
        assert parent == actions["_parent"]
        assert [2 if integration["advanced"] else kind != "ignore" for kind in KINDS] == [
            len(actions[kind]) for kind in KINDS
        ]
        assert all(action["type"] == kind for kind in KINDS for action in actions[kind])
    assert 404 == client.get("/v2/integrations/none/actions").status


def test_heartbeats_are_found_by_name(client: ApiClient) -> None:
    """A single heartbeat, found by name, equals its row in the list; some lack a last ping or a team."""
    rows = client.get("/v2/heartbeats").body["data"]["heartbeats"]

    assert rows == [client.get(f"/v2/heartbeats/{row['name']}").body["data"] for row in rows]
    assert {True, False} == {"lastPingTime" in row for row in rows} == {"ownerTeam" in row for row in rows}
    assert 404 == client.get("/v2/heartbeats/none").status
    assert 403 == client.get("/v2/heartbeats/not-yet", key=client.account.team_key).status


def test_only_pings_are_logged_as_writes() -> None:
    """A ping is a GET that renews its heartbeat, and the only request that the log marks as a write."""
    account = Account.seeded()
    account.clock = lambda: epoch_ms("2026-11-05T10:00:00Z")
    expired = next(row for row in account.heartbeats if row["expired"])["name"]
    with Simulator(account) as simulator:
        for path in ("/v2/heartbeats", f"/v2/heartbeats/{expired}", f"/v2/heartbeats/{expired}/ping"):
            with urlopen(
                Request(simulator.url + path, headers={"Authorization": f"GenieKey {account.full_key}"}), timeout=10
            ) as response:
                status = response.status
        written = [(request.route, request.status) for request in simulator.requests if request.writes]
    pinged = ApiClient(account).get(f"/v2/heartbeats/{expired}").body["data"]

    assert 202 == status
    assert [("/v2/heartbeats/{name}/ping", 202)] == written
    assert ("2026-11-05T10:00:00Z", False) == (pinged["lastPingTime"], pinged["expired"])


def test_listed_roles_have_id_and_name(client: ApiClient) -> None:
    """The list has the id and name of every custom role, the single response its permissions too."""
    rows = client.get("/v2/roles").rows
    full = [client.get(f"/v2/roles/{row['id']}").body["data"] for row in rows]
    used = {user["role"]["id"] for user in client.account.users.values()} - {"Owner", "Admin", "User"}

    assert {("id", "name")} == {tuple(row) for row in rows}
    assert used < {row["id"] for row in rows}
    assert full == [
        client.get(f"/v2/roles/{row['name'].replace(' ', '%20')}", identifierType="name").body["data"] for row in rows
    ]
    assert [{"id", "name", "extendedRole", "grantedRights", "disallowedRights"}] * len(rows) == [
        set(role) for role in full
    ]


def test_saved_searches_need_no_configuration_access(client: ApiClient) -> None:
    """Any key with read access gets the list of ids and names, and the query of each search by id or name."""
    rows = client.get("/v2/alerts/saved-searches", key=client.account.key_without_configuration_access).rows
    full = [client.get(f"/v2/alerts/saved-searches/{row['id']}").body["data"] for row in rows]
    by_name = [client.get(f"/v2/alerts/saved-searches/{row['name']}", identifierType="name") for row in rows]
    team_id = next(iter(client.account.teams))
    of_team = client.get("/v2/alerts/saved-searches", key=client.account.team_key).ids

    assert {("id", "name")} == {tuple(row) for row in rows}
    assert full == [response.body["data"] for response in by_name]
    assert set(client.account.users) > {row["owner"]["id"] for row in full}
    assert [row["id"] for row in full if {"id": team_id} in row["teams"]] == of_team
    assert {200} == {client.get("/v2/alerts", query=row["query"]).status for row in full}
