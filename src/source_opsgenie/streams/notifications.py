"""The streams about how each user is notified: contacts, rules, and the steps of a rule."""

from source_opsgenie.streams.fields import flag, list_of, list_of_texts, nested, text, whole_number
from source_opsgenie.streams.shapes import criteria, duration, time_restriction
from source_opsgenie.streams.stream import Detail, Parent, Stream
from source_opsgenie.streams.users import OF_USER, USER_ID

STEP = (
    text("id", "Names the step: a UUID."),
    nested(
        "_parent",
        "The rule that the step belongs to, as the API repeats it; absent from some answers.",
        text("id", "Id of the rule."),
        text("name", "Name of the rule."),
    ),
    duration("sendAfter", "How long after the beginning the contact is notified."),
    nested(
        "contact",
        "The contact that is notified.",
        text("method", "How it reaches the user: one of email, sms, voice, mobile."),
        text("to", "Address or number of the contact."),
    ),
    flag("enabled", "Whether the step is switched on."),
)

USER_CONTACTS = Stream(
    name="user_contacts",
    description="The ways to reach each user, in the order in which they are tried.",
    path="/v2/users/{user_id}/contacts",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/contact-api#list-contacts",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Names the contact: a UUID."),
        text("method", "How it reaches the user: one of email, sms, voice, mobile."),
        text("to", "Address or number of the contact."),
        nested(
            "status",
            "Whether it can be used.",
            flag("enabled", "Whether notifications go there."),
            text("disabledReason", "Why none go there."),
        ),
        whole_number("applyOrder", "Place of the contact among those of its user."),
    ),
)

USER_NOTIFICATION_RULES = Stream(
    name="user_notification_rules",
    description="The rules by which each user is notified: of what, when, and in which steps.",
    path="/v2/users/{user_id}/notification-rules",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/notification-rule-api#list-notification-rules",
    parent=OF_USER,
    detail=Detail(completes_rows=True),
    fields=(
        USER_ID,
        text("id", "Names the rule: a UUID."),
        text("name", "Name of the rule."),
        text(
            "actionType",
            "What it is about: one of create-alert, acknowledged-alert, closed-alert, renotified-alert, "
            "assigned-alert, add-note, schedule-start, schedule-end, incoming-call-routing.",
        ),
        whole_number("order", "Place of the rule among those of its kind."),
        flag("enabled", "Whether the rule is switched on."),
        criteria("criteria", "Which alerts it is about."),
        list_of_texts(
            "notificationTime",
            "When to notify of a schedule: of just-before, 15-minutes-ago, 1-hour-ago, 1-day-ago.",
        ),
        time_restriction(),
        list_of("steps", "Its steps, as in the stream user_notification_rule_steps.", *STEP),
        list_of(
            "schedules",
            "The schedules it is about.",
            text("type", "What it is: schedule."),
            text("id", "Id of the schedule, as in the stream schedules.", refers_to="schedules"),
            text("name", "Name of the schedule."),
        ),
        nested(
            "repeat",
            "Whether the steps begin again.",
            whole_number("loopAfter", "Minutes after which they begin again."),
            flag("enabled", "Whether they do."),
        ),
    ),
)

USER_NOTIFICATION_RULE_STEPS = Stream(
    name="user_notification_rule_steps",
    description="The steps of each notification rule: which contact is notified, and after how long.",
    path="/v2/users/{user_id}/notification-rules/{rule_id}/steps",
    key=("user_id", "rule_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/notification-rule-step-api",
    parent=Parent("user_notification_rules", {"user_id": "user_id", "rule_id": "id"}),
    fields=(
        USER_ID,
        text("rule_id", "Id of the rule, as in the stream user_notification_rules; added by this connector."),
        *STEP,
    ),
)

NOTIFICATION_STREAMS: tuple[Stream, ...] = (USER_CONTACTS, USER_NOTIFICATION_RULES, USER_NOTIFICATION_RULE_STEPS)
