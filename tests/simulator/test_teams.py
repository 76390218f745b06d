"""What teams have set up, and what they remember."""

from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.settings import teams as settings


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with teams whose logs no page holds all of, and a team without members."""
    return Account.seeded(alerts=0, incidents=0, teams=12)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("position", ["absent", "null", "empty", "present"])
def test_logs_are_read_to_the_end_by_the_key_in_the_answer(account: Account, position: Any, order: str) -> None:
    """`data.offset` leads on until it is no more, or to an empty page; every entry comes once, newest first or last.

    Entries come in pairs of one moment, which pages of seven part.
    """
    asking = ApiClient(account, Switches(last_key=position))
    sizes = set()
    for one, team in account.teams.items():
        data = asking.get(f"/v2/teams/{one}/logs", order=order, limit=7).body["data"]
        logs = list(data["logs"])
        while data.get("offset") and data["logs"]:
            data = asking.get(f"/v2/teams/{one}/logs", order=order, limit=7, offset=data["offset"]).body["data"]
            logs += data["logs"]
        expected = settings.logs(team, account.settings.people)
        sizes.add(len(logs) > 100)

        assert (expected if order == "asc" else expected[::-1]) == logs
        assert {("log", "owner", "createdDate")} == {tuple(entry) for entry in logs}
    assert {True, False} == sizes


def test_logs_have_twenty_entries_unless_asked(account: Account) -> None:
    """A page has 20 entries, more if asked for, 100 at most, and its key is one number of 19 digits."""
    asking = ApiClient(account)
    pages = [
        [asking.get(f"/v2/teams/{one}/logs", limit=limit).body["data"] for one in account.teams] for limit in (20, 500)
    ]

    assert [20, 100] == [max(len(page["logs"]) for page in one) for one in pages]
    assert {19} == {len(page["offset"]) for one in pages for page in one if "offset" in page}
    assert [asking.get(f"/v2/teams/{one}/logs").body["data"] for one in account.teams] == pages[0]


def test_routing_rules_lead_to_what_exists(account: Account) -> None:
    """Each team has rules in order, the last of which is its default; they lead to schedules and escalations."""
    asking = ApiClient(account)
    schedules, escalations = asking.get("/v2/schedules").ids, asking.get("/v2/escalations").ids
    kinds = set()
    for team in account.teams.values():
        rules = asking.get(f"/v2/teams/{team['name']}/routing-rules", teamIdentifierType="name").rows
        kinds |= {rule["notify"]["type"] for rule in rules}

        assert list(range(len(rules))) == [rule["order"] for rule in rules]
        assert [False] * (len(rules) - 1) + [True] == [rule["isDefault"] for rule in rules]
        assert {*schedules, *escalations} >= {rule["notify"]["id"] for rule in rules if "id" in rule["notify"]}
    assert {"none", "schedule", "escalation"} == kinds


def test_roles_are_a_teams_own(account: Account) -> None:
    """Some teams have roles of their own, with rights that are granted or not."""
    asking = ApiClient(account)
    roles = [asking.get(f"/v2/teams/{one}/roles").rows for one in account.teams]

    assert [] in roles
    assert {True, False} == {right["granted"] for rows in roles for role in rows for right in role["rights"]}
    assert sum(map(len, roles)) == len({role["id"] for rows in roles for role in rows})


def test_team_key_reaches_its_own_team(account: Account) -> None:
    """A team's key sees what its team has set up, and is refused at other teams."""
    asking, (own, other, *_) = ApiClient(account), account.teams
    names = ("logs", "roles", "routing-rules")

    assert {200} == {asking.get(f"/v2/teams/{own}/{name}", key=account.team_key).status for name in names}
    assert {403} == {asking.get(f"/v2/teams/{other}/{name}", key=account.team_key).status for name in names}
    assert {404} == {asking.get(f"/v2/teams/none/{name}").status for name in names}
