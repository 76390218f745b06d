"""The streams about alerts: the alerts, and what hangs on each of them."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import flag, list_of, list_of_texts, nested, text, timestamp, whole_number
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
    text("id", "Names the alert for ever: a UUID, mostly followed by the milliseconds of its creation."),
    flag("seen", "Whether somebody has opened the alert: an undocumented twin of isSeen."),
    text("tinyId", "Short number that people quote; it rolls over and is given again, so it is no key."),
    text("alias", "Name for de-duplication: only one open alert has it, a later one may have it again."),
    text("message", "What the alert says, in at most 130 characters."),
    text("status", "State of the alert: one of open, closed."),
    flag("acknowledged", "Whether the alert is acknowledged now; false again once that is taken back."),
    flag("isSeen", "Whether somebody has opened the alert."),
    list_of_texts("tags", "Labels of the alert; an empty list when it has none."),
    flag("snoozed", "Whether notifications are held back until snoozedUntil."),
    timestamp("snoozedUntil", "When the snooze ends; absent when the alert is not snoozed."),
    whole_number("count", "How often the alert occurred: 1, and one more for each de-duplication."),
    timestamp("lastOccurredAt", "When it last occurred; seen equal to createdAt where count is 1."),
    timestamp("createdAt", "When the alert was created; it never changes."),
    timestamp("updatedAt", "When it last changed; an escalation may move it, a note may not."),
    text("source", "Where the alert came from, in its creator's words; may be an empty text."),
    text("owner", "Who owns the alert: a user name or a display name; an empty text when nobody does."),
    text("priority", "Urgency, highest first: one of P1, P2, P3, P4, P5."),
    list_of(
        "teams",
        "Teams among the responders, an older form of the same; an empty list when there are none.",
        text("id", "Id of the team, as in the stream teams.", refers_to="teams"),
    ),
    list_of(
        "responders",
        "Whom the alert was routed to; an empty list when nobody was.",
        text("type", "What the responder is: one of user, team, escalation, schedule."),
        text("id", "Id of that user, team, escalation or schedule."),
    ),
    nested(
        "integration",
        "The integration that created the alert; absent when a person or an incident did.",
        text("id", "Id of the integration, as in the stream integrations.", refers_to="integrations"),
        text("name", "Name of the integration."),
        text("type", "Product that the integration speaks to, for example API, Email, CloudWatch."),
    ),
    nested(
        "report",
        "Times to acknowledge and to close; absent until either happens, and may hold only some parts.",
        whole_number(
            "ackTime",
            "Milliseconds from createdAt to the acknowledgement; stays when that is taken back, and may "
            "equal closeTime though nobody acknowledged: count it only where acknowledgedBy is there.",
        ),
        whole_number("closeTime", "Milliseconds from createdAt to the closing; absent until then."),
        text("acknowledgedBy", "Who acknowledged: a user name, a display name, System or Alert API."),
        text("closedBy", "Who closed: a user name, a display name, System or Alert API."),
    ),
    text("ownerTeamId", "Id of the team that owns the alert; an empty text when no team does.", refers_to="teams"),
)

ALERTS = Stream(
    name="alerts",
    description="Every alert that the key may see, open and closed, as the list of alerts sends it.",
    path="/v2/alerts",
    key=("id",),
    cursor="updatedAt",
    domain=Domain.SEARCH,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alerts",
    paging=OffsetPaging(sort="createdAt"),
    search=Searchable(
        count_path="/v2/alerts/count",
        count_domain=Domain.ALERT,
        tie_breaker="tinyId",
        takes_alert_query=True,
        still_open="status: open",
    ),
    detail=Detail(domain=Domain.ALERT),
    fields=(
        *LISTED,
        text("description", "Long text about the alert; the list does not send it."),
        text("entity", "What the alert is about, such as a host; the list does not send it."),
        list_of_texts("actions", "Names of the custom actions on offer; the list does not send them."),
        nested("details", "Free keys and texts given by the creator; the list does not send them."),
        text("note", "Note given with a request to create the alert; the list does not send it."),
        text("user", "User named by a request to create the alert; the list does not send it."),
        list_of(
            "visibleTo",
            "Who may see the alert without being notified; the list does not send it.",
            text("id", "Id of the user or team."),
            text("name", "Name of the team, where it was given in place of an id."),
            text("type", "Who it is: one of user, team."),
        ),
    ),
)

ALERT_LOGS = Stream(
    name="alert_logs",
    description="What happened to each alert, line by line: actions, notifications, views.",
    path="/v2/alerts/{alert_id}/logs",
    key=("alert_id", "offset"),
    cursor="createdAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alert-logs",
    paging=LinkPaging(),
    parent=Parent("alerts", {"alert_id": "id"}),
    fields=log_line_of(
        "alert", kind="Kind of line; alertAction, alertRecipient and system were seen, there may be others."
    ),
)

ALERT_RECIPIENTS = Stream(
    name="alert_recipients",
    description="Who was to be notified of each alert, and how far that went.",
    path="/v2/alerts/{alert_id}/recipients",
    key=("alert_id", "user_id"),
    cursor="updatedAt",
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-alert-recipients",
    parent=Parent("alerts", {"alert_id": "id"}),
    rows=Rows(copies={"user_id": ("user", "id"), "user_username": ("user", "username")}),
    fields=(
        text("alert_id", "Id of the alert; added by this connector."),
        text("user_id", "Id of the notified user, as in the stream users; copied from user.", refers_to="users"),
        text("user_username", "User name of the notified user; copied from user."),
        nested(
            "user",
            "The notified user.",
            text("id", "Id of the user, as in the stream users."),
            text("username", "User name of the user, mostly an e-mail address."),
        ),
        text("state", "How far the user got, for example action; its values are not documented."),
        text("method", "How that state came about, for example Acknowledge."),
        flag("aware", "Whether the user knows of the alert; seen in no answer."),
        timestamp("createdAt", "When this recipient was added to the alert."),
        timestamp("updatedAt", "When the state of this recipient last changed."),
    ),
)

ALERT_DETAILS = Stream(
    name="alert_details",
    description="Each alert as it is answered by itself, with the texts and details that the list leaves out.",
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
        text("description", "Long text about the alert, in at most 15,000 characters; may be an empty text."),
        text("entity", "What the alert is about, such as a host; may be an empty text."),
        list_of_texts("actions", "Names of the custom actions on offer; an empty list when there are none."),
        nested("details", "Free keys and texts given by the creator; may be an empty object."),
    ),
)

ALERT_NOTES = Stream(
    name="alert_notes",
    description="What people and systems wrote beneath each alert.",
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
        text("alert_id", "Id of the alert; added by this connector."),
        text("id", "Names the file within its alert; a number is written as text, since it comes as either."),
        timestamp("alert_updatedAt", "The updatedAt of the alert when its files were listed; added by this connector."),
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
