"""Incidents and their child records (docs/opsgenie-api.md#incident)."""

from collections.abc import Iterable

from opsgenie_simulator.children import Children
from opsgenie_simulator.errors import not_found
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.permissions import check_permission
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.key_paging import KeyedList, id_page, key_page
from opsgenie_simulator.routes.paging import PagedList, cursor_page, offset_page
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode, require_visible
from opsgenie_simulator.settings.postmortems import find_postmortem

ENTRIES = KeyedList(time_field="eventTime", key_name="nextOffset", limit_max=20)


def incidents(context: RequestContext) -> Content:
    """A page of incidents, with all their fields."""
    return offset_page(context, PagedList("incidents"))


def incident(context: RequestContext) -> Content:
    """One incident."""
    return Content(_find_incident(context).full())


def logs(context: RequestContext) -> Content:
    """A page of an incident's logs."""
    return cursor_page(context, _children(context).logs)


def notes(context: RequestContext) -> Content:
    """A page of an incident's notes."""
    return cursor_page(context, _children(context).notes)


def associated_alerts(context: RequestContext) -> Content:
    """A page of the ids of the alerts that belong to an incident."""
    return id_page(context, _existing(context, _children(context).alert_ids))


def responder_alerts(context: RequestContext) -> Content:
    """A page of the ids of the alerts that notified an incident's responders."""
    return id_page(context, _existing(context, _children(context).responder_alert_ids))


def entries(context: RequestContext) -> Content:
    """A page of an incident's timeline, filtered by group and without hidden entries on request."""
    groups = [group for group in context.query.get("group", "").split(",") if group]
    discards_hidden = context.query.get("discardHidden") == "true"
    shown = [
        entry
        for entry in _timeline(context)
        if (not groups or entry["group"] in groups) and not (entry["hidden"] and discards_hidden)
    ]
    page, next_key = key_page(context, shown, keyed=ENTRIES)
    return encode({"entries": page, **next_key})


def entry(context: RequestContext) -> Content:
    """One entry of an incident's timeline."""
    found = next((row for row in _timeline(context) if row["id"] == context.path_params["entryId"]), None)
    if found is None:
        raise not_found("Timeline entry")
    return encode(found)


def postmortem(context: RequestContext) -> Content:
    """The postmortem with an id that only the app shows."""
    found = find_postmortem(context.account.incidents.values(), context.path_params["identifier"])
    if found is None:
        raise not_found("Postmortem")
    return encode(found)


def _timeline(context: RequestContext) -> list[Body]:
    if context.switches.timelines_need_configuration_access:
        check_permission(context.key, "team")
    record = context.account.store.tables["incidents"].get(context.path_params["incidentId"])
    return context.account.store.children(require_visible(context, record, noun="Incident").id).entries


def _children(context: RequestContext) -> Children:
    return context.account.store.children(_find_incident(context).id)


def _existing(context: RequestContext, alert_ids: Iterable[str]) -> list[str]:
    alerts = context.account.store.tables["alerts"]
    return [alert_id for alert_id in alert_ids if alerts.get(alert_id) is not None]


def _find_incident(context: RequestContext) -> Record:
    table, identifier = context.account.store.tables["incidents"], context.path_params["identifier"]
    if parse_choice(context.query, "identifierType", values=("id", "tiny")) == "id":
        return require_visible(context, table.get(identifier), noun="Incident")
    record = next((record for record in table if str(record.tiny_id) == identifier), None)
    return require_visible(context, record, noun="Incident")


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
    Route("/v2/postmortem/{identifier}", "configuration", "anyone", postmortem, feature="incidents"),
)
