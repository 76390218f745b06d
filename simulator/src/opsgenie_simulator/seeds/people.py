"""Users and teams with their members."""

from collections.abc import Iterator
from itertools import count

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.span import Sown, Span
from opsgenie_simulator.store import Store

FIRST_NAMES = ("Ada", "Björn", "Chioma", "Dilek", "Emre", "Fatou", "Grace", "Hiro", "Ines", "Jonas")
LAST_NAMES = ("Abara", "Berg", "Castillo", "Demir", "Eriksen", "Fischer", "Grant", "Hayashi", "Ivanova")
ASCII_NAMES = {"Björn": "bjorn"}
TIME_ZONES = ("Europe/Berlin", "Africa/Monrovia", "Asia/Jerusalem", "America/New_York", "Asia/Tokyo")
# An account with more teams than this has a last one without members.
EMPTY_AFTER = 3
TEAM_NAMES = ("Payments", "Platform", "Checkout", "Data", "Mobile", "Identity", "Search", "Logistics")
ROLES = {name: {"id": name, "name": name} for name in ("Owner", "Admin", "User")}
# A role of the account's own making has a UUID for an id; those built in are their own id.
COMMANDER = {"id": "5e3f2a10-7c44-4a59-9d0b-6a1d2c3b4e5f", "name": "Incident Commander"}


def users(number: int, span: Span) -> Sown:
    """Users: one owner, some admins, one who never confirmed their address."""
    chance = span.chance("users")
    births = sorted(chance.randint(span.since, span.until - 1) for _ in range(number))
    for position, created in enumerate(births):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        username = f"{ASCII_NAMES.get(first, first).lower()}.{last.lower()}{position}@{span.name}.example"
        fields: Body = {
            "username": username,
            "fullName": f"{first} {last}",
            "role": _role(position),
            "timeZone": chance.choice(TIME_ZONES),
        }
        unconfirmed = {} if (position + 1) % 10 else {"verified": False, "fullName": username}
        blocked = {} if (position + 1) % 25 else {"blocked": True}
        yield created, created, fields | unconfirmed | blocked


def _role(position: int) -> Body:
    if position == 0:
        return ROLES["Owner"]
    if position % 6 == 1:
        return ROLES["Admin"]
    return ROLES["User"] if (position + 5) % 11 else COMMANDER


def teams(number: int, span: Span, *, store: Store) -> Sown:
    """Teams of two to six users; of four teams or more, the last has no members."""
    chance = span.chance("teams")
    everyone = [{"id": user["id"], "username": user["username"]} for user in store.bodies("users").values()]
    for position, name in zip(range(number), _team_names(), strict=False):
        size = min(len(everyone), chance.randint(2, 6))
        is_empty = position == number - 1 >= EMPTY_AFTER
        picked = [] if is_empty else chance.sample(everyone, size)
        members = [{"user": user, "role": "user" if place else "admin"} for place, user in enumerate(picked)]
        description = f"On call for {name.lower()}" if position % 2 else ""
        yield span.since, span.since, {"name": name, "description": description, "members": members}


def _team_names() -> Iterator[str]:
    yield from TEAM_NAMES
    for number in count(2):
        yield from (f"{name} {number}" for name in TEAM_NAMES)
