"""What happens to alerts and notifications by themselves, and when it does not (docs/opsgenie-api.md#policy)."""

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import (
    DAY_MS,
    People,
    conditions,
    id_of,
    meta,
    minutes,
    office_hours,
    to,
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
# Status, kind of time, and begin and end in days around the end of the history.
MAINTENANCES = (
    ("past", "schedule", -90, -89),
    ("past", "for-1-hour", -30, -30),
    ("cancelled", "schedule", -10, -9),
    ("active", "schedule", -1, 400),
    ("active", "indefinitely", -3, None),
    ("planned", "schedule", 500, 501),
)


def policies(people: People) -> list[Body]:
    """Alert policies of the account, alert and notification policies of most teams; in full form."""
    rows = [_policy("alert", order, None) for order in range(2 if people.users else 0)]
    for position, team in enumerate(people.teams):
        rows += [_policy("alert", order, team) for order in range(position % 3)]
        rows += [_policy("notification", order, team) for order in range(0 if position % 4 == 1 else len(NOTIFICATION))]
    return rows


def maintenances(people: People) -> list[Body]:
    """Maintenances of all kinds, in full form and with the team that they belong to."""
    entities = [{"id": row["id"], "type": "policy"} for row in policies(people)]
    entities += [{"id": row["id"], "type": "integration"} for row in people.integrations]
    return [_maintenance(number, people, entities) for number in range(len(MAINTENANCES) if entities else 0)]


def _policy(kind: str, order: int, team: Body | None) -> Body:
    subject = f"{kind} policy {order} {team['id'] if team else 'of the account'}"
    hours: tuple[Body, ...] = ({}, {"timeRestrictions": office_hours()}, {"timeRestrictions": working_week()})
    keyed = conditions(field="extra-properties", key="host") if order % 2 else {"type": "match-all"}
    return {
        "id": id_of(subject),
        "name": f"{kind.capitalize()} policy {order + 1}",
        "type": kind,
        "order": order,
        "enabled": bool((order + 1) % 4),
        "policyDescription": f"{kind} {order}" if order % 2 else "",
        **({"teamId": team["id"]} if team else {}),
        "filter": keyed,
        **hours[(order + (0 if team else 1)) % len(hours)],
        **(_alert(order, team) if kind == "alert" else NOTIFICATION[order]),
    }


def _alert(order: int, team: Body | None) -> Body:
    changed: Body = {"message": "{{message}}", "continue": bool(order), "priority": "P2"}
    if order:
        changed |= {
            "alias": "{{alias}}",
            "description": "{{description}}",
            "entity": "{{entity}}",
            "source": "{{source}}",
        }
    return {
        **changed,
        **{f"ignoreOriginal{name}": bool(order % 2) for name in IGNORED},
        "actions": ["Restart"] if order else [],
        "responders": [to("team", meta(team))] if team else [],
        "tags": ["by-policy"] if order else [],
        "details": {"tier": "1"} if order else {},
    }


def _maintenance(number: int, people: People, entities: list[Body]) -> Body:
    status, kind, first, last = MAINTENANCES[number]
    chance = seeded_random(f"maintenance {number} {entities[0]['id']}")
    ends = {} if last is None else {"endDate": format_timestamp(people.until + (last * 24 + 1) * DAY_MS // 24)}
    team = {"teamId": people.teams[0]["id"]} if people.teams and number % 2 == 0 else {}
    return {
        "id": id_of(f"maintenance {number} {entities[0]['id']}"),
        "status": status,
        "time": {"type": kind, "startDate": format_timestamp(people.until + first * DAY_MS), **ends},
        "description": f"Maintenance {number}" if number % 3 else "",
        "rules": [
            {"state": chance.choice(("enabled", "disabled")), "entity": entity}
            for entity in chance.sample(entities, min(2, len(entities)))
        ],
        **team,
    }
