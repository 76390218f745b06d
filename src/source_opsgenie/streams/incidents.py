"""The streams about incidents: the incidents, and what hangs on each of them."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import flag, list_of, list_of_texts, nested, text, timestamp
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
    description="Every incident that the key may see, whatever its status.",
    path="/v1/incidents",
    key=("id",),
    cursor="updatedAt",
    domain=Domain.INCIDENT,
    access=Access.INCIDENTS,
    docs_url="https://docs.opsgenie.com/docs/incident-api#list-incidents",
    paging=OffsetPaging(sort="createdAt"),
    search=Searchable(still_open="status: open OR status: resolved"),
    fields=(
        text("id", "Names the incident for ever: a UUID."),
        text("description", "Long text about the incident; may be an empty text."),
        list_of_texts(
            "impactedServices", "Ids of services, as in the stream services; may be empty.", refers_to="services"
        ),
        text("tinyId", "Short number that people quote; not promised to stay unique, so it is no key."),
        text("message", "What the incident is, in one line."),
        text("status", "State of the incident: one of open, resolved, closed."),
        list_of_texts("tags", "Labels of the incident; an empty list when it has none."),
        timestamp("createdAt", "When the incident was created."),
        timestamp("updatedAt", "When it last changed; up to 0.2 s before the matching timeline entry."),
        text("priority", "Urgency, highest first: one of P1, P2, P3, P4, P5."),
        text("ownerTeam", "The team that owns the incident; an empty text when no team does."),
        list_of(
            "responders",
            "Who was called to work on the incident; an empty list when nobody was.",
            text("type", "What it is: one of user, team, escalation, schedule; the first two were seen."),
            text("id", "Id of that responder, as in the streams users and teams."),
        ),
        nested("extraProperties", "Free keys and texts given by the creator; may be an empty object."),
        nested(
            "links",
            "Where to find the incident.",
            text("web", "Address of the incident for people."),
            text("api", "Address of the incident in the API."),
        ),
        timestamp("impactStartDate", "When the impact began; equal to createdAt in every captured incident."),
        timestamp("impactEndDate", "When the impact ended; absent until resolved, kept when opened again."),
        timestamp("impactDetectDate", "When the impact was noticed; absent from every captured incident."),
        list_of_texts("actions", "Names of the custom actions offered on the incident; may be empty."),
        flag("isSeen", "Whether somebody has opened it; documented once, not seen in newer answers."),
        text("source", "Where the incident came from; documented once, not seen in newer answers."),
        text("owner", "Who owns the incident; documented once, not seen in newer answers."),
        text("serviceId", "Id of the one service in older answers; newer ones send impactedServices."),
        text("note", "Note given with a request to create the incident; the list does not send it."),
        nested(
            "statusPageEntry",
            "Entry for the status page, given when creating the incident; the list does not send it.",
            text("title", "Headline on the status page; the message of the incident when left out."),
            text("detail", "Text on the status page; the description of the incident when left out."),
        ),
        nested("details", "The name of extraProperties in a create request; the list does not send it."),
        flag("notifyStakeholders", "Whether stakeholders were to be told; the list does not send it."),
    ),
)

INCIDENT_LOGS = Stream(
    name="incident_logs",
    description="What happened to each incident, line by line.",
    path="/v1/incidents/{incident_id}/logs",
    key=("incident_id", "offset"),
    cursor="createdAt",
    domain=Domain.INCIDENT,
    access=Access.INCIDENTS,
    docs_url="https://docs.opsgenie.com/docs/incident-api#list-incident-logs",
    paging=LinkPaging(),
    parent=Parent("incidents", {"incident_id": "id"}),
    fields=log_line_of("incident", kind="Kind of line, such as system or alertAction; its values are not documented."),
)

INCIDENT_NOTES = Stream(
    name="incident_notes",
    description="What people and systems wrote beneath each incident.",
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
    description="The timeline of each incident, hidden entries too: what happened, who joined, what was told.",
    path="/v2/incident-timelines/{incident_id}/entries",
    key=("incident_id", "id"),
    cursor="eventTime",
    domain=Domain.INCIDENT,
    # The vendor's page wants a key that is not kept from the configuration (docs/opsgenie-api.md#incident-timeline).
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/incident-timeline-api",
    paging=KeyPaging("nextOffset", limit=20),
    rows=Rows(at=("entries",)),
    parent=Parent("incidents", {"incident_id": "id"}),
    fields=(
        text("incident_id", "Id of the incident; added by this connector."),
        text("id", "Names the entry: its type, an underscore and a UUID, which may recur under another type."),
        text(
            "group",
            "What the entry is about: one of custom, incident, responderAlert, stakeholderUpdate, statusPage, "
            "iccSessionLifecycle, iccSessionDetails, integration.",
        ),
        text("type", "Kind of event, for example IncidentOpened, ResponderAlertAcked, CustomUserEntry."),
        timestamp("eventTime", "When it happened; up to 0.2 s after the updatedAt that it caused."),
        flag("hidden", "Whether people have hidden the entry."),
        nested(
            "actor",
            "Who caused it.",
            text("name", "Name of the user, or System."),
            text("type", "What it is; user and api were seen."),
        ),
        nested(
            "title",
            "Headline of the entry.",
            text("type", "How the text is written: plain_text."),
            text("content", "The text."),
        ),
        nested(
            "description",
            "Text of the entry; absent where the headline says it all.",
            text("type", "How the text is written: plain_text."),
            text("content", "The text."),
        ),
    ),
)

INCIDENT_ALERTS = Stream(
    name="incident_alerts",
    description="The alerts of each incident: those associated with it, and those that called its responders.",
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
        text("incident_id", "Id of the incident; added by this connector."),
        text("alert_id", "Id of the alert, as in the stream alerts; the API sends nothing else.", refers_to="alerts"),
        timestamp("incident_updatedAt", "The updatedAt of the incident when it was asked; added by this connector."),
        flag("is_associated", "Whether the alert is associated with the incident; added by this connector."),
        flag("is_responder", "Whether the alert called a responder; it may be both; added by this connector."),
    ),
)

INCIDENT_STREAMS: tuple[Stream, ...] = (
    INCIDENTS,
    INCIDENT_LOGS,
    INCIDENT_NOTES,
    INCIDENT_TIMELINE_ENTRIES,
    INCIDENT_ALERTS,
)
