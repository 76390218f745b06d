"""Streams about services, and about the rules and templates for their incidents."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import boolean, integer, list_of, list_of_texts, nested, text
from source_opsgenie.streams.shapes import INCIDENT, conditions, incident_properties, stakeholder_properties
from source_opsgenie.streams.stream import Access, Content, OffsetPaging, Parent, Rows, Stream

SERVICES = Stream(
    name="services",
    description="Every service that incidents can impact.",
    path="/v1/services",
    key=("id",),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-api#list-services",
    paging=OffsetPaging(sort="name"),
    fields=(
        text("id", "Permanent unique id of the service (UUID). Referenced by impactedServices of incidents."),
        text("name", "Name of the service."),
        text("description", "Description of the service."),
        text("teamId", "Id of the owning team (stream teams). Null if none.", refers_to="teams"),
        list_of_texts("tags", "Tags of the service. Empty list if none."),
        nested(
            "links",
            "Links to the service.",
            text("web", "URL of the service in the web application."),
            text("api", "URL of the service in the API."),
        ),
        boolean("isExternal", "Whether the service is marked as external."),
        nested("extraProperties", "Custom keys and string values. Not present in any documented or captured response."),
        text(
            "visibility",
            "Who can see the service. One of TEAM_MEMBERS, OPSGENIE_USERS. Not observed in newer responses.",
        ),
    ),
)

SERVICE_INCIDENT_RULES = Stream(
    name="service_incident_rules",
    description="The rules of each service that create incidents from alerts.",
    path="/v1/services/{service_id}/incident-rules",
    key=("service_id", "id"),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-incident-rule-api",
    parent=Parent("services", {"service_id": "id"}),
    fields=(
        text("service_id", "Id of the service (stream services). Added by this connector."),
        text("id", "Unique id of the rule (UUID)."),
        integer("order", "Position of the rule among the rules of its service."),
        text(
            "conditionMatchType",
            "How conditions are combined. One of match-all, match-any-condition, match-all-conditions.",
        ),
        conditions(),
        incident_properties(),
    ),
)

SERVICE_INCIDENT_TEMPLATES = Stream(
    name="service_incident_templates",
    description="The templates of each service for new incidents.",
    path="/v1/services/{service_id}/incident-templates",
    key=("service_id", "id"),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-incident-template-api",
    parent=Parent("services", {"service_id": "id"}),
    fields=(
        text("service_id", "Id of the service (stream services). Added by this connector."),
        text("id", "Unique id of the template (UUID)."),
        text("name", "Name of the template."),
        incident_properties(),
    ),
)

SERVICE_AUDIENCE_TEMPLATES = Stream(
    name="service_audience_templates",
    description="The responders and stakeholders of incidents of each service, one row per service.",
    path="/v1/services/{service_id}/audience-templates",
    key=("service_id",),
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/service-audience-template-api",
    parent=Parent("services", {"service_id": "id"}),
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        text("service_id", "Id of the service (stream services). Added by this connector."),
        nested(
            "responder",
            "Teams and users called to work on the incident.",
            list_of_texts("teams", "Ids of the teams (stream teams).", refers_to="teams"),
            list_of_texts("individuals", "Ids of the users (stream users).", refers_to="users"),
        ),
        nested(
            "stakeholder",
            "Stakeholders notified of the incident.",
            list_of_texts("individuals", "Ids of the users (stream users).", refers_to="users"),
            text(
                "conditionMatchType", "How conditions are combined. One of match-any-condition, match-all-conditions."
            ),
            list_of(
                "conditions",
                "Conditions that select further users to notify.",
                text(
                    "matchField",
                    "Field of the user to compare. One of country, state, city, zipCode, line, tag, customProperty.",
                ),
                text("key", "Key of the custom property."),
                text("value", "Value to compare with."),
            ),
        ),
    ),
)

INCIDENT_TEMPLATES = Stream(
    name="incident_templates",
    description="The account's templates for new incidents.",
    path="/v1/incident-templates",
    key=("id",),
    domain=Domain.INCIDENT,
    access=Access.SERVICES,
    docs_url="https://docs.opsgenie.com/docs/incident-template-api",
    # The name of the list is undocumented (docs/opsgenie-api.md#incident-template).
    rows=Rows(content=Content.NAMED_LIST),
    fields=(
        text("id", "Unique id of the template (UUID)."),
        text("name", "Name of the template."),
        *INCIDENT,
        list_of_texts("impactedServices", "Ids of the impacted services (stream services).", refers_to="services"),
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
