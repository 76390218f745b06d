"""The account, its rate limits and roles, and heartbeats."""

from opsgenie_simulator.errors import ApiError, not_found, outside_team
from opsgenie_simulator.permissions import check_permission
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.collection import Collection, only
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode
from opsgenie_simulator.settings.configuration import roles
from opsgenie_simulator.timestamps import format_timestamp

# Invented: no source says how many users a plan allows.
EXTRA_USERS_ALLOWED = 50


def account(context: RequestContext) -> Content:
    """The account's name, size and plan."""
    users = len(context.account.users)
    plan = {"maxUserCount": users + EXTRA_USERS_ALLOWED, "name": context.account.plan, "isYearly": True}
    return encode({"name": context.account.name, "userCount": users, "plan": plan})


def request_limits(context: RequestContext) -> Content:
    """The rate limits in force, if the key can read them."""
    position = context.switches.limits_readable
    if position == "absent":
        raise not_found("Requested path")
    if context.key.team_id is not None:
        raise outside_team()
    if position == "forbidden":
        raise ApiError(403, "You are not authorized to access this resource")
    if context.switches.limits_need_configuration_access:
        check_permission(context.key, "account")
    return encode({"rateLimits": [_domain_limits(context, domain) for domain in context.limits]})


def _domain_limits(context: RequestContext, domain: str) -> Body:
    limits = [{"limit": rate.limit, "periodInSeconds": rate.period_in_sec} for rate in context.limits[domain]]
    return {"domain": domain, "limits": limits}


HEARTBEATS = Collection(
    "Heartbeat", lambda context: context.account.heartbeats, id_param="name", type_param="", id_fields=("name",)
)


def heartbeats(context: RequestContext) -> Content:
    """All heartbeats, nested one level deeper than other lists."""
    return encode({"heartbeats": HEARTBEATS.visible_rows(context)})


def ping(context: RequestContext) -> Content:
    """Record a ping of a heartbeat: a write, although the method is GET (docs/opsgenie-api.md#heartbeat)."""
    HEARTBEATS.find_row(context).update(lastPingTime=format_timestamp(context.account.now()), expired=False)
    return Content(None, {"result": "PONG - Heartbeat received"}, status=202)


ROLES = Collection(
    "Role",
    lambda context: context.account.settings.derive(roles),
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
