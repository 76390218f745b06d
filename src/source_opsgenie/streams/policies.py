"""Streams about policies, which change alerts or their notifications, and about saved searches."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import (
    boolean,
    details_mark,
    integer,
    list_of,
    list_of_texts,
    nested,
    text,
    timestamp,
)
from source_opsgenie.streams.shapes import RECIPIENT, criteria, duration, time_restriction
from source_opsgenie.streams.stream import Access, Detail, Parent, Stream

POLICY = (
    text("id", "Unique id of the policy (UUID)."),
    text("team_id", "Id of the owning team (stream teams). Null if account-wide. Added by this connector."),
    text("name", "Name of the policy."),
    text("type", "Type of the policy. One of alert, notification."),
    integer("order", "Position of the policy among the policies of its team or account."),
    boolean("enabled", "Whether the policy is enabled."),
    text("policyDescription", "Description of the policy. May be an empty string."),
    text("teamId", "Id of the owning team, repeated by the API. Absent from some responses.", refers_to="teams"),
    criteria("filter", "Alerts that the policy applies to."),
    time_restriction("timeRestrictions"),
)

ALERT_POLICIES = Stream(
    name="alert_policies",
    description="The policies that change new alerts, those of the account and those of each team.",
    path="/v2/policies/alert",
    params={"teamId": "{team_id}"},
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/alert-and-notification-policy-api#list-alert-policies",
    detail=Detail("/v2/policies/{id}", completes_rows=True),
    parent=Parent("teams", {"team_id": "id"}, is_optional=True),
    fields=(
        *POLICY,
        text("message", "Message given to the alert."),
        boolean("continue", "Whether later policies are evaluated too."),
        text("alias", "Alias given to the alert."),
        text("description", "Description given to the alert."),
        text("entity", "Entity given to the alert."),
        text("source", "Source given to the alert."),
        list_of_texts("actions", "Custom actions given to the alert."),
        nested("details", "Custom keys and string values given to the alert."),
        list_of("responders", "Responders given to the alert.", *RECIPIENT),
        list_of_texts("tags", "Tags given to the alert."),
        text("priority", "Priority given to the alert. One of P1 (highest), P2, P3, P4, P5."),
        boolean("ignoreOriginalActions", "Whether the original actions of the alert are removed."),
        boolean("ignoreOriginalDetails", "Whether the original details of the alert are removed."),
        boolean("ignoreOriginalResponders", "Whether the original responders of the alert are removed."),
        boolean("ignoreOriginalTags", "Whether the original tags of the alert are removed."),
        boolean("ignoreOriginalTeams", "Whether the original teams of the alert are removed."),
        details_mark(),
    ),
)

NOTIFICATION_POLICIES = Stream(
    name="notification_policies",
    description="The policies of each team that suppress, delay, repeat or end alert notifications.",
    path="/v2/policies/notification",
    params={"teamId": "{team_id}"},
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/alert-and-notification-policy-api#list-notification-policies",
    detail=Detail("/v2/policies/{id}", completes_rows=True),
    parent=Parent("teams", {"team_id": "id"}),
    fields=(
        *POLICY,
        boolean("suppress", "Whether notifications are suppressed."),
        nested(
            "autoRestartAction",
            "Restart of notifications.",
            duration("duration", "Delay before the restart."),
            integer("maxRepeatCount", "Maximum number of restarts."),
        ),
        nested("autoCloseAction", "Automatic closing of the alert.", duration("duration", "Delay before closing.")),
        nested(
            "deduplicationAction",
            "Suppression of notifications until the alert has occurred often enough.",
            text("deduplicationActionType", "How occurrences are counted. One of value-based, frequency-based."),
            integer("count", "Number of occurrences required."),
            duration("duration", "Period in which they must occur."),
        ),
        nested(
            "delayAction",
            "Delay of notifications.",
            text("delayOption", "End of the delay: for-duration, next-time, next-weekday, or next- and a weekday."),
            integer("untilHour", "Hour of the day at which the delay ends."),
            integer("untilMinute", "Minute of the hour at which the delay ends."),
            duration("duration", "Length of the delay."),
        ),
        details_mark(),
    ),
)

SAVED_SEARCHES = Stream(
    name="saved_searches",
    description="The alert searches that users have saved.",
    path="/v2/alerts/saved-searches",
    key=("id",),
    domain=Domain.ALERT,
    access=Access.ALERTS,
    docs_url="https://docs.opsgenie.com/docs/alert-api#list-saved-searches",
    detail=Detail(completes_rows=True),
    fields=(
        text("id", "Unique id of the search (UUID)."),
        text("name", "Name of the search."),
        timestamp("createdAt", "Creation time of the search."),
        timestamp("updatedAt", "Time of the last change."),
        nested("owner", "User who saved the search.", text("id", "Id of the user (stream users).", refers_to="users")),
        list_of(
            "teams",
            "Teams that can see the search.",
            text("id", "Id of the team (stream teams).", refers_to="teams"),
        ),
        text("description", "Description of the search. May be an empty string."),
        text("query", "Query in Opsgenie's search syntax, as in the option alert_query."),
        details_mark(),
    ),
)

POLICY_STREAMS: tuple[Stream, ...] = (ALERT_POLICIES, NOTIFICATION_POLICIES, SAVED_SEARCHES)
