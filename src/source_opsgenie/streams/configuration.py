"""The streams about how an account is set up: its services and its integrations."""

from source_opsgenie.streams.stream import Access, Domain, Paging, Stream, flag, list_of_texts, nested, text

SERVICES = Stream(
    name="services",
    description="Every service that incidents may impact.",
    path="/v1/services",
    key=("id",),
    domain=Domain.CONFIGURATION,
    access=Access.SERVICES,
    page="https://docs.opsgenie.com/docs/service-api#list-services",
    paging=Paging.OFFSET,
    sort="name",
    fields=(
        text("id", "Names the service for ever: a UUID; incidents name it in impactedServices."),
        text("name", "Name of the service."),
        text("description", "What the service is."),
        text("teamId", "Id of the team that owns it, as in the stream teams; null when no team does."),
        list_of_texts("tags", "Labels of the service; an empty list when it has none."),
        nested(
            "links",
            "Where to find the service.",
            text("web", "Address of the service for people."),
            text("api", "Address of the service in the API."),
        ),
        flag("isExternal", "Whether the service is marked as external."),
        text("visibility", "Who may see it: one of TEAM_MEMBERS, OPSGENIE_USERS; not seen in newer answers."),
    ),
)

INTEGRATIONS = Stream(
    name="integrations",
    description="Every integration that the key may see, without its settings, which may hold secrets.",
    path="/v2/integrations",
    key=("id",),
    domain=Domain.CONFIGURATION,
    access=Access.CONFIGURATION,
    page="https://docs.opsgenie.com/docs/integration-api#list-integrations",
    fields=(
        text("id", "Names the integration for ever; alerts name it in integration."),
        text("name", "Name of the integration, unique in the account."),
        flag("enabled", "Whether the integration is switched on."),
        text("type", "Product that the integration speaks to, for example API, Email, CloudWatch, Datadog."),
        text("teamId", "Id of the team that owns it; absent or an empty text for an integration of no team."),
        text("version", "Version of its kind; no documented or captured answer has this field."),
        flag("advanced", "Whether advanced settings are in use; seen in no documented answer."),
    ),
)

CONFIGURATION_STREAMS: tuple[Stream, ...] = (SERVICES, INTEGRATIONS)
