"""Policies of the account and of teams, and maintenances."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account

FIELDS = ["id", "name", "type", "order", "enabled"]


@pytest.fixture(scope="module")
def client() -> ApiClient:
    """A client of an account with teams that have policies, and a team that has none."""
    return ApiClient(Account.seeded(alerts=0, incidents=0, teams=6))


def test_alert_policies_belong_to_the_account_unless_a_team_is_given(client: ApiClient) -> None:
    """Without a team, the list has the account's policies; with a team, that team's; in order, with five fields."""
    of_account = client.get("/v2/policies/alert").rows
    of_teams = [client.get("/v2/policies/alert", teamId=team_id).rows for team_id in client.account.teams]
    rows = [row for policies in (of_account, *of_teams) for row in policies]

    assert [0, 1] == [row["order"] for row in of_account]
    assert {0, 1, 2} == {len(policies) for policies in of_teams}
    assert all(FIELDS == list(row) and row["type"] == "alert" for row in rows)
    assert len(rows) == len({row["id"] for row in rows})


def test_notification_policies_belong_to_teams(client: ApiClient) -> None:
    """Without a team, the list is a 422; with a team, it has that team's policies; some teams have none."""
    of_teams = [client.get("/v2/policies/notification", teamId=team_id).rows for team_id in client.account.teams]

    assert 422 == client.get("/v2/policies/notification").status
    assert {0, 5} == {len(policies) for policies in of_teams}
    assert {"notification"} == {row["type"] for policies in of_teams for row in policies}
    assert {404} == {client.get(f"/v2/policies/{kind}", teamId="none").status for kind in ("alert", "notification")}


def test_single_policies_need_their_team(client: ApiClient) -> None:
    """The account's policies are found without a team, a team's only with it; none has an order."""
    of_account = client.get("/v2/policies/alert").rows
    team_id = list(client.account.teams)[2]
    of_team = client.get("/v2/policies/notification", teamId=team_id).rows

    for row, query in [*((row, {}) for row in of_account), *((row, {"teamId": team_id}) for row in of_team)]:
        full = client.get(f"/v2/policies/{row['id']}", **query).body["data"]

        assert {name: row[name] for name in FIELDS if name != "order"} == {
            name: full[name] for name in FIELDS if name != "order"
        }
        assert "order" not in full
        assert query.get("teamId") == full.get("teamId")
    assert {404} == {client.get(f"/v2/policies/{row['id']}").status for row in of_team}
    assert {404} == {client.get(f"/v2/policies/{row['id']}", teamId=team_id).status for row in of_account}


def test_notification_policies_have_only_their_own_actions(client: ApiClient) -> None:
    """Notification policies close, restart, deduplicate, delay or suppress; each has the fields of its action only."""
    team_id = list(client.account.teams)[2]
    ids = client.get("/v2/policies/notification", teamId=team_id).ids
    policies = [client.get(f"/v2/policies/{policy_id}", teamId=team_id).body["data"] for policy_id in ids]
    names = [sorted(name for name in row if name.endswith("Action") or name == "suppress") for row in policies]

    assert [
        ["autoCloseAction"], ["autoRestartAction", "suppress"], ["deduplicationAction"], ["delayAction"],
        ["delayAction", "suppress"],
    ] == names  # fmt: skip


def test_team_key_sees_only_its_teams_policies(client: ApiClient) -> None:
    """A team's key gets its team's policies and none of the account's; another team's are forbidden."""
    own, other, *_ = client.account.teams
    key = client.account.team_key

    assert (
        client.get("/v2/policies/notification", teamId=own).rows
        == client.get("/v2/policies/notification", key=key, teamId=own).rows
    )
    assert [] == client.get("/v2/policies/alert", key=key).rows
    assert {403} == {
        client.get(f"/v2/policies/{kind}", key=key, teamId=other).status for kind in ("alert", "notification")
    }


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (None, {"active", "planned", "past", "cancelled"}),
        ("all", {"active", "planned", "past", "cancelled"}),
        ("past", {"past"}),
        ("non-expired", {"active", "planned"}),
    ],
)
def test_maintenances_are_listed_by_type(client: ApiClient, kind: str | None, statuses: set[str]) -> None:
    """The list has all maintenances, the past ones or those that have not ended; an unknown type is a 422."""
    query = {"type": kind} if kind else {}

    assert statuses == {row["status"] for row in client.get("/v1/maintenance", **query).rows}
    assert 422 == client.get("/v1/maintenance", type="over").status


def test_single_maintenances_add_their_rules(client: ApiClient) -> None:
    """The rules of a single maintenance name existing policies and integrations; only some have an end."""
    rows = client.get("/v1/maintenance").rows
    teams: list[dict[str, str]] = [{"teamId": team_id} for team_id in client.account.teams]
    lists = [("alert", {}), *((kind, query) for kind in ("alert", "notification") for query in teams)]
    policies = {row_id for kind, query in lists for row_id in client.get(f"/v2/policies/{kind}", **query).ids}
    full = [client.get(f"/v1/maintenance/{row['id']}").body["data"] for row in rows]
    entities = [rule["entity"] for row in full for rule in row["rules"]]

    assert [{**row, "rules": single["rules"]} for row, single in zip(rows, full, strict=True)] == full
    assert entities
    assert {*policies, *client.account.integrations} >= {entity["id"] for entity in entities}
    assert {"endDate" in row["time"] for row in rows} == {True, False}
    assert all(("endDate" in row["time"]) is (row["time"]["type"] != "indefinitely") for row in rows)


def test_team_key_sees_only_its_teams_maintenances(client: ApiClient) -> None:
    """A team's key gets the maintenances of its team, although no maintenance names its team."""
    every, own = (set(client.get("/v1/maintenance", key=key).ids) for key in (None, client.account.team_key))

    assert set() < own < every
    assert {403} == {
        client.get(f"/v1/maintenance/{row_id}", key=client.account.team_key).status for row_id in every - own
    }
    assert not any("teamId" in row for row in client.get("/v1/maintenance").rows)
