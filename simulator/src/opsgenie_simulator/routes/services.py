"""Services and their incident rules and templates (docs/opsgenie-api.md#service)."""

from dataclasses import replace

import orjson

from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.paging import PagedList, offset_page
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode, require_visible, visible_records
from opsgenie_simulator.settings import services as settings


def services(context: RequestContext) -> Content:
    """A page of services."""
    is_capped, has_total_count = context.switches.services_capped, context.switches.services_total_count
    page = offset_page(context, PagedList("services", is_capped=is_capped, has_total_count=has_total_count))
    if not context.switches.service_properties:
        return page
    return replace(page, data=orjson.dumps([_shown(context, row) for row in orjson.loads(page.data or b"[]")]))


def service(context: RequestContext) -> Content:
    """One service."""
    return encode(_shown(context, _find_service(context)))


def incident_rules(context: RequestContext) -> Content:
    """All rules that create incidents of a service from alerts."""
    return encode(settings.incident_rules(_find_service(context)))


def incident_templates(context: RequestContext) -> Content:
    """All incident templates of a service."""
    return encode(settings.incident_templates(_find_service(context)))


def audience_templates(context: RequestContext) -> Content:
    """The responders and stakeholders of a service's incidents."""
    service = _find_service(context)
    team = context.account.store.tables["teams"].get(service["teamId"] or "")
    return encode(settings.audience_templates(service, team.body() if team else None))


def templates(context: RequestContext) -> Content:
    """All incident templates of the account, under a name or as a bare list."""
    rows = settings.templates([record.body() for record in visible_records(context, "services")])
    return encode(rows if context.switches.incident_templates == "list" else {"incidentTemplates": rows})


def _shown(context: RequestContext, service: Body) -> Body:
    return service | (settings.properties(service) if context.switches.service_properties else {})


def _find_service(context: RequestContext) -> Body:
    record = context.account.store.tables["services"].get(context.path_params["id"])
    return require_visible(context, record, noun="Service").body()


ROUTES = (
    Route("/v1/services", "configuration", "team", services, feature="services"),
    Route("/v1/services/{id}", "configuration", "team", service, feature="services"),
    Route("/v1/services/{id}/incident-rules", "configuration", "team", incident_rules, feature="services"),
    Route("/v1/services/{id}/incident-templates", "configuration", "team", incident_templates, feature="services"),
    Route("/v1/services/{id}/audience-templates", "configuration", "team", audience_templates, feature="services"),
    Route("/v1/incident-templates", "incident", "team", templates, feature="incidents"),
)
