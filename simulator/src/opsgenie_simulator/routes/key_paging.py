"""Paging of lists whose responses contain the key of the next page, and of lists of ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from urllib.parse import urlencode

from opsgenie_simulator.errors import bad_parameter
from opsgenie_simulator.parameters import parse_choice, parse_integer
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Content, RequestContext, encode
from opsgenie_simulator.switches import Switches
from opsgenie_simulator.timestamps import epoch_ms

LIMIT_DEFAULT = 20
IDS_MAX = 25
NANOSECONDS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class KeyedList:
    """A list paged by key: its time field, the name of the key, and the largest page."""

    time_field: str
    key_name: str
    limit_max: int


def key_page(context: RequestContext, rows: Sequence[Body], *, keyed: KeyedList) -> tuple[list[Body], Body]:
    """Return one page in order of time, newest first by default, and the key of the next page."""
    limit = page_size(context, keyed.limit_max)
    is_descending = parse_choice(context.query, "order", values=("desc", "asc")) == "desc"
    # The position keeps the keys of one millisecond distinct.
    entries = [(epoch_ms(row[keyed.time_field]) * NANOSECONDS_PER_MS + at, row) for at, row in enumerate(rows)]
    entries.sort(key=itemgetter(0), reverse=is_descending)
    after = _parse_key(context)
    left = [entry for entry in entries if after is None or (entry[0] < after if is_descending else entry[0] > after)]
    page = left[:limit]
    last = str(page[-1][0]) if page else context.query.get("offset", "")
    return [row for _, row in page], next_key(context.switches, keyed.key_name, key=last, is_last=len(left) <= limit)


def next_key(switches: Switches, name: str, *, key: str, is_last: bool) -> Body:
    """Return the member with the key of the next page; a switch decides what the last page has."""
    if not is_last or switches.last_key == "present":
        return {name: key}
    ends: dict[str, Body] = {"absent": {}, "null": {name: None}, "empty": {name: ""}}
    return ends[switches.last_key]


def id_page(context: RequestContext, ids: Sequence[str]) -> Content:
    """Return one page of ids, newest first by default."""
    limit = page_size(context, IDS_MAX)
    is_ascending = parse_choice(context.query, "order", values=("desc", "asc")) == "asc"
    ordered = list(ids) if is_ascending else list(ids)[::-1]
    is_linked = context.switches.alert_ids_paging == "link"
    first = _index_after_id(context, ordered) if is_linked else _index_of_offset(context)
    page, is_last = ordered[first : first + limit], first + limit >= len(ordered)
    content = encode(page)
    if is_last or not is_linked:
        return content
    link = urlencode({**context.query, "limit": limit, "offset": page[-1]})
    return Content(content.data, {"paging": {"next": f"{context.origin}{context.path}?{link}"}})


def page_size(context: RequestContext, maximum: int) -> int:
    """Return the page size; a switch decides whether a limit over *maximum* is clipped or rejected."""
    limit = parse_integer(context.query, "limit", default=min(LIMIT_DEFAULT, maximum), at_least=1)
    if limit > maximum and context.switches.small_limits == "rejected":
        raise bad_parameter("limit", f"must be at most {maximum}")
    return min(limit, maximum)


def _parse_key(context: RequestContext) -> int | None:
    text = context.query.get("offset")
    if text and not text.isdecimal():
        raise bad_parameter("offset", "is not an offset of this list")
    return int(text) if text else None


def _index_after_id(context: RequestContext, ids: Sequence[str]) -> int:
    # The offset is the last id of the previous page; it is opaque to clients.
    offset = context.query.get("offset")
    if offset and offset not in ids:
        raise bad_parameter("offset", "is not an offset of this list")
    return ids.index(offset) + 1 if offset else 0


def _index_of_offset(context: RequestContext) -> int:
    if "offset" not in context.query:
        return 0
    # 1 is the minimum on the vendor's page (docs/opsgenie-api.md#alerts-of-an-incident).
    offset = parse_integer(context.query, "offset", default=1, at_least=1)
    return offset - 1 if context.switches.alert_ids_paging == "offset-from-one" else offset
