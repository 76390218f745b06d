"""Teams (docs/opsgenie-api.md#team)."""

from opsgenie_simulator.routes.route import Ask, Content, Route, all_of, encoded, visible
from opsgenie_simulator.rules import one_of


def teams(ask: Ask) -> Content:
    """All teams at once, without their members."""
    return all_of(ask, "teams")


def team(ask: Ask) -> Content:
    """One team with its members, and without the links of the list."""
    shelf, identifier = ask.account.ledger.shelves["teams"], ask.names["identifier"]
    if one_of(ask.query, "identifierType", values=("id", "name")) == "id":
        record = shelf.get(identifier)
    else:
        record = next((one for one in shelf if one.body()["name"] == identifier), None)
    body = visible(ask, record, what="Team").body()
    return encoded({name: value for name, value in body.items() if name != "links"})


ROUTES = (
    Route("/v2/teams", "configuration", "team", teams),
    Route("/v2/teams/{identifier}", "configuration", "team", team),
)
