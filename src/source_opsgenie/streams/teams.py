"""Streams about teams: members, roles, routing rules and logs."""

from source_opsgenie.streams.fields import boolean, integer, list_of, nested, text, timestamp
from source_opsgenie.streams.shapes import criteria, owner_team, recipient, time_restriction
from source_opsgenie.streams.stream import KeyPaging, Parent, Rows, Stream

OF_TEAM = Parent("teams", {"team_id": "id"})
TEAM_ID = text("team_id", "Id of the team (stream teams). Added by this connector.")
MEMBER = (
    nested(
        "user",
        "Member of the team.",
        text("id", "Id of the user (stream users)."),
        text("username", "Username of the member, usually an email address."),
    ),
    text("role", "Role within the team: user, admin, or the name of a custom team role."),
)

TEAMS = Stream(
    name="teams",
    description="Every team of the account.",
    path="/v2/teams",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/team-api#list-teams",
    fields=(
        text("id", "Permanent unique id of the team (UUID)."),
        text("name", "Name of the team."),
        text("description", "Description of the team. Empty string if none."),
        nested(
            "links",
            "Links to the team.",
            text("web", "URL of the team in the web application."),
            text("api", "URL of the team in the API."),
        ),
        list_of(
            "members",
            "Members of the team. Documented for the list, but not observed there: use the stream team_members.",
            *MEMBER,
        ),
    ),
)

TEAM_MEMBERS = Stream(
    name="team_members",
    description="The members of each team and their roles in it, one row per team and user.",
    path="/v2/teams/{team_id}",
    key=("team_id", "user_id"),
    docs_url="https://docs.opsgenie.com/docs/team-api#get-team",
    parent=OF_TEAM,
    rows=Rows(at=("members",), may_be_absent=True, copies={"user_id": ("user", "id")}),
    fields=(
        TEAM_ID,
        text(
            "user_id",
            "Id of the member (stream users). Copied from user by this connector.",
            refers_to="users",
        ),
        *MEMBER,
    ),
)

TEAM_ROLES = Stream(
    name="team_roles",
    description="The custom roles of each team, and their permissions.",
    path="/v2/teams/{team_id}/roles",
    key=("team_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/team-role-api#list-team-roles",
    parent=OF_TEAM,
    fields=(
        TEAM_ID,
        text("id", "Unique id of the role (UUID)."),
        text("name", "Name of the role."),
        list_of(
            "rights",
            "Permissions of the role within the team.",
            text("right", "Name of the permission, for example manage-members."),
            boolean("granted", "Whether the permission is granted."),
        ),
    ),
)

TEAM_ROUTING_RULES = Stream(
    name="team_routing_rules",
    description="The rules that route each team's alerts to the recipients to notify.",
    path="/v2/teams/{team_id}/routing-rules",
    key=("team_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/team-routing-rule-api",
    parent=OF_TEAM,
    fields=(
        TEAM_ID,
        text("id", "Unique id of the rule (UUID)."),
        text("name", "Name of the rule."),
        text("description", "Description of the rule. Undocumented, and observed once."),
        owner_team("Owning team. Undocumented, and observed once."),
        boolean("isDefault", "Whether the rule applies if no other rule matches."),
        integer("order", "Position of the rule. The first matching rule is used."),
        criteria("criteria", "Alerts that the rule applies to."),
        text("timezone", "Time zone of the time restriction (IANA name)."),
        time_restriction(),
        recipient("notify", "Recipient to notify: an escalation, a schedule, or none."),
        list_of("rules", "Rules within the rule. Undocumented, and observed once."),
    ),
)

TEAM_LOGS = Stream(
    name="team_logs",
    description="The change log of each team, one row per line.",
    path="/v2/teams/{team_id}/logs",
    key=("team_id", "id"),
    cursor="createdDate",
    docs_url="https://docs.opsgenie.com/docs/team-api#list-team-logs",
    paging=KeyPaging("offset"),
    rows=Rows(at=("logs",), digest_field="id"),
    parent=OF_TEAM,
    fields=(
        TEAM_ID,
        text(
            "id",
            "Id of the line: a digest of it and of the number of equal lines before it. Added by this connector.",
        ),
        text("log", "Human-readable description of the event."),
        text("owner", "Who made the change (username, display name or System)."),
        timestamp("createdDate", "Time of the change."),
    ),
)

TEAM_STREAMS: tuple[Stream, ...] = (TEAMS, TEAM_MEMBERS, TEAM_ROLES, TEAM_ROUTING_RULES, TEAM_LOGS)
