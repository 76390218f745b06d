"""Roles, routing rules and logs of teams (docs/opsgenie-api.md#team-settings)."""

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import (
    DAY_MS,
    HOUR_MS,
    Inventory,
    condition_filter,
    default_escalation,
    default_schedule,
    derive_id,
    members_of,
    office_hours,
    recipient,
    working_week,
)
from opsgenie_simulator.timestamps import format_timestamp

RIGHTS = ("manage-members", "edit-team-roles", "delete-team-roles", "access-member-profiles")
# One in this many teams has more log entries than fit on a page of 100.
LONG_LOG_ONE_IN = 3


def roles(team: Body) -> list[Body]:
    """The custom roles of a team; many teams have none."""
    rng = seeded_random(f"roles {team['id']}")
    return [
        {
            "id": derive_id(f"role {name} {team['id']}"),
            "name": name,
            "rights": [{"right": right, "granted": bool(rng.randrange(2))} for right in RIGHTS],
        }
        for name in ("Lead", "Guest")[: rng.choice((0, 1, 2))]
    ]


def routing_rules(team: Body) -> list[Body]:
    """The routing rules of a team's alerts; the last one is the default rule."""
    rng = seeded_random(f"routing {team['id']}")
    restrictions: tuple[Body, ...] = ({}, {"timeRestriction": office_hours()}, {"timeRestriction": working_week()})
    custom = [
        {
            "name": f"Rule {order + 1}",
            "isDefault": False,
            "order": order,
            "criteria": condition_filter() if order % 2 else condition_filter(field="extra-properties", key="host"),
            "timezone": "Europe/Berlin",
            **restrictions[order % 3],
            "notify": recipient("schedule", default_schedule(team)) if order % 2 else {"type": "none"},
        }
        for order in range(rng.randint(0, 4))
    ]
    default = {
        "name": "Default Routing Rule", "isDefault": True, "order": len(custom), "criteria": {"type": "match-all"},
        "notify": recipient("escalation", default_escalation(team)),
    }  # fmt: skip
    return [{"id": derive_id(f"routing {rule['order']} {team['id']}"), **rule} for rule in (*custom, default)]


def logs(team: Body, inventory: Inventory) -> list[Body]:
    """The log entries of a team, oldest first."""
    rng = seeded_random(f"logs {team['id']}")
    owner = next((user["username"] for user in inventory.users), "System")
    updates = rng.randint(101, 130) if rng.randrange(LONG_LOG_ONE_IN) == 0 else 0
    texts = ["Team created"]
    texts += [f"{member['username']} added" for member in members_of(team)]
    texts += [f"Routing rule {number} updated" for number in range(updates)]
    start = inventory.until - 300 * DAY_MS
    return [
        {"log": text, "owner": owner, "createdDate": format_timestamp(start + number // 2 * HOUR_MS)}
        for number, text in enumerate(texts)
    ]
