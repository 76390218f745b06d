"""How each user is reached, and when (docs/opsgenie-api.md#user-settings)."""

from opsgenie_simulator.randomness import happens, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import (
    People,
    conditions,
    id_of,
    minutes,
    office_hours,
    schedule_of,
    to,
    working_week,
)

ACTIONS = (
    "create-alert", "acknowledged-alert", "closed-alert", "renotified-alert", "assigned-alert", "add-note",
    "schedule-start", "schedule-end", "incoming-call-routing",
)  # fmt: skip


def contacts(user: Body) -> list[Body]:
    """Address, and perhaps telephones; what is disabled says why."""
    chance = seeded_random(f"contacts {user['id']}")
    telephone = f"49-{chance.randrange(10**9):09d}"
    addresses = [("email", user["username"]), ("sms", telephone), ("voice", telephone), ("mobile", "Pixel 9")]
    return [
        {
            "id": id_of(f"contact {method} {user['id']}"),
            "method": method,
            "to": address,
            "status": {"enabled": True}
            if place == 0 or happens(chance, 0.8)
            else {"enabled": False, "disabledReason": "Not verified"},
            "applyOrder": place,
        }
        for place, (method, address) in enumerate(addresses[: chance.randint(1, len(addresses))])
    ]


def user_contacts(user: Body) -> list[Body]:
    """The same, as a single user shows them when asked to."""
    return [
        {"to": one["to"], "id": one["id"], "contactMethod": one["method"], **one["status"]} for one in contacts(user)
    ]


def notification_rules(user: Body, people: People) -> list[Body]:
    """When a user is told of what, in full form; who never confirmed their address has no rules."""
    if not user["verified"]:
        return []
    schedules = [to("schedule", schedule_of(team)) for team in people.teams[:1]]
    return [_rule(user, action, order=order, schedules=schedules) for order, action in enumerate(ACTIONS)]


def _rule(user: Body, action: str, *, order: int, schedules: list[Body]) -> Body:
    chance, rule_id = seeded_random(f"rule {action} {user['id']}"), id_of(f"rule {action} {user['id']}")
    name = action.replace("-", " ").capitalize()
    is_on_call = action.startswith("schedule")
    rule: Body = {
        "id": rule_id,
        "name": name,
        "actionType": action,
        "criteria": conditions(field="extra-properties", key="region") if order % 3 else {"type": "match-all"},
        "notificationTime": ["just-before", "1-hour-ago"] if is_on_call else [],
        "order": order,
        "steps": _steps(user, {"id": rule_id, "name": name}),
        "schedules": schedules if is_on_call else [],
        "enabled": happens(chance, 0.8),
    }
    if happens(chance, 0.4):
        rule["timeRestriction"] = office_hours() if order % 2 else working_week()
    return rule | ({"repeat": {"loopAfter": 10, "enabled": True}} if action == "create-alert" else {})


def _steps(user: Body, parent: Body) -> list[Body]:
    reached = contacts(user)[: seeded_random(f"steps {parent['id']}").randint(0, 3)]
    return [
        {
            "_parent": parent,
            "id": id_of(f"step {place} {parent['id']}"),
            "sendAfter": minutes(5 * place),
            "contact": {"method": contact["method"], "to": contact["to"]},
            "enabled": contact["status"]["enabled"],
        }
        for place, contact in enumerate(reached)
    ]
