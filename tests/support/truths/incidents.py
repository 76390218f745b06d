"""The truth about incidents: their facts, and everything that happened in them."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from opsgenie_simulator.children import Children
from tests.support.answers import Answers, Compared, grouped, utc


def linked(children: Children) -> list[str]:
    """The ids of the alerts of an incident, each once."""
    return list(dict.fromkeys([*children.alert_ids, *children.responder_alert_ids]))


def incident_facts(answers: Answers) -> Iterator[Compared]:
    """Each incident has one row, with the names of its services, the minutes of impact and the number of alerts."""
    services = {row["id"]: row["name"] for row in answers.account.services.values()}
    expected = {}
    for incident in answers.account.incidents.values():
        start, end = incident["impactStartDate"], incident.get("impactEndDate")
        impact = round((utc(end) - utc(start)).total_seconds() / 60, 1) if end else None
        names = ", ".join(sorted(services[one] for one in incident["impactedServices"])) or None
        alerts = len(linked(answers.account.store.children(incident["id"])))
        expected[incident["id"]] = (incident["status"], impact, names, alerts)

    yield Compared(
        "incident_facts",
        expected,
        {
            row["incident_id"]: (row["status"], row["impact_minutes"], row["services"], row["alerts"])
            for row in answers.rows("incident_facts")
        },
    )


def incident_story(answers: Answers) -> Iterator[Compared]:
    """A story has the incident, its timeline, log, notes and alerts with theirs, in order of time."""
    stories = grouped((row["incident_id"], row) for row in answers.rows("incident_story"))
    for incident_id, incident in answers.account.incidents.items():
        story = stories[incident_id]
        times = [row["happened_at"] for row in story]
        expected = [(utc(incident["createdAt"]), "incident", incident["message"]), *events(answers, incident_id)]

        yield Compared("incident_story", sorted(times), times)
        yield Compared(
            "incident_story",
            Counter(expected),
            Counter((row["happened_at"], row["what"], row["text"]) for row in story),
        )


def events(answers: Answers, incident_id: str) -> list[tuple[datetime, str, str]]:
    """Everything that belongs to an incident."""
    children = answers.account.store.children(incident_id)
    found = [(utc(row["eventTime"]), "timeline", entry_text(row)) for row in children.entries]
    found += [(utc(row["createdAt"]), "log", row["log"]) for row in children.logs]
    found += [(utc(row["createdAt"]), "note", row["note"]) for row in children.notes]
    for alert_id in linked(children):
        alert, of = answers.account.alerts[alert_id], answers.account.store.children(alert_id)
        found.append((utc(alert["createdAt"]), "alert", alert["message"]))
        found += [(utc(row["createdAt"]), "alert log", row["log"]) for row in of.logs]
        found += [(utc(row["createdAt"]), "alert note", row["note"]) for row in of.notes]
    return found


def entry_text(row: dict[str, Any]) -> str:
    """The title of a timeline entry, and its description if it has one."""
    return ": ".join(row[name]["content"] for name in ("title", "description") if name in row)


INCIDENTS = (incident_facts, incident_story)
