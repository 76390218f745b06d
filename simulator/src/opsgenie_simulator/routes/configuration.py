"""The account, its rate limits and roles, and heartbeats."""

from opsgenie_simulator.errors import ApiError, not_found, outside_team
from opsgenie_simulator.permissions import check_permission
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.collection import Collection, only
from opsgenie_simulator.routes.route import Ask, Content, Route, encode
from opsgenie_simulator.settings.configuration import roles
from opsgenie_simulator.timestamps import format_timestamp

# Invented: no source says how many users a plan allows.
EXTRA_USERS_ALLOWED = 50


def account(ask: Ask) -> Content:
    """The account's name, size and plan."""
    users = len(ask.account.users)
    plan = {"maxUserCount": users + EXTRA_USERS_ALLOWED, "name": ask.account.plan, "isYearly": True}
    return encode({"name": ask.account.name, "userCount": users, "plan": plan})


def request_limits(ask: Ask) -> Content:
    """The rate limits in force, if the key can read them."""
    position = ask.switches.limits_readable
    if position == "absent":
        raise not_found("Requested path")
    if ask.key.team_id is not None:
        raise outside_team()
    if position == "forbidden":
        raise ApiError(403, "You are not authorized to access this resource")
    if ask.switches.limits_need_configuration_access:
        check_permission(ask.key, "account")
    return encode({"rateLimits": [_domain_limits(ask, domain) for domain in ask.limits]})


def _domain_limits(ask: Ask, domain: str) -> Body:
    limits = [{"limit": rate.limit, "periodInSeconds": rate.period_in_sec} for rate in ask.limits[domain]]
    return {"domain": domain, "limits": limits}


HEARTBEATS = Collection(
    "Heartbeat", lambda ask: ask.account.heartbeats, id_param="name", type_param="", id_fields=("name",)
)


def heartbeats(ask: Ask) -> Content:
    """All heartbeats, nested one level deeper than other lists."""
    return encode({"heartbeats": HEARTBEATS.visible_rows(ask)})


def ping(ask: Ask) -> Content:
    """Record a ping of a heartbeat: a write, although the method is GET (docs/opsgenie-api.md#heartbeat)."""
    HEARTBEATS.find_row(ask).update(lastPingTime=format_timestamp(ask.account.now()), expired=False)
    return Content(None, {"result": "PONG - Heartbeat received"}, status=202)


ROLES = Collection(
    "Role",
    lambda ask: ask.account.settings.derive(roles),
    listed=only("id", "name"),
    id_fields=("id", "name"),
    team_scoped=False,
)

ROUTES = (
    Route("/v2/account", "configuration", "account", account),
    Route("/v2/request-limits", "configuration", "anyone", request_limits),
    Route("/v2/heartbeats", "heartbeat", "team", heartbeats),
    Route("/v2/heartbeats/{name}", "heartbeat", "team", HEARTBEATS.get_row),
    Route("/v2/heartbeats/{name}/ping", "heartbeat", "team", ping, writes=True),
    Route("/v2/roles", "configuration", "account", ROLES.list_rows),
    Route("/v2/roles/{identifier}", "configuration", "account", ROLES.get_row),
)
