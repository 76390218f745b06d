"""Users with roles, some unverified or blocked."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.history import History, SeedRows

FIRST_NAMES = ("Ada", "Björn", "Chioma", "Dilek", "Emre", "Fatou", "Grace", "Hiro", "Ines", "Jonas")
LAST_NAMES = ("Abara", "Berg", "Castillo", "Demir", "Eriksen", "Fischer", "Grant", "Hayashi", "Ivanova")
ASCII_NAMES = {"Björn": "bjorn"}
TIME_ZONES = ("Europe/Berlin", "Africa/Monrovia", "Asia/Jerusalem", "America/New_York", "Asia/Tokyo")
ROLES = {name: {"id": name, "name": name} for name in ("Owner", "Admin", "User")}
# The id of a custom role is a UUID; the id of a built-in role is its name.
COMMANDER = {"id": "5e3f2a10-7c44-4a59-9d0b-6a1d2c3b4e5f", "name": "Incident Commander"}


def users(number: int, history: History) -> SeedRows:
    """Yield users: one owner, some admins, every tenth unverified."""
    rng = history.rng("users")
    created_times = sorted(rng.randint(history.since, history.until - 1) for _ in range(number))
    for position, created in enumerate(created_times):
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        username = f"{ASCII_NAMES.get(first, first).lower()}.{last.lower()}{position}@{history.name}.example"
        fields: Body = {
            "username": username,
            "fullName": f"{first} {last}",
            "role": _role(position),
            "timeZone": rng.choice(TIME_ZONES),
        }
        unverified = {} if (position + 1) % 10 else {"verified": False, "fullName": username}
        blocked = {} if (position + 1) % 25 else {"blocked": True}
        yield created, created, fields | unverified | blocked


def _role(position: int) -> Body:
    if position == 0:
        return ROLES["Owner"]
    if position % 6 == 1:
        return ROLES["Admin"]
    return ROLES["User"] if (position + 5) % 11 else COMMANDER
