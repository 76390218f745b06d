"""What a team has set up, and what it remembers (docs/opsgenie-api.md#team-settings)."""

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import (
    DAY_MS,
    People,
    conditions,
    escalation_of,
    id_of,
    members_of,
    office_hours,
    schedule_of,
    to,
    working_week,
)
from opsgenie_simulator.timestamps import format_timestamp

RIGHTS = ("manage-members", "edit-team-roles", "delete-team-roles", "access-member-profiles")
# One team in this many has more log entries than a page of 100 holds.
LONG_LOG_ONE_IN = 3


def roles(team: Body) -> list[Body]:
    """The roles of a team's own making; many teams have none."""
    chance = seeded_random(f"roles {team['id']}")
    return [
        {
            "id": id_of(f"role {name} {team['id']}"),
            "name": name,
            "rights": [{"right": right, "granted": bool(chance.randrange(2))} for right in RIGHTS],
        }
        for name in ("Lead", "Guest")[: chance.choice((0, 1, 2))]
    ]


def routing_rules(team: Body) -> list[Body]:
    """By which rules a team's alerts are routed; the last one is there from the beginning."""
    chance = seeded_random(f"routing {team['id']}")
    restrictions: tuple[Body, ...] = ({}, {"timeRestriction": office_hours()}, {"timeRestriction": working_week()})
    own = [
        {
            "name": f"Rule {order + 1}",
            "isDefault": False,
            "order": order,
            "criteria": conditions() if order % 2 else conditions(field="extra-properties", key="host"),
            "timezone": "Europe/Berlin",
            **restrictions[order % 3],
            "notify": to("schedule", schedule_of(team)) if order % 2 else {"type": "none"},
        }
        for order in range(chance.randint(0, 4))
    ]
    default = {
        "name": "Default Routing Rule", "isDefault": True, "order": len(own), "criteria": {"type": "match-all"},
        "notify": to("escalation", escalation_of(team)),
    }  # fmt: skip
    return [{"id": id_of(f"routing {rule['order']} {team['id']}"), **rule} for rule in (*own, default)]


def logs(team: Body, people: People) -> list[Body]:
    """Who did what to a team, oldest first."""
    chance = seeded_random(f"logs {team['id']}")
    owner = next((user["username"] for user in people.users), "System")
    many = chance.randint(101, 130) if chance.randrange(LONG_LOG_ONE_IN) == 0 else 0
    texts = ["Team created"]
    texts += [f"{member['username']} added" for member in members_of(team)]
    texts += [f"Routing rule {number} updated" for number in range(many)]
    at = people.until - 300 * DAY_MS
    return [
        {"log": text, "owner": owner, "createdDate": format_timestamp(at + number // 2 * 3_600_000)}
        for number, text in enumerate(texts)
    ]
