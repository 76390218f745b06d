"""Users, their teams, contacts and notification rules (docs/opsgenie-api.md#user)."""

import orjson

from opsgenie_simulator.errors import not_found
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.collection import Collection, only, without
from opsgenie_simulator.routes.paging import PagedList, offset_page
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode
from opsgenie_simulator.settings import users as settings
from opsgenie_simulator.settings.escalations import escalations as all_escalations
from opsgenie_simulator.settings.escalations import forwarding_rules as all_forwarding_rules
from opsgenie_simulator.settings.schedules import parent
from opsgenie_simulator.settings.schedules import schedules as all_schedules


def users(context: RequestContext) -> Content:
    """A page of users, 100 by default."""
    maximum, is_capped = context.switches.users_limit_max, context.switches.users_capped
    paged = PagedList("users", limit_default=100, limit_max=maximum, orders=("asc", "desc"), is_capped=is_capped)
    return offset_page(context, paged)


def user(context: RequestContext) -> Content:
    """One user, by id or username, with all contacts if expanded."""
    body = _user_body(context)
    expanded = {"userContacts": settings.user_contacts(body)} if context.query.get("expand") == "contact" else {}
    return encode({**body, **expanded}, expandable=["contact"])


def teams(context: RequestContext) -> Content:
    """The teams of one user."""
    store = context.account.store
    bodies = (store.bodies("teams")[team_id] for team_id in store.teams_of_user(_find_user(context).id))
    return encode([{"id": team["id"], "name": team["name"]} for team in bodies])


def schedules(context: RequestContext) -> Content:
    """The schedules with a rotation that one user takes part in."""
    user_id = _find_user(context).id
    rows = context.account.settings.derive(all_schedules)
    return encode([parent(row) for row in rows if _takes_part(row, user_id)])


def _takes_part(schedule: Body, user_id: str) -> bool:
    return any(_includes(rotation["participants"], user_id) for rotation in schedule["rotations"])


def escalations(context: RequestContext) -> Content:
    """The escalations with a rule that names one user, with all fields."""
    user_id = _find_user(context).id
    rows = context.account.settings.derive(all_escalations)
    return encode([row for row in rows if _includes([rule["recipient"] for rule in row["rules"]], user_id)])


def forwarding_rules(context: RequestContext) -> Content:
    """The rules that forward one user's notifications to another user."""
    user_id = _find_user(context).id
    rows = context.account.settings.derive(all_forwarding_rules)
    return encode([row for row in rows if row["fromUser"]["id"] == user_id])


def _includes(recipients: list[Body], user_id: str) -> bool:
    return any(recipient["type"] == "user" and recipient["id"] == user_id for recipient in recipients)


def _user_body(context: RequestContext) -> Body:
    return _find_user(context).body()


CONTACTS = Collection(
    "Contact",
    lambda context: settings.contacts(_user_body(context)),
    id_param="contactId",
    single=without("applyOrder"),
    team_scoped=False,
)
RULES = Collection(
    "Notification rule",
    lambda context: settings.notification_rules(_user_body(context), context.account.settings.inventory),
    listed=only("id", "name", "actionType", "order", "enabled"),
    id_param="ruleId",
    team_scoped=False,
)
STEPS = Collection("Step", lambda context: RULES.find_row(context)["steps"], team_scoped=False)


def _find_user(context: RequestContext) -> Record:
    table, identifier = context.account.store.tables["users"], context.path_params["identifier"]
    # Compare bytes first, as decoding every user is slow.
    member = b'"username":' + orjson.dumps(identifier)
    with_name = (record for record in table if member in record.listed and record.body()["username"] == identifier)
    record = table.get(identifier) or next(with_name, None)
    if record is None:
        raise not_found("User")
    return record


_USER = "/v2/users/{identifier}"

ROUTES = (
    Route("/v2/users", "users", "account", users),
    Route(_USER, "configuration", "account", user),
    Route(f"{_USER}/teams", "configuration", "account", teams),
    Route(f"{_USER}/schedules", "configuration", "account", schedules),
    Route(f"{_USER}/escalations", "configuration", "account", escalations),
    Route(f"{_USER}/forwarding-rules", "configuration", "account", forwarding_rules),
    Route(f"{_USER}/contacts", "configuration", "account", CONTACTS.list_rows),
    Route(f"{_USER}/contacts/{{contactId}}", "configuration", "account", CONTACTS.get_row),
    Route(f"{_USER}/notification-rules", "configuration", "account", RULES.list_rows),
    Route(f"{_USER}/notification-rules/{{ruleId}}", "configuration", "account", RULES.get_row),
    Route(f"{_USER}/notification-rules/{{ruleId}}/steps", "configuration", "account", STEPS.list_rows),
)
