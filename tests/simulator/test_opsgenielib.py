"""A third-party client, opsgenielib, reads from the simulator."""

from collections.abc import Iterator
from typing import Any

import pytest
from opsgenielib import Opsgenie  # type: ignore[import-untyped]
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from opsgenie_simulator import Account, Simulator, Switches
from opsgenie_simulator.settings.teams import logs


@pytest.fixture
def account() -> Account:
    """A seeded account whose users exceed one page."""
    return Account.seeded(users=130)


class Rerouting(HTTPAdapter):
    """Sends requests for the real API to the simulator."""

    def __init__(self, url: str) -> None:
        """Send requests to *url*."""
        super().__init__()
        self._url = url

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send *request* to the simulator."""
        request.url = str(request.url).replace("https://api.opsgenie.com", self._url)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def opsgenielib(account: Account, simulator: Simulator) -> Iterator[Opsgenie]:
    """The library opsgenielib; some of its methods ignore the host argument and name the real API."""
    library = Opsgenie(account.full_key, url=simulator.url)
    session = library._session
    session.mount("https://api.opsgenie.com", Rerouting(simulator.url))
    with session:
        yield library


def test_opsgenielib_reads_users_page_by_page(account: Account, opsgenielib: Opsgenie) -> None:
    """It follows our links to the last page of users, and reads the teams of a user by username."""
    users = opsgenielib.list_users()
    member = next(iter(account.teams.values()))["members"][0]["user"]
    teams = opsgenielib.get_user_teams(member["username"]).json()["data"]

    assert set(account.users) == {user.id for user in users}
    assert {user["fullName"] for user in account.users.values()} == {user.full_name for user in users}
    assert account.store.teams_of_user(member["id"]) == [team["id"] for team in teams]


def test_opsgenielib_reads_teams(account: Account, opsgenielib: Opsgenie) -> None:
    """It reads the list of teams, and each team by id or name with its members."""
    first = next(iter(account.teams.values()))

    assert list(account.teams) == [team.id for team in opsgenielib.list_teams()]
    assert first["members"] == opsgenielib.get_team_by_name(first["name"]).members
    assert first["members"] == opsgenielib.get_team_by_id(first["id"]).members


def test_opsgenielib_reads_integrations(account: Account, opsgenielib: Opsgenie) -> None:
    """It reads all integrations, and those of a team by id and by name."""
    team = next(iter(account.teams.values()))
    of_team = [row["id"] for row in account.integrations.values() if row.get("teamId") == team["id"]]

    assert list(account.integrations.values()) == opsgenielib.list_integrations()["data"]
    assert of_team == [row["id"] for row in opsgenielib.list_integrations_by_team_id(team["id"])["data"]]
    assert of_team == [row["id"] for row in opsgenielib.list_integrations_by_team_name(team["name"])["data"]]


def test_opsgenielib_searches_alerts(account: Account, opsgenielib: Opsgenie) -> None:
    """It requests pages of 2,000 alerts, gets 100, and still reads all of them by `next`."""
    alerts = opsgenielib.query_alerts("createdAt > 0")
    team = next(iter(account.teams.values()))["name"]

    assert set(account.alerts) == {alert.id for alert in alerts}
    assert opsgenielib.count_alerts_by_query(f"teams={team}")["data"]["count"] == len(
        opsgenielib.query_alerts(f"teams={team}")
    )


def test_opsgenielib_reads_heartbeats(account: Account, opsgenielib: Opsgenie) -> None:
    """It reads the list of heartbeats."""
    assert [row["name"] for row in account.heartbeats] == [row.name for row in opsgenielib.list_heartbeats()]


def test_opsgenielib_reads_contacts_and_notification_rules(opsgenielib: Opsgenie) -> None:
    """It reads the contacts, rules and steps of a user by username."""
    user = next(user for user in opsgenielib.list_users() if user.verified)
    rules = user.notification_rules

    assert [user.username, True] == [user.contacts[0].to, user.contacts[0].status]
    assert list(range(9)) == [rule.order for rule in rules]
    assert {rule.id for rule in rules} >= {step.parent["id"] for rule in rules for step in rule.notification_steps}


def test_opsgenielib_reads_schedules(account: Account, opsgenielib: Opsgenie) -> None:
    """It reads schedules, timelines, escalations and on-calls by id and by name."""
    schedules, team = opsgenielib.list_schedules()["data"], next(iter(account.teams.values()))
    busy = next(team_id for team_id, row in account.teams.items() if len(logs(row, account.settings.inventory)) > 20)
    timeline = opsgenielib.list_schedule_timeline_by_team_name(schedules[0]["name"])["data"]

    assert [row["id"] for row in schedules] == [schedule.id for schedule in opsgenielib.get_users_on_call()]
    assert schedules[0]["name"] == opsgenielib.get_schedules_by_id(schedules[0]["id"])["data"]["name"]
    assert {"finalTimeline", "baseTimeline"} < set(timeline)
    assert team["id"] == opsgenielib.get_escalations_by_name(f"{team['name']}_escalation")["data"]["ownerTeam"]["id"]
    assert opsgenielib.get_routing_rules_by_name(team["name"])["data"][-1]["isDefault"]
    assert 20 == len(opsgenielib.get_team_logs_by_id(busy)["data"]["logs"])


def test_opsgenielib_reads_policies_and_maintenances(account: Account, opsgenielib: Opsgenie) -> None:
    """It reads policies by team, and maintenances by type."""
    team_id = list(account.teams)[2]
    policy = opsgenielib.list_alert_policy(team_id)[0]
    restart_policy = opsgenielib.list_notification_policy(team_id)["data"][1]

    assert "{{message}}" == opsgenielib.get_alert_policy(policy.id, team_id)._data["message"]
    assert (
        5
        == opsgenielib.get_notification_policy(restart_policy["id"], team_id)["data"]["autoRestartAction"][
            "maxRepeatCount"
        ]
    )
    assert {"past"} == {row.status for row in opsgenielib.list_maintenance(past=True)}
    assert {"active", "planned"} == {row.status for row in opsgenielib.list_maintenance(non_expired=True)}


def test_opsgenielib_reads_actions_and_log_files(account: Account, simulator: Simulator, opsgenielib: Opsgenie) -> None:
    """It reads actions by kind, log files by marker, and the link to a file as JSON."""
    integration_id = next(iter(account.integrations))
    simulator.switches = Switches(download_link="json")
    page = opsgenielib.get_logs_filenames("2020-01-01-00-00-00", 3)
    more = opsgenielib.get_logs_filenames(page["marker"], 3)

    assert opsgenielib.get_integration_actions(integration_id)["data"]["create"]
    assert (
        account.integrations[integration_id]["name"]
        == opsgenielib.get_integration_by_id(integration_id)["data"]["name"]
    )
    assert 6 == len({file["filename"] for file in (*page["data"], *more["data"])})
    assert opsgenielib.get_logs_download_link(page["data"][0]["filename"]).startswith(f"{simulator.url}/_files/logs/")
