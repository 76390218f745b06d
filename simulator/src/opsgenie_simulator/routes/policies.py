"""Policies of the account and of teams, and maintenances (docs/opsgenie-api.md#policy)."""

from collections.abc import Callable

from opsgenie_simulator.errors import bad_parameter, not_found, outside_team
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.collection import Collection, only, without
from opsgenie_simulator.routes.route import Content, RequestContext, Route
from opsgenie_simulator.settings.policies import maintenances, policies

# The maintenances that each type of list shows; only `all` includes cancelled ones.
STATUSES = {
    "all": ("active", "planned", "past", "cancelled"),
    "past": ("past",),
    "non-expired": ("active", "planned"),
}


def _of_kind(kind: str) -> Callable[[RequestContext], list[Body]]:
    return lambda context: [row for row in _of_team(context) if row["type"] == kind]


def _of_team(context: RequestContext) -> list[Body]:
    # Without `teamId`, the policies of the account; a team's policy is found only with its team.
    team_id = context.query.get("teamId")
    if team_id is not None and team_id not in context.account.teams:
        raise not_found("Team")
    if team_id is not None and context.key.team_id not in (None, team_id):
        raise outside_team()
    return [row for row in context.account.settings.derive(policies) if row.get("teamId") == team_id]


LISTED = only("id", "name", "type", "order", "enabled")
ALERT = Collection("Policy", _of_kind("alert"), listed=LISTED)
NOTIFICATION = Collection("Policy", _of_kind("notification"), listed=LISTED)
POLICIES = Collection("Policy", _of_team, id_param="policyId", single=without("order"))


def notification(context: RequestContext) -> Content:
    """All notification policies of a team; the account has none."""
    if "teamId" not in context.query:
        raise bad_parameter("teamId", "must be given, as notification policies belong to teams")
    return NOTIFICATION.list_rows(context)


def _maintenances(context: RequestContext) -> list[Body]:
    statuses = STATUSES[parse_choice(context.query, "type", values=tuple(STATUSES))]
    return [row for row in context.account.settings.derive(maintenances) if row["status"] in statuses]


MAINTENANCES = Collection(
    "Maintenance",
    _maintenances,
    listed=without("rules", "teamId"),
    single=without("teamId"),
    id_param="id",
    type_param="",
)

ROUTES = (
    Route("/v2/policies/alert", "configuration", "team", ALERT.list_rows),
    Route("/v2/policies/notification", "configuration", "team", notification),
    Route("/v2/policies/{policyId}", "configuration", "team", POLICIES.get_row),
    Route("/v1/maintenance", "configuration", "team", MAINTENANCES.list_rows),
    Route("/v1/maintenance/{id}", "configuration", "team", MAINTENANCES.get_row),
)
