"""Those for whom everything else is set up, and how settings name them and each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsgenie_simulator.randomness import random_uuid, seeded_random
from opsgenie_simulator.records import Body

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class People:
    """Users, teams and what belongs to them, and the end of the account's history."""

    users: Sequence[Body]
    teams: Sequence[Body]
    services: Sequence[Body]
    integrations: Sequence[Body]
    until: int


def id_of(subject: str) -> str:
    """The id of something that is derived: the same for the same subject."""
    return random_uuid(seeded_random(subject))


def members_of(team: Body) -> list[Body]:
    """The users in a team, by id and user name; a team may have none."""
    return [member["user"] for member in team.get("members", ())]


def meta(named: Body) -> Body:
    """How one thing names another: by id and name."""
    return {"id": named["id"], "name": named["name"]}


def schedule_of(team: Body) -> Body:
    """The schedule that each team has from the beginning."""
    return {"id": id_of(f"schedule {team['id']}"), "name": f"{team['name']}_schedule"}


def escalation_of(team: Body) -> Body:
    """The escalation that each team has from the beginning."""
    return {"id": id_of(f"escalation {team['id']}"), "name": f"{team['name']}_escalation"}


def to_user(user: Body) -> Body:
    """A recipient who is a user."""
    return {"type": "user", "id": user["id"], "username": user["username"]}


def to(kind: str, named: Body) -> Body:
    """A recipient that is a team, a schedule or an escalation."""
    return {"type": kind, **meta(named)}


def conditions(*, field: str = "message", key: str | None = None) -> Body:
    """A filter with two conditions."""
    keyed = {"key": key} if key else {}
    return {
        "type": "match-all-conditions",
        "conditions": [
            {"field": field, **keyed, "not": False, "operation": "contains", "expectedValue": "disk", "order": 0},
            {"field": "priority", "not": True, "operation": "equals", "expectedValue": "P5", "order": 1},
        ],
    }


def office_hours() -> Body:
    """Every day from 9 to 17:30."""
    restriction = {"startHour": 9, "startMin": 0, "endHour": 17, "endMin": 30}
    return {"type": "time-of-day", "restriction": restriction}


def working_week() -> Body:
    """From Monday morning to Friday evening."""
    monday = {"startDay": "monday", "startHour": 8, "startMin": 0}
    return {
        "type": "weekday-and-time-of-day",
        "restrictions": [{**monday, "endDay": "friday", "endHour": 18, "endMin": 0}],
    }


def minutes(amount: int) -> Body:
    """A stretch of time."""
    return {"timeAmount": amount, "timeUnit": "minutes"}
