"""Contacts and notification rules of users (docs/opsgenie-api.md#user-settings)."""

from opsgenie_simulator.randomness import happens, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import (
    Inventory,
    condition_filter,
    default_schedule,
    derive_id,
    minutes,
    office_hours,
    recipient,
    working_week,
)

ACTIONS = (
    "create-alert", "acknowledged-alert", "closed-alert", "renotified-alert", "assigned-alert", "add-note",
    "schedule-start", "schedule-end", "incoming-call-routing",
)  # fmt: skip


def contacts(user: Body) -> list[Body]:
    """The contacts of a user: an address, maybe phones; a disabled one has a reason."""
    rng = seeded_random(f"contacts {user['id']}")
    phone = f"49-{rng.randrange(10**9):09d}"
    addresses = [("email", user["username"]), ("sms", phone), ("voice", phone), ("mobile", "Pixel 9")]
    return [
        {
            "id": derive_id(f"contact {method} {user['id']}"),
            "method": method,
            "to": address,
            "status": {"enabled": True}
            if place == 0 or happens(rng, 0.8)
            else {"enabled": False, "disabledReason": "Not verified"},
            "applyOrder": place,
        }
        for place, (method, address) in enumerate(addresses[: rng.randint(1, len(addresses))])
    ]


def user_contacts(user: Body) -> list[Body]:
    """The contacts of a user, as a single user shows them when expanded."""
    return [
        {"to": contact["to"], "id": contact["id"], "contactMethod": contact["method"], **contact["status"]}
        for contact in contacts(user)
    ]


def notification_rules(user: Body, inventory: Inventory) -> list[Body]:
    """The notification rules of a user, with all fields; an unverified user has none."""
    if not user["verified"]:
        return []
    schedules = [recipient("schedule", default_schedule(team)) for team in inventory.teams[:1]]
    return [_rule(user, action, order=order, schedules=schedules) for order, action in enumerate(ACTIONS)]


def _rule(user: Body, action: str, *, order: int, schedules: list[Body]) -> Body:
    rng, rule_id = seeded_random(f"rule {action} {user['id']}"), derive_id(f"rule {action} {user['id']}")
    name = action.replace("-", " ").capitalize()
    is_on_call = action.startswith("schedule")
    rule: Body = {
        "id": rule_id,
        "name": name,
        "actionType": action,
        "criteria": condition_filter(field="extra-properties", key="region") if order % 3 else {"type": "match-all"},
        "notificationTime": ["just-before", "1-hour-ago"] if is_on_call else [],
        "order": order,
        "steps": _steps(user, {"id": rule_id, "name": name}),
        "schedules": schedules if is_on_call else [],
        "enabled": happens(rng, 0.8),
    }
    if happens(rng, 0.4):
        rule["timeRestriction"] = office_hours() if order % 2 else working_week()
    return rule | ({"repeat": {"loopAfter": 10, "enabled": True}} if action == "create-alert" else {})


def _steps(user: Body, parent: Body) -> list[Body]:
    notified = contacts(user)[: seeded_random(f"steps {parent['id']}").randint(0, 3)]
    return [
        {
            "_parent": parent,
            "id": derive_id(f"step {place} {parent['id']}"),
            "sendAfter": minutes(5 * place),
            "contact": {"method": contact["method"], "to": contact["to"]},
            "enabled": contact["status"]["enabled"],
        }
        for place, contact in enumerate(notified)
    ]
