"""Incidents and their child records (docs/opsgenie-api.md#incident)."""

from collections.abc import Iterable

from opsgenie_simulator.children import Children
from opsgenie_simulator.errors import not_found
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.permissions import check_permission
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.key_paging import KeyedList, id_page, key_page
from opsgenie_simulator.routes.paging import PagedList, cursor_page, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encode, require_visible

ENTRIES = KeyedList(time_field="eventTime", key_name="nextOffset", limit_max=20)


def incidents(ask: Ask) -> Content:
    """A page of incidents, with all their fields."""
    return offset_page(ask, PagedList("incidents"))


def incident(ask: Ask) -> Content:
    """One incident."""
    return Content(_find_incident(ask).full())


def logs(ask: Ask) -> Content:
    """A page of an incident's logs."""
    return cursor_page(ask, _children(ask).logs)


def notes(ask: Ask) -> Content:
    """A page of an incident's notes."""
    return cursor_page(ask, _children(ask).notes)


def associated_alerts(ask: Ask) -> Content:
    """A page of the ids of the alerts that belong to an incident."""
    return id_page(ask, _existing(ask, _children(ask).alert_ids))


def responder_alerts(ask: Ask) -> Content:
    """A page of the ids of the alerts that notified an incident's responders."""
    return id_page(ask, _existing(ask, _children(ask).responder_alert_ids))


def entries(ask: Ask) -> Content:
    """A page of an incident's timeline, filtered by group and without hidden entries on request."""
    groups = [group for group in ask.query.get("group", "").split(",") if group]
    discards_hidden = ask.query.get("discardHidden") == "true"
    shown = [
        entry
        for entry in _timeline(ask)
        if (not groups or entry["group"] in groups) and not (entry["hidden"] and discards_hidden)
    ]
    page, next_key = key_page(ask, shown, keyed=ENTRIES)
    return encode({"entries": page, **next_key})


def entry(ask: Ask) -> Content:
    """One entry of an incident's timeline."""
    found = next((row for row in _timeline(ask) if row["id"] == ask.path_params["entryId"]), None)
    if found is None:
        raise not_found("Timeline entry")
    return encode(found)


def _timeline(ask: Ask) -> list[Body]:
    if ask.switches.timelines_need_configuration_access:
        check_permission(ask.key, "team")
    record = ask.account.store.tables["incidents"].get(ask.path_params["incidentId"])
    return ask.account.store.children(require_visible(ask, record, noun="Incident").id).entries


def _children(ask: Ask) -> Children:
    return ask.account.store.children(_find_incident(ask).id)


def _existing(ask: Ask, alert_ids: Iterable[str]) -> list[str]:
    alerts = ask.account.store.tables["alerts"]
    return [alert_id for alert_id in alert_ids if alerts.get(alert_id) is not None]


def _find_incident(ask: Ask) -> Record:
    table, identifier = ask.account.store.tables["incidents"], ask.path_params["identifier"]
    if parse_choice(ask.query, "identifierType", values=("id", "tiny")) == "id":
        return require_visible(ask, table.get(identifier), noun="Incident")
    record = next((record for record in table if str(record.tiny_id) == identifier), None)
    return require_visible(ask, record, noun="Incident")


_INCIDENT, _TIMELINE = "/v1/incidents/{identifier}", "/v2/incident-timelines/{incidentId}/entries"

ROUTES = (
    Route("/v1/incidents", "incident", "anyone", incidents, feature="incidents"),
    Route(_INCIDENT, "incident", "anyone", incident, feature="incidents"),
    Route(f"{_INCIDENT}/logs", "incident", "anyone", logs, feature="incidents"),
    Route(f"{_INCIDENT}/notes", "incident", "anyone", notes, feature="incidents"),
    Route(f"{_INCIDENT}/associated-alert-ids", "incident", "anyone", associated_alerts, feature="incidents"),
    Route(f"{_INCIDENT}/responder-alert-ids", "incident", "anyone", responder_alerts, feature="incidents"),
    Route(_TIMELINE, "incident", "anyone", entries, feature="incidents"),
    Route(f"{_TIMELINE}/{{entryId}}", "incident", "anyone", entry, feature="incidents"),
)
