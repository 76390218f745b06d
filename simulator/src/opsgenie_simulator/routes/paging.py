"""The two kinds of paging with links: by offset and by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from opsgenie_simulator import parameters
from opsgenie_simulator.children import cursor_order
from opsgenie_simulator.errors import bad_parameter
from opsgenie_simulator.fields import SORT_FIELDS
from opsgenie_simulator.lists import Selection, slice_page
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Content, RequestContext

LIMIT_DEFAULT = 20
LIMIT_MAX = 100


@dataclass(frozen=True, slots=True)
class PagedList:
    """A list paged by offset, with its defaults and limits."""

    kind: str
    limit_default: int = LIMIT_DEFAULT
    limit_max: int = LIMIT_MAX
    orders: tuple[str, str] = ("desc", "asc")
    is_capped: bool = True
    has_total_count: bool = True


def offset_page(context: RequestContext, paged: PagedList) -> Content:
    """Return one page of a list paged by offset; a limit over the maximum is clipped."""
    offset = parameters.parse_integer(context.query, "offset", default=0, at_least=0)
    limit = parameters.parse_integer(context.query, "limit", default=paged.limit_default, at_least=1)
    limit = min(limit, paged.limit_max)
    sort, order = _sort(context, paged.kind), parameters.parse_choice(context.query, "order", values=paged.orders)
    selection = Selection(paged.kind, context.query.get("query", ""), sort, context.key.team_id)
    rows = context.lists.rows(selection, context.switches)
    end = len(rows)
    if paged.is_capped:
        end = parameters.reachable_rows(len(rows), offset=offset, limit=limit, switches=context.switches)
    size = max(0, min(limit, end - offset))
    records = slice_page(rows, offset, limit=size, descending=order == "desc", ties=context.switches.ties)
    links = _Links(context, sort, order, offset=offset, limit=limit)
    members: dict[str, Any] = {"totalCount": len(rows)} if paged.has_total_count else {}
    members["paging"] = links.paging(total=len(rows), end=end)
    return Content(b"[" + b",".join([record.listed for record in records]) + b"]", members)


def _sort(context: RequestContext, kind: str) -> str:
    sort = parameters.parse_choice(context.query, "sort", values=SORT_FIELDS[kind])
    if sort == "updatedAt" and context.switches.updated_at_sort == "rejected":
        raise bad_parameter("sort", "cannot sort by updatedAt")
    return sort


@dataclass(frozen=True, slots=True)
class _Links:
    context: RequestContext
    sort: str
    order: str
    offset: int
    limit: int

    def paging(self, *, total: int, end: int) -> dict[str, str]:
        # `last` can point one past the end, as captured: 83 rows, limit 1, offset 83 (docs/opsgenie-api.md#paging).
        links = {"first": self._url(0), "last": self._url(total // self.limit * self.limit)}
        if self.offset > 0:
            links = {"prev": self._url(max(0, self.offset - self.limit))} | links
        if self.offset + self.limit < end:
            links = {"next": self._url(self.offset + self.limit)} | links
        return links

    def _url(self, offset: int) -> str:
        # In the order of captured links: limit, sort, offset, order.
        query = {"query": self.context.query["query"]} if self.context.query.get("query") else {}
        params = {"limit": self.limit, "sort": self.sort, "offset": offset, "order": self.order, **query}
        return f"{self.context.origin}{self.context.path}?{urlencode(params)}"


def cursor_page(context: RequestContext, entries: Sequence[Body]) -> Content:
    """Return one page of logs or notes, paged by the cursor that each entry has."""
    limit = parameters.parse_integer(context.query, "limit", default=LIMIT_DEFAULT, at_least=1)
    limit = min(limit, LIMIT_MAX)
    order = parameters.parse_choice(context.query, "order", values=("desc", "asc"))
    direction = parameters.parse_choice(context.query, "direction", values=("next", "prev"))
    is_backwards = direction == "prev"
    following = _beyond_cursor(context, entries, descending=(order == "desc") != is_backwards)
    rows = following[:limit][::-1] if is_backwards else following[:limit]
    content = Content(orjson.dumps(rows))
    if len(entries) <= limit and context.switches.single_page_paging == "absent":
        return content
    base = f"{context.origin}{context.path}?"
    params = {"direction": direction, "order": order, "limit": limit}
    paging = {"first": base + urlencode({**params, "direction": "next"})}
    if len(following) > limit:
        last = rows[0] if is_backwards else rows[-1]
        paging = {"next": base + urlencode({"offset": last["offset"], **params})} | paging
    return Content(content.data, {"paging": paging})


def _beyond_cursor(context: RequestContext, entries: Sequence[Body], *, descending: bool) -> list[Body]:
    # The entries beyond the cursor in the direction of reading, nearest first.
    ordered, cursor = sorted(entries, key=cursor_order, reverse=descending), _parse_cursor(context)
    if cursor is None:
        return ordered
    if descending:
        return [entry for entry in ordered if cursor_order(entry) < cursor]
    return [entry for entry in ordered if cursor_order(entry) > cursor]


def _parse_cursor(context: RequestContext) -> int | None:
    text = context.query.get("offset")
    if not text:
        return None
    milliseconds, _, nanoseconds = text.partition("_")
    if not (milliseconds.isdecimal() and nanoseconds.isdecimal()):
        raise bad_parameter("offset", "is not an offset of this list")
    return int(nanoseconds)
