"""Escalations and forwarding rules (docs/opsgenie-api.md#escalation)."""

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
    minutes,
    recipient,
    user_recipient,
)
from opsgenie_simulator.timestamps import format_timestamp

REPEAT: Body = {"waitInterval": 30, "count": 3, "resetRecipientStates": True, "closeAlertAfterAll": False}
# Set, null and missing: no source says which of the last two the API returns when nothing repeats.
REPEATS: tuple[Body, ...] = ({"repeat": REPEAT}, {"repeat": None}, {})
FORWARDING_RULES_MAX = 50


def escalations(inventory: Inventory) -> list[Body]:
    """One escalation per team, and one of the account without a team."""
    of_teams = [_team_escalation(team, position) for position, team in enumerate(inventory.teams)]
    if not inventory.users:
        return of_teams
    first = {"condition": "if-not-closed", "notifyType": "admins", "delay": minutes(60)}
    of_account: Body = {
        "id": derive_id(f"escalation {inventory.users[0]['id']}"),
        "name": "Management",
        "description": "When all else fails",
        "rules": [{**first, "recipient": user_recipient(inventory.users[0])}],
    }
    return [*of_teams, of_account]


def _team_escalation(team: Body, position: int) -> Body:
    recipients = [("default", recipient("schedule", default_schedule(team)))]
    recipients += [("next", user_recipient(user)) for user in members_of(team)[:1]]
    recipients += [("all", recipient("team", team))]
    return {
        **default_escalation(team),
        "description": f"Calls for {team['name']}" if position % 2 else "",
        "ownerTeam": id_and_name(team),
        "rules": [
            {
                "condition": "if-not-closed" if notify_type == "all" else "if-not-acked",
                "notifyType": notify_type,
                "delay": minutes(5 * step),
                "recipient": notified,
            }
            for step, (notify_type, notified) in enumerate(recipients)
        ],
        **REPEATS[position % len(REPEATS)],
    }


def forwarding_rules(inventory: Inventory) -> list[Body]:
    """Rules that forward some users to the next user for days around the end of the history."""
    rules: list[Body] = []
    for user, other in zip(inventory.users, inventory.users[1:], strict=False):
        rng = seeded_random(f"forwarding {user['id']}")
        if happens(rng, 0.4) and len(rules) < FORWARDING_RULES_MAX:
            start = inventory.until + rng.randint(-60, 30) * DAY_MS
            rule_id = derive_id(f"forwarding {user['id']}")
            rules.append(
                {
                    "id": rule_id,
                    **({"alias": f"holiday of {user['username']}"} if happens(rng, 0.7) else {}),
                    "fromUser": {"id": user["id"], "username": user["username"]},
                    "toUser": {"id": other["id"], "username": other["username"]},
                    "startDate": format_timestamp(start),
                    "endDate": format_timestamp(start + rng.randint(1, 40) * DAY_MS),
                }
            )
    return rules
