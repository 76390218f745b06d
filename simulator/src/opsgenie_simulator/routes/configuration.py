"""The account, its rate limits and roles, and heartbeats."""

from opsgenie_simulator.errors import ApiError, not_found, outside_team
from opsgenie_simulator.permissions import check_permission
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded
from opsgenie_simulator.routes.settings import Kind, only
from opsgenie_simulator.settings.account import roles
from opsgenie_simulator.timestamps import format_timestamp

# Nothing says how many users an account's plan allows.
USERS_ALLOWED_BEYOND = 50


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
        raise outside_team()
    if position == "forbidden":
        raise ApiError(403, "You are not authorized to access this resource")
    if ask.switches.limits_need_configuration_access:
        check_permission(ask.key, "account")
    return encoded({"rateLimits": [_domain_limits(ask, domain) for domain in ask.limits]})


def _domain_limits(ask: Ask, domain: str) -> Body:
    limits = [{"limit": one.limit, "periodInSeconds": one.period_in_sec} for one in ask.limits[domain]]
    return {"domain": domain, "limits": limits}


HEARTBEATS = Kind("Heartbeat", lambda ask: ask.account.heartbeats, name="name", type_name="", found_by=("name",))


def heartbeats(ask: Ask) -> Content:
    """All heartbeats, one level deeper than other lists."""
    return encoded({"heartbeats": HEARTBEATS.seen(ask)})


def ping(ask: Ask) -> Content:
    """Tell a heartbeat that all is well: a write, for all that it is a GET (docs/opsgenie-api.md#heartbeat)."""
    HEARTBEATS.found(ask).update(lastPingTime=format_timestamp(ask.account.now()), expired=False)
    return Content(None, {"result": "PONG - Heartbeat received"}, status=202)


ROLES = Kind(
    "Role", lambda ask: ask.account.settings.of(roles), shown=only("id", "name"), found_by=("id", "name"), owned=False
)

ROUTES = (
    Route("/v2/account", "configuration", "account", account),
    Route("/v2/request-limits", "configuration", "anyone", request_limits),
    Route("/v2/heartbeats", "heartbeat", "team", heartbeats),
    Route("/v2/heartbeats/{name}", "heartbeat", "team", HEARTBEATS.one),
    Route("/v2/heartbeats/{name}/ping", "heartbeat", "team", ping, writes=True),
    Route("/v2/roles", "configuration", "account", ROLES.all),
    Route("/v2/roles/{identifier}", "configuration", "account", ROLES.one),
)
