"""Policies of the account and of teams, and maintenances."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account

FIELDS = ["id", "name", "type", "order", "enabled"]


@pytest.fixture(scope="module")
def asking() -> ApiClient:
    """An account with teams that have policies, and one that has none."""
    return ApiClient(Account.seeded(alerts=0, incidents=0, teams=6))


def test_alert_policies_are_the_accounts_unless_a_team_is_named(asking: ApiClient) -> None:
    """Without a team the list has the account's own policies, with a team that team's, in order, with five fields."""
    own = asking.get("/v2/policies/alert").rows
    of_teams = [asking.get("/v2/policies/alert", teamId=one).rows for one in asking.account.teams]
    rows = [row for part in (own, *of_teams) for row in part]

    assert [0, 1] == [row["order"] for row in own]
    assert {0, 1, 2} == {len(part) for part in of_teams}
    assert all(FIELDS == list(row) and row["type"] == "alert" for row in rows)
    assert len(rows) == len({row["id"] for row in rows})


def test_notification_policies_belong_to_teams(asking: ApiClient) -> None:
    """Without a team the list is a 422; with one it has that team's, and some teams have none."""
    of_teams = [asking.get("/v2/policies/notification", teamId=one).rows for one in asking.account.teams]

    assert 422 == asking.get("/v2/policies/notification").status
    assert {0, 5} == {len(part) for part in of_teams}
    assert {"notification"} == {row["type"] for part in of_teams for row in part}
    assert {404} == {asking.get(f"/v2/policies/{kind}", teamId="none").status for kind in ("alert", "notification")}


def test_single_policies_want_their_team_named_again(asking: ApiClient) -> None:
    """The account's policies answer without a team, a team's only with it; none tells its order."""
    own = asking.get("/v2/policies/alert").rows
    team_id = list(asking.account.teams)[2]
    of_team = asking.get("/v2/policies/notification", teamId=team_id).rows

    for row, query in [*((row, {}) for row in own), *((row, {"teamId": team_id}) for row in of_team)]:
        whole = asking.get(f"/v2/policies/{row['id']}", **query).body["data"]

        assert {name: row[name] for name in FIELDS if name != "order"} == {
            name: whole[name] for name in FIELDS if name != "order"
        }
        assert "order" not in whole
        assert query.get("teamId") == whole.get("teamId")
    assert {404} == {asking.get(f"/v2/policies/{row['id']}").status for row in of_team}
    assert {404} == {asking.get(f"/v2/policies/{row['id']}", teamId=team_id).status for row in own}


def test_policies_say_what_they_do(asking: ApiClient) -> None:
    """Notification policies close, restart, delay or suppress; each has what it does and no more."""
    team_id = list(asking.account.teams)[2]
    ids = asking.get("/v2/policies/notification", teamId=team_id).ids
    whole = [asking.get(f"/v2/policies/{one}", teamId=team_id).body["data"] for one in ids]
    names = [sorted(name for name in one if name.endswith("Action") or name == "suppress") for one in whole]

    assert [
        ["autoCloseAction"], ["autoRestartAction", "suppress"], ["deduplicationAction"], ["delayAction"],
        ["delayAction", "suppress"],
    ] == names  # fmt: skip


def test_team_key_sees_its_own_policies(asking: ApiClient) -> None:
    """A team's key gets its team's policies, nothing of the account's, and is refused at another team's."""
    own, other, *_ = asking.account.teams
    key = asking.account.team_key

    assert (
        asking.get("/v2/policies/notification", teamId=own).rows
        == asking.get("/v2/policies/notification", key=key, teamId=own).rows
    )
    assert [] == asking.get("/v2/policies/alert", key=key).rows
    assert {403} == {
        asking.get(f"/v2/policies/{kind}", key=key, teamId=other).status for kind in ("alert", "notification")
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
def test_maintenances_are_listed_by_type(asking: ApiClient, kind: str | None, statuses: set[str]) -> None:
    """All maintenances come unless past ones, or those that are not over, are asked for; a wrong type is a 422."""
    query = {"type": kind} if kind else {}

    assert statuses == {row["status"] for row in asking.get("/v1/maintenance", **query).rows}
    assert 422 == asking.get("/v1/maintenance", type="over").status


def test_single_maintenances_add_their_rules(asking: ApiClient) -> None:
    """A maintenance by itself names policies and integrations that exist; one without end has no end."""
    rows = asking.get("/v1/maintenance").rows
    teams: list[dict[str, str]] = [{"teamId": one} for one in asking.account.teams]
    lists = [("alert", {}), *((kind, query) for kind in ("alert", "notification") for query in teams)]
    policies = {one for kind, query in lists for one in asking.get(f"/v2/policies/{kind}", **query).ids}
    whole = [asking.get(f"/v1/maintenance/{row['id']}").body["data"] for row in rows]
    entities = [rule["entity"] for row in whole for rule in row["rules"]]

    assert [{**row, "rules": one["rules"]} for row, one in zip(rows, whole, strict=True)] == whole
    assert entities
    assert {*policies, *asking.account.integrations} >= {entity["id"] for entity in entities}
    assert {"endDate" in row["time"] for row in rows} == {True, False}
    assert all(("endDate" in row["time"]) is (row["time"]["type"] != "indefinitely") for row in rows)


def test_team_key_sees_its_maintenances_only(asking: ApiClient) -> None:
    """A team's key gets the maintenances of its team, which is named in none."""
    every, own = (set(asking.get("/v1/maintenance", key=key).ids) for key in (None, asking.account.team_key))

    assert set() < own < every
    assert {403} == {asking.get(f"/v1/maintenance/{one}", key=asking.account.team_key).status for one in every - own}
    assert not any("teamId" in row for row in asking.get("/v1/maintenance").rows)
