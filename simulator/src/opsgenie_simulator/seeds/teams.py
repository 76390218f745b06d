"""Teams with their members."""

from collections.abc import Iterator
from itertools import count

from opsgenie_simulator.seeds.history import History, SeedRows
from opsgenie_simulator.store import Store

NAMES = ("Payments", "Platform", "Checkout", "Data", "Mobile", "Identity", "Search", "Logistics")
# In an account with more teams than this, the last team has no members.
EMPTY_AFTER = 3


def teams(number: int, history: History, *, store: Store) -> SeedRows:
    """Yield teams of two to six users; of four teams or more, the last has no members."""
    rng = history.rng("teams")
    everyone = [{"id": user["id"], "username": user["username"]} for user in store.bodies("users").values()]
    for position, name in zip(range(number), _names(), strict=False):
        size = min(len(everyone), rng.randint(2, 6))
        is_empty = position == number - 1 >= EMPTY_AFTER
        picked = [] if is_empty else rng.sample(everyone, size)
        members = [{"user": user, "role": "user" if place else "admin"} for place, user in enumerate(picked)]
        description = f"On call for {name.lower()}" if position % 2 else ""
        yield history.since, history.since, {"name": name, "description": description, "members": members}


def _names() -> Iterator[str]:
    yield from NAMES
    for number in count(2):
        yield from (f"{name} {number}" for name in NAMES)
