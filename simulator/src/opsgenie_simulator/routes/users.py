"""Users and the teams that they are in (docs/opsgenie-api.md#user)."""

import orjson

from opsgenie_simulator.records import Record
from opsgenie_simulator.refusals import not_found
from opsgenie_simulator.routes.paging import Paged, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded


def users(ask: Ask) -> Content:
    """A page of users, a hundred unless fewer are asked for."""
    maximum, is_capped = ask.switches.users_limit_max, ask.switches.users_capped
    paged = Paged("users", limit_default=100, limit_max=maximum, orders=("asc", "desc"), is_capped=is_capped)
    return offset_page(ask, paged)


def user(ask: Ask) -> Content:
    """One user, by id or by user name."""
    return Content(_named(ask).full())


def teams(ask: Ask) -> Content:
    """The teams of one user."""
    ledger = ask.account.ledger
    named = (ledger.bodies("teams")[team_id] for team_id in ledger.teams_of_user(_named(ask).id))
    return encoded([{"id": team["id"], "name": team["name"]} for team in named])


def _named(ask: Ask) -> Record:
    shelf, identifier = ask.account.ledger.shelves["users"], ask.names["identifier"]
    # Bytes are compared first, as decoding all users is slow.
    mark = b'"username":' + orjson.dumps(identifier)
    by_name = (one for one in shelf if mark in one.listed and one.body()["username"] == identifier)
    record = shelf.get(identifier) or next(by_name, None)
    if record is None:
        raise not_found("User")
    return record


ROUTES = (
    Route("/v2/users", "search", "account", users),
    Route("/v2/users/{identifier}", "configuration", "account", user),
    Route("/v2/users/{identifier}/teams", "configuration", "account", teams),
)
