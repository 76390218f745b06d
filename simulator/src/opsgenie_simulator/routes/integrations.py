"""Integrations and their actions (docs/opsgenie-api.md#integration)."""

from collections.abc import Iterator

from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode, require_visible, visible_records
from opsgenie_simulator.settings import integrations as settings


def integrations(context: RequestContext) -> Content:
    """All integrations in one response, filtered by type or team on request."""
    return Content(b"[" + b",".join(record.listed for record in _filtered(context)) + b"]")


def integration(context: RequestContext) -> Content:
    """One integration with its settings, which can contain secrets."""
    body = _find_integration(context)
    team = context.account.store.tables["teams"].get(body.get("teamId") or "")
    return encode(settings.settings(body, team.body() if team else None))


def actions(context: RequestContext) -> Content:
    """The actions that one integration takes on incoming data."""
    return encode(settings.actions(_find_integration(context)))


def _filtered(context: RequestContext) -> Iterator[Record]:
    teams, query = context.account.store.bodies("teams"), context.query
    with_name = [team["id"] for team in teams.values() if team["name"] == query.get("teamName")]
    team_ids = {"teamId": [query.get("teamId")], "teamName": with_name}
    for record in visible_records(context, "integrations"):
        body = record.body()
        has_type = query.get("type", body["type"]) == body["type"]
        if has_type and all(body.get("teamId") in ids for name, ids in team_ids.items() if name in query):
            yield record


def _find_integration(context: RequestContext) -> Body:
    record = context.account.store.tables["integrations"].get(context.path_params["id"])
    return require_visible(context, record, noun="Integration").body()


ROUTES = (
    Route("/v2/integrations", "configuration", "team", integrations),
    Route("/v2/integrations/{id}", "configuration", "team", integration),
    Route("/v2/integrations/{id}/actions", "configuration", "team", actions),
)
