"""Integrations of teams and of the account."""

from collections.abc import Sequence

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.history import History, SeedRows
from opsgenie_simulator.store import Store

TYPES = ("API", "Datadog", "CloudWatch", "Prometheus", "Email", "GoogleStackdriver")


def integrations(number: int, history: History, *, store: Store) -> SeedRows:
    """Yield integrations, every second of the account without a team."""
    team_ids = list(store.bodies("teams"))
    for position in range(number):
        kind = TYPES[position % len(TYPES)]
        fields: Body = {
            "name": "Default API" if position == 0 else f"{kind} {position}",
            "type": kind,
            "enabled": bool((position + 1) % 7),
            "advanced": not (position + 1) % 3,
        }
        yield history.since, history.since, fields | _team(position, team_ids)


def _team(position: int, team_ids: Sequence[str]) -> Body:
    # Without a team, the field was seen both empty and missing (docs/opsgenie-api.md#absent-fields).
    if team_ids and position % 2:
        return {"teamId": team_ids[position // 2 % len(team_ids)]}
    return {"teamId": ""} if (position + 1) % 5 else {}
