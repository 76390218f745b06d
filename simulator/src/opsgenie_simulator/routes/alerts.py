"""Alerts, their count, and what hangs on them (docs/opsgenie-api.md#alert)."""

from collections.abc import Iterable, Iterator

import orjson

from opsgenie_simulator.children import Children
from opsgenie_simulator.lists import Selection
from opsgenie_simulator.records import Record
from opsgenie_simulator.routes.paging import Paged, cursor_page, offset_page
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded, visible
from opsgenie_simulator.rules import one_of


def alerts(ask: Ask) -> Content:
    """A page of alerts, without what only the single answer has."""
    return offset_page(ask, Paged("alerts", has_total_count=ask.switches.alert_total_count))


def count(ask: Ask) -> Content:
    """How many alerts a query matches; no cap holds here."""
    selection = Selection("alerts", ask.query.get("query", ""), "createdAt", ask.key.team_id)
    return encoded({"count": len(ask.lists.rows(selection, ask.switches))})


def alert(ask: Ask) -> Content:
    """One alert in full."""
    return Content(_named(ask).full())


def logs(ask: Ask) -> Content:
    """A page of an alert's logs."""
    return cursor_page(ask, _children(ask).logs)


def notes(ask: Ask) -> Content:
    """A page of an alert's notes."""
    return cursor_page(ask, _children(ask).notes)


def recipients(ask: Ask) -> Content:
    """Everybody whom an alert notified."""
    return encoded(_children(ask).recipients)


def _children(ask: Ask) -> Children:
    return ask.account.ledger.children(_named(ask).id)


def _named(ask: Ask) -> Record:
    shelf, identifier = ask.account.ledger.shelves["alerts"], ask.names["identifier"]
    match one_of(ask.query, "identifierType", values=("id", "alias", "tiny")):
        case "tiny":
            record = next((one for one in shelf if str(one.tiny) == identifier), None)
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


ROUTES = (
    Route("/v2/alerts", "search", "anyone", alerts),
    Route("/v2/alerts/count", "count", "anyone", count),
    Route("/v2/alerts/{identifier}", "alert", "anyone", alert),
    Route("/v2/alerts/{identifier}/logs", "alert", "anyone", logs),
    Route("/v2/alerts/{identifier}/notes", "alert", "anyone", notes),
    Route("/v2/alerts/{identifier}/recipients", "alert", "anyone", recipients),
)
