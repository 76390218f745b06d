"""Fields and log entries that the service writes when an alert or an incident is acted on."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.timestamps import format_timestamp

ACTOR = "Alert API"
TIMELINE_TYPES = {"open": "IncidentReopened", "resolved": "IncidentResolved", "closed": "IncidentClosed"}


def complete_alert_update(before: Body, fields: Body, *, elapsed_ms: int) -> Body:
    """Add the report and owner that follow from acknowledging or closing an alert; *fields* take precedence.

    The times in the report are milliseconds since creation (docs/opsgenie-api.md#timestamps).
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
    derived: Body = {"owner": owner} | ({"report": report} if report else {})
    return derived | fields


def complete_incident_update(before: Body, fields: Body, *, time_ms: int) -> Body:
    """Add the end of the impact that follows from resolving or closing an incident; *fields* take precedence."""
    has_ended = fields.get("status", "open") != "open" and "impactEndDate" not in before
    return ({"impactEndDate": format_timestamp(time_ms)} if has_ended else {}) | fields


def alert_log_text(fields: Body) -> str:
    """The text of the log entry for an alert update."""
    if fields.get("status") == "closed":
        return "Alert closed via API"
    if fields.get("acknowledged"):
        return "Alert acknowledged via API"
    if fields.get("acknowledged") is False:
        return "Alert unacknowledged via API"
    return f"Alert updated via API: {', '.join(sorted(fields))}"


def incident_log_text(fields: Body) -> str:
    """The text of the log entry for an incident update."""
    status = fields.get("status")
    if status in TIMELINE_TYPES:
        return f"Incident {'reopened' if status == 'open' else status} via API"
    return f"Incident updated via API: {', '.join(sorted(fields))}"


def incident_timeline_type(fields: Body) -> str | None:
    """The type of the timeline entry for an incident update; None if the update has no entry."""
    return TIMELINE_TYPES.get(fields.get("status", ""))
