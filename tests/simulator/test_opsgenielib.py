"""A client that others wrote reads from the simulator: opsgenielib."""

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
    """A seeded account with users on more than one page."""
    return Account.seeded(users=130)


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
    assert account.store.teams_of_user(member["id"]) == [team["id"] for team in teams]


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


def test_opsgenielib_reads_how_users_are_reached(opsgenielib: Opsgenie) -> None:
    """Contacts, rules and steps of a user arrive by user name."""
    user = next(user for user in opsgenielib.list_users() if user.verified)
    rules = user.notification_rules

    assert [user.username, True] == [user.contacts[0].to, user.contacts[0].status]
    assert list(range(9)) == [rule.order for rule in rules]
    assert {rule.id for rule in rules} >= {step.parent["id"] for rule in rules for step in rule.notification_steps}


def test_opsgenielib_reads_schedules(account: Account, opsgenielib: Opsgenie) -> None:
    """Schedules, timelines, escalations and who is on call arrive, by id and by name."""
    schedules, team = opsgenielib.list_schedules()["data"], next(iter(account.teams.values()))
    busy = next(one for one, body in account.teams.items() if len(logs(body, account.settings.people)) > 20)
    timeline = opsgenielib.list_schedule_timeline_by_team_name(schedules[0]["name"])["data"]

    assert [row["id"] for row in schedules] == [one.id for one in opsgenielib.get_users_on_call()]
    assert schedules[0]["name"] == opsgenielib.get_schedules_by_id(schedules[0]["id"])["data"]["name"]
    assert {"finalTimeline", "baseTimeline"} < set(timeline)
    assert team["id"] == opsgenielib.get_escalations_by_name(f"{team['name']}_escalation")["data"]["ownerTeam"]["id"]
    assert opsgenielib.get_routing_rules_by_name(team["name"])["data"][-1]["isDefault"]
    assert 20 == len(opsgenielib.get_team_logs_by_id(busy)["data"]["logs"])


def test_opsgenielib_reads_policies_and_maintenances(account: Account, opsgenielib: Opsgenie) -> None:
    """Policies arrive by their team, maintenances by type with their times."""
    team_id = list(account.teams)[2]
    policy = opsgenielib.list_alert_policy(team_id)[0]
    restarting = opsgenielib.list_notification_policy(team_id)["data"][1]

    assert "{{message}}" == opsgenielib.get_alert_policy(policy.id, team_id)._data["message"]
    assert (
        5
        == opsgenielib.get_notification_policy(restarting["id"], team_id)["data"]["autoRestartAction"]["maxRepeatCount"]
    )
    assert {"past"} == {one.status for one in opsgenielib.list_maintenance(past=True)}
    assert {"active", "planned"} == {one.status for one in opsgenielib.list_maintenance(non_expired=True)}


def test_opsgenielib_reads_actions_and_log_files(account: Account, simulator: Simulator, opsgenielib: Opsgenie) -> None:
    """Actions arrive by kind, log files by marker; it reads the link to a file as JSON."""
    one = next(iter(account.integrations))
    simulator.switches = Switches(download_link="json")
    page = opsgenielib.get_logs_filenames("2020-01-01-00-00-00", 3)
    more = opsgenielib.get_logs_filenames(page["marker"], 3)

    assert opsgenielib.get_integration_actions(one)["data"]["create"]
    assert account.integrations[one]["name"] == opsgenielib.get_integration_by_id(one)["data"]["name"]
    assert 6 == len({file["filename"] for file in (*page["data"], *more["data"])})
    assert opsgenielib.get_logs_download_link(page["data"][0]["filename"]).startswith(f"{simulator.url}/_files/logs/")
