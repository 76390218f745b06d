"""Heartbeats."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.history import HOUR_MS, History
from opsgenie_simulator.store import Store
from opsgenie_simulator.timestamps import format_timestamp

HEARTBEAT_NAMES = ("nightly-backup", "invoice-run")
# Never pinged, and without a team.
UNUSED_HEARTBEAT: Body = {
    "name": "not-yet", "description": "For the new office", "interval": 10, "enabled": False, "intervalUnit": "minutes",
    "expired": False, "alertTags": ["office"], "alertPriority": "P1", "alertMessage": "",
}  # fmt: skip


def heartbeats(history: History, *, store: Store) -> list[Body]:
    """Return three heartbeats, one of them expired and one never pinged."""
    rng = history.rng("heartbeats")
    team = next(iter(store.bodies("teams").values()), None)
    owner = {"ownerTeam": {"id": team["id"], "name": team["name"]}} if team else {}
    used: list[Body] = [
        {
            "name": name, "description": "", "interval": 24, "enabled": True, "intervalUnit": "hours",
            "expired": bool(position), **owner, "alertTags": [], "alertPriority": "P3",
            "alertMessage": f"{name} is silent",
            "lastPingTime": format_timestamp(history.until - (position * 30 + 1) * HOUR_MS - rng.randrange(1000)),
        }
        for position, name in enumerate(HEARTBEAT_NAMES)
    ]  # fmt: skip
    return [*used, dict(UNUSED_HEARTBEAT)]
