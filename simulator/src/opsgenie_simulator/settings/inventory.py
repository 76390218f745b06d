"""The records that settings are derived from, and how settings refer to records."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsgenie_simulator.randomness import random_uuid, seeded_random
from opsgenie_simulator.records import Body

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Inventory:
    """An account's users, teams, services and integrations, and the end of its history."""

    users: Sequence[Body]
    teams: Sequence[Body]
    services: Sequence[Body]
    integrations: Sequence[Body]
    until: int


def derive_id(subject: str) -> str:
    """Derive an id; the same *subject* always has the same id."""
    return random_uuid(seeded_random(subject))


def members_of(team: Body) -> list[Body]:
    """Return the ids and usernames of a team's members, if it has any."""
    return [member["user"] for member in team.get("members", ())]


def id_and_name(record: Body) -> Body:
    """Return the id and name by which other records refer to *record*."""
    return {"id": record["id"], "name": record["name"]}


def default_schedule(team: Body) -> Body:
    """Return the id and name of the schedule that each team starts with."""
    return {"id": derive_id(f"schedule {team['id']}"), "name": f"{team['name']}_schedule"}


def default_escalation(team: Body) -> Body:
    """Return the id and name of the escalation that each team starts with."""
    return {"id": derive_id(f"escalation {team['id']}"), "name": f"{team['name']}_escalation"}


def user_recipient(user: Body) -> Body:
    """Return a recipient that is a user."""
    return {"type": "user", "id": user["id"], "username": user["username"]}


def recipient(kind: str, record: Body) -> Body:
    """Return a recipient that is a team, a schedule or an escalation."""
    return {"type": kind, **id_and_name(record)}


def condition_filter(*, field: str = "message", key: str | None = None) -> Body:
    """Return a filter with two conditions, the first on *field*."""
    keyed = {"key": key} if key else {}
    return {
        "type": "match-all-conditions",
        "conditions": [
            {"field": field, **keyed, "not": False, "operation": "contains", "expectedValue": "disk", "order": 0},
            {"field": "priority", "not": True, "operation": "equals", "expectedValue": "P5", "order": 1},
        ],
    }


def office_hours() -> Body:
    """Return a time restriction to 9:00 to 17:30 every day."""
    restriction = {"startHour": 9, "startMin": 0, "endHour": 17, "endMin": 30}
    return {"type": "time-of-day", "restriction": restriction}


def working_week() -> Body:
    """Return a time restriction to Monday morning to Friday evening."""
    monday = {"startDay": "monday", "startHour": 8, "startMin": 0}
    return {
        "type": "weekday-and-time-of-day",
        "restrictions": [{**monday, "endDay": "friday", "endHour": 18, "endMin": 0}],
    }


def minutes(amount: int) -> Body:
    """Return a duration in minutes."""
    return {"timeAmount": amount, "timeUnit": "minutes"}
