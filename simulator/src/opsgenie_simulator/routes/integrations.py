"""Integrations, and what they do (docs/opsgenie-api.md#integration)."""

from collections.abc import Iterator

from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded, seen, visible
from opsgenie_simulator.settings import integrations as settings


def integrations(ask: Ask) -> Content:
    """All integrations at once, of one type or team if asked for."""
    return Content(b"[" + b",".join(record.listed for record in _fitting(ask)) + b"]")


def integration(ask: Ask) -> Content:
    """One integration with its settings, which may hold secrets."""
    body = _named(ask)
    team = ask.account.store.tables["teams"].get(body.get("teamId") or "")
    return encoded(settings.settings(body, team.body() if team else None))


def actions(ask: Ask) -> Content:
    """What one integration does with what comes in."""
    return encoded(settings.actions(_named(ask)))


def _fitting(ask: Ask) -> Iterator[Record]:
    teams, query = ask.account.store.bodies("teams"), ask.query
    named = [team["id"] for team in teams.values() if team["name"] == query.get("teamName")]
    team_ids = {"teamId": [query.get("teamId")], "teamName": named}
    for record in seen(ask, "integrations"):
        body = record.body()
        fits = query.get("type", body["type"]) == body["type"]
        if fits and all(body.get("teamId") in ids for name, ids in team_ids.items() if name in query):
            yield record


def _named(ask: Ask) -> Body:
    record = ask.account.store.tables["integrations"].get(ask.names["id"])
    return visible(ask, record, what="Integration").body()


ROUTES = (
    Route("/v2/integrations", "configuration", "team", integrations),
    Route("/v2/integrations/{id}", "configuration", "team", integration),
    Route("/v2/integrations/{id}/actions", "configuration", "team", actions),
)
