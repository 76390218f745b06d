"""Streams about incidents and their child records."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import boolean, list_of, list_of_texts, nested, text, timestamp
from source_opsgenie.streams.shapes import log_line_of, note_on
from source_opsgenie.streams.stream import (
    Access,
    Content,
    KeyPaging,
    LinkPaging,
    MergedList,
    OffsetPaging,
    Parent,
    PositionPaging,
    Rows,
    Searchable,
    Stream,
)

INCIDENTS = Stream(
    name="incidents",
    description="Every incident the key can see, whatever its status.",
    path="/v1/incidents",
    key=("id",),
    cursor="updatedAt",
    domain=Domain.INCIDENT,
    access=Access.INCIDENTS,
    docs_url="https://docs.opsgenie.com/docs/incident-api#list-incidents",
    paging=OffsetPaging(sort="createdAt"),
    search=Searchable(still_open="status: open OR status: resolved"),
    fields=(
        text("id", "Permanent unique id of the incident (UUID)."),
        text("description", "Long description of the incident. May be an empty string."),
        list_of_texts(
            "impactedServices",
            "Ids of the impacted services (stream services). May be an empty list.",
            refers_to="services",
        ),
        text("tinyId", "Short number for people to quote. Not guaranteed to stay unique, so it is not a key."),
        text("message", "Summary of the incident in one line."),
        text("status", "Status of the incident. One of open, resolved, closed."),
        list_of_texts("tags", "Tags of the incident. Empty list if none."),
        timestamp("createdAt", "Creation time of the incident."),
        timestamp("updatedAt", "Time of the last change. Up to 0.2 s before the matching timeline entry."),
        text("priority", "Priority. One of P1 (highest), P2, P3, P4, P5."),
        text("ownerTeam", "Team that owns the incident. Empty string if none."),
        list_of(
            "responders",
            "Responders called to work on the incident. Empty list if none.",
            text("type", "Type of the responder. One of user, team, escalation, schedule. Observed: user, team."),
            text("id", "Id of the responder (streams users and teams)."),
        ),
        nested("extraProperties", "Custom keys and string values set by the creator. May be an empty object."),
        nested(
            "links",
            "Links to the incident.",
            text("web", "URL of the incident in the web application."),
            text("api", "URL of the incident in the API."),
        ),
        timestamp("impactStartDate", "Start of the impact. Equal to createdAt in every captured incident."),
        timestamp("impactEndDate", "End of the impact. Absent until the incident is resolved; kept if it is reopened."),
        timestamp("impactDetectDate", "Time at which the impact was detected. Not present in any captured incident."),
        list_of_texts("actions", "Names of the available custom actions. May be an empty list."),
        boolean("isSeen", "Whether someone has opened the incident. Documented once; not observed in newer responses."),
        text("source", "Source of the incident. Documented once; not observed in newer responses."),
        text("owner", "Owner of the incident. Documented once; not observed in newer responses."),
        text("serviceId", "Id of the impacted service in older responses. Newer responses have impactedServices."),
        text("note", "Note sent in the create request. Not returned by the list endpoint."),
        nested(
            "statusPageEntry",
            "Status page entry sent in the create request. Not returned by the list endpoint.",
            text("title", "Title on the status page. Defaults to the message of the incident."),
            text("detail", "Text on the status page. Defaults to the description of the incident."),
        ),
        nested("details", "Name of extraProperties in the create request. Not returned by the list endpoint."),
        boolean(
            "notifyStakeholders",
            "Whether the create request notifies stakeholders. Not returned by the list endpoint.",
        ),
    ),
)

INCIDENT_LOGS = Stream(
    name="incident_logs",
    description="The activity log of each incident, one row per line.",
    path="/v1/incidents/{incident_id}/logs",
    key=("incident_id", "offset"),
    cursor="createdAt",
    domain=Domain.INCIDENT,
    access=Access.INCIDENTS,
    docs_url="https://docs.opsgenie.com/docs/incident-api#list-incident-logs",
    paging=LinkPaging(),
    parent=Parent("incidents", {"incident_id": "id"}),
    fields=log_line_of(
        "incident",
        type_description="Type of the line, for example system, alertAction. The values are not documented.",
    ),
)

INCIDENT_NOTES = Stream(
    name="incident_notes",
    description="The notes that people and systems added to each incident.",
    path="/v1/incidents/{incident_id}/notes",
    key=("incident_id", "offset"),
    cursor="createdAt",
    domain=Domain.INCIDENT,
    access=Access.INCIDENTS,
    docs_url="https://docs.opsgenie.com/docs/incident-api#list-incident-notes",
    paging=LinkPaging(),
    parent=Parent("incidents", {"incident_id": "id"}),
    fields=note_on("incident"),
)

INCIDENT_TIMELINE_ENTRIES = Stream(
    name="incident_timeline_entries",
    description="The timeline of each incident, hidden entries included: events, responders and updates.",
    path="/v2/incident-timelines/{incident_id}/entries",
    key=("incident_id", "id"),
    cursor="eventTime",
    domain=Domain.INCIDENT,
    # The vendor's page requires Configuration Access (docs/opsgenie-api.md#incident-timeline).
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/incident-timeline-api",
    paging=KeyPaging("nextOffset", limit=20),
    rows=Rows(at=("entries",)),
    parent=Parent("incidents", {"incident_id": "id"}),
    fields=(
        text("incident_id", "Id of the incident (stream incidents). Added by this connector."),
        text("id", "Id of the entry: its type, an underscore and a UUID, which may recur under another type."),
        text(
            "group",
            "Subject of the entry. One of custom, incident, responderAlert, stakeholderUpdate, statusPage, "
            "iccSessionLifecycle, iccSessionDetails, integration.",
        ),
        text("type", "Type of the event, for example IncidentOpened, ResponderAlertAcked, CustomUserEntry."),
        timestamp("eventTime", "Time of the event. Up to 0.2 s after the updatedAt of the incident that it caused."),
        boolean("hidden", "Whether a user has hidden the entry."),
        nested(
            "actor",
            "Who caused the event.",
            text("name", "Name of the user, or System."),
            text("type", "Type of the actor. Observed: user, api."),
        ),
        nested(
            "lastEdit",
            "Last edit of the entry by a user. Absent if it was never edited.",
            timestamp("editTime", "Time of the edit."),
            nested(
                "actor",
                "Who edited the entry.",
                text("name", "Name of the user."),
                text("type", "Type of the actor, as for the entry."),
            ),
        ),
        nested(
            "title",
            "Title of the entry.",
            text("type", "Text format: plain_text."),
            text("content", "Text content."),
        ),
        nested(
            "description",
            "Description of the entry. Absent if the entry has only a title.",
            text("type", "Text format: plain_text."),
            text("content", "Text content."),
        ),
    ),
)

INCIDENT_ALERTS = Stream(
    name="incident_alerts",
    description="The alerts of each incident: associated alerts, and alerts that notified its responders.",
    path="/v1/incidents/{incident_id}/associated-alert-ids",
    key=("incident_id", "alert_id"),
    cursor="incident_updatedAt",
    domain=Domain.INCIDENT,
    access=Access.INCIDENTS,
    docs_url="https://docs.opsgenie.com/docs/incident-api#get-associated-alert-ids",
    paging=PositionPaging(limit=25),
    rows=Rows(
        content=Content.IDS,
        flag="is_associated",
        merged=(MergedList("/v1/incidents/{incident_id}/responder-alert-ids", flag="is_responder"),),
    ),
    parent=Parent("incidents", {"incident_id": "id"}, brings={"incident_updatedAt": "updatedAt"}),
    fields=(
        text("incident_id", "Id of the incident (stream incidents). Added by this connector."),
        text("alert_id", "Id of the alert (stream alerts). The API returns nothing else.", refers_to="alerts"),
        timestamp(
            "incident_updatedAt", "The incident's updatedAt when its alerts were listed. Added by this connector."
        ),
        boolean("is_associated", "Whether the alert is associated with the incident. Added by this connector."),
        boolean("is_responder", "Whether the alert called a responder; both may be true. Added by this connector."),
    ),
)

INCIDENT_STREAMS: tuple[Stream, ...] = (
    INCIDENTS,
    INCIDENT_LOGS,
    INCIDENT_NOTES,
    INCIDENT_TIMELINE_ENTRIES,
    INCIDENT_ALERTS,
)
