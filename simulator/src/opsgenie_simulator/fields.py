"""The fields by which each kind of record can be searched and sorted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opsgenie_simulator.records import Body
from opsgenie_simulator.store import Store
from opsgenie_simulator.timestamps import epoch_ms

# time, number: compared; flag: true or false; term: the complete value; text: a word in it.
FieldKind = Literal["time", "number", "flag", "term", "text"]
Values = Sequence[Any]
Read = Callable[[Body, Store], Values]


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is compared and read; *wild* if a trailing * in a query is a wildcard."""

    kind: FieldKind
    read: Read
    nullable: bool = False
    wild: bool = True


def _path(path: str) -> Read:
    names = path.split(".")

    def read(body: Body, _: Store) -> Values:
        value: Any = body
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        values = value if isinstance(value, list) else [value]
        return [value for value in values if value not in (None, "")]

    return read


def _time(path: str) -> Read:
    texts = _path(path)
    return lambda body, store: [epoch_ms(text) for text in texts(body, store)]


def _number(path: str) -> Read:
    texts = _path(path)
    return lambda body, store: [int(text) for text in texts(body, store)]


def _names(kind: str, name: str, *, ids: Callable[[Body], list[str]]) -> Read:
    def read(body: Body, store: Store) -> Values:
        records = (store.tables[kind].get(record_id) for record_id in ids(body))
        return [record.body()[name] for record in records if record is not None]

    return read


def _responder_ids(body: Body) -> list[str]:
    return [responder["id"] for responder in body["responders"]]


def _responders(body: Body, store: Store) -> Values:
    return [*_TEAM_RESPONDERS(body, store), *_USER_RESPONDERS(body, store)]


_TEAM_RESPONDERS = _names("teams", "name", ids=_responder_ids)
_USER_RESPONDERS = _names("users", "username", ids=_responder_ids)


def _recipients(body: Body, store: Store) -> Values:
    return [recipient["user"]["username"] for recipient in store.children(body["id"]).recipients]


def _open_alias(body: Body, _: Store) -> Values:
    return [body["alias"]] if body["status"] == "open" else []


_CREATED = Field("time", _time("createdAt"))
_UPDATED = Field("time", _time("updatedAt"))

SEARCH_FIELDS: dict[str, dict[str, Field]] = {
    "alerts": {
        "createdAt": _CREATED,
        "updatedAt": _UPDATED,
        "lastOccurredAt": Field("time", _time("lastOccurredAt")),
        "snoozedUntil": Field("time", _time("snoozedUntil")),
        "alertId": Field("term", _path("id")),
        "tinyId": Field("number", _number("tinyId")),
        "alias": Field("term", _open_alias),
        "count": Field("number", _number("count")),
        "message": Field("text", _path("message")),
        "description": Field("text", _path("description")),
        "source": Field("text", _path("source"), nullable=True),
        "entity": Field("text", _path("entity"), nullable=True),
        "status": Field("term", _path("status")),
        "owner": Field("term", _path("owner"), nullable=True, wild=False),
        "acknowledgedBy": Field("term", _path("report.acknowledgedBy"), nullable=True, wild=False),
        "closedBy": Field("term", _path("report.closedBy"), nullable=True, wild=False),
        "recipients": Field("term", _recipients, nullable=True, wild=False),
        "isSeen": Field("flag", _path("isSeen")),
        "acknowledged": Field("flag", _path("acknowledged")),
        "snoozed": Field("flag", _path("snoozed")),
        "teams": Field("term", _names("teams", "name", ids=lambda body: [team["id"] for team in body["teams"]]),
                       nullable=True, wild=False),
        "responders": Field("term", _responders, wild=False),
        "priority": Field("term", _path("priority")),
        "integration.name": Field("text", _path("integration.name"), nullable=True),
        "integration.type": Field("text", _path("integration.type"), nullable=True),
        "tag": Field("term", _path("tags"), nullable=True),
        "actions": Field("text", _path("actions"), nullable=True),
        "details.key": Field("text", lambda body, _: list(body["details"]), nullable=True),
        "details.value": Field("text", lambda body, _: list(body["details"].values()), nullable=True),
    },
    "incidents": {
        "createdAt": _CREATED,
        "updatedAt": _UPDATED,
        "id": Field("term", _path("id")),
        "tinyId": Field("number", _number("tinyId")),
        "message": Field("text", _path("message")),
        "description": Field("text", _path("description")),
        "status": Field("term", _path("status")),
        "priority": Field("term", _path("priority")),
        "teams": Field("term", _names("teams", "name", ids=lambda body: [body["ownerTeam"]]), wild=False),
        "services": Field("term", _names("services", "name", ids=lambda body: body["impactedServices"])),
        "tag": Field("term", _path("tags")),
        "actions": Field("text", _path("actions")),
        "details.key": Field("text", lambda body, _: list(body["extraProperties"])),
        "details.value": Field("text", lambda body, _: list(body["extraProperties"].values())),
        "postmortemRequired": Field("flag", _path("postmortemRequired")),
        "postmortemStatus": Field("term", _path("postmortemStatus")),
        "postmortemPublishDueDate": Field("time", _time("postmortemPublishDueDate")),
    },
    "users": {
        "createdAt": _CREATED,
        "username": Field("term", _path("username"), wild=False),
        "fullName": Field("text", _path("fullName")),
        "blocked": Field("flag", _path("blocked")),
        "verified": Field("flag", _path("verified")),
        "role": Field("term", _path("role.name")),
        "locale": Field("term", _path("locale")),
        "timeZone": Field("term", _path("timeZone")),
        "userAddress": Field("text", lambda body, _: [part for part in body["userAddress"].values() if part]),
    },
    # Services accept a query, but no documentation names a field.
    "services": {},
}  # fmt: skip

# The first field is the default.
SORT_FIELDS: dict[str, tuple[str, ...]] = {
    "alerts": (
        "createdAt", "updatedAt", "tinyId", "alias", "message", "status", "acknowledged", "isSeen", "snoozed",
        "snoozedUntil", "count", "lastOccurredAt", "source", "owner", "integration.name", "integration.type",
        "report.ackTime", "report.closeTime", "report.acknowledgedBy", "report.closedBy",
    ),
    "incidents": ("insertedAt", "createdAt", "updatedAt", "status", "priority", "postmortemStatus",
                  "postmortemPublishDueDate"),
    "services": ("name", "updatedAt", "insertedAt", "createdAt", "isExternal"),
    "users": ("username", "fullName", "createdAt"),
}  # fmt: skip
