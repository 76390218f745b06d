"""The streams about policies, which change alerts or hold their notifications back, and about saved searches."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import flag, list_of, list_of_texts, nested, text, timestamp, whole_number
from source_opsgenie.streams.shapes import RECIPIENT, criteria, duration, time_restriction
from source_opsgenie.streams.stream import Access, Detail, Parent, Stream

POLICY = (
    text("id", "Names the policy: a UUID."),
    text("team_id", "Id of the team that it belongs to, null for the whole account; added by this connector."),
    text("name", "Name of the policy."),
    text("type", "What it is: one of alert, notification."),
    whole_number("order", "Place of the policy among those of its team or of the account."),
    flag("enabled", "Whether the policy is switched on."),
    text("policyDescription", "What it is for; may be an empty text."),
    text("teamId", "Id of the team, as the API repeats it; absent from some answers.", refers_to="teams"),
    criteria("filter", "Which alerts it is about."),
    time_restriction("timeRestrictions"),
)

ALERT_POLICIES = Stream(
    name="alert_policies",
    description="The policies that change alerts when they are created: those of the account, and those of each team.",
    path="/v2/policies/alert",
    params={"teamId": "{team_id}"},
    detail=Detail("/v2/policies/{id}", completes_rows=True),
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/alert-and-notification-policy-api#list-alert-policies",
    parent=Parent("teams", {"team_id": "id"}, is_optional=True),
    fields=(
        *POLICY,
        text("message", "What the alert will say."),
        flag("continue", "Whether later policies are looked at too."),
        text("alias", "Alias that the alert will have."),
        text("description", "Long text that the alert will have."),
        text("entity", "What the alert will be about."),
        text("source", "Where the alert will seem to come from."),
        list_of_texts("actions", "Custom actions that the alert will offer."),
        nested("details", "Free keys and texts that the alert will have."),
        list_of("responders", "Who will be a responder.", *RECIPIENT),
        list_of_texts("tags", "Labels that the alert will have."),
        text("priority", "Urgency that the alert will have: one of P1, P2, P3, P4, P5."),
        flag("ignoreOriginalActions", "Whether the alert's own actions are left out."),
        flag("ignoreOriginalDetails", "Whether the alert's own details are left out."),
        flag("ignoreOriginalResponders", "Whether the alert's own responders are left out."),
        flag("ignoreOriginalTags", "Whether the alert's own tags are left out."),
        flag("ignoreOriginalTeams", "Whether the alert's own teams are left out."),
    ),
)

NOTIFICATION_POLICIES = Stream(
    name="notification_policies",
    description="The policies of each team that hold back, repeat or end the notifications of alerts.",
    path="/v2/policies/notification",
    params={"teamId": "{team_id}"},
    detail=Detail("/v2/policies/{id}", completes_rows=True),
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/alert-and-notification-policy-api#list-notification-policies",
    parent=Parent("teams", {"team_id": "id"}),
    fields=(
        *POLICY,
        flag("suppress", "Whether nobody is notified."),
        nested(
            "autoRestartAction",
            "Whether notifications begin again.",
            duration("duration", "After how long."),
            whole_number("maxRepeatCount", "The most times that they begin again."),
        ),
        nested("autoCloseAction", "Whether the alert is closed.", duration("duration", "After how long.")),
        nested(
            "deduplicationAction",
            "Whether notifications wait for further occurrences.",
            text("deduplicationActionType", "How they are counted: one of value-based, frequency-based."),
            whole_number("count", "How many it takes."),
            duration("duration", "Within how long."),
        ),
        nested(
            "delayAction",
            "Whether notifications are delayed.",
            text("delayOption", "Until when: for-duration, next-time, next-weekday, or next- and a weekday."),
            whole_number("untilHour", "Hour of the day."),
            whole_number("untilMinute", "Minute of that hour."),
            duration("duration", "For how long."),
        ),
    ),
)

SAVED_SEARCHES = Stream(
    name="saved_searches",
    description="The searches of alerts that people have saved.",
    path="/v2/alerts/saved-searches",
    key=("id",),
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-saved-searches",
    detail=Detail(completes_rows=True),
    fields=(
        text("id", "Names the search: a UUID."),
        text("name", "Name of the search."),
        timestamp("createdAt", "When it was saved."),
        timestamp("updatedAt", "When it was last changed."),
        nested("owner", "Who saved it.", text("id", "Id of the user, as in the stream users.", refers_to="users")),
        list_of(
            "teams",
            "The teams that see it.",
            text("id", "Id of the team, as in the stream teams.", refers_to="teams"),
        ),
        text("description", "What it is for; may be an empty text."),
        text("query", "The search, in the language of alert_query."),
    ),
)

POLICY_STREAMS: tuple[Stream, ...] = (ALERT_POLICIES, NOTIFICATION_POLICIES, SAVED_SEARCHES)
