"""Alerts with reports, owners and times as in real accounts."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from opsgenie_simulator.randomness import happens
from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.history import DAY_MS, HOUR_MS, MINUTE_MS, History, SeedRows
from opsgenie_simulator.store import Store
from opsgenie_simulator.timestamps import format_timestamp

CAUSES = (
    "Disk is almost full",
    "Latency over 2 s",
    "Error rate over 5 %",
    "Replica is behind",
    "Certificate expires soon",
    "Queue does not drain",
    "Health check failed",
    "Login failures",
)
HOSTS = tuple(f"{role}-{number}" for role in ("web", "db", "queue", "cache") for number in range(1, 9))
TAGS = ("Critical", "OverwriteQuietHours", "production", "staging", "database")
PRIORITIES = ("P1", "P2", "P3", "P3", "P3", "P4", "P5")
# An escalation step after ten minutes updates unacknowledged alerts
# (docs/opsgenie-api.md#what-moves-updatedat).
UNTOUCHED_UPDATE_MS = 600_200
RIGHT_AFTER_MS = 104
SEEN: Body = {"seen": True, "isSeen": True}
DETAILS = tuple(
    {
        "actions": ["Restart", "Ping"] if number % 3 == 0 else [],
        "entity": HOSTS[number % len(HOSTS)] if number % 2 else "",
        "description": f"{CAUSES[number % len(CAUSES)]} on {HOSTS[number % len(HOSTS)]} for {number} minutes.",
        "details": {"region": "eu-west-1", "runbook": str(number)} if number % 4 else {},
    }
    for number in range(240)
)


@dataclass(frozen=True, slots=True)
class _References:
    # The records that alerts refer to.
    users: Sequence[Body]
    teams: Sequence[Body]
    integrations: Sequence[Body]


def alerts(number: int, history: History, *, store: Store) -> SeedRows:
    """Yield alerts in order of creation; most are closed, about one in ten is open."""
    rng, references = history.rng("alerts"), _references(store)
    for position, created in zip(count(), history.timestamps(rng, number), strict=False):
        fields = _created(rng, references)
        updated, progress = _progress(rng, references, created=created, until=history.until)
        if updated >= history.until:  # the history ends before this update
            updated, progress = created, {}
        fields |= DETAILS[position % len(DETAILS)] | progress
        if happens(rng, 0.1):
            last_occurred = rng.randint(created, max(created, updated))
            fields |= {"count": rng.randint(2, 79), "lastOccurredAt": format_timestamp(last_occurred)}
        yield created, updated, fields


def _references(store: Store) -> _References:
    parts = {kind: store.bodies(kind).values() for kind in ("users", "teams", "integrations")}
    integrations = [{key: row[key] for key in ("id", "name", "type")} for row in parts["integrations"]]
    return _References(users=list(parts["users"]), teams=list(parts["teams"]), integrations=integrations)


def _created(rng: random.Random, references: _References) -> Body:
    # The fields of an alert when it is created.
    host = rng.choice(HOSTS)
    fields: Body = {
        "message": f"{rng.choice(CAUSES)} on {host}",
        "alias": f"{host}/{rng.getrandbits(24):06x}",
        "tags": rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2))),
        "priority": rng.choice(PRIORITIES),
        "source": rng.choice(("", host, "Prometheus")),
    }
    fields |= _routed(rng, references)
    if references.integrations and happens(rng, 0.85):
        fields["integration"] = rng.choice(references.integrations)
    return fields


def _routed(rng: random.Random, references: _References) -> Body:
    responders: list[Body] = []
    routed: Body = {"responders": responders}
    if references.teams and happens(rng, 0.9):
        team_id = rng.choice(references.teams)["id"]
        responders.append({"type": "team", "id": team_id})
        routed |= {"teams": [{"id": team_id}], "ownerTeamId": team_id}
    if references.users and happens(rng, 0.2):
        responders.append({"type": "user", "id": rng.choice(references.users)["id"]})
    return routed


def _progress(rng: random.Random, references: _References, *, created: int, until: int) -> tuple[int, Body]:
    # The time of the last update, and the fields that it changed.
    ack_ms = int(rng.expovariate(1 / (6 * MINUTE_MS))) + 2_000
    close_ms = ack_ms + int(rng.expovariate(1 / (3 * HOUR_MS))) + 1_000
    is_open = happens(rng, 0.06) or created + close_ms >= until - rng.randrange(DAY_MS)
    if is_open:
        return _still_open(rng, references, created=created, ack_ms=ack_ms)
    if happens(rng, 0.15):
        return created + close_ms, _closed_by_system(rng, close_ms)
    actor = _actor(rng, references)
    report = {"ackTime": ack_ms, "closeTime": close_ms, "acknowledgedBy": actor, "closedBy": _actor(rng, references)}
    closed = {"status": "closed", "acknowledged": happens(rng, 0.7), "owner": actor, "report": report}
    return created + close_ms, SEEN | closed


def _still_open(rng: random.Random, references: _References, *, created: int, ack_ms: int) -> tuple[int, Body]:
    actor = _actor(rng, references)
    match rng.choices(("acknowledged", "unacknowledged", "snoozed", "untouched"), (40, 15, 10, 35)):
        case ["acknowledged"]:
            report: Body = {"ackTime": ack_ms, "acknowledgedBy": actor}
            return created + ack_ms + 1, SEEN | {"acknowledged": True, "owner": actor, "report": report}
        case ["unacknowledged"]:  # the time of the acknowledgement stays (docs/opsgenie-api.md#alert)
            return created + ack_ms + 9 * MINUTE_MS, SEEN | {"report": {"ackTime": ack_ms}}
        case ["snoozed"]:
            until = format_timestamp(created + 8 * HOUR_MS)
            return created + ack_ms, SEEN | {"snoozed": True, "snoozedUntil": until}
    return created + rng.choice((UNTOUCHED_UPDATE_MS, RIGHT_AFTER_MS)), {}


def _closed_by_system(rng: random.Random, close_ms: int) -> Body:
    # Never acknowledged, but with a time of acknowledgement (docs/opsgenie-api.md#alert).
    report: Body = {"closeTime": close_ms, "closedBy": rng.choice(("System", "Alert API"))}
    if happens(rng, 0.6):
        report = {"ackTime": close_ms, **report}
    return {"status": "closed", "report": report}


def _actor(rng: random.Random, references: _References) -> str:
    # Mostly an address; a display name and "System" were seen too (docs/opsgenie-api.md#alert).
    name = rng.choices(("username", "fullName", "System"), (85, 7, 8))[0]
    if name == "System" or not references.users:
        return "System"
    return str(rng.choice(references.users)[name])
