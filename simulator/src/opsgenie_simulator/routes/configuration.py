"""Integrations, maintenance, heartbeats, the account and its rate limits."""

from collections.abc import Iterator

from opsgenie_simulator import rules
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.refusals import Refusal, not_found, out_of_team
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded, may_see, visible

# Nothing says how many users an account's plan allows.
USERS_ALLOWED_BEYOND = 50


def integrations(ask: Ask) -> Content:
    """All integrations at once, of one type or team if asked for."""
    return Content(b"[" + b",".join(record.listed for record in _integrations(ask)) + b"]")


def _integrations(ask: Ask) -> Iterator[Record]:
    teams, query = ask.account.ledger.bodies("teams"), ask.query
    named = [team["id"] for team in teams.values() if team["name"] == query.get("teamName")]
    team_ids = {"teamId": [query.get("teamId")], "teamName": named}
    for record in ask.account.ledger.shelves["integrations"]:
        body = record.body()
        fits = query.get("type", body["type"]) == body["type"]
        in_team = all(body.get("teamId") in ids for name, ids in team_ids.items() if name in query)
        if fits and in_team and may_see(ask, record):
            yield record


def integration(ask: Ask) -> Content:
    """One integration, in the few fields that all types share."""
    record = ask.account.ledger.shelves["integrations"].get(ask.names["id"])
    body = visible(ask, record, what="Integration").body()
    team = ask.account.ledger.bodies("teams").get(body.get("teamId") or "")
    owner = {"ownerTeam": {"id": team["id"], "name": team["name"]}} if team else {}
    shared = {name: body[name] for name in ("id", "name", "type", "enabled")}
    return encoded({**shared, "isGlobal": team is None, **owner, "_readOnly": ["id", "type"]})


def account(ask: Ask) -> Content:
    """The account's name, size and plan."""
    users = len(ask.account.users)
    plan = {"maxUserCount": users + USERS_ALLOWED_BEYOND, "name": ask.account.plan, "isYearly": True}
    return encoded({"name": ask.account.name, "userCount": users, "plan": plan})


def request_limits(ask: Ask) -> Content:
    """The rate limits in force, for the keys that may know them."""
    position = ask.switches.limits_readable
    if position == "absent":
        raise not_found("Requested path")
    if ask.key.team_id is not None:
        raise out_of_team()
    if position == "forbidden":
        raise Refusal(403, "You are not authorized to access this resource")
    if ask.switches.limits_need_configuration_access:
        rules.entitled(ask.key, "account")
    return encoded({"rateLimits": [_domain_limits(ask, domain) for domain in ask.limits]})


def _domain_limits(ask: Ask, domain: str) -> Body:
    limits = [{"limit": one.limit, "periodInSeconds": one.period_in_sec} for one in ask.limits[domain]]
    return {"domain": domain, "limits": limits}


def heartbeats(ask: Ask) -> Content:
    """All heartbeats, one level deeper than other lists."""
    team_id = ask.key.team_id
    seen = [one for one in ask.account.heartbeats if team_id in (None, one.get("ownerTeam", {}).get("id"))]
    return encoded({"heartbeats": seen})


def maintenance(_: Ask) -> Content:
    """No maintenance at all; some clients ask for it to see whether their key is good."""
    return encoded([])


ROUTES = (
    Route("/v2/integrations", "configuration", "team", integrations),
    Route("/v2/integrations/{id}", "configuration", "team", integration),
    Route("/v1/maintenance", "configuration", "team", maintenance),
    Route("/v2/account", "configuration", "account", account),
    Route("/v2/request-limits", "configuration", "anyone", request_limits),
    Route("/v2/heartbeats", "heartbeat", "team", heartbeats),
)
