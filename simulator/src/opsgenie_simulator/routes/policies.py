"""Policies of the account and of teams, and maintenances (docs/opsgenie-api.md#policy)."""

from collections.abc import Callable

from opsgenie_simulator.errors import bad_parameter, not_found, outside_team
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Ask, Content, Route
from opsgenie_simulator.routes.settings import Kind, only, without
from opsgenie_simulator.settings.policies import maintenances, policies

# Which maintenances each kind of list shows; what was cancelled is in none but the whole one.
STATUSES = {
    "all": ("active", "planned", "past", "cancelled"),
    "past": ("past",),
    "non-expired": ("active", "planned"),
}


def _of_kind(kind: str) -> Callable[[Ask], list[Body]]:
    return lambda ask: [row for row in _of_team(ask) if row["type"] == kind]


def _of_team(ask: Ask) -> list[Body]:
    # Without a team, those of the account; a policy of a team answers only if its team is named.
    team_id = ask.query.get("teamId")
    if team_id is not None and team_id not in ask.account.teams:
        raise not_found("Team")
    if team_id is not None and ask.key.team_id not in (None, team_id):
        raise outside_team()
    return [row for row in ask.account.settings.of(policies) if row.get("teamId") == team_id]


LISTED = only("id", "name", "type", "order", "enabled")
ALERT = Kind("Policy", _of_kind("alert"), shown=LISTED)
NOTIFICATION = Kind("Policy", _of_kind("notification"), shown=LISTED)
POLICIES = Kind("Policy", _of_team, name="policyId", alone=without("order"))


def notification(ask: Ask) -> Content:
    """All notification policies of a team; the account has none."""
    if "teamId" not in ask.query:
        raise bad_parameter("teamId", "must be given, as notification policies belong to teams")
    return NOTIFICATION.all(ask)


def _maintenances(ask: Ask) -> list[Body]:
    statuses = STATUSES[parse_choice(ask.query, "type", values=tuple(STATUSES))]
    return [row for row in ask.account.settings.of(maintenances) if row["status"] in statuses]


MAINTENANCES = Kind(
    "Maintenance", _maintenances, shown=without("rules", "teamId"), alone=without("teamId"), name="id", type_name=""
)

ROUTES = (
    Route("/v2/policies/alert", "configuration", "team", ALERT.all),
    Route("/v2/policies/notification", "configuration", "team", notification),
    Route("/v2/policies/{policyId}", "configuration", "team", POLICIES.one),
    Route("/v1/maintenance", "configuration", "team", MAINTENANCES.all),
    Route("/v1/maintenance/{id}", "configuration", "team", MAINTENANCES.one),
)
