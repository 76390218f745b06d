"""The streams about services, and about the incidents that are made of their rules and templates."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import flag, list_of, list_of_texts, nested, text, whole_number
from source_opsgenie.streams.shapes import INCIDENT, conditions, incident_properties, stakeholder_properties
from source_opsgenie.streams.stream import Access, Content, OffsetPaging, Parent, Rows, Stream

SERVICES = Stream(
    name="services",
    description="Every service that incidents may impact.",
    path="/v1/services",
    key=("id",),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-api#list-services",
    paging=OffsetPaging(sort="name"),
    fields=(
        text("id", "Names the service for ever: a UUID; incidents name it in impactedServices."),
        text("name", "Name of the service."),
        text("description", "What the service is."),
        text("teamId", "Id of the owning team, as in the stream teams; null when no team does.", refers_to="teams"),
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

SERVICE_INCIDENT_RULES = Stream(
    name="service_incident_rules",
    description="The rules of each service by which alerts make an incident.",
    path="/v1/services/{service_id}/incident-rules",
    key=("service_id", "id"),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-incident-rule-api",
    parent=Parent("services", {"service_id": "id"}),
    fields=(
        text("service_id", "Id of the service; added by this connector."),
        text("id", "Names the rule: a UUID."),
        whole_number("order", "Place of the rule among those of its service."),
        text(
            "conditionMatchType",
            "How conditions are joined: one of match-all, match-any-condition, match-all-conditions.",
        ),
        conditions(),
        incident_properties(),
    ),
)

SERVICE_INCIDENT_TEMPLATES = Stream(
    name="service_incident_templates",
    description="The templates of each service, out of which people make incidents.",
    path="/v1/services/{service_id}/incident-templates",
    key=("service_id", "id"),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-incident-template-api",
    parent=Parent("services", {"service_id": "id"}),
    fields=(
        text("service_id", "Id of the service; added by this connector."),
        text("id", "Names the template: a UUID."),
        text("name", "Name of the template."),
        incident_properties(),
    ),
)

SERVICE_AUDIENCE_TEMPLATES = Stream(
    name="service_audience_templates",
    description="Who is called to, and who is told of, the incidents of each service: one row for each service.",
    path="/v1/services/{service_id}/audience-templates",
    key=("service_id",),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-audience-template-api",
    parent=Parent("services", {"service_id": "id"}),
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        text("service_id", "Id of the service; added by this connector."),
        nested(
            "responder",
            "Who is called to work on the incident.",
            list_of_texts("teams", "Ids of teams, as in the stream teams.", refers_to="teams"),
            list_of_texts("individuals", "Ids of users, as in the stream users.", refers_to="users"),
        ),
        nested(
            "stakeholder",
            "Who is told of the incident.",
            list_of_texts("individuals", "Ids of users, as in the stream users.", refers_to="users"),
            text("conditionMatchType", "How conditions are joined: one of match-any-condition, match-all-conditions."),
            list_of(
                "conditions",
                "Which other users are told.",
                text(
                    "matchField",
                    "What is compared of a user: one of country, state, city, zipCode, line, tag, customProperty.",
                ),
                text("key", "Key of the custom property."),
                text("value", "What it must be."),
            ),
        ),
    ),
)

INCIDENT_TEMPLATES = Stream(
    name="incident_templates",
    description="The templates of the account out of which people make incidents.",
    path="/v1/incident-templates",
    key=("id",),
    domain=Domain.INCIDENT,
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/incident-template-api",
    # The name under which they stand is told nowhere (docs/opsgenie-api.md#incident-template).
    rows=Rows(content=Content.NAMED_LIST),
    fields=(
        text("id", "Names the template: a UUID."),
        text("name", "Name of the template."),
        *INCIDENT,
        list_of_texts("impactedServices", "Ids of services, as in the stream services.", refers_to="services"),
        stakeholder_properties(),
    ),
)

SERVICE_STREAMS: tuple[Stream, ...] = (
    SERVICES,
    SERVICE_INCIDENT_RULES,
    SERVICE_INCIDENT_TEMPLATES,
    SERVICE_AUDIENCE_TEMPLATES,
    INCIDENT_TEMPLATES,
)
