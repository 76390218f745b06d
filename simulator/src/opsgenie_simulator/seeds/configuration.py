"""Services, integrations and heartbeats."""

from collections.abc import Sequence
from random import Random

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.span import HOUR_MS, Sown, Span
from opsgenie_simulator.store import Store
from opsgenie_simulator.timestamps import format_timestamp

SERVICE_NAMES = ("Checkout API", "Store", "Login", "Product search", "Shipping labels", "Data warehouse")
SERVICE_TAGS = ("tier-1", "customer-facing", "batch", "legacy")
INTEGRATION_TYPES = ("API", "Datadog", "CloudWatch", "Prometheus", "Email", "GoogleStackdriver")
HEARTBEAT_NAMES = ("nightly-backup", "invoice-run")
# Never pinged, and of no team.
UNUSED_HEARTBEAT: Body = {
    "name": "not-yet", "description": "For the new office", "interval": 10, "enabled": False, "intervalUnit": "minutes",
    "expired": False, "alertTags": ["office"], "alertPriority": "P1", "alertMessage": "",
}  # fmt: skip


def services(number: int, span: Span, *, store: Store) -> Sown:
    """Services, some of no team."""
    chance, team_ids = span.chance("services"), list(store.bodies("teams"))
    for position in range(number):
        name = SERVICE_NAMES[position % len(SERVICE_NAMES)]
        created = chance.randint(span.since, span.until - 1)
        yield (
            created,
            created,
            {
                "name": name if position < len(SERVICE_NAMES) else f"{name} {position}",
                "description": f"{name}, as customers see it",
                "teamId": team_ids[position % len(team_ids)] if team_ids and (position + 1) % 4 else None,
                "tags": chance.sample(SERVICE_TAGS, chance.randint(0, 2)),
                "isExternal": not (position + 1) % 5,
            },
        )


def integrations(number: int, span: Span, *, store: Store) -> Sown:
    """Integrations, of a team or of the whole account."""
    team_ids = list(store.bodies("teams"))
    for position in range(number):
        kind = INTEGRATION_TYPES[position % len(INTEGRATION_TYPES)]
        fields: Body = {
            "name": "Default API" if position == 0 else f"{kind} {position}",
            "type": kind,
            "enabled": bool((position + 1) % 7),
            "advanced": not (position + 1) % 3,
        }
        yield span.since, span.since, fields | _team(position, team_ids)


def _team(position: int, team_ids: Sequence[str]) -> Body:
    # Without a team, the field was seen empty and was seen missing (docs/opsgenie-api.md#absent-fields).
    if team_ids and position % 2:
        return {"teamId": team_ids[position // 2 % len(team_ids)]}
    return {"teamId": ""} if (position + 1) % 5 else {}


def heartbeats(chance: Random, span: Span, *, store: Store) -> list[Body]:
    """Three heartbeats: one is overdue, and one was never pinged."""
    team = next(iter(store.bodies("teams").values()), None)
    owner = {"ownerTeam": {"id": team["id"], "name": team["name"]}} if team else {}
    used: list[Body] = [
        {
            "name": name, "description": "", "interval": 24, "enabled": True, "intervalUnit": "hours",
            "expired": bool(position), **owner, "alertTags": [], "alertPriority": "P3",
            "alertMessage": f"{name} is silent",
            "lastPingTime": format_timestamp(span.until - (position * 30 + 1) * HOUR_MS - chance.randrange(1000)),
        }
        for position, name in enumerate(HEARTBEAT_NAMES)
    ]  # fmt: skip
    return [*used, dict(UNUSED_HEARTBEAT)]
