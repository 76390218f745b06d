"""Postmortems of incidents, in Atlassian's document format (docs/opsgenie-api.md#postmortems-and-deployments)."""

from collections.abc import Iterable

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import derive_id


def postmortem_id(incident_id: str) -> str:
    """The id of the postmortem of an incident, which only the app shows."""
    return derive_id(f"postmortem {incident_id}")


def find_postmortem(incidents: Iterable[Body], identifier: str) -> Body | None:
    """The postmortem with this id, if there is one: every incident that is not open has one."""
    found = (one for one in incidents if one["status"] != "open" and postmortem_id(one["id"]) == identifier)
    return next(map(_postmortem, found), None)


def _postmortem(incident: Body) -> Body:
    return {
        "executiveSummary": _document(_paragraph(f"{incident['message']}: ", _text("resolved", "strong"))),
        "content": _document(
            {"type": "heading", "attrs": {"level": 1}, "content": [_text("Timeline")]},
            {"type": "bulletList", "content": [_item("Alert received"), _item("Disk replaced")]},
            {"type": "codeBlock", "attrs": {"language": "sh"}, "content": [_text("df -h")]},
            {"type": "somethingNew", "content": [_paragraph("See ", _link("the runbook", "https://example.com/42"))]},
        ),
        "postmortemId": postmortem_id(incident["id"]),
        "title": f"{incident['message']} - postmortem report",
        "severity": incident["priority"],
        "status": "draft",
        "startTime": incident["createdAt"],
        "createdAtTime": incident["updatedAt"],
        "rootIncident": {name: incident[name] for name in ("id", "priority", "tinyId", "message", "status", "tags")},
        "owner": {"metadataId": derive_id(f"owner {incident['id']}"), "id": derive_id("owner"), "name": "Jane Roe"},
        "timeline": {"metadataId": derive_id(f"timeline {incident['id']}"), "id": f"p_{incident['id']}"},
        **{name: [] for name in ("jiraIssues", "relatedIncidents", "affectedServices", "iccSessions", "responders")},
        "responderTeams": [],
    }


def _document(*content: Body) -> Body:
    return {"version": 1, "type": "doc", "content": list(content)}


def _paragraph(text: str, *more: Body) -> Body:
    return {"type": "paragraph", "content": [_text(text), *more]}


def _item(text: str) -> Body:
    return {"type": "listItem", "content": [_paragraph(text)]}


def _text(text: str, mark: str = "") -> Body:
    return {"type": "text", "text": text, **({"marks": [{"type": mark}]} if mark else {})}


def _link(text: str, address: str) -> Body:
    return {"type": "text", "text": text, "marks": [{"type": "link", "attrs": {"href": address}}]}
