"""Streams about alerts and their child records."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import boolean, list_of, list_of_texts, nested, text, timestamp, whole_number
from source_opsgenie.streams.shapes import log_line_of, note_on
from source_opsgenie.streams.stream import (
    Access,
    Content,
    Detail,
    LinkPaging,
    OffsetPaging,
    Parent,
    Rows,
    Searchable,
    Stream,
)

# What the list of alerts and a single alert have in common.
LISTED = (
    text("id", "Permanent unique id of the alert (UUID, usually followed by its creation time in milliseconds)."),
    boolean("seen", "Whether someone has opened the alert. Undocumented duplicate of isSeen."),
    text("tinyId", "Short number for people to quote. It rolls over and is reused, so it is not a key."),
    text("alias", "De-duplication key. Unique among open alerts; a later alert may reuse it."),
    text("message", "Message of the alert, at most 130 characters."),
    text("status", "Status of the alert. One of open, closed."),
    boolean("acknowledged", "Whether the alert is currently acknowledged. False again after it is unacknowledged."),
    boolean("isSeen", "Whether someone has opened the alert."),
    list_of_texts("tags", "Tags of the alert. Empty list if none."),
    boolean("snoozed", "Whether notifications are suppressed until snoozedUntil."),
    timestamp("snoozedUntil", "End of the snooze. Absent if the alert is not snoozed."),
    whole_number("count", "Number of occurrences: 1 plus one per de-duplicated event."),
    timestamp("lastOccurredAt", "Time of the last occurrence. Observed equal to createdAt if count is 1."),
    timestamp("createdAt", "Creation time of the alert. Never changes."),
    timestamp("closedAt", "Time at which the alert was closed. Undocumented, and absent from most responses."),
    timestamp("updatedAt", "Time of the last change. An escalation may update it; a note might not."),
    text("source", "Source of the alert, as given by its creator. May be an empty string."),
    text("owner", "Owner of the alert (username or display name). Empty string if unowned."),
    text("priority", "Priority. One of P1 (highest), P2, P3, P4, P5."),
    list_of(
        "teams",
        "Teams among the responders (older form of responders). Empty list if none.",
        text("id", "Id of the team (stream teams).", refers_to="teams"),
    ),
    list_of(
        "responders",
        "Responders that the alert was routed to. Empty list if none.",
        text("type", "Type of the responder. One of user, team, escalation, schedule."),
        text("id", "Id of the user, team, escalation or schedule."),
    ),
    nested(
        "integration",
        "Integration that created the alert. Absent if a person or an incident created it.",
        text("id", "Id of the integration (stream integrations).", refers_to="integrations"),
        text("name", "Name of the integration."),
        text("type", "Product that the integration connects to, for example API, Email, CloudWatch."),
    ),
    nested(
        "report",
        "Times to acknowledge and to close. Absent until either happens; may contain only some fields.",
        whole_number(
            "ackTime",
            "Milliseconds from createdAt to the acknowledgement. Kept if the alert is unacknowledged, and may equal "
            "closeTime if it was never acknowledged: use it only if acknowledgedBy is present.",
        ),
        whole_number("closeTime", "Milliseconds from createdAt to closing. Absent until the alert is closed."),
        text("acknowledgedBy", "Who acknowledged the alert (username, display name, System or Alert API)."),
        text("closedBy", "Who closed the alert (username, display name, System or Alert API)."),
    ),
    text("ownerTeamId", "Id of the team that owns the alert (stream teams). Empty string if none.", refers_to="teams"),
)

ALERTS = Stream(
    name="alerts",
    description="Every alert the key can see, open and closed, as returned by the list endpoint.",
    path="/v2/alerts",
    key=("id",),
    cursor="updatedAt",
    domain=Domain.SEARCH,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alerts",
    paging=OffsetPaging(sort="createdAt"),
    search=Searchable(
        count_path="/v2/alerts/count",
        count_domain=Domain.ALERT_COUNT,
        tie_breaker="tinyId",
        takes_alert_query=True,
        still_open="status: open",
    ),
    detail=Detail(domain=Domain.ALERT),
    fields=(
        *LISTED,
        text("description", "Long description of the alert. Not returned by the list endpoint."),
        text("entity", "Entity that the alert is about, such as a host. Not returned by the list endpoint."),
        list_of_texts("actions", "Names of the available custom actions. Not returned by the list endpoint."),
        nested("details", "Custom keys and string values set by the creator. Not returned by the list endpoint."),
        text("note", "Note sent in the create request. Not returned by the list endpoint."),
        text("user", "User named in the create request. Not returned by the list endpoint."),
        list_of(
            "visibleTo",
            "Users and teams that can see the alert without being notified. Not returned by the list endpoint.",
            text("id", "Id of the user or team."),
            text("name", "Name of the team, if given instead of an id."),
            text("type", "Type of the viewer. One of user, team."),
        ),
    ),
)

ALERT_LOGS = Stream(
    name="alert_logs",
    description="The activity log of each alert, one row per line: actions, notifications and views.",
    path="/v2/alerts/{alert_id}/logs",
    key=("alert_id", "offset"),
    cursor="createdAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alert-logs",
    paging=LinkPaging(),
    parent=Parent("alerts", {"alert_id": "id"}),
    fields=log_line_of(
        "alert",
        type_description="Type of the line. Observed: alertAction, alertRecipient, system. There may be others.",
    ),
)

ALERT_RECIPIENTS = Stream(
    name="alert_recipients",
    description="The users to notify of each alert, and the notification state of each user.",
    path="/v2/alerts/{alert_id}/recipients",
    key=("alert_id", "user_id"),
    cursor="updatedAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alert-recipients",
    parent=Parent("alerts", {"alert_id": "id"}),
    rows=Rows(copies={"user_id": ("user", "id"), "user_username": ("user", "username")}),
    fields=(
        text("alert_id", "Id of the alert (stream alerts). Added by this connector."),
        text(
            "user_id", "Id of the notified user (stream users). Copied from user by this connector.", refers_to="users"
        ),
        text("user_username", "Username of the notified user. Copied from user by this connector."),
        nested(
            "user",
            "Notified user.",
            text("id", "Id of the user (stream users)."),
            text("username", "Username, usually an email address."),
        ),
        text("state", "Notification state of the user, for example action. The values are not documented."),
        text("method", "How the state was reached, for example Acknowledge."),
        boolean("aware", "Whether the user is aware of the alert. Not observed in responses."),
        timestamp("createdAt", "Time at which the recipient was added to the alert."),
        timestamp("updatedAt", "Time at which the state of the recipient last changed."),
    ),
)

ALERT_DETAILS = Stream(
    name="alert_details",
    description="Every alert as returned by its own endpoint, with the texts and details that the list omits.",
    path="/v2/alerts/{id}",
    key=("id",),
    cursor="updatedAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#get-alert",
    parent=Parent("alerts", {"id": "id"}),
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        *LISTED,
        text("description", "Long description of the alert, at most 15,000 characters. May be an empty string."),
        text("entity", "Entity that the alert is about, such as a host. May be an empty string."),
        list_of_texts("actions", "Names of the available custom actions. Empty list if none."),
        nested("details", "Custom keys and string values set by the creator. May be an empty object."),
    ),
)

ALERT_NOTES = Stream(
    name="alert_notes",
    description="The notes that people and systems added to each alert.",
    path="/v2/alerts/{alert_id}/notes",
    key=("alert_id", "offset"),
    cursor="createdAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alert-notes",
    paging=LinkPaging(),
    parent=Parent("alerts", {"alert_id": "id"}),
    fields=note_on("alert"),
)

ALERT_ATTACHMENTS = Stream(
    name="alert_attachments",
    description="The names of the files attached to each alert; the files themselves are not read.",
    path="/v2/alerts/{alert_id}/attachments",
    key=("alert_id", "id"),
    cursor="alert_updatedAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alert-attachments",
    parent=Parent("alerts", {"alert_id": "id"}, brings={"alert_updatedAt": "updatedAt"}),
    fields=(
        text("alert_id", "Id of the alert (stream alerts). Added by this connector."),
        text("id", "Id of the file, unique within its alert. A number from the API is converted to a string."),
        timestamp("alert_updatedAt", "The updatedAt of the alert when its files were listed. Added by this connector."),
        text("name", "Name of the file."),
    ),
)

ALERT_STREAMS: tuple[Stream, ...] = (
    ALERTS,
    ALERT_LOGS,
    ALERT_RECIPIENTS,
    ALERT_DETAILS,
    ALERT_NOTES,
    ALERT_ATTACHMENTS,
)
