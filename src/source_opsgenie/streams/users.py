"""Streams about users: their teams, schedules, escalations and forwarding rules."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import boolean, list_of, list_of_texts, nested, text, timestamp
from source_opsgenie.streams.schedules import ESCALATION
from source_opsgenie.streams.shapes import user
from source_opsgenie.streams.stream import Detail, OffsetPaging, Parent, Stream

OF_USER = Parent("users", {"user_id": "id"})
USER_ID = text("user_id", "Id of the user (stream users). Added by this connector.")

FORWARDING_RULE = (
    text("id", "Unique id of the rule (UUID)."),
    text("alias", "Name of the rule, given by its creator or equal to the id."),
    user("fromUser", "User whose notifications are forwarded."),
    user("toUser", "User who receives the notifications."),
    timestamp("startDate", "Start of the forwarding."),
    timestamp("endDate", "End of the forwarding."),
)

USERS = Stream(
    name="users",
    description="Every user of the account.",
    path="/v2/users",
    key=("id",),
    domain=Domain.USER_LIST,
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user",
    paging=OffsetPaging(sort="username"),
    detail=Detail(domain=Domain.CONFIGURATION),
    fields=(
        text("id", "Permanent unique id of the user (UUID)."),
        boolean("blocked", "Whether the user is blocked."),
        boolean("verified", "Whether the user is verified. Observed false for a user without a full name."),
        text("username", "Login name: the email address. It may change, so join on id."),
        text("fullName", "Full name. Observed equal to username if none was given."),
        nested(
            "role",
            "Role in the account, which determines the user's permissions.",
            text("id", "Id of the role. For a built-in role its name, such as Owner, Admin, User."),
            text("name", "Name of the role: Owner, Admin, User, or the name of a custom role."),
        ),
        text("timeZone", "Time zone of the user (IANA name). The account's time zone if the user set none."),
        text("locale", "Language and country, for example en_US. The account's locale if the user set none."),
        nested(
            "userAddress",
            "Postal address. All its fields are empty strings if none was given.",
            text("country", "Country, as free text."),
            text("state", "State or region, as free text."),
            text("city", "City, as free text."),
            text("line", "Street and number, as free text."),
            text("zipCode", "Postal code, as free text."),
        ),
        timestamp("createdAt", "Time at which the user was added to the account."),
        text("skypeUsername", "Skype name. Documented, but not present in any captured user."),
        list_of_texts("tags", "Tags of the user. Documented, but not present in any captured user."),
        nested("details", "Custom keys, each with a list of strings. Not present in any captured user."),
        timestamp("mutedUntil", "Time until which notifications are muted. Not present in any captured user."),
        list_of(
            "userContacts",
            "Contacts of the user. Returned only for one user requested with contacts, not by the list endpoint.",
            text("id", "Id of the contact."),
            text("to", "Email address or phone number of the contact."),
            text("contactMethod", "Contact method. One of email, sms, voice, mobile."),
            boolean("enabled", "Whether notifications are sent to the contact."),
            text("disabledReason", "Reason why no notifications are sent to the contact."),
        ),
        boolean(
            "invitationDisabled",
            "Whether the invitation email is disabled, from the create request. Not returned by the list endpoint.",
        ),
    ),
)

USER_TEAMS = Stream(
    name="user_teams",
    description="The teams of each user, one row per user and team.",
    path="/v2/users/{user_id}/teams",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-teams",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Id of the team (stream teams). Occurs once for each of its members.", refers_to="teams"),
        text("name", "Name of the team."),
    ),
)

USER_FORWARDING_RULES = Stream(
    name="user_forwarding_rules",
    description="The rules that forward each user's notifications to another user.",
    path="/v2/users/{user_id}/forwarding-rules",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-forwarding-rules",
    parent=OF_USER,
    fields=(USER_ID, *FORWARDING_RULE),
)

USER_SCHEDULES = Stream(
    name="user_schedules",
    description="The schedules of each user, one row per user and schedule.",
    path="/v2/users/{user_id}/schedules",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-schedules",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Id of the schedule (stream schedules).", refers_to="schedules"),
        text("name", "Name of the schedule."),
        boolean("enabled", "Whether the schedule is enabled."),
    ),
)

USER_ESCALATIONS = Stream(
    name="user_escalations",
    description="The escalations that include each user, one row per user and escalation.",
    path="/v2/users/{user_id}/escalations",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-escalations",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Id of the escalation (stream escalations).", refers_to="escalations"),
        *ESCALATION,
    ),
)

FORWARDING_RULES = Stream(
    name="forwarding_rules",
    description="Every rule of the account that forwards a user's notifications to another user.",
    path="/v2/forwarding-rules",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/forwarding-rule-api#list-forwarding-rules",
    fields=FORWARDING_RULE,
)

USER_STREAMS: tuple[Stream, ...] = (
    USERS,
    USER_TEAMS,
    USER_FORWARDING_RULES,
    USER_SCHEDULES,
    USER_ESCALATIONS,
    FORWARDING_RULES,
)
