"""Logs, roles and routing rules of teams."""

from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.settings import teams as settings


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with teams whose logs exceed one page, and a team without members."""
    return Account.seeded(alerts=0, incidents=0, teams=12)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("position", ["absent", "null", "empty", "present"])
def test_logs_are_read_to_the_end_by_the_key_in_the_response(account: Account, position: Any, order: str) -> None:
    """Following `data.offset` until it ends, or until an empty page, returns every entry once in both orders.

    Entries come in pairs with equal times, which pages of seven split.
    """
    client = ApiClient(account, Switches(last_key=position))
    sizes = set()
    for team_id, team in account.teams.items():
        data = client.get(f"/v2/teams/{team_id}/logs", order=order, limit=7).body["data"]
        logs = list(data["logs"])
        while data.get("offset") and data["logs"]:
            data = client.get(f"/v2/teams/{team_id}/logs", order=order, limit=7, offset=data["offset"]).body["data"]
            logs += data["logs"]
        expected = settings.logs(team, account.settings.inventory)
        sizes.add(len(logs) > 100)

        assert (expected if order == "asc" else expected[::-1]) == logs
        assert {("log", "owner", "createdDate")} == {tuple(entry) for entry in logs}
    assert {True, False} == sizes


def test_log_pages_have_20_entries_by_default(account: Account) -> None:
    """A page has 20 entries by default and 100 at most, and its key is a number of 19 digits."""
    client = ApiClient(account)
    first, largest = (
        [client.get(f"/v2/teams/{team_id}/logs", limit=limit).body["data"] for team_id in account.teams]
        for limit in (20, 500)
    )

    assert [20, 100] == [max(len(page["logs"]) for page in pages) for pages in (first, largest)]
    assert {19} == {len(page["offset"]) for page in (*first, *largest) if "offset" in page}
    assert [client.get(f"/v2/teams/{team_id}/logs").body["data"] for team_id in account.teams] == first


def test_routing_rules_notify_existing_schedules_and_escalations(account: Account) -> None:
    """Each team has rules in order, the default rule last; they notify existing schedules and escalations."""
    client = ApiClient(account)
    schedules, escalations = client.get("/v2/schedules").ids, client.get("/v2/escalations").ids
    kinds = set()
    for team in account.teams.values():
        rules = client.get(f"/v2/teams/{team['name']}/routing-rules", teamIdentifierType="name").rows
        kinds |= {rule["notify"]["type"] for rule in rules}

        assert list(range(len(rules))) == [rule["order"] for rule in rules]
        assert [False] * (len(rules) - 1) + [True] == [rule["isDefault"] for rule in rules]
        assert {*schedules, *escalations} >= {rule["notify"]["id"] for rule in rules if "id" in rule["notify"]}
    assert {"none", "schedule", "escalation"} == kinds


def test_some_teams_have_custom_roles(account: Account) -> None:
    """Some teams have custom roles, with granted and withheld permissions."""
    client = ApiClient(account)
    roles = [client.get(f"/v2/teams/{team_id}/roles").rows for team_id in account.teams]

    assert [] in roles
    assert {True, False} == {right["granted"] for rows in roles for role in rows for right in role["rights"]}
    assert sum(map(len, roles)) == len({role["id"] for rows in roles for role in rows})


def test_team_key_sees_only_its_own_team(account: Account) -> None:
    """A team's key sees the settings of its team; those of other teams are forbidden."""
    client, (own, other, *_) = ApiClient(account), account.teams
    names = ("logs", "roles", "routing-rules")

    assert {200} == {client.get(f"/v2/teams/{own}/{name}", key=account.team_key).status for name in names}
    assert {403} == {client.get(f"/v2/teams/{other}/{name}", key=account.team_key).status for name in names}
    assert {404} == {client.get(f"/v2/teams/none/{name}").status for name in names}
