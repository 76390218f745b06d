"""Users, the teams that they are in, and how they are reached (docs/opsgenie-api.md#user)."""

import orjson

from opsgenie_simulator.errors import not_found
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.paging import Paged, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded
from opsgenie_simulator.routes.settings import Kind, only, without
from opsgenie_simulator.settings import users as settings
from opsgenie_simulator.settings.escalations import escalations as all_escalations
from opsgenie_simulator.settings.escalations import forwarding_rules
from opsgenie_simulator.settings.schedules import parent
from opsgenie_simulator.settings.schedules import schedules as all_schedules


def users(ask: Ask) -> Content:
    """A page of users, a hundred unless fewer are asked for."""
    maximum, is_capped = ask.switches.users_limit_max, ask.switches.users_capped
    paged = Paged("users", limit_default=100, limit_max=maximum, orders=("asc", "desc"), is_capped=is_capped)
    return offset_page(ask, paged)


def user(ask: Ask) -> Content:
    """One user, by id or by user name, with all contacts if asked for."""
    body = _body(ask)
    expanded = {"userContacts": settings.user_contacts(body)} if ask.query.get("expand") == "contact" else {}
    return encoded({**body, **expanded}, expandable=["contact"])


def teams(ask: Ask) -> Content:
    """The teams of one user."""
    store = ask.account.store
    named = (store.bodies("teams")[team_id] for team_id in store.teams_of_user(_named(ask).id))
    return encoded([{"id": team["id"], "name": team["name"]} for team in named])


def schedules(ask: Ask) -> Content:
    """The schedules in whose rotations one user is."""
    user_id = _named(ask).id
    rows = ask.account.settings.of(all_schedules)
    mine = [row for row in rows if any(_is_in(one["participants"], user_id) for one in row["rotations"])]
    return encoded([parent(row) for row in mine])


def escalations(ask: Ask) -> Content:
    """The escalations whose rules name one user, in full."""
    user_id = _named(ask).id
    rows = ask.account.settings.of(all_escalations)
    return encoded([row for row in rows if _is_in([rule["recipient"] for rule in row["rules"]], user_id)])


def rules_of(ask: Ask) -> Content:
    """The rules by which somebody stands in for one user."""
    user_id = _named(ask).id
    return encoded([row for row in ask.account.settings.of(forwarding_rules) if row["fromUser"]["id"] == user_id])


def _is_in(recipients: list[Body], user_id: str) -> bool:
    return any(one["type"] == "user" and one["id"] == user_id for one in recipients)


def _body(ask: Ask) -> Body:
    return _named(ask).body()


CONTACTS = Kind(
    "Contact", lambda ask: settings.contacts(_body(ask)), name="contactId", alone=without("applyOrder"), owned=False
)
RULES = Kind(
    "Notification rule",
    lambda ask: settings.notification_rules(_body(ask), ask.account.settings.people),
    shown=only("id", "name", "actionType", "order", "enabled"),
    name="ruleId",
    owned=False,
)
STEPS = Kind("Step", lambda ask: RULES.found(ask)["steps"], owned=False)


def _named(ask: Ask) -> Record:
    shelf, identifier = ask.account.store.tables["users"], ask.names["identifier"]
    # Bytes are compared first, as decoding all users is slow.
    mark = b'"username":' + orjson.dumps(identifier)
    by_name = (one for one in shelf if mark in one.listed and one.body()["username"] == identifier)
    record = shelf.get(identifier) or next(by_name, None)
    if record is None:
        raise not_found("User")
    return record


_ONE = "/v2/users/{identifier}"

ROUTES = (
    Route("/v2/users", "search", "account", users),
    Route(_ONE, "configuration", "account", user),
    Route(f"{_ONE}/teams", "configuration", "account", teams),
    Route(f"{_ONE}/schedules", "configuration", "account", schedules),
    Route(f"{_ONE}/escalations", "configuration", "account", escalations),
    Route(f"{_ONE}/forwarding-rules", "configuration", "account", rules_of),
    Route(f"{_ONE}/contacts", "configuration", "account", CONTACTS.all),
    Route(f"{_ONE}/contacts/{{contactId}}", "configuration", "account", CONTACTS.one),
    Route(f"{_ONE}/notification-rules", "configuration", "account", RULES.all),
    Route(f"{_ONE}/notification-rules/{{ruleId}}", "configuration", "account", RULES.one),
    Route(f"{_ONE}/notification-rules/{{ruleId}}/steps", "configuration", "account", STEPS.all),
)
