"""Who is told when nobody answers, and who stands in for whom (docs/opsgenie-api.md#escalation)."""

from opsgenie_simulator.randomness import happens, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import (
    DAY_MS,
    People,
    escalation_of,
    id_of,
    members_of,
    meta,
    minutes,
    schedule_of,
    to,
    to_user,
)
from opsgenie_simulator.timestamps import format_timestamp

REPEAT: Body = {"waitInterval": 30, "count": 3, "resetRecipientStates": True, "closeAlertAfterAll": False}
# Set, null and missing: nobody knows which the API uses when nothing repeats.
REPEATS: tuple[Body, ...] = ({"repeat": REPEAT}, {"repeat": None}, {})
AT_MOST_FORWARDED = 50


def escalations(people: People) -> list[Body]:
    """One of each team, and one of the account as a whole."""
    own = [_of_team(team, position) for position, team in enumerate(people.teams)]
    if not people.users:
        return own
    first = {"condition": "if-not-closed", "notifyType": "admins", "delay": minutes(60)}
    whole: Body = {
        "id": id_of(f"escalation {people.users[0]['id']}"),
        "name": "Management",
        "description": "When all else fails",
        "rules": [{**first, "recipient": to_user(people.users[0])}],
    }
    return [*own, whole]


def _of_team(team: Body, position: int) -> Body:
    recipients = [("default", to("schedule", schedule_of(team)))]
    recipients += [("next", to_user(user)) for user in members_of(team)[:1]]
    recipients += [("all", to("team", team))]
    return {
        **escalation_of(team),
        "description": f"Calls for {team['name']}" if position % 2 else "",
        "ownerTeam": meta(team),
        "rules": [
            {
                "condition": "if-not-closed" if notify_type == "all" else "if-not-acked",
                "notifyType": notify_type,
                "delay": minutes(5 * step),
                "recipient": recipient,
            }
            for step, (notify_type, recipient) in enumerate(recipients)
        ],
        **REPEATS[position % len(REPEATS)],
    }


def forwarding_rules(people: People) -> list[Body]:
    """Some users, over days around the end of the history, are stood in for by the one after them."""
    rules: list[Body] = []
    for user, other in zip(people.users, people.users[1:], strict=False):
        chance = seeded_random(f"forwarding {user['id']}")
        if happens(chance, 0.4) and len(rules) < AT_MOST_FORWARDED:
            begins = people.until + chance.randint(-60, 30) * DAY_MS
            rule_id = id_of(f"forwarding {user['id']}")
            rules.append(
                {
                    "id": rule_id,
                    **({"alias": f"holiday of {user['username']}"} if happens(chance, 0.7) else {}),
                    "fromUser": {"id": user["id"], "username": user["username"]},
                    "toUser": {"id": other["id"], "username": other["username"]},
                    "startDate": format_timestamp(begins),
                    "endDate": format_timestamp(begins + chance.randint(1, 40) * DAY_MS),
                }
            )
    return rules
