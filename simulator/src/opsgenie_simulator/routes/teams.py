"""Teams, and what they have set up (docs/opsgenie-api.md#team)."""

from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.keyed import Keyed, key_page
from opsgenie_simulator.routes.route import Ask, Content, Route, all_of, encoded, visible
from opsgenie_simulator.settings import teams as settings

LOGS = Keyed(time="createdDate", key="offset", limit_max=100)


def teams(ask: Ask) -> Content:
    """All teams at once, without their members."""
    return all_of(ask, "teams")


def team(ask: Ask) -> Content:
    """One team with its members, and without the links of the list."""
    body = _named(ask, "identifierType")
    return encoded({name: value for name, value in body.items() if name != "links"})


def logs(ask: Ask) -> Content:
    """A page of a team's logs."""
    page, following = key_page(
        ask, settings.logs(_named(ask, "identifierType"), ask.account.settings.people), keyed=LOGS
    )
    return encoded({**following, "logs": page})


def roles(ask: Ask) -> Content:
    """All roles of a team's own making."""
    return encoded(settings.roles(_named(ask, "teamIdentifierType")))


def routing_rules(ask: Ask) -> Content:
    """All rules by which a team's alerts are routed."""
    return encoded(settings.routing_rules(_named(ask, "teamIdentifierType")))


def _named(ask: Ask, type_name: str) -> Body:
    shelf, identifier = ask.account.store.tables["teams"], ask.names["identifier"]
    if parse_choice(ask.query, type_name, values=("id", "name")) == "id":
        return visible(ask, shelf.get(identifier), what="Team").body()
    record = next((one for one in shelf if one.body()["name"] == identifier), None)
    return visible(ask, record, what="Team").body()


ROUTES = (
    Route("/v2/teams", "configuration", "team", teams),
    Route("/v2/teams/{identifier}", "configuration", "team", team),
    Route("/v2/teams/{identifier}/logs", "configuration", "team", logs),
    Route("/v2/teams/{identifier}/roles", "configuration", "team", roles),
    Route("/v2/teams/{identifier}/routing-rules", "configuration", "team", routing_rules),
)
