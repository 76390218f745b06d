"""Incidents, and what hangs on them (docs/opsgenie-api.md#incident)."""

from collections.abc import Iterable

from opsgenie_simulator.children import Children
from opsgenie_simulator.errors import not_found
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.permissions import check_permission
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.keyed import Keyed, id_page, key_page
from opsgenie_simulator.routes.paging import Paged, cursor_page, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded, visible

ENTRIES = Keyed(time="eventTime", key="nextOffset", limit_max=20)


def incidents(ask: Ask) -> Content:
    """A page of incidents, in full form already."""
    return offset_page(ask, Paged("incidents"))


def incident(ask: Ask) -> Content:
    """One incident."""
    return Content(_named(ask).full())


def logs(ask: Ask) -> Content:
    """A page of an incident's logs."""
    return cursor_page(ask, _children(ask).logs)


def notes(ask: Ask) -> Content:
    """A page of an incident's notes."""
    return cursor_page(ask, _children(ask).notes)


def associated_alerts(ask: Ask) -> Content:
    """A page of the ids of the alerts that belong to an incident."""
    return id_page(ask, _still_there(ask, _children(ask).alert_ids))


def responder_alerts(ask: Ask) -> Content:
    """A page of the ids of the alerts that called an incident's responders."""
    return id_page(ask, _still_there(ask, _children(ask).responder_alert_ids))


def entries(ask: Ask) -> Content:
    """A page of an incident's timeline, of some groups only or without hidden entries if asked for."""
    groups = [group for group in ask.query.get("group", "").split(",") if group]
    is_discarding = ask.query.get("discardHidden") == "true"
    shown = [
        one
        for one in _timeline(ask)
        if (not groups or one["group"] in groups) and not (one["hidden"] and is_discarding)
    ]
    page, following = key_page(ask, shown, keyed=ENTRIES)
    return encoded({"entries": page, **following})


def entry(ask: Ask) -> Content:
    """One entry of an incident's timeline."""
    found = next((one for one in _timeline(ask) if one["id"] == ask.names["entryId"]), None)
    if found is None:
        raise not_found("Timeline entry")
    return encoded(found)


def _timeline(ask: Ask) -> list[Body]:
    if ask.switches.timelines_need_configuration_access:
        check_permission(ask.key, "team")
    record = ask.account.store.tables["incidents"].get(ask.names["incidentId"])
    return ask.account.store.children(visible(ask, record, what="Incident").id).entries


def _children(ask: Ask) -> Children:
    return ask.account.store.children(_named(ask).id)


def _still_there(ask: Ask, alert_ids: Iterable[str]) -> list[str]:
    alerts = ask.account.store.tables["alerts"]
    return [alert_id for alert_id in alert_ids if alerts.get(alert_id) is not None]


def _named(ask: Ask) -> Record:
    shelf, identifier = ask.account.store.tables["incidents"], ask.names["identifier"]
    if parse_choice(ask.query, "identifierType", values=("id", "tiny")) == "id":
        return visible(ask, shelf.get(identifier), what="Incident")
    return visible(ask, next((one for one in shelf if str(one.tiny_id) == identifier), None), what="Incident")


_ONE, _TIMELINE = "/v1/incidents/{identifier}", "/v2/incident-timelines/{incidentId}/entries"

ROUTES = (
    Route("/v1/incidents", "incident", "anyone", incidents, feature="incidents"),
    Route(_ONE, "incident", "anyone", incident, feature="incidents"),
    Route(f"{_ONE}/logs", "incident", "anyone", logs, feature="incidents"),
    Route(f"{_ONE}/notes", "incident", "anyone", notes, feature="incidents"),
    Route(f"{_ONE}/associated-alert-ids", "incident", "anyone", associated_alerts, feature="incidents"),
    Route(f"{_ONE}/responder-alert-ids", "incident", "anyone", responder_alerts, feature="incidents"),
    Route(_TIMELINE, "incident", "anyone", entries, feature="incidents"),
    Route(f"{_TIMELINE}/{{entryId}}", "incident", "anyone", entry, feature="incidents"),
)
