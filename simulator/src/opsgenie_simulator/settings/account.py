"""What belongs to the account as a whole: roles of its own, and searches that somebody saved."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import DAY_MS, People, id_of
from opsgenie_simulator.timestamps import format_timestamp

BUILT_IN = ("Owner", "Admin", "User")
SEARCHES = (
    ("Open and urgent", "status: open AND priority: P1"),
    ("Mine", "owner: me@example.com"),
    ("Disks", "message: disk*"),
)


def roles(people: People) -> list[Body]:
    """The roles of the account's own making, in full form: those that users have, and one that nobody has."""
    used = {user["role"]["id"]: user["role"] for user in people.users if user["role"]["id"] not in BUILT_IN}
    own = [
        {**role, "extendedRole": "user", "grantedRights": ["incident-create"], "disallowedRights": ["reports-access"]}
        for role in used.values()
    ]
    unused: Body = {"id": id_of("Auditor"), "name": "Auditor", "extendedRole": "observer"}
    return [*own, {**unused, "grantedRights": [], "disallowedRights": []}] if people.users else own


def saved_searches(people: People) -> list[Body]:
    """Searches for alerts, in full form; some belong to a team."""
    return [
        {
            "id": id_of(f"search {name} {owner['id']}"),
            "name": name,
            "createdAt": format_timestamp(people.until - (number + 20) * DAY_MS),
            "updatedAt": format_timestamp(people.until - number * DAY_MS + 7),
            "owner": {"id": owner["id"]},
            "teams": [{"id": team["id"]} for team in people.teams[:number]],
            "description": f"What {owner['username']} looks at" if number else "",
            "query": query,
        }
        for number, ((name, query), owner) in enumerate(zip(SEARCHES, people.users, strict=False))
    ]
