"""Incidents: open, resolved, closed and reopened."""

import random
from collections.abc import Sequence

from opsgenie_simulator.randomness import happens
from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.history import HOUR_MS, History, SeedRows
from opsgenie_simulator.store import Store
from opsgenie_simulator.timestamps import format_timestamp

MESSAGES = ("Checkout is down", "Payments are delayed", "Logins fail", "Search returns nothing")
STATUSES = ("open", "resolved", "resolved", "closed", "closed", "closed")
PRIORITIES = ("P1", "P2", "P2", "P3", "P3")


def incidents(number: int, history: History, *, store: Store) -> SeedRows:
    """Yield incidents in order of creation."""
    rng = history.rng("incidents")
    users, teams, services = (list(store.bodies(kind)) for kind in ("users", "teams", "services"))
    for created in history.timestamps(rng, number):
        message = rng.choice(MESSAGES)
        fields: Body = {
            "message": message,
            "description": f"{message}; customers see it." if happens(rng, 0.7) else "",
            "priority": rng.choice(PRIORITIES),
            "tags": ["customer-facing"] if happens(rng, 0.3) else [],
            "impactedServices": _sample(rng, services, at_most=2),
            "responders": _responders(rng, teams, users=users),
            "extraProperties": {"region": "eu"} if happens(rng, 0.4) else {},
            "actions": ["draw"] if happens(rng, 0.1) else [],
        }
        updated, progress = _progress(rng, created, until=history.until)
        yield created, updated, fields | progress


def _progress(rng: random.Random, created: int, *, until: int) -> tuple[int, Body]:
    ended = created + int(rng.expovariate(1 / (4 * HOUR_MS))) + 60_000
    status = rng.choice(STATUSES) if ended < until else "open"
    if status == "open" and (ended >= until or happens(rng, 0.7)):
        return min(created + rng.randrange(120_000), until - 1), {"status": status}
    # A reopened incident keeps the end of its impact (docs/opsgenie-api.md#incident).
    return min(ended + rng.randrange(60_000), until - 1), {"status": status, "impactEndDate": format_timestamp(ended)}


def _responders(rng: random.Random, teams: Sequence[str], *, users: Sequence[str]) -> list[Body]:
    picked = [{"type": "team", "id": team_id} for team_id in _sample(rng, teams, at_most=1)]
    return picked + [{"type": "user", "id": user_id} for user_id in _sample(rng, users, at_most=2)]


def _sample(rng: random.Random, ids: Sequence[str], *, at_most: int) -> list[str]:
    return rng.sample(ids, rng.randint(0, min(at_most, len(ids))))
