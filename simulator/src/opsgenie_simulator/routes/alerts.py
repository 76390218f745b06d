"""Alerts, their count, and what hangs on them (docs/opsgenie-api.md#alert)."""

from collections.abc import Iterable, Iterator

import orjson

from opsgenie_simulator.children import Children
from opsgenie_simulator.errors import not_found
from opsgenie_simulator.files import sign_link
from opsgenie_simulator.lists import Selection
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.paging import Paged, cursor_page, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded, visible
from opsgenie_simulator.routes.settings import Kind, only
from opsgenie_simulator.settings.account import saved_searches


def alerts(ask: Ask) -> Content:
    """A page of alerts, without what only the single answer has."""
    return offset_page(ask, Paged("alerts", has_total_count=ask.switches.alert_total_count))


def count(ask: Ask) -> Content:
    """How many alerts a query matches; no cap holds here."""
    selection = Selection("alerts", ask.query.get("query", ""), "createdAt", ask.key.team_id)
    return encoded({"count": len(ask.lists.rows(selection, ask.switches))})


def alert(ask: Ask) -> Content:
    """One alert in full."""
    return Content(_named(ask, _identifier_type(ask)).full())


def logs(ask: Ask) -> Content:
    """A page of an alert's logs."""
    return cursor_page(ask, _children(ask).logs)


def notes(ask: Ask) -> Content:
    """A page of an alert's notes."""
    return cursor_page(ask, _children(ask).notes)


def recipients(ask: Ask) -> Content:
    """Everybody whom an alert notified."""
    return encoded(_children(ask).recipients)


def attachments(ask: Ask) -> Content:
    """All files attached to an alert, without their addresses."""
    return encoded([_attachment(ask, one) for one in _attached(ask)])


def attachment(ask: Ask) -> Content:
    """One attached file, with an address that is good for a while."""
    found = next((one for one in _attached(ask) if one["id"] == ask.names["attachmentId"]), None)
    if found is None:
        raise not_found("Attachment")
    name = f"{ask.names['identifier']}/{found['id']}/{found['name']}"
    return encoded({"name": found["name"], "url": sign_link(ask.account, ask.origin, folder="attachments", name=name)})


def _attached(ask: Ask) -> list[Body]:
    # These two routes have another name for the kind of identifier.
    kind = parse_choice(ask.query, "alertIdentifierType", values=("id", "alias", "tiny"))
    return ask.account.store.children(_named(ask, kind).id).attachments


def _attachment(ask: Ask, attachment: Body) -> Body:
    is_number = ask.switches.attachment_ids == "number"
    return {"name": attachment["name"], "id": int(attachment["id"]) if is_number else attachment["id"]}


def _children(ask: Ask) -> Children:
    return ask.account.store.children(_named(ask, _identifier_type(ask)).id)


def _identifier_type(ask: Ask) -> str:
    return parse_choice(ask.query, "identifierType", values=("id", "alias", "tiny"))


def _named(ask: Ask, kind: str) -> Record:
    shelf, identifier = ask.account.store.tables["alerts"], ask.names["identifier"]
    match kind:
        case "tiny":
            record = next((one for one in shelf if str(one.tiny_id) == identifier), None)
        case "alias":
            record = next(_open_with_alias(shelf, identifier), None)
        case _:
            record = shelf.get(identifier)
    return visible(ask, record, what="Alert")


def _open_with_alias(alerts: Iterable[Record], alias: str) -> Iterator[Record]:
    # A closed alert cannot be found by its alias (docs/opsgenie-api.md#alert-search).
    # Bytes are compared, as decoding all alerts is slow.
    mark = b'"alias":' + orjson.dumps(alias)
    for record in alerts:
        if mark in record.listed and record.body()["status"] == "open":
            yield record


SEARCHES = Kind(
    "Saved search",
    lambda ask: ask.account.settings.of(saved_searches),
    shown=only("id", "name"),
    found_by=("id", "name"),
)

ROUTES = (
    Route("/v2/alerts", "search", "anyone", alerts),
    Route("/v2/alerts/count", "count", "anyone", count),
    Route("/v2/alerts/saved-searches", "alert", "anyone", SEARCHES.all),
    Route("/v2/alerts/saved-searches/{identifier}", "alert", "anyone", SEARCHES.one),
    Route("/v2/alerts/{identifier}", "alert", "anyone", alert),
    Route("/v2/alerts/{identifier}/logs", "alert", "anyone", logs),
    Route("/v2/alerts/{identifier}/notes", "alert", "anyone", notes),
    Route("/v2/alerts/{identifier}/recipients", "alert", "anyone", recipients),
    Route("/v2/alerts/{identifier}/attachments", "alert", "anyone", attachments),
    Route("/v2/alerts/{identifier}/attachments/{attachmentId}", "alert", "anyone", attachment),
)
