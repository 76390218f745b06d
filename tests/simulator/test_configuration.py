"""Integrations by themselves, heartbeats, roles and saved searches."""

from urllib.request import Request, urlopen

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.timestamps import epoch_ms

KINDS = ("ignore", "create", "close", "acknowledge", "addNote")


@pytest.fixture
def asking() -> ApiClient:
    """An account with integrations of all types."""
    return ApiClient(Account.seeded(alerts=0, incidents=0, users=30, integrations=12))


def test_single_integrations_hold_secrets(asking: ApiClient) -> None:
    """A Datadog integration has a token, an e-mail integration its address; no list shows either."""
    whole = [asking.get(f"/v2/integrations/{one}").body["data"] for one in asking.account.integrations]
    tokens = [one["token"] for one in whole if one["type"] == "Datadog"]
    addresses = [one["emailAddress"] for one in whole if one["type"] == "Email"]
    listed = str(asking.get("/v2/integrations").body)

    assert (2, 2) == (len(set(tokens)), len(set(addresses)))
    assert not [secret for secret in (*tokens, *addresses) if secret in listed]


def test_rights_of_integrations_leave_configuration_out(asking: ApiClient) -> None:
    """An integration may read and write, but sees no configuration unless that was asked for."""
    whole = [asking.get(f"/v2/integrations/{one}").body["data"] for one in asking.account.integrations]
    rights = {(one["allowReadAccess"], one["allowConfigurationAccess"]) for one in whole if one["type"] != "Email"}

    assert {(True, False)} == rights
    assert 1 == len([one for one in whole if one.get("isDefaultIntegration")])


def test_actions_come_by_kind(asking: ApiClient) -> None:
    """An integration's actions are lists by kind, with the integration as parent; an advanced one has more."""
    for one, integration in asking.account.integrations.items():
        actions = asking.get(f"/v2/integrations/{one}/actions").body["data"]
        parent = {
            name: integration[name] for name in ("id", "name", "enabled", "type", "teamId") if name in integration
        }

        assert ["_parent", *KINDS] == list(actions)
        assert parent == actions["_parent"]
        assert [2 if integration["advanced"] else kind != "ignore" for kind in KINDS] == [
            len(actions[kind]) for kind in KINDS
        ]
        assert all(action["type"] == kind for kind in KINDS for action in actions[kind])
    assert 404 == asking.get("/v2/integrations/none/actions").status


def test_heartbeats_answer_by_name(asking: ApiClient) -> None:
    """Each heartbeat answers by its name as it is listed; one was never pinged, one is of no team."""
    rows = asking.get("/v2/heartbeats").body["data"]["heartbeats"]

    assert rows == [asking.get(f"/v2/heartbeats/{row['name']}").body["data"] for row in rows]
    assert {True, False} == {"lastPingTime" in row for row in rows} == {"ownerTeam" in row for row in rows}
    assert 404 == asking.get("/v2/heartbeats/none").status
    assert 403 == asking.get("/v2/heartbeats/not-yet", key=asking.account.team_key).status


def test_ping_writes_and_the_journal_tells() -> None:
    """A ping is a GET that revives its heartbeat; of all requests, the journal marks it alone as a write."""
    account = Account.seeded()
    account.clock = lambda: epoch_ms("2026-11-05T10:00:00Z")
    overdue = next(one for one in account.heartbeats if one["expired"])["name"]
    with Simulator(account) as simulator:
        for path in ("/v2/heartbeats", f"/v2/heartbeats/{overdue}", f"/v2/heartbeats/{overdue}/ping"):
            with urlopen(
                Request(simulator.url + path, headers={"Authorization": f"GenieKey {account.full_key}"}), timeout=10
            ) as response:
                status = response.status
        written = [(request.route, request.status) for request in simulator.requests if request.writes]
    revived = ApiClient(account).get(f"/v2/heartbeats/{overdue}").body["data"]

    assert 202 == status
    assert [("/v2/heartbeats/{name}/ping", 202)] == written
    assert ("2026-11-05T10:00:00Z", False) == (revived["lastPingTime"], revived["expired"])


def test_roles_of_the_accounts_own_are_listed_in_short(asking: ApiClient) -> None:
    """Roles have id and name in the list, and what they allow by themselves; every role that users have is there."""
    rows = asking.get("/v2/roles").rows
    whole = [asking.get(f"/v2/roles/{row['id']}").body["data"] for row in rows]
    used = {user["role"]["id"] for user in asking.account.users.values()} - {"Owner", "Admin", "User"}

    assert {("id", "name")} == {tuple(row) for row in rows}
    assert used < {row["id"] for row in rows}
    assert whole == [
        asking.get(f"/v2/roles/{row['name'].replace(' ', '%20')}", identifierType="name").body["data"] for row in rows
    ]
    assert [{"id", "name", "extendedRole", "grantedRights", "disallowedRights"}] * len(rows) == [
        set(one) for one in whole
    ]


def test_saved_searches_need_no_configuration_access(asking: ApiClient) -> None:
    """Searches are listed in short to any key that may read; by id or name they tell their query."""
    rows = asking.get("/v2/alerts/saved-searches", key=asking.account.key_without_configuration_access).rows
    whole = [asking.get(f"/v2/alerts/saved-searches/{row['id']}").body["data"] for row in rows]
    named = [asking.get(f"/v2/alerts/saved-searches/{row['name']}", identifierType="name") for row in rows]
    team_id = next(iter(asking.account.teams))
    of_team = asking.get("/v2/alerts/saved-searches", key=asking.account.team_key).ids

    assert {("id", "name")} == {tuple(row) for row in rows}
    assert whole == [one.body["data"] for one in named]
    assert set(asking.account.users) > {one["owner"]["id"] for one in whole}
    assert [one["id"] for one in whole if {"id": team_id} in one["teams"]] == of_team
    assert {200} == {asking.get("/v2/alerts", query=one["query"]).status for one in whole}
