"""Who may ask for what."""

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
# The first that a path begins with is its domain.
DOMAINS = (
    ("/v2/alerts/count", "count"), ("/v2/alerts/", "alert"), ("/v2/alerts", "search"), ("/v1/incident", "incident"),
    ("/v2/incident", "incident"), ("/v2/users/", "configuration"), ("/v2/users", "search"),
    ("/v2/heartbeats", "heartbeat"),
)  # fmt: skip


@pytest.fixture
def account() -> Account:
    """A seeded account."""
    return Account.seeded()


@pytest.mark.parametrize("key", ["", "secret", "d0be7871-00ce", "d0be787100ce4a3aa76c1787045a4ee8"])
def test_malformed_key_is_refused_before_it_is_looked_for(account: Account, key: str) -> None:
    """A key that is no UUID is a 422, on every path."""
    assert 422 == ApiClient(account).get("/v2/alerts", authorization=f"GenieKey {key}").status


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic ?", "GenieKey 00000000-0000-4000-a000-000000000000"])
def test_unknown_or_missing_key_is_unauthorised(account: Account, authorization: str) -> None:
    """A key that nobody knows, another scheme, or nothing at all is a 401."""
    assert 401 == ApiClient(account).get("/v2/alerts", authorization=authorization).status


def test_key_may_come_as_basic_password(account: Account) -> None:
    """HTTP Basic works with an empty user name and the key as password."""
    encoded = base64.b64encode(f":{account.full_key}".encode()).decode()
    named = base64.b64encode(f"me:{account.full_key}".encode()).decode()

    assert 200 == ApiClient(account).get("/v2/account", authorization=f"Basic {encoded}").status
    assert 401 == ApiClient(account).get("/v2/account", authorization=f"Basic {named}").status


def test_revoked_key_is_unauthorised(account: Account) -> None:
    """A key that is taken off the account is a 401 from then on."""
    key, account.keys = account.full_key, account.keys[1:]

    assert 401 == ApiClient(account).get("/v2/alerts", key=key).status


def test_wrong_region_refuses_every_key(account: Account) -> None:
    """In the other region a valid key is a 401, and a malformed one still a 422."""
    asking = ApiClient(account, Switches(wrong_region=True))

    assert {401} == {asking.get("/v2/alerts", key=key.token).status for key in account.keys}
    assert 422 == asking.get("/v2/alerts", key="x").status


@pytest.mark.parametrize(("region", "host"), [("us", "api.opsgenie.com"), ("eu", "api.eu.opsgenie.com")])
def test_real_host_names_mean_their_region(region: Literal["us", "eu"], host: str) -> None:
    """Asked under a real host's name, an account answers to that of its own region only."""
    account, elsewhere = Account(region=region), Account(region="eu" if region == "us" else "us")

    assert 200 == ApiClient(account).get("/v2/alerts", host=host).status
    assert 401 == ApiClient(elsewhere).get("/v2/alerts", host=host).status


@pytest.mark.parametrize("path", CONFIGURATION)
def test_configuration_needs_its_right(account: Account, path: str) -> None:
    """Without configuration access these are 403 in the observed words, the account too; with it they are 200."""
    refused = ApiClient(account).get(path, key=account.key_without_configuration_access)

    assert 403 == refused.status
    assert "API Key is not granted with configuration access" == refused.body["message"]
    assert {200} == {ApiClient(account).get(path, key=key).status for key in (account.full_key, account.management_key)}


@pytest.mark.parametrize("path", ["/v2/alerts", "/v2/alerts/count", "/v1/incidents"])
def test_alerts_and_incidents_need_no_configuration_access(account: Account, path: str) -> None:
    """Alerts and incidents are open to every key that may read, and to no other."""
    blind = Key("11111111-1111-4111-a111-111111111111", "global", read=False)
    account.keys += (blind,)

    assert 200 == ApiClient(account).get(path, key=account.key_without_configuration_access).status
    assert 403 == ApiClient(account).get(path, key=blind.token).status


def test_each_route_draws_on_its_documented_limit() -> None:
    """Lists of alerts and users are searches; alerts, incidents, on-calls and heartbeats have limits of their own."""
    for route in ROUTES:
        begun = next((domain for path, domain in DOMAINS if route.path.startswith(path)), "configuration")

        assert route.domain == ("schedule-oncalls" if route.path.endswith("on-calls") else begun)


def test_team_key_sees_its_team_only(account: Account) -> None:
    """A team's key gets its team's records without any error, and the count of those."""
    asking, key = ApiClient(account), account.team_key
    team_id = next(iter(account.teams))
    alerts = [one for one in account.alerts.values() if {"type": "team", "id": team_id} in one["responders"]]
    seen = asking.get("/v2/alerts", key=key, limit=100, order="asc")

    assert 0 < len(alerts) < len(account.alerts)
    assert [alert["id"] for alert in alerts][:100] == seen.ids
    assert len(alerts) == asking.get("/v2/alerts/count", key=key).body["data"]["count"]
    assert [team_id] == asking.get("/v2/teams", key=key).ids
    assert {team_id} == {row["teamId"] for row in asking.get("/v1/services", key=key).rows}
    assert {team_id} == {row["teamId"] for row in asking.get("/v2/integrations", key=key).rows}
    assert 0 < asking.get("/v1/incidents", key=key).body["totalCount"] < len(account.incidents)


def test_team_key_is_refused_what_is_not_the_teams(account: Account) -> None:
    """The account, its users, its limits and other teams' records are a 403 with code 40301."""
    team_id = next(iter(account.teams))
    others = [one["id"] for one in account.alerts.values() if {"id": team_id} not in one["teams"]]
    paths = ["/v2/users", "/v2/account", "/v2/request-limits/", f"/v2/teams/{list(account.teams)[1]}"]
    answers = [ApiClient(account).get(path, key=account.team_key) for path in [*paths, f"/v2/alerts/{others[0]}"]]

    assert {(403, 40301)} == {(one.status, one.body["code"]) for one in answers}
    assert 200 == ApiClient(account).get(f"/v2/teams/{team_id}", key=account.team_key).status


def test_key_of_an_account_without_teams_sees_nothing() -> None:
    """A team's key of a team that is not there gets empty lists."""
    account = Account.seeded(teams=0)

    assert [] == ApiClient(account).get("/v2/alerts", key=account.team_key).rows


@pytest.mark.parametrize(("plan", "status"), [("Free", 402), ("Essentials", 402), ("Standard", 200)])
@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/services/"])
def test_incidents_and_services_need_a_plan(path: str, plan: str, status: int) -> None:
    """Plans without incidents answer 402 for incidents and services, and still serve alerts."""
    asking = ApiClient(Account.seeded(plan=plan))  # type: ignore[arg-type]  # the literal is spelt in the table

    assert status == asking.get(path).status
    assert 200 == asking.get("/v2/alerts").status


@pytest.mark.parametrize(("position", "status"), [("yes", 200), ("forbidden", 403), ("absent", 404)])
def test_limits_are_readable_by_their_switch(account: Account, position: str, status: int) -> None:
    """The limits' own path answers, is forbidden, or is not there."""
    switches = Switches(limits_readable=position)  # type: ignore[arg-type]  # the literal is spelt in the table

    assert status == ApiClient(account, switches).get("/v2/request-limits/").status


def test_limits_may_need_configuration_access(account: Account) -> None:
    """By its switch, reading the limits needs configuration access."""
    gated, key = (
        ApiClient(account, Switches(limits_need_configuration_access=True)),
        account.key_without_configuration_access,
    )

    assert 200 == ApiClient(account).get("/v2/request-limits/", key=key).status
    assert 403 == gated.get("/v2/request-limits/", key=key).status


def test_unknown_paths_are_not_found(account: Account) -> None:
    """A path that no route has is a 404 in the usual envelope."""
    answered = ApiClient(account).get("/v2/schedules/none/of/this")

    assert 404 == answered.status
    assert {"message", "took", "requestId"} == set(answered.body)


@pytest.mark.parametrize("path", ["/v2/alerts/x", "/v1/incidents/x", "/v2/users/x", "/v2/teams/x", "/v1/services/x"])
def test_unknown_records_are_not_found(account: Account, path: str) -> None:
    """A record that is not there is a 404."""
    assert 404 == ApiClient(account).get(path).status


def test_writing_is_not_supported(account: Account) -> None:
    """Another method than GET is a 405."""
    service = Api(account, Switches(), {}, ManualClock())
    response = respond(Call("POST", "/v2/alerts", {}, f"GenieKey {account.full_key}"), service)

    assert 405 == response.status


def test_every_answer_carries_its_id_and_times(account: Account) -> None:
    """Body and headers agree on request id and time, and the state of the limits is told."""
    for path in ("/v2/alerts", "/nowhere"):
        answered = ApiClient(account).get(path)

        assert answered.headers["X-Request-ID"] == answered.body["requestId"]
        assert answered.headers["X-Response-Time"] == str(answered.body["took"])
        assert "OK" == answered.headers["X-RateLimit-State"]
        assert answered.headers["Date"].endswith("GMT")
