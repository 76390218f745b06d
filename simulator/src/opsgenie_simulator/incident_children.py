"""What hangs on an incident: logs, notes, the entries of its timeline, and the alerts that belong to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from opsgenie_simulator.children import Children, append_log, append_note
from opsgenie_simulator.randomness import happens, random_uuid, seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

# An incident in this many was worked on for so long that no list about it fits a page.
LONG_ONE_IN = 8
# The timeline was seen to lag behind `updatedAt` by this much (docs/opsgenie-api.md#what-moves-updatedat).
BEHIND_MS = 117
NOTES = ("Rolling back", "Customers were told", "Traffic moved to the second region")
ADDED = {"team": "IncidentResponderTeamAdded", "user": "IncidentResponderUserAdded"}
# Group, type and title of what is told whenever somebody works on an incident.
WORK = (
    ("custom", "CustomUserEntry", "Compared the graphs"),
    ("custom", "CustomUserEntry", "Called the provider"),
    ("stakeholderUpdate", "StakeholderUpdateSent", "Stakeholders were updated"),
    ("iccSessionLifecycle", "IccSessionStarted", "A call was started"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an incident, as its timeline tells it."""

    at: int
    group: str
    type: str
    title: str
    actor: str = "System"
    description: str = ""
    hidden: bool = False


def derived(incident: Body, users: Sequence[Body], *, alert_ids: Sequence[str]) -> Children:
    """The children that an incident has by itself, worked on by *users*, with alerts of about the same time."""
    chance, called = seeded_random(incident["id"]), alert_ids[: len(incident["responders"])]
    children = Children(alert_ids=list(alert_ids), responder_alert_ids=list(called))
    actor = users[0]["username"] if users else "Alert API"
    steps = sorted(_steps(incident, called, actor=actor, chance=chance), key=lambda step: step.at)
    uuids: dict[str, str] = {}
    for step in steps:
        # Entries of different types were seen to share a UUID (docs/opsgenie-api.md#incident-timeline).
        shared = uuids.get("IncidentOpened") if step.type in ADDED.values() and step.type not in uuids else None
        uuids[step.type] = shared or random_uuid(chance)
        append_entry(children.entries, step, uuid=uuids[step.type])
        append_log(children.logs, step.title, at=step.at, log_type=_log_type(step), owner=step.actor)
    for step in sorted(chance.sample(steps, chance.choice((0, 0, 1))), key=lambda step: step.at):
        append_note(children.notes, chance.choice(NOTES), at=step.at, owner=actor)
    return children


def _log_type(step: Step) -> str:
    return "system" if step.actor == "System" else "incidentAction"


def append_entry(entries: list[Body], step: Step, *, uuid: str) -> None:
    """Add an entry to a timeline."""
    entry: Body = {
        "id": f"{step.type}_{uuid}",
        "group": step.group,
        "type": step.type,
        "eventTime": format_timestamp(step.at),
        "hidden": step.hidden,
        "actor": {"name": step.actor, "type": "user" if "@" in step.actor else "api"},
        "title": _text(step.title),
    }
    entries.append(entry | ({"description": _text(step.description)} if step.description else {}))


def _text(content: str) -> Body:
    return {"type": "plain_text", "content": content}


def _steps(incident: Body, called: Sequence[str], *, actor: str, chance: Random) -> Iterator[Step]:
    born, changed = epoch_ms(incident["createdAt"]), epoch_ms(incident["updatedAt"])
    yield Step(born, "incident", "IncidentOpened", "Incident opened")
    for responder in incident["responders"]:
        yield Step(born + 40, "incident", ADDED[responder["type"]], f"Responder {responder['type']} added")
    for number, alert_id in enumerate(called, start=1):
        about = f"Alert {alert_id}"
        yield Step(born + number * 30_000, "responderAlert", "ResponderAlertAcked", "Acknowledged", actor, about)
    if happens(chance, 0.3):
        yield Step(born + 60_000, "statusPage", "StatusPageAdded", "Status page entry added", actor)
    if chance.randrange(LONG_ONE_IN) == 0:
        yield from _worked(chance, actor, between=(born, changed))
    if "impactEndDate" in incident:
        yield Step(epoch_ms(incident["impactEndDate"]), "incident", "IncidentResolved", "Incident resolved", actor)
    if incident["status"] == "closed":
        yield Step(changed + BEHIND_MS, "incident", "IncidentClosed", "Incident closed", actor)


def _worked(chance: Random, actor: str, *, between: tuple[int, int]) -> Iterator[Step]:
    for number in range(chance.randint(25, 130)):
        group, kind, title = WORK[number % len(WORK)]
        at, is_told = chance.randint(*sorted(between)), happens(chance, 0.5)
        description = f"Attempt {number}" if is_told else ""
        yield Step(at, group, kind, title, actor, description, hidden=happens(chance, 0.1))
