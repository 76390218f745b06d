"""Logs, notes, recipients and attachments of an alert, derived from it until one is added."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

# One alert in this many has more than 100 log entries, the maximum page size.
LONG_LOG_ONE_IN = 100
NOTES = ("Looking into it", "Rolled back the last deployment", "Restarted the workers", "False alarm")
ATTACHMENTS = ("worker.log", "graph of the last hour.png", "heap dump.hprof.gz")


@dataclass(slots=True)
class Children:
    """The child records of an alert or an incident, oldest first."""

    logs: list[Body] = field(default_factory=list)
    notes: list[Body] = field(default_factory=list)
    recipients: list[Body] = field(default_factory=list)
    attachments: list[Body] = field(default_factory=list)
    entries: list[Body] = field(default_factory=list)
    alert_ids: list[str] = field(default_factory=list)
    responder_alert_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Event:
    at: int
    text: str
    type: str
    owner: str


def derive_children(alert: Body, users: Sequence[Body]) -> Children:
    """Derive the child records of an alert; the same alert and users give the same children."""
    rng = seeded_random(alert["id"])
    events = sorted(_events(alert, users, rng=rng), key=lambda event: event.at)
    children = Children(recipients=[_recipient(alert, user) for user in users], attachments=_attachments(alert))
    for event in events:
        append_log(children.logs, event.text, at=event.at, log_type=event.type, owner=event.owner)
    for note in rng.sample(NOTES, rng.choice((0, 0, 0, 1, 2))):
        append_note(children.notes, note, at=rng.choice(events).at, owner=_actor(alert))
    children.notes.sort(key=cursor_order)
    return children


def _attachments(alert: Body) -> list[Body]:
    # A separate generator, so that attachments do not change the logs and notes.
    rng = seeded_random(f"attachments {alert['id']}")
    names = rng.sample(ATTACHMENTS, rng.choices((0, 1, 2), (85, 10, 5))[0])
    created = epoch_ms(alert["createdAt"])
    return [{"name": name, "id": str(created + number)} for number, name in enumerate(names, start=1)]


def append_log(logs: list[Body], log: str, *, at: int, log_type: str, owner: str) -> None:
    """Append a log entry with a unique cursor."""
    entry = {"log": log, "type": log_type, "owner": owner, "createdAt": format_timestamp(at)}
    logs.append(entry | {"offset": _cursor(logs, at)})


def append_note(notes: list[Body], note: str, *, at: int, owner: str) -> None:
    """Append a note with a unique cursor."""
    entry = {"note": note, "owner": owner, "createdAt": format_timestamp(at)}
    notes.append(entry | {"offset": _cursor(notes, at)})


def cursor_order(entry: Body) -> int:
    """The nanoseconds in an entry's cursor; logs and notes are ordered by them."""
    return int(entry["offset"].partition("_")[2])


def _cursor(entries: Sequence[Body], at: int) -> str:
    # Milliseconds, an underscore, nanoseconds (docs/opsgenie-api.md#log-cursors).
    # The entry's position makes it unique.
    return f"{at}_{at * 1_000_000 + len(entries)}"


def _events(alert: Body, users: Sequence[Body], *, rng: Random) -> Iterator[_Event]:
    created, updated = epoch_ms(alert["createdAt"]), epoch_ms(alert["updatedAt"])
    report = alert.get("report", {})
    yield _Event(created, "Alert created via API", "system", "System")
    for user in users:
        yield _Event(created + 900, "Sent [email] notification", "alertRecipient", user["username"])
    if alert["isSeen"] and users:
        yield _Event(created + 4_000, "Viewed on [web]", "alertRecipient", users[0]["username"])
    if "ackTime" in report and "acknowledgedBy" in report:
        yield _Event(created + report["ackTime"], "Alert acknowledged via web", "alertAction", _actor(alert))
    if "closeTime" in report:
        closer = report.get("closedBy", "System")
        yield _Event(created + report["closeTime"], "Alert closed via web", "alertAction", closer)
    if rng.randrange(LONG_LOG_ONE_IN) == 0:
        for _ in range(rng.randint(101, 250)):
            at = rng.randint(created, max(created, updated))
            yield _Event(at, "Notification repeated", "system", "System")


def _actor(alert: Body) -> str:
    return alert.get("report", {}).get("acknowledgedBy") or alert["owner"] or "System"


def _recipient(alert: Body, user: Body) -> Body:
    acknowledged = _actor(alert) == user["username"]
    state = "action" if acknowledged else "active" if alert["isSeen"] else "notactive"
    return {
        "user": {"id": user["id"], "username": user["username"]},
        "state": state,
        "method": "Acknowledge" if acknowledged else "Email",
        "createdAt": alert["createdAt"],
        "updatedAt": alert["updatedAt"],
    }
