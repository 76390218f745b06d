"""Alerts, their count, and their child records (docs/opsgenie-api.md#alert)."""

from collections.abc import Iterable, Iterator

import orjson

from opsgenie_simulator.children import Children
from opsgenie_simulator.errors import not_found
from opsgenie_simulator.files import sign_link
from opsgenie_simulator.lists import Selection
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body, Record
from opsgenie_simulator.routes.collection import Collection, only
from opsgenie_simulator.routes.paging import PagedList, cursor_page, offset_page
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode, require_visible
from opsgenie_simulator.settings.alerts import saved_searches


def alerts(context: RequestContext) -> Content:
    """A page of alerts, without the fields that only a single alert has."""
    return offset_page(context, PagedList("alerts", has_total_count=context.switches.alert_total_count))


def count(context: RequestContext) -> Content:
    """The number of alerts that match a query, not limited by the cap."""
    selection = Selection("alerts", context.query.get("query", ""), "createdAt", context.key.team_id)
    return encode({"count": len(context.lists.rows(selection, context.switches))})


def alert(context: RequestContext) -> Content:
    """One alert with all its fields."""
    return Content(_find_alert(context, _identifier_type(context)).full())


def logs(context: RequestContext) -> Content:
    """A page of an alert's logs."""
    return cursor_page(context, _children(context).logs)


def notes(context: RequestContext) -> Content:
    """A page of an alert's notes."""
    return cursor_page(context, _children(context).notes)


def recipients(context: RequestContext) -> Content:
    """All recipients of an alert."""
    return encode(_children(context).recipients)


def attachments(context: RequestContext) -> Content:
    """All attachments of an alert, without their URLs."""
    return encode([_listed_attachment(context, attachment) for attachment in _attachments(context)])


def attachment(context: RequestContext) -> Content:
    """One attachment, with a URL that expires."""
    found = next((row for row in _attachments(context) if row["id"] == context.path_params["attachmentId"]), None)
    if found is None:
        raise not_found("Attachment")
    name = f"{context.path_params['identifier']}/{found['id']}/{found['name']}"
    return encode(
        {"name": found["name"], "url": sign_link(context.account, context.origin, folder="attachments", name=name)}
    )


def _attachments(context: RequestContext) -> list[Body]:
    # The attachment routes have another name for the identifier type.
    identifier_type = parse_choice(context.query, "alertIdentifierType", values=("id", "alias", "tiny"))
    return context.account.store.children(_find_alert(context, identifier_type).id).attachments


def _listed_attachment(context: RequestContext, attachment: Body) -> Body:
    is_number = context.switches.attachment_ids == "number"
    return {"name": attachment["name"], "id": int(attachment["id"]) if is_number else attachment["id"]}


def _children(context: RequestContext) -> Children:
    return context.account.store.children(_find_alert(context, _identifier_type(context)).id)


def _identifier_type(context: RequestContext) -> str:
    return parse_choice(context.query, "identifierType", values=("id", "alias", "tiny"))


def _find_alert(context: RequestContext, identifier_type: str) -> Record:
    table, identifier = context.account.store.tables["alerts"], context.path_params["identifier"]
    match identifier_type:
        case "tiny":
            record = next((record for record in table if str(record.tiny_id) == identifier), None)
        case "alias":
            record = next(_open_with_alias(table, identifier), None)
        case _:
            record = table.get(identifier)
    return require_visible(context, record, noun="Alert")


def _open_with_alias(alerts: Iterable[Record], alias: str) -> Iterator[Record]:
    # An alias does not find a closed alert (docs/opsgenie-api.md#alert-search).
    # Compare bytes first, as decoding every alert is slow.
    member = b'"alias":' + orjson.dumps(alias)
    for record in alerts:
        if member in record.listed and record.body()["status"] == "open":
            yield record


SEARCHES = Collection(
    "Saved search",
    lambda context: context.account.settings.derive(saved_searches),
    listed=only("id", "name"),
    id_fields=("id", "name"),
)

ROUTES = (
    Route("/v2/alerts", "search", "anyone", alerts),
    Route("/v2/alerts/count", "count", "anyone", count),
    Route("/v2/alerts/saved-searches", "alert", "anyone", SEARCHES.list_rows),
    Route("/v2/alerts/saved-searches/{identifier}", "alert", "anyone", SEARCHES.get_row),
    Route("/v2/alerts/{identifier}", "alert", "anyone", alert),
    Route("/v2/alerts/{identifier}/logs", "alert", "anyone", logs),
    Route("/v2/alerts/{identifier}/notes", "alert", "anyone", notes),
    Route("/v2/alerts/{identifier}/recipients", "alert", "anyone", recipients),
    Route("/v2/alerts/{identifier}/attachments", "alert", "anyone", attachments),
    Route("/v2/alerts/{identifier}/attachments/{attachmentId}", "alert", "anyone", attachment),
)
