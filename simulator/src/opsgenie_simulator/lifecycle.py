"""What the service itself writes when somebody acts on an alert or an incident."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.timestamps import format_timestamp

ACTOR = "Alert API"


def acted_on_alert(before: Body, fields: Body, *, elapsed_ms: int) -> Body:
    """The report and owner that follow from an acknowledgement or a closing, unless they are given.

    Both times of the report are milliseconds since creation (docs/opsgenie-api.md#timestamps).
    """
    report = dict(before.get("report", {}))
    owner = before["owner"]
    if fields.get("acknowledged") and not before["acknowledged"]:
        owner = owner or ACTOR
        report |= {"ackTime": elapsed_ms, "acknowledgedBy": owner}
    if fields.get("acknowledged") is False:
        report.pop("acknowledgedBy", None)
    if fields.get("status") == "closed" and before["status"] != "closed":
        report |= {"closeTime": elapsed_ms, "closedBy": ACTOR}
    follows: Body = {"owner": owner} | ({"report": report} if report else {})
    return follows | fields


def acted_on_incident(before: Body, fields: Body, *, moment_ms: int) -> Body:
    """The end of the impact that follows from resolving or closing, unless it is given."""
    ended = fields.get("status", "open") != "open" and "impactEndDate" not in before
    return ({"impactEndDate": format_timestamp(moment_ms)} if ended else {}) | fields


def log_of(fields: Body) -> str:
    """The text of the log entry that a change of an alert leaves."""
    if fields.get("status") == "closed":
        return "Alert closed via API"
    if fields.get("acknowledged"):
        return "Alert acknowledged via API"
    if fields.get("acknowledged") is False:
        return "Alert unacknowledged via API"
    return f"Alert updated via API: {', '.join(sorted(fields))}"


def log_of_incident(fields: Body) -> tuple[str, str | None]:
    """The text of the log entry that a change of an incident leaves, and the type of its timeline entry, if any."""
    told = {"open": "IncidentReopened", "resolved": "IncidentResolved", "closed": "IncidentClosed"}
    status = fields.get("status")
    if status in told:
        return f"Incident {'reopened' if status == 'open' else status} via API", told[status]
    return f"Incident updated via API: {', '.join(sorted(fields))}", None
