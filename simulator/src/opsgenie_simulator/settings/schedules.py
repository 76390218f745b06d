"""Schedules with their rotations, and who takes over for a while (docs/opsgenie-api.md#schedule)."""

from opsgenie_simulator.randomness import happens, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import (
    DAY_MS,
    People,
    escalation_of,
    id_of,
    members_of,
    meta,
    office_hours,
    schedule_of,
    to,
    to_user,
    working_week,
)
from opsgenie_simulator.timestamps import format_timestamp

# A restriction in the form that one client met: one kind's name with the other kind's list.
ODD_HOURS: Body = {"type": "time-of-day", "restrictions": [{"startHour": 22, "startMin": 0, "endHour": 6, "endMin": 0}]}
RESTRICTIONS: tuple[Body, ...] = (
    {"timeRestriction": None},
    {"timeRestriction": office_hours()},
    {},
    {"timeRestriction": working_week()},
    {"timeRestriction": ODD_HOURS},
)
KINDS = (("weekly", 1), ("daily", 1), ("hourly", 12), ("weekly", 3))
# Both were seen in real accounts.
BEGINNING_OF_TIME = "1970-01-01T00:00:00Z"
END_OF_TIME = "3025-01-01T00:00:00Z"


def schedules(people: People) -> list[Body]:
    """One of each team, a second one of some, and one of the account as a whole; in full form."""
    rows = []
    for position, team in enumerate(people.teams):
        rows.append(_schedule(schedule_of(team), team, people, position=position))
        if position % 3 == 0:
            second = {"id": id_of(f"second {team['id']}"), "name": f"{team['name']}_second line"}
            rows.append(_schedule(second, team, people, position=position + 1))
    if people.users:
        whole = {"id": id_of(f"schedule {people.users[0]['id']}"), "name": "Follow the sun"}
        rows.append(_schedule(whole, None, people, position=1))
    return rows


def overrides(people: People) -> dict[str, list[Body]]:
    """Who takes over in which schedule, by its id, in full form; most schedules have no override."""
    return {schedule["id"]: _overrides(schedule, people) for schedule in _with_rotations(people)}


def _with_rotations(people: People) -> list[Body]:
    return [schedule for schedule in schedules(people) if schedule["rotations"]]


def parent(schedule: Body) -> Body:
    """How what belongs to a schedule names it."""
    return {name: schedule[name] for name in ("id", "name", "enabled")}


def _schedule(named: Body, team: Body | None, people: People, *, position: int) -> Body:
    members = members_of(team) if team else [{"id": one["id"], "username": one["username"]} for one in people.users[:3]]
    number = seeded_random(f"rotations {named['id']}").randint(1, 3) if members else 0
    return {
        **named,
        "description": "" if position % 2 else f"Who is called for {named['name']}",
        "timezone": ("Europe/Berlin", "Africa/Monrovia")[position % 2],
        "enabled": bool((position + 1) % 5),
        **({"ownerTeam": meta(team)} if team else {}),
        "rotations": [
            _rotation(named, place, members, team=team, offset=position, until=people.until) for place in range(number)
        ],
    }


def _rotation(schedule: Body, place: int, members: list[Body], *, team: Body | None, offset: int, until: int) -> Body:
    kind, length = KINDS[(place + offset) % len(KINDS)]
    chance = seeded_random(f"rotation {place} {schedule['id']}")
    participants = [to_user(user) for user in members]
    if place == 1:
        participants.append(to("escalation", escalation_of(team)) if team else {"type": "none"})
    if place > 1:
        participants = [*participants[:1], *([to("team", team)] if team else []), {"type": "none"}]
    ends: tuple[Body, ...] = (
        {"endDate": None},
        {},
        {"endDate": format_timestamp(until + chance.randint(-90, 90) * DAY_MS)},
    )
    begins = BEGINNING_OF_TIME if place == 1 else format_timestamp(until - chance.randint(100, 400) * DAY_MS)
    return {
        "id": id_of(f"rotation {place} {schedule['id']}"),
        "name": f"Rota{place + 1}",
        "startDate": begins,
        **ends[(place + offset) % len(ends)],
        "type": kind,
        "length": length,
        "participants": participants,
        **RESTRICTIONS[(place + offset) % len(RESTRICTIONS)],
    }


def _overrides(schedule: Body, people: People) -> list[Body]:
    chance = seeded_random(f"overrides {schedule['id']}")
    rows = []
    for number in range(chance.choice((0, 1, 3))):
        begins = people.until + chance.randint(-30, 30) * DAY_MS
        user = chance.choice(people.users)
        rotations = schedule["rotations"][: chance.randint(0, 2)]
        rows.append(
            {
                # Seen without a parent too.
                **({"_parent": parent(schedule)} if happens(chance, 0.8) else {}),
                "alias": id_of(f"override {number} {schedule['id']}"),
                "user": to_user(user),
                "startDate": format_timestamp(begins),
                "endDate": END_OF_TIME if number > 1 else format_timestamp(begins + chance.randint(1, 14) * DAY_MS),
                "rotations": [meta(rotation) for rotation in rotations],
            }
        )
    return rows
