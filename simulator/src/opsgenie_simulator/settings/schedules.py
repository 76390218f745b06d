"""Schedules with their rotations and overrides (docs/opsgenie-api.md#schedule)."""

from opsgenie_simulator.randomness import happens, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import (
    DAY_MS,
    Inventory,
    default_escalation,
    default_schedule,
    derive_id,
    id_and_name,
    members_of,
    office_hours,
    recipient,
    user_recipient,
    working_week,
)
from opsgenie_simulator.timestamps import format_timestamp

# As one client received it: the type of one kind of restriction with the list of the other.
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


def schedules(inventory: Inventory) -> list[Body]:
    """Schedules with all fields: one or two per team, and one of the account without a team."""
    rows = []
    for position, team in enumerate(inventory.teams):
        rows.append(_schedule(default_schedule(team), team, inventory, position=position))
        if position % 3 == 0:
            second = {"id": derive_id(f"second {team['id']}"), "name": f"{team['name']}_second line"}
            rows.append(_schedule(second, team, inventory, position=position + 1))
    if inventory.users:
        of_account = {"id": derive_id(f"schedule {inventory.users[0]['id']}"), "name": "Follow the sun"}
        rows.append(_schedule(of_account, None, inventory, position=1))
    return rows


def overrides(inventory: Inventory) -> dict[str, list[Body]]:
    """Overrides with all fields, by schedule id; many schedules have none."""
    return {schedule["id"]: _overrides(schedule, inventory) for schedule in _with_rotations(inventory)}


def _with_rotations(inventory: Inventory) -> list[Body]:
    return [schedule for schedule in schedules(inventory) if schedule["rotations"]]


def parent(schedule: Body) -> Body:
    """The schedule as its child records show it."""
    return {name: schedule[name] for name in ("id", "name", "enabled")}


def _schedule(id_name: Body, team: Body | None, inventory: Inventory, *, position: int) -> Body:
    members = members_of(team) if team else list(inventory.users[:3])
    number = seeded_random(f"rotations {id_name['id']}").randint(1, 3) if members else 0
    return {
        **id_name,
        "description": "" if position % 2 else f"Who is called for {id_name['name']}",
        "timezone": ("Europe/Berlin", "Africa/Monrovia")[position % 2],
        "enabled": bool((position + 1) % 5),
        **({"ownerTeam": id_and_name(team)} if team else {}),
        "rotations": [
            _rotation(id_name, place, members, team=team, offset=position, until=inventory.until)
            for place in range(number)
        ],
    }


def _rotation(schedule: Body, place: int, members: list[Body], *, team: Body | None, offset: int, until: int) -> Body:
    kind, length = KINDS[(place + offset) % len(KINDS)]
    rng = seeded_random(f"rotation {place} {schedule['id']}")
    participants = [user_recipient(user) for user in members]
    if place == 1:
        participants.append(recipient("escalation", default_escalation(team)) if team else {"type": "none"})
    if place > 1:
        participants = [*participants[:1], *([recipient("team", team)] if team else []), {"type": "none"}]
    ends: tuple[Body, ...] = (
        {"endDate": None},
        {},
        {"endDate": format_timestamp(until + rng.randint(-90, 90) * DAY_MS)},
    )
    start = BEGINNING_OF_TIME if place == 1 else format_timestamp(until - rng.randint(100, 400) * DAY_MS)
    return {
        "id": derive_id(f"rotation {place} {schedule['id']}"),
        "name": f"Rota{place + 1}",
        "startDate": start,
        **ends[(place + offset) % len(ends)],
        "type": kind,
        "length": length,
        "participants": participants,
        **RESTRICTIONS[(place + offset) % len(RESTRICTIONS)],
    }


def _overrides(schedule: Body, inventory: Inventory) -> list[Body]:
    rng = seeded_random(f"overrides {schedule['id']}")
    rows = []
    for number in range(rng.choice((0, 1, 3))):
        start = inventory.until + rng.randint(-30, 30) * DAY_MS
        user = rng.choice(inventory.users)
        rotations = schedule["rotations"][: rng.randint(0, 2)]
        rows.append(
            {
                # Seen without a parent too.
                **({"_parent": parent(schedule)} if happens(rng, 0.8) else {}),
                "alias": derive_id(f"override {number} {schedule['id']}"),
                "user": user_recipient(user),
                "startDate": format_timestamp(start),
                "endDate": END_OF_TIME if number > 1 else format_timestamp(start + rng.randint(1, 14) * DAY_MS),
                "rotations": [id_and_name(rotation) for rotation in rotations],
            }
        )
    return rows
