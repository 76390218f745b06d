"""Incidents: open, resolved, closed, and some opened again."""

import random
from collections.abc import Sequence

from opsgenie_simulator.randomness import happens
from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.span import HOUR_MS, Sown, Span
from opsgenie_simulator.store import Store
from opsgenie_simulator.timestamps import format_timestamp

MESSAGES = ("Checkout is down", "Payments are delayed", "Logins fail", "Search returns nothing")
STATUSES = ("open", "resolved", "resolved", "closed", "closed", "closed")
PRIORITIES = ("P1", "P2", "P2", "P3", "P3")


def incidents(number: int, span: Span, *, store: Store) -> Sown:
    """Incidents in order of creation."""
    chance = span.chance("incidents")
    kinds = ("users", "teams", "services")
    users, teams, services = (list(store.bodies(kind)) for kind in kinds)
    for created in span.moments(chance, number):
        message = chance.choice(MESSAGES)
        fields: Body = {
            "message": message,
            "description": f"{message}; customers see it." if happens(chance, 0.7) else "",
            "priority": chance.choice(PRIORITIES),
            "tags": ["customer-facing"] if happens(chance, 0.3) else [],
            "impactedServices": _some(chance, services, at_most=2),
            "responders": _responders(chance, teams, users=users),
            "extraProperties": {"region": "eu"} if happens(chance, 0.4) else {},
            "actions": ["draw"] if happens(chance, 0.1) else [],
        }
        updated, course = _course(chance, created, until=span.until)
        yield created, updated, fields | course


def _course(chance: random.Random, created: int, *, until: int) -> tuple[int, Body]:
    ended = created + int(chance.expovariate(1 / (4 * HOUR_MS))) + 60_000
    status = chance.choice(STATUSES) if ended < until else "open"
    if status == "open" and (ended >= until or happens(chance, 0.7)):
        return min(created + chance.randrange(120_000), until - 1), {"status": status}
    # The end of the impact stays when an incident is opened again (docs/opsgenie-api.md#incident).
    return min(ended + chance.randrange(60_000), until - 1), {
        "status": status,
        "impactEndDate": format_timestamp(ended),
    }


def _responders(chance: random.Random, teams: Sequence[str], *, users: Sequence[str]) -> list[Body]:
    picked = [{"type": "team", "id": team_id} for team_id in _some(chance, teams, at_most=1)]
    return picked + [{"type": "user", "id": user_id} for user_id in _some(chance, users, at_most=2)]


def _some(chance: random.Random, ids: Sequence[str], *, at_most: int) -> list[str]:
    return chance.sample(ids, chance.randint(0, min(at_most, len(ids))))
