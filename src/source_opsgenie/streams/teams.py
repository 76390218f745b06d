"""The streams about teams: the teams themselves, and the members of each."""

from source_opsgenie.streams.stream import Access, Domain, Parent, Stream, list_of, nested, text

TEAMS = Stream(
    name="teams",
    description="Every team of the account.",
    path="/v2/teams",
    key=("id",),
    domain=Domain.CONFIGURATION,
    access=Access.CONFIGURATION,
    page="https://docs.opsgenie.com/docs/team-api#list-teams",
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
            nested(
                "user",
                "The member.",
                text("id", "Id of the user, as in the stream users."),
                text("username", "User name of the member, mostly an e-mail address."),
            ),
            text("role", "Role within the team: user, admin, or the name of a role of the team's own."),
        ),
    ),
)

TEAM_MEMBERS = Stream(
    name="team_members",
    description="The members of each team and their roles in it: a row for each pair of team and user.",
    path="/v2/teams/{team_id}",
    key=("team_id", "user_id"),
    domain=Domain.CONFIGURATION,
    access=Access.CONFIGURATION,
    page="https://docs.opsgenie.com/docs/team-api#get-team",
    parent=Parent("teams", {"team_id": "id"}),
    rows=("members",),
    adds={"user_id": ("user", "id")},
    fields=(
        text("team_id", "Id of the team, as in the stream teams; added by this connector."),
        text("user_id", "Id of the member, as in the stream users; copied from user by this connector."),
        nested(
            "user",
            "The member.",
            text("id", "Id of the user, as in the stream users."),
            text("username", "User name of the member, mostly an e-mail address."),
        ),
        text("role", "Role within the team: user, admin, or the name of a role of the team's own."),
    ),
)

TEAM_STREAMS: tuple[Stream, ...] = (TEAMS, TEAM_MEMBERS)
