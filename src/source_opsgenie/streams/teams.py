"""The streams about teams: the teams, and the members, roles, routing rules and logs of each."""

from source_opsgenie.streams.fields import flag, list_of, nested, text, timestamp, whole_number
from source_opsgenie.streams.shapes import criteria, recipient, time_restriction
from source_opsgenie.streams.stream import KeyPaging, Parent, Rows, Stream

OF_TEAM = Parent("teams", {"team_id": "id"})
TEAM_ID = text("team_id", "Id of the team, as in the stream teams; added by this connector.")
MEMBER = (
    nested(
        "user",
        "The member.",
        text("id", "Id of the user, as in the stream users."),
        text("username", "User name of the member, mostly an e-mail address."),
    ),
    text("role", "Role within the team: user, admin, or the name of a role of the team's own."),
)

TEAMS = Stream(
    name="teams",
    description="Every team of the account.",
    path="/v2/teams",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/team-api#list-teams",
    fields=(
        text("id", "Names the team for ever: a UUID."),
        text("name", "Name of the team."),
        text("description", "What the team is for; an empty text when nobody said."),
        nested(
            "links",
            "Where to find the team.",
            text("web", "Address of the team for people."),
            text("api", "Address of the team in the API."),
        ),
        list_of(
            "members",
            "Who belongs to the team; documented for the list but not seen there: read team_members.",
            *MEMBER,
        ),
    ),
)

TEAM_MEMBERS = Stream(
    name="team_members",
    description="The members of each team and their roles in it: a row for each pair of team and user.",
    path="/v2/teams/{team_id}",
    key=("team_id", "user_id"),
    docs_url="https://docs.opsgenie.com/docs/team-api#get-team",
    parent=OF_TEAM,
    rows=Rows(at=("members",), may_be_absent=True, copies={"user_id": ("user", "id")}),
    fields=(
        TEAM_ID,
        text(
            "user_id",
            "Id of the member, as in the stream users; copied by this connector from user.",
            refers_to="users",
        ),
        *MEMBER,
    ),
)

TEAM_ROLES = Stream(
    name="team_roles",
    description="The roles that each team has made of its own, and what they allow.",
    path="/v2/teams/{team_id}/roles",
    key=("team_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/team-role-api#list-team-roles",
    parent=OF_TEAM,
    fields=(
        TEAM_ID,
        text("id", "Names the role: a UUID."),
        text("name", "Name of the role."),
        list_of(
            "rights",
            "What members in this role may do in the team.",
            text("right", "Name of the right, for example manage-members."),
            flag("granted", "Whether it is granted."),
        ),
    ),
)

TEAM_ROUTING_RULES = Stream(
    name="team_routing_rules",
    description="The rules by which each team's alerts find whom to notify.",
    path="/v2/teams/{team_id}/routing-rules",
    key=("team_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/team-routing-rule-api",
    parent=OF_TEAM,
    fields=(
        TEAM_ID,
        text("id", "Names the rule: a UUID."),
        text("name", "Name of the rule."),
        flag("isDefault", "Whether it takes what no other rule takes."),
        whole_number("order", "Place of the rule: the first one that matches is used."),
        criteria("criteria", "Which alerts it is about."),
        text("timezone", "Time zone of its hours, as an IANA name."),
        time_restriction(),
        recipient("notify", "Whom it notifies: an escalation, a schedule, or nobody."),
    ),
)

TEAM_LOGS = Stream(
    name="team_logs",
    description="What was changed in each team, line by line.",
    path="/v2/teams/{team_id}/logs",
    key=("team_id", "id"),
    cursor="createdDate",
    docs_url="https://docs.opsgenie.com/docs/team-api#list-team-logs",
    paging=KeyPaging("offset"),
    rows=Rows(at=("logs",), digest_field="id"),
    parent=OF_TEAM,
    fields=(
        TEAM_ID,
        text("id", "Names the line: a digest of it, and of how many equal ones stand before; added by this connector."),
        text("log", "What happened, in words."),
        text("owner", "Who did it: a user name, a display name, or System."),
        timestamp("createdDate", "When it happened."),
    ),
)

TEAM_STREAMS: tuple[Stream, ...] = (TEAMS, TEAM_MEMBERS, TEAM_ROLES, TEAM_ROUTING_RULES, TEAM_LOGS)
