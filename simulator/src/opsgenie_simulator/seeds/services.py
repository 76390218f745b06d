"""Services, some without a team."""

from opsgenie_simulator.seeds.history import History, SeedRows
from opsgenie_simulator.store import Store

NAMES = ("Checkout API", "Ledger", "Login", "Product search", "Shipping labels", "Data warehouse")
TAGS = ("tier-1", "customer-facing", "batch", "legacy")


def services(number: int, history: History, *, store: Store) -> SeedRows:
    """Yield services, every fourth without a team."""
    rng, team_ids = history.rng("services"), list(store.bodies("teams"))
    for position in range(number):
        name = NAMES[position % len(NAMES)]
        created = rng.randint(history.since, history.until - 1)
        yield (
            created,
            created,
            {
                "name": name if position < len(NAMES) else f"{name} {position}",
                "description": f"{name}, as customers see it",
                "teamId": team_ids[position % len(team_ids)] if team_ids and (position + 1) % 4 else None,
                "tags": rng.sample(TAGS, rng.randint(0, 2)),
                "isExternal": not (position + 1) % 5,
            },
        )
