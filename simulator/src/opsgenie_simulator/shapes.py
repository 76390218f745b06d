"""The form of each kind of record, as the API answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.timestamps import format_timestamp

# Fields of the single answer that lists leave out (docs/opsgenie-api.md#alert, docs/opsgenie-api.md#team).
DETAIL_ONLY: dict[str, tuple[str, ...]] = {
    "alerts": ("actions", "entity", "description", "details"),
    "teams": ("members",),
}


@dataclass(frozen=True, slots=True)
class Birth:
    """What a record is given once: its id, its number in the account, and its two times."""

    id: str
    number: int
    created: int
    updated: int


def alert(birth: Birth, fields: Body) -> Body:
    """An alert that nobody has touched, with *fields* over it."""
    stamp = format_timestamp(birth.created)
    body: Body = {
        "seen": False, "id": birth.id, "tinyId": str(birth.number), "alias": birth.id, "message": "Alert",
        "status": "open", "acknowledged": False, "isSeen": False, "tags": [], "snoozed": False, "count": 1,
        "lastOccurredAt": stamp, "createdAt": stamp, "updatedAt": format_timestamp(birth.updated), "source": "",
        "owner": "", "priority": "P3", "teams": [], "responders": [], "ownerTeamId": "",
        "actions": [], "entity": "", "description": "", "details": {},
    }  # fmt: skip
    return body | fields


def incident(birth: Birth, fields: Body) -> Body:
    """An open incident, with *fields* over it."""
    stamp = format_timestamp(birth.created)
    body: Body = {
        "id": birth.id, "description": "", "impactedServices": [], "tinyId": str(birth.number),
        "message": "Incident", "status": "open", "tags": [], "createdAt": stamp,
        "updatedAt": format_timestamp(birth.updated), "priority": "P3", "ownerTeam": "", "responders": [],
        "extraProperties": {}, "links": _links(f"incident/detail/{birth.id}", f"v1/incidents/{birth.id}"),
        "impactStartDate": stamp, "actions": [],
    }  # fmt: skip
    return body | fields


def user(birth: Birth, fields: Body) -> Body:
    """A verified user, with *fields* over it."""
    username = fields.get("username", f"{birth.id}@example.com")
    body: Body = {
        "blocked": False, "verified": True, "id": birth.id, "username": username, "fullName": username,
        "role": {"id": "User", "name": "User"}, "timeZone": "Europe/Berlin", "locale": "en_US",
        "userAddress": {"country": "", "state": "", "city": "", "line": "", "zipCode": ""},
        "createdAt": format_timestamp(birth.created),
    }  # fmt: skip
    return body | fields


def team(birth: Birth, fields: Body) -> Body:
    """A team; its members are left out when there are none (docs/opsgenie-api.md#team)."""
    body: Body = {
        "id": birth.id, "name": f"Team {birth.number}", "description": "",
        "links": _links(f"teams/dashboard/{birth.id}/main", f"v2/teams/{birth.id}"),
    }  # fmt: skip
    whole = body | fields
    return whole if whole.get("members") else {name: whole[name] for name in whole if name != "members"}


def service(birth: Birth, fields: Body) -> Body:
    """A service of no team, with *fields* over it."""
    body: Body = {
        "id": birth.id, "name": f"Service {birth.number}", "description": "", "teamId": None, "tags": [],
        "links": _links(f"service/{birth.id}/status", f"v1/services/{birth.id}"), "isExternal": False,
    }  # fmt: skip
    return body | fields


def integration(birth: Birth, fields: Body) -> Body:
    """An API integration of no team, with *fields* over it."""
    body: Body = {
        "id": birth.id, "name": f"Integration {birth.number}", "enabled": True, "type": "API", "version": "V2",
        "advanced": False,
    }  # fmt: skip
    return body | fields


def _links(web: str, api: str) -> Body:
    return {"web": f"https://app.opsgenie.com/{web}", "api": f"https://api.opsgenie.com/{api}"}


SHAPES: dict[str, Callable[[Birth, Body], Body]] = {
    "alerts": alert,
    "incidents": incident,
    "users": user,
    "teams": team,
    "services": service,
    "integrations": integration,
}


def recorded(kind: str, body: Body, *, birth: Birth, sequence: int) -> Record:
    """Turn a full form into the bytes of lists and the bytes that the single answer adds."""
    apart = DETAIL_ONLY.get(kind, ())
    listed = {name: body[name] for name in body if name not in apart} if apart else body
    extra = {name: body[name] for name in apart if name in body}
    return Record(
        id=birth.id,
        tiny_id=int(body.get("tinyId", birth.number)),
        sequence=sequence,
        created=birth.created,
        updated=birth.updated,
        teams=_teams_of(kind, body),
        listed=_encoded(listed),
        extra=_encoded(extra),
    )


def _encoded(body: Body) -> bytes:
    # Copied, since orjson's own buffer keeps 8 kB for each record (measured: 100,000 alerts, 1.2 GB or 0.15 GB).
    return bytes(memoryview(orjson.dumps(body)))


def _teams_of(kind: str, body: Body) -> tuple[str, ...]:
    # The teams whose keys may see the record (docs/opsgenie-api.md#key-types).
    named: list[Any] = [body.get("teamId"), body.get("ownerTeamId"), body.get("ownerTeam")]
    named += [team["id"] for team in body.get("teams", ())]
    named += [one["id"] for one in body.get("responders", ()) if one["type"] == "team"]
    named += [body["id"]] if kind == "teams" else []
    return tuple({name: None for name in named if name})
