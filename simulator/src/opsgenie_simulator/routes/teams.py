"""Teams and their logs, roles and routing rules (docs/opsgenie-api.md#team)."""

from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.key_paging import KeyedList, key_page
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode, list_records, require_visible
from opsgenie_simulator.settings import teams as settings

LOGS = KeyedList(time_field="createdDate", key_name="offset", limit_max=100)


def teams(context: RequestContext) -> Content:
    """All teams in one response, without their members."""
    return list_records(context, "teams")


def team(context: RequestContext) -> Content:
    """One team with its members, but without the links that the list has."""
    body = _find_team(context, "identifierType")
    return encode({name: value for name, value in body.items() if name != "links"})


def logs(context: RequestContext) -> Content:
    """A page of a team's logs."""
    rows = settings.logs(_find_team(context, "identifierType"), context.account.settings.inventory)
    page, next_key = key_page(context, rows, keyed=LOGS)
    return encode({**next_key, "logs": page})


def roles(context: RequestContext) -> Content:
    """All custom roles of a team."""
    return encode(settings.roles(_find_team(context, "teamIdentifierType")))


def routing_rules(context: RequestContext) -> Content:
    """All routing rules of a team."""
    return encode(settings.routing_rules(_find_team(context, "teamIdentifierType")))


def _find_team(context: RequestContext, type_param: str) -> Body:
    table, identifier = context.account.store.tables["teams"], context.path_params["identifier"]
    if parse_choice(context.query, type_param, values=("id", "name")) == "id":
        return require_visible(context, table.get(identifier), noun="Team").body()
    record = next((record for record in table if record.body()["name"] == identifier), None)
    return require_visible(context, record, noun="Team").body()


ROUTES = (
    Route("/v2/teams", "configuration", "team", teams),
    Route("/v2/teams/{identifier}", "configuration", "team", team),
    Route("/v2/teams/{identifier}/logs", "configuration", "team", logs),
    Route("/v2/teams/{identifier}/roles", "configuration", "team", roles),
    Route("/v2/teams/{identifier}/routing-rules", "configuration", "team", routing_rules),
)
