"""Alert and notification policies, and maintenances (docs/opsgenie-api.md#policy)."""

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import (
    DAY_MS,
    Inventory,
    condition_filter,
    derive_id,
    minutes,
    office_hours,
    recipient,
    working_week,
)
from opsgenie_simulator.timestamps import format_timestamp

IGNORED = ("Actions", "Details", "Responders", "Tags", "Teams")
NOTIFICATION: tuple[Body, ...] = (
    {"autoCloseAction": {"duration": minutes(1440)}},
    {"autoRestartAction": {"duration": minutes(30), "maxRepeatCount": 5}, "suppress": False},
    {"deduplicationAction": {"deduplicationActionType": "frequency-based", "count": 5, "duration": minutes(10)}},
    {"delayAction": {"delayOption": "next-monday", "untilHour": 9, "untilMinute": 0}},
    {"delayAction": {"delayOption": "for-duration", "duration": minutes(15)}, "suppress": True},
)
# Status, type of time, and start and end in days relative to the end of the history.
MAINTENANCES = (
    ("past", "schedule", -90, -89),
    ("past", "for-1-hour", -30, -30),
    ("cancelled", "schedule", -10, -9),
    ("active", "schedule", -1, 400),
    ("active", "indefinitely", -3, None),
    ("planned", "schedule", 500, 501),
)


def policies(inventory: Inventory) -> list[Body]:
    """Policies with all fields: alert policies of the account, alert and notification policies of most teams."""
    rows = [_policy("alert", order, None) for order in range(2 if inventory.users else 0)]
    for position, team in enumerate(inventory.teams):
        rows += [_policy("alert", order, team) for order in range(position % 3)]
        rows += [_policy("notification", order, team) for order in range(0 if position % 4 == 1 else len(NOTIFICATION))]
    return rows


def maintenances(inventory: Inventory) -> list[Body]:
    """Maintenances of all types, with all fields and their team."""
    entities = [{"id": row["id"], "type": "policy"} for row in policies(inventory)]
    entities += [{"id": row["id"], "type": "integration"} for row in inventory.integrations]
    return [_maintenance(number, inventory, entities) for number in range(len(MAINTENANCES) if entities else 0)]


def _policy(kind: str, order: int, team: Body | None) -> Body:
    subject = f"{kind} policy {order} {team['id'] if team else 'of the account'}"
    hours: tuple[Body, ...] = ({}, {"timeRestrictions": office_hours()}, {"timeRestrictions": working_week()})
    criteria = condition_filter(field="extra-properties", key="host") if order % 2 else {"type": "match-all"}
    return {
        "id": derive_id(subject),
        "name": f"{kind.capitalize()} policy {order + 1}",
        "type": kind,
        "order": order,
        "enabled": bool((order + 1) % 4),
        "policyDescription": f"{kind} {order}" if order % 2 else "",
        **({"teamId": team["id"]} if team else {}),
        "filter": criteria,
        **hours[(order + (0 if team else 1)) % len(hours)],
        **(_alert(order, team) if kind == "alert" else NOTIFICATION[order]),
    }


def _alert(order: int, team: Body | None) -> Body:
    fields: Body = {"message": "{{message}}", "continue": bool(order), "priority": "P2"}
    if order:
        fields |= {
            "alias": "{{alias}}",
            "description": "{{description}}",
            "entity": "{{entity}}",
            "source": "{{source}}",
        }
    return {
        **fields,
        **{f"ignoreOriginal{name}": bool(order % 2) for name in IGNORED},
        "actions": ["Restart"] if order else [],
        "responders": [recipient("team", team)] if team else [],
        "tags": ["by-policy"] if order else [],
        "details": {"tier": "1"} if order else {},
    }


def _maintenance(number: int, inventory: Inventory, entities: list[Body]) -> Body:
    status, kind, first, last = MAINTENANCES[number]
    rng = seeded_random(f"maintenance {number} {entities[0]['id']}")
    ends = {} if last is None else {"endDate": format_timestamp(inventory.until + (last * 24 + 1) * DAY_MS // 24)}
    team = {"teamId": inventory.teams[0]["id"]} if inventory.teams and number % 2 == 0 else {}
    return {
        "id": derive_id(f"maintenance {number} {entities[0]['id']}"),
        "status": status,
        "time": {"type": kind, "startDate": format_timestamp(inventory.until + first * DAY_MS), **ends},
        "description": f"Maintenance {number}" if number % 3 else "",
        "rules": [
            {"state": rng.choice(("enabled", "disabled")), "entity": entity}
            for entity in rng.sample(entities, min(2, len(entities)))
        ],
        **team,
    }
