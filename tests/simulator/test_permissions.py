"""Authentication, permissions and plans."""

import base64
from typing import Literal

import pytest
from tests.support.api_client import ApiClient, ManualClock

from opsgenie_simulator import Account, Call, Key, Switches
from opsgenie_simulator.responses import Api, respond
from opsgenie_simulator.routes import ROUTES

CONFIGURATION = (
    "/v2/users", "/v2/teams", "/v1/services", "/v2/integrations", "/v2/heartbeats", "/v2/account", "/v2/schedules",
    "/v2/schedules/on-calls", "/v2/escalations", "/v2/forwarding-rules", "/v2/policies/alert", "/v1/maintenance",
    "/v2/roles", "/v1/incident-templates", "/v2/logs/list/2026-01-01-00-00-00",
)  # fmt: skip
# The domain of a path is that of the first prefix that matches.
DOMAINS = (
    ("/v2/alerts/count", "count"), ("/v2/alerts/", "alert"), ("/v2/alerts", "search"), ("/v1/incident", "incident"),
    ("/v2/incident", "incident"), ("/v2/users/", "configuration"), ("/v2/users", "users"),
    ("/v2/heartbeats", "heartbeat"),
)  # fmt: skip


@pytest.fixture
def account() -> Account:
    """A seeded account."""
    return Account.seeded()


@pytest.mark.parametrize("key", ["", "secret", "d0be7871-00ce", "d0be787100ce4a3aa76c1787045a4ee8"])
def test_malformed_key_is_rejected(account: Account, key: str) -> None:
    """A key that is not a UUID is a 422."""
    assert 422 == ApiClient(account).get("/v2/alerts", authorization=f"GenieKey {key}").status


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic ?", "GenieKey 00000000-0000-4000-a000-000000000000"])
def test_unknown_or_missing_key_is_unauthorized(account: Account, authorization: str) -> None:
    """An unknown key, another scheme, or no key is a 401."""
    assert 401 == ApiClient(account).get("/v2/alerts", authorization=authorization).status


def test_key_can_be_a_basic_password(account: Account) -> None:
    """HTTP Basic works with an empty user name and the key as the password."""
    encoded = base64.b64encode(f":{account.full_key}".encode()).decode()
    named = base64.b64encode(f"me:{account.full_key}".encode()).decode()

    assert 200 == ApiClient(account).get("/v2/account", authorization=f"Basic {encoded}").status
    assert 401 == ApiClient(account).get("/v2/account", authorization=f"Basic {named}").status


def test_revoked_key_is_unauthorized(account: Account) -> None:
    """After a key is removed from the account, it is a 401."""
    key, account.keys = account.full_key, account.keys[1:]

    assert 401 == ApiClient(account).get("/v2/alerts", key=key).status


def test_wrong_region_rejects_every_key(account: Account) -> None:
    """In the other region, a valid key is a 401, and a malformed one is still a 422."""
    client = ApiClient(account, Switches(wrong_region=True))

    assert {401} == {client.get("/v2/alerts", key=key.token).status for key in account.keys}
    assert 422 == client.get("/v2/alerts", key="x").status


@pytest.mark.parametrize(("region", "host"), [("us", "api.opsgenie.com"), ("eu", "api.eu.opsgenie.com")])
def test_real_host_names_select_their_region(region: Literal["us", "eu"], host: str) -> None:
    """With a real host name in the request, an account accepts keys only for its own region."""
    account, elsewhere = Account(region=region), Account(region="eu" if region == "us" else "us")

    assert 200 == ApiClient(account).get("/v2/alerts", host=host).status
    assert 401 == ApiClient(elsewhere).get("/v2/alerts", host=host).status


@pytest.mark.parametrize("path", CONFIGURATION)
def test_configuration_needs_its_permission(account: Account, path: str) -> None:
    """Without Configuration Access these are a 403 with the observed message; with it they are a 200."""
    response = ApiClient(account).get(path, key=account.key_without_configuration_access)

    assert 403 == response.status
    assert "API Key is not granted with configuration access" == response.body["message"]
    assert {200} == {ApiClient(account).get(path, key=key).status for key in (account.full_key, account.management_key)}


@pytest.mark.parametrize("path", ["/v2/alerts", "/v2/alerts/count", "/v1/incidents"])
def test_alerts_and_incidents_need_no_configuration_access(account: Account, path: str) -> None:
    """Alerts and incidents are readable for every key with Read, and for no other."""
    without_read = Key("11111111-1111-4111-a111-111111111111", "global", read=False)
    account.keys += (without_read,)

    assert 200 == ApiClient(account).get(path, key=account.key_without_configuration_access).status
    assert 403 == ApiClient(account).get(path, key=without_read.token).status


def test_each_route_has_its_documented_domain() -> None:
    """Lists of alerts and users are searches; alerts, incidents, on-calls and heartbeats have their own domains."""
    for route in ROUTES:
        expected = next((domain for path, domain in DOMAINS if route.path.startswith(path)), "configuration")

        assert route.domain == ("schedule-oncalls" if route.path.endswith("on-calls") else expected)


def test_team_key_sees_its_team_only(account: Account) -> None:
    """A team's key returns only the records of its team, and their count, without an error."""
    client, key = ApiClient(account), account.team_key
    team_id = next(iter(account.teams))
    alerts = [one for one in account.alerts.values() if {"type": "team", "id": team_id} in one["responders"]]
    listed = client.get("/v2/alerts", key=key, limit=100, order="asc")

    assert 0 < len(alerts) < len(account.alerts)
    assert [alert["id"] for alert in alerts][:100] == listed.ids
    assert len(alerts) == client.get("/v2/alerts/count", key=key).body["data"]["count"]
    assert [team_id] == client.get("/v2/teams", key=key).ids
    assert {team_id} == {row["teamId"] for row in client.get("/v1/services", key=key).rows}
    assert {team_id} == {row["teamId"] for row in client.get("/v2/integrations", key=key).rows}
    assert 0 < client.get("/v1/incidents", key=key).body["totalCount"] < len(account.incidents)


def test_team_key_is_forbidden_outside_its_team(account: Account) -> None:
    """The account, its users, its limits and other teams' records are a 403 with code 40301."""
    team_id = next(iter(account.teams))
    others = [one["id"] for one in account.alerts.values() if {"id": team_id} not in one["teams"]]
    paths = ["/v2/users", "/v2/account", "/v2/request-limits/", f"/v2/teams/{list(account.teams)[1]}"]
    responses = [ApiClient(account).get(path, key=account.team_key) for path in [*paths, f"/v2/alerts/{others[0]}"]]

    assert {(403, 40301)} == {(response.status, response.body["code"]) for response in responses}
    assert 200 == ApiClient(account).get(f"/v2/teams/{team_id}", key=account.team_key).status


def test_team_key_of_an_account_without_teams_sees_nothing() -> None:
    """The key of a team that does not exist gets empty lists."""
    account = Account.seeded(teams=0)

    assert [] == ApiClient(account).get("/v2/alerts", key=account.team_key).rows


@pytest.mark.parametrize(("plan", "status"), [("Free", 402), ("Essentials", 402), ("Standard", 200)])
@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/services/"])
def test_incidents_and_services_need_a_plan(path: str, plan: str, status: int) -> None:
    """In plans without them, incidents and services are a 402, and alerts are still readable."""
    client = ApiClient(Account.seeded(plan=plan))  # type: ignore[arg-type]  # the literal is spelt in the table

    assert status == client.get(path).status
    assert 200 == client.get("/v2/alerts").status


@pytest.mark.parametrize(("value", "status"), [("yes", 200), ("forbidden", 403), ("absent", 404)])
def test_limits_are_readable_by_their_switch(account: Account, value: str, status: int) -> None:
    """The path for limits is available, forbidden, or not found."""
    switches = Switches(limits_readable=value)  # type: ignore[arg-type]  # the literal is spelt in the table

    assert status == ApiClient(account, switches).get("/v2/request-limits/").status


def test_limits_can_need_configuration_access(account: Account) -> None:
    """With the switch, reading the limits needs Configuration Access."""
    gated, key = (
        ApiClient(account, Switches(limits_need_configuration_access=True)),
        account.key_without_configuration_access,
    )

    assert 200 == ApiClient(account).get("/v2/request-limits/", key=key).status
    assert 403 == gated.get("/v2/request-limits/", key=key).status


def test_unknown_paths_are_not_found(account: Account) -> None:
    """A path without a route is a 404 in the usual envelope."""
    response = ApiClient(account).get("/v2/schedules/none/of/this")

    assert 404 == response.status
    assert {"message", "took", "requestId"} == set(response.body)


@pytest.mark.parametrize("path", ["/v2/alerts/x", "/v1/incidents/x", "/v2/users/x", "/v2/teams/x", "/v1/services/x"])
def test_unknown_records_are_not_found(account: Account, path: str) -> None:
    """A record that does not exist is a 404."""
    assert 404 == ApiClient(account).get(path).status


def test_other_methods_are_not_supported(account: Account) -> None:
    """Any method other than GET is a 405."""
    api = Api(account, Switches(), {}, ManualClock())
    response = respond(Call("POST", "/v2/alerts", {}, f"GenieKey {account.full_key}"), api)

    assert 405 == response.status


def test_every_response_has_its_request_id_and_time(account: Account) -> None:
    """Body and headers agree on request id and time, and a header has the state of the limits."""
    for path in ("/v2/alerts", "/nowhere"):
        response = ApiClient(account).get(path)

        assert response.headers["X-Request-ID"] == response.body["requestId"]
        assert response.headers["X-Response-Time"] == str(response.body["took"])
        assert "OK" == response.headers["X-RateLimit-State"]
        assert response.headers["Date"].endswith("GMT")
