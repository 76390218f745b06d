"""Services, and how incidents come about on them (docs/opsgenie-api.md#service)."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.paging import Paged, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded, seen, visible
from opsgenie_simulator.settings import services as settings


def services(ask: Ask) -> Content:
    """A page of services."""
    capped, total = ask.switches.services_capped, ask.switches.services_total_count
    return offset_page(ask, Paged("services", is_capped=capped, has_total_count=total))


def service(ask: Ask) -> Content:
    """One service."""
    return encoded(_named(ask))


def incident_rules(ask: Ask) -> Content:
    """All rules by which alerts become incidents of a service."""
    return encoded(settings.incident_rules(_named(ask)))


def incident_templates(ask: Ask) -> Content:
    """All templates for incidents of a service."""
    return encoded(settings.incident_templates(_named(ask)))


def audience_templates(ask: Ask) -> Content:
    """Who responds to incidents of a service, and who is told."""
    service = _named(ask)
    team = ask.account.store.tables["teams"].get(service["teamId"] or "")
    return encoded(settings.audience_templates(service, team.body() if team else None))


def templates(ask: Ask) -> Content:
    """All templates for incidents of the account, under a name or as a bare list."""
    rows = settings.templates([record.body() for record in seen(ask, "services")])
    return encoded(rows if ask.switches.incident_templates == "list" else {"incidentTemplates": rows})


def _named(ask: Ask) -> Body:
    record = ask.account.store.tables["services"].get(ask.names["id"])
    return visible(ask, record, what="Service").body()


ROUTES = (
    Route("/v1/services", "configuration", "team", services, feature="services"),
    Route("/v1/services/{id}", "configuration", "team", service, feature="services"),
    Route("/v1/services/{id}/incident-rules", "configuration", "team", incident_rules, feature="services"),
    Route("/v1/services/{id}/incident-templates", "configuration", "team", incident_templates, feature="services"),
    Route("/v1/services/{id}/audience-templates", "configuration", "team", audience_templates, feature="services"),
    Route("/v1/incident-templates", "incident", "team", templates, feature="incidents"),
)
