"""The child records of an incident: logs, notes, timeline entries, and the ids of its alerts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from opsgenie_simulator.children import Children, append_log, append_note
from opsgenie_simulator.randomness import happens, random_uuid, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

# One incident in this many has lists longer than a page.
LONG_ONE_IN = 8
# The timeline was seen to be this much later than `updatedAt` (docs/opsgenie-api.md#what-moves-updatedat).
TIMELINE_LAG_MS = 117
NOTES = ("Rolling back", "Customers informed", "Traffic moved to the second region")
ADDED = {"team": "IncidentResponderTeamAdded", "user": "IncidentResponderUserAdded"}
# Group, type and title of the timeline entries of a long incident.
WORK = (
    ("custom", "CustomUserEntry", "Compared the graphs"),
    ("custom", "CustomUserEntry", "Called the provider"),
    ("stakeholderUpdate", "StakeholderUpdateSent", "Stakeholders were updated"),
    ("iccSessionLifecycle", "IccSessionStarted", "A call was started"),
)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """An event in the history of an incident; its timeline and logs show it."""

    at: int
    group: str
    type: str
    title: str
    actor: str = "System"
    description: str = ""
    hidden: bool = False


def derive_children(incident: Body, users: Sequence[Body], *, alert_ids: Sequence[str]) -> Children:
    """Derive the child records of an incident from its responders' *users* and the alerts created around it."""
    rng, responder_alert_ids = seeded_random(incident["id"]), alert_ids[: len(incident["responders"])]
    children = Children(alert_ids=list(alert_ids), responder_alert_ids=list(responder_alert_ids))
    actor = users[0]["username"] if users else "Alert API"
    events = sorted(_events(incident, responder_alert_ids, actor=actor, rng=rng), key=lambda event: event.at)
    uuids: dict[str, str] = {}
    for event in events:
        # Entries of different types were seen to share a UUID (docs/opsgenie-api.md#incident-timeline).
        shared = uuids.get("IncidentOpened") if event.type in ADDED.values() and event.type not in uuids else None
        uuids[event.type] = shared or random_uuid(rng)
        append_entry(children.entries, event, uuid=uuids[event.type])
        append_log(children.logs, event.title, at=event.at, log_type=_log_type(event), owner=event.actor)
    for event in sorted(rng.sample(events, rng.choice((0, 0, 1))), key=lambda event: event.at):
        append_note(children.notes, rng.choice(NOTES), at=event.at, owner=actor)
    return children


def _log_type(event: TimelineEvent) -> str:
    return "system" if event.actor == "System" else "incidentAction"


def append_entry(entries: list[Body], event: TimelineEvent, *, uuid: str) -> None:
    """Append an entry to a timeline."""
    entry: Body = {
        "id": f"{event.type}_{uuid}",
        "group": event.group,
        "type": event.type,
        "eventTime": format_timestamp(event.at),
        "hidden": event.hidden,
        "actor": {"name": event.actor, "type": "user" if "@" in event.actor else "api"},
        "title": _text(event.title),
    }
    entries.append(entry | ({"description": _text(event.description)} if event.description else {}))


def _text(content: str) -> Body:
    return {"type": "plain_text", "content": content}


def _events(incident: Body, responder_alert_ids: Sequence[str], *, actor: str, rng: Random) -> Iterator[TimelineEvent]:
    created, updated = epoch_ms(incident["createdAt"]), epoch_ms(incident["updatedAt"])
    yield TimelineEvent(created, "incident", "IncidentOpened", "Incident opened")
    for responder in incident["responders"]:
        yield TimelineEvent(created + 40, "incident", ADDED[responder["type"]], f"Responder {responder['type']} added")
    for number, alert_id in enumerate(responder_alert_ids, start=1):
        at, description = created + number * 30_000, f"Alert {alert_id}"
        yield TimelineEvent(at, "responderAlert", "ResponderAlertAcked", "Acknowledged", actor, description)
    if happens(rng, 0.3):
        yield TimelineEvent(created + 60_000, "statusPage", "StatusPageAdded", "Status page entry added", actor)
    if rng.randrange(LONG_ONE_IN) == 0:
        yield from _long_work(rng, actor, between=(created, updated))
    if "impactEndDate" in incident:
        resolved = epoch_ms(incident["impactEndDate"])
        yield TimelineEvent(resolved, "incident", "IncidentResolved", "Incident resolved", actor)
    if incident["status"] == "closed":
        yield TimelineEvent(updated + TIMELINE_LAG_MS, "incident", "IncidentClosed", "Incident closed", actor)


def _long_work(rng: Random, actor: str, *, between: tuple[int, int]) -> Iterator[TimelineEvent]:
    for number in range(rng.randint(25, 130)):
        group, kind, title = WORK[number % len(WORK)]
        at = rng.randint(*sorted(between))
        description = f"Attempt {number}" if happens(rng, 0.5) else ""
        yield TimelineEvent(at, group, kind, title, actor, description, hidden=happens(rng, 0.1))
