"""Incidents (docs/opsgenie-api.md#incident)."""

from opsgenie_simulator.routes.paging import Paged, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, visible
from opsgenie_simulator.rules import one_of


def incidents(ask: Ask) -> Content:
    """A page of incidents, in full form already."""
    return offset_page(ask, Paged("incidents"))


def incident(ask: Ask) -> Content:
    """One incident."""
    shelf, identifier = ask.account.ledger.shelves["incidents"], ask.names["identifier"]
    if one_of(ask.query, "identifierType", values=("id", "tiny")) == "id":
        return Content(visible(ask, shelf.get(identifier), what="Incident").full())
    record = next((one for one in shelf if str(one.tiny) == identifier), None)
    return Content(visible(ask, record, what="Incident").full())


ROUTES = (
    Route("/v1/incidents", "incident", "anyone", incidents, feature="incidents"),
    Route("/v1/incidents/{identifier}", "incident", "anyone", incident, feature="incidents"),
)
