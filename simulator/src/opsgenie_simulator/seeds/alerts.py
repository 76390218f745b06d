"""Alerts with the reports, owners and moments that real accounts show."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from opsgenie_simulator.randomness import happens
from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.span import DAY_MS, HOUR_MS, MINUTE_MS, Sown, Span
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
# An escalation step after ten minutes touches alerts that nobody acknowledged
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
class _Cast:
    users: Sequence[Body]
    teams: Sequence[Body]
    integrations: Sequence[Body]


def alerts(number: int, span: Span, *, store: Store) -> Sown:
    """Alerts in order of creation; most are closed, about one in ten is open."""
    chance, cast = span.chance("alerts"), _cast(store)
    for position, created in zip(count(), span.moments(chance, number), strict=False):
        fields = _told(chance, cast)
        updated, worked = _worked_on(chance, cast, created=created, until=span.until)
        if updated >= span.until:  # nothing is known of what comes after the end
            updated, worked = created, {}
        fields |= DETAILS[position % len(DETAILS)] | worked
        if happens(chance, 0.1):
            again = chance.randint(created, max(created, updated))
            fields |= {"count": chance.randint(2, 79), "lastOccurredAt": format_timestamp(again)}
        yield created, updated, fields


def _cast(store: Store) -> _Cast:
    parts = {kind: store.bodies(kind).values() for kind in ("users", "teams", "integrations")}
    named = [{key: one[key] for key in ("id", "name", "type")} for one in parts["integrations"]]
    return _Cast(users=list(parts["users"]), teams=list(parts["teams"]), integrations=named)


def _told(chance: random.Random, cast: _Cast) -> Body:
    # What the alert says before anybody works on it.
    host = chance.choice(HOSTS)
    fields: Body = {
        "message": f"{chance.choice(CAUSES)} on {host}",
        "alias": f"{host}/{chance.getrandbits(24):06x}",
        "tags": chance.sample(TAGS, chance.choice((0, 0, 1, 1, 2))),
        "priority": chance.choice(PRIORITIES),
        "source": chance.choice(("", host, "Prometheus")),
    }
    fields |= _routed(chance, cast)
    if cast.integrations and happens(chance, 0.85):
        fields["integration"] = chance.choice(cast.integrations)
    return fields


def _routed(chance: random.Random, cast: _Cast) -> Body:
    responders: list[Body] = []
    routed: Body = {"responders": responders}
    if cast.teams and happens(chance, 0.9):
        team_id = chance.choice(cast.teams)["id"]
        responders.append({"type": "team", "id": team_id})
        routed |= {"teams": [{"id": team_id}], "ownerTeamId": team_id}
    if cast.users and happens(chance, 0.2):
        responders.append({"type": "user", "id": chance.choice(cast.users)["id"]})
    return routed


def _worked_on(chance: random.Random, cast: _Cast, *, created: int, until: int) -> tuple[int, Body]:
    # When the alert changed last, and what that left in it.
    ack_ms = int(chance.expovariate(1 / (6 * MINUTE_MS))) + 2_000
    close_ms = ack_ms + int(chance.expovariate(1 / (3 * HOUR_MS))) + 1_000
    is_open = happens(chance, 0.06) or created + close_ms >= until - chance.randrange(DAY_MS)
    if is_open:
        return _still_open(chance, cast, created=created, ack_ms=ack_ms)
    if happens(chance, 0.15):
        return created + close_ms, _closed_by_system(chance, close_ms)
    actor = _actor(chance, cast)
    report = {"ackTime": ack_ms, "closeTime": close_ms, "acknowledgedBy": actor, "closedBy": _actor(chance, cast)}
    closed = {"status": "closed", "acknowledged": happens(chance, 0.7), "owner": actor, "report": report}
    return created + close_ms, SEEN | closed


def _still_open(chance: random.Random, cast: _Cast, *, created: int, ack_ms: int) -> tuple[int, Body]:
    actor = _actor(chance, cast)
    match chance.choices(("acknowledged", "taken back", "snoozed", "untouched"), (40, 15, 10, 35)):
        case ["acknowledged"]:
            report: Body = {"ackTime": ack_ms, "acknowledgedBy": actor}
            return created + ack_ms + 1, SEEN | {"acknowledged": True, "owner": actor, "report": report}
        case ["taken back"]:  # the time of the acknowledgement stays (docs/opsgenie-api.md#alert)
            return created + ack_ms + 9 * MINUTE_MS, SEEN | {"report": {"ackTime": ack_ms}}
        case ["snoozed"]:
            later = format_timestamp(created + 8 * HOUR_MS)
            return created + ack_ms, SEEN | {"snoozed": True, "snoozedUntil": later}
    return created + chance.choice((UNTOUCHED_UPDATE_MS, RIGHT_AFTER_MS)), {}


def _closed_by_system(chance: random.Random, close_ms: int) -> Body:
    # Closed without an acknowledgement, and yet with a time for one (docs/opsgenie-api.md#alert).
    report: Body = {"closeTime": close_ms, "closedBy": chance.choice(("System", "Alert API"))}
    if happens(chance, 0.6):
        report = {"ackTime": close_ms, **report}
    return {"status": "closed", "report": report}


def _actor(chance: random.Random, cast: _Cast) -> str:
    # Mostly an address, but a display name or "System" was seen too (docs/opsgenie-api.md#alert).
    name = chance.choices(("username", "fullName", "System"), (85, 7, 8))[0]
    if name == "System" or not cast.users:
        return "System"
    return str(chance.choice(cast.users)[name])
