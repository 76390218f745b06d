"""The streams about users: the users, and what each belongs to and hands on."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import flag, list_of, list_of_texts, nested, text, timestamp
from source_opsgenie.streams.schedules import ESCALATION
from source_opsgenie.streams.shapes import user
from source_opsgenie.streams.stream import Detail, OffsetPaging, Parent, Stream

OF_USER = Parent("users", {"user_id": "id"})
USER_ID = text("user_id", "Id of the user, as in the stream users; added by this connector.")

FORWARDING_RULE = (
    text("id", "Names the rule: a UUID."),
    text("alias", "Name of the rule, given by its creator or equal to the id."),
    user("fromUser", "Whose notifications are handed on."),
    user("toUser", "Who gets them."),
    timestamp("startDate", "From when on."),
    timestamp("endDate", "Until when."),
)

USERS = Stream(
    name="users",
    description="Every user of the account.",
    path="/v2/users",
    key=("id",),
    domain=Domain.SEARCH,
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user",
    paging=OffsetPaging(sort="username"),
    detail=Detail(domain=Domain.CONFIGURATION),
    fields=(
        text("id", "Names the user for ever: a UUID."),
        flag("blocked", "Whether the user is blocked."),
        flag("verified", "Whether the user is verified; false was seen for one who had no full name yet."),
        text("username", "Name to log in with: the e-mail address, which may change; join on id."),
        text("fullName", "Name for people; seen equal to the user name where none was given."),
        nested(
            "role",
            "Role in the account, which decides what the user may do.",
            text("id", "Id of the role; for the built-in ones their name, such as Owner, Admin, User."),
            text("name", "Name of the role: Owner, Admin, User, or what the account called its own."),
        ),
        text("timeZone", "Time zone of the user as an IANA name; the account's own when the user set none."),
        text("locale", "Language and country, for example en_US; the account's own when the user set none."),
        nested(
            "userAddress",
            "Postal address; all its parts are empty texts when nobody gave one.",
            text("country", "Country, in the user's words."),
            text("state", "State or region, in the user's words."),
            text("city", "City, in the user's words."),
            text("line", "Street and number, in the user's words."),
            text("zipCode", "Postal code, in the user's words."),
        ),
        timestamp("createdAt", "When the user was added to the account."),
        text("skypeUsername", "Skype name; documented, absent from every captured user."),
        list_of_texts("tags", "Labels of the user; documented, absent from every captured user."),
        nested("details", "Free keys, each with a list of texts; absent from every captured user."),
        timestamp("mutedUntil", "Until when notifications are muted; absent from every captured user."),
        list_of(
            "userContacts",
            "Ways to reach the user; sent only when one user is asked for with them, not by the list.",
            text("id", "Id of the contact."),
            text("to", "Address or number of the contact."),
            text("contactMethod", "How it reaches the user: one of email, sms, voice, mobile."),
            flag("enabled", "Whether notifications go there."),
            text("disabledReason", "Why none go there."),
        ),
        flag("invitationDisabled", "Whether no invitation was to be mailed; the list does not send it."),
    ),
)

USER_TEAMS = Stream(
    name="user_teams",
    description="The teams of each user: a row for each pair of user and team.",
    path="/v2/users/{user_id}/teams",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-teams",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Id of the team, as in the stream teams; occurs once for each of its members.", refers_to="teams"),
        text("name", "Name of the team."),
    ),
)

USER_FORWARDING_RULES = Stream(
    name="user_forwarding_rules",
    description="The rules that hand each user's notifications on to another.",
    path="/v2/users/{user_id}/forwarding-rules",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-forwarding-rules",
    parent=OF_USER,
    fields=(USER_ID, *FORWARDING_RULE),
)

USER_SCHEDULES = Stream(
    name="user_schedules",
    description="The schedules that each user is in: a row for each pair of user and schedule.",
    path="/v2/users/{user_id}/schedules",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-schedules",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Id of the schedule, as in the stream schedules.", refers_to="schedules"),
        text("name", "Name of the schedule."),
        flag("enabled", "Whether the schedule is switched on."),
    ),
)

USER_ESCALATIONS = Stream(
    name="user_escalations",
    description="The escalations that each user is in: a row for each pair of user and escalation.",
    path="/v2/users/{user_id}/escalations",
    key=("user_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/user-api#list-user-escalations",
    parent=OF_USER,
    fields=(
        USER_ID,
        text("id", "Id of the escalation, as in the stream escalations.", refers_to="escalations"),
        *ESCALATION,
    ),
)

FORWARDING_RULES = Stream(
    name="forwarding_rules",
    description="Every rule of the account that hands one user's notifications on to another.",
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
