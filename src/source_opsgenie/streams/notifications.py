"""Streams about how each user is notified: contacts, rules, and the steps of each rule."""

from source_opsgenie.streams.fields import boolean, details_mark, integer, list_of, list_of_texts, nested, text
from source_opsgenie.streams.shapes import criteria, duration, time_restriction
from source_opsgenie.streams.stream import Detail, Parent, Stream
from source_opsgenie.streams.users import OF_USER, USER_ID

STEP = (
    text("id", "Unique id of the step (UUID)."),
    nested(
        "_parent",
        "Parent rule, repeated by the API. Absent from some responses.",
        text("id", "Id of the rule."),
        text("name", "Name of the rule."),
    ),
    duration("sendAfter", "Delay from the start of the rule until the contact is notified."),
    nested(
        "contact",
        "Contact to notify.",
        text("method", "Contact method. One of email, sms, voice, mobile."),
        text("to", "Email address or phone number of the contact."),
    ),
    boolean("enabled", "Whether the step is enabled."),
)

USER_CONTACTS = Stream(
    name="user_contacts",
    description="The contact methods of each user, in the order in which they are tried.",
    path="/v2/users/{user_id}/contacts",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/contact-api#list-contacts",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Unique id of the contact (UUID)."),
        text("method", "Contact method. One of email, sms, voice, mobile."),
        text("to", "Email address or phone number of the contact."),
        nested(
            "status",
            "Whether the contact can be used.",
            boolean("enabled", "Whether notifications are sent to the contact."),
            text("disabledReason", "Reason why no notifications are sent to the contact."),
        ),
        integer("applyOrder", "Position of the contact among the contacts of its user."),
    ),
)

USER_NOTIFICATION_RULES = Stream(
    name="user_notification_rules",
    description="The notification rules of each user: for which events, when, and in which steps.",
    path="/v2/users/{user_id}/notification-rules",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/notification-rule-api#list-notification-rules",
    parent=OF_USER,
    detail=Detail(completes_rows=True),
    fields=(
        USER_ID,
        text("id", "Unique id of the rule (UUID)."),
        text("name", "Name of the rule."),
        text(
            "actionType",
            "Event that the rule applies to. One of create-alert, acknowledged-alert, closed-alert, renotified-alert, "
            "assigned-alert, add-note, schedule-start, schedule-end, incoming-call-routing.",
        ),
        integer("order", "Position of the rule among the rules of its kind."),
        boolean("enabled", "Whether the rule is enabled."),
        criteria("criteria", "Alerts that the rule applies to."),
        list_of_texts(
            "notificationTime",
            "When to notify of a schedule. Any of just-before, 15-minutes-ago, 1-hour-ago, 1-day-ago.",
        ),
        time_restriction(),
        list_of("steps", "Steps of the rule (stream user_notification_rule_steps).", *STEP),
        list_of(
            "schedules",
            "Schedules that the rule applies to.",
            text("type", "Always schedule."),
            text("id", "Id of the schedule (stream schedules).", refers_to="schedules"),
            text("name", "Name of the schedule."),
        ),
        nested(
            "repeat",
            "Repetition of the steps.",
            integer("loopAfter", "Minutes before the steps repeat."),
            boolean("enabled", "Whether the steps repeat."),
        ),
        details_mark(),
    ),
)

USER_NOTIFICATION_RULE_STEPS = Stream(
    name="user_notification_rule_steps",
    description="The steps of each notification rule: which contact is notified, and after which delay.",
    path="/v2/users/{user_id}/notification-rules/{rule_id}/steps",
    key=("user_id", "rule_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/notification-rule-step-api",
    parent=Parent("user_notification_rules", {"user_id": "user_id", "rule_id": "id"}),
    fields=(
        USER_ID,
        text("rule_id", "Id of the rule (stream user_notification_rules). Added by this connector."),
        *STEP,
    ),
)

NOTIFICATION_STREAMS: tuple[Stream, ...] = (USER_CONTACTS, USER_NOTIFICATION_RULES, USER_NOTIFICATION_RULE_STEPS)
