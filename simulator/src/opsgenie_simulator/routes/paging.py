"""The two ways in which lists are cut into pages."""

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
from opsgenie_simulator.routes.route import Ask, Content

LIMIT_DEFAULT = 20
LIMIT_MAX = 100


@dataclass(frozen=True, slots=True)
class Paged:
    """What is particular about one paged list."""

    kind: str
    limit_default: int = LIMIT_DEFAULT
    limit_max: int = LIMIT_MAX
    orders: tuple[str, str] = ("desc", "asc")
    is_capped: bool = True
    has_total_count: bool = True


def offset_page(ask: Ask, paged: Paged) -> Content:
    """One page of a list that is paged by offset; a limit over the maximum is clipped."""
    offset = parameters.parse_integer(ask.query, "offset", default=0, at_least=0)
    limit = parameters.parse_integer(ask.query, "limit", default=paged.limit_default, at_least=1)
    limit = min(limit, paged.limit_max)
    sort, order = _sort(ask, paged.kind), parameters.parse_choice(ask.query, "order", values=paged.orders)
    selection = Selection(paged.kind, ask.query.get("query", ""), sort, ask.key.team_id)
    rows = ask.lists.rows(selection, ask.switches)
    ends = len(rows)
    if paged.is_capped:
        ends = parameters.reachable_rows(len(rows), offset=offset, limit=limit, switches=ask.switches)
    size = max(0, min(limit, ends - offset))
    records = slice_page(rows, offset, limit=size, descending=order == "desc", ties=ask.switches.ties)
    link = _Link(ask, (limit, sort, order), offset=offset, limit=limit)
    beside: dict[str, Any] = {"totalCount": len(rows)} if paged.has_total_count else {}
    beside["paging"] = link.paging(total=len(rows), ends=ends)
    return Content(b"[" + b",".join([record.listed for record in records]) + b"]", beside)


def _sort(ask: Ask, kind: str) -> str:
    sort = parameters.parse_choice(ask.query, "sort", values=SORT_FIELDS[kind])
    if sort == "updatedAt" and ask.switches.updated_at_sort == "rejected":
        raise bad_parameter("sort", "cannot sort by updatedAt")
    return sort


@dataclass(frozen=True, slots=True)
class _Link:
    ask: Ask
    kept: tuple[int, str, str]
    offset: int
    limit: int

    def paging(self, *, total: int, ends: int) -> dict[str, str]:
        # `last` may point one past the end, as captured: 83 rows, limit 1, offset 83 (docs/opsgenie-api.md#paging).
        links = {"first": self._to(0), "last": self._to(total // self.limit * self.limit)}
        if self.offset > 0:
            links = {"prev": self._to(max(0, self.offset - self.limit))} | links
        if self.offset + self.limit < ends:
            links = {"next": self._to(self.offset + self.limit)} | links
        return links

    def _to(self, offset: int) -> str:
        # In the order of captured links: limit, sort, offset, order.
        limit, sort, order = self.kept
        given = {"query": self.ask.query["query"]} if self.ask.query.get("query") else {}
        parameters = {"limit": limit, "sort": sort, "offset": offset, "order": order, **given}
        return f"{self.ask.origin}{self.ask.path}?{urlencode(parameters)}"


def cursor_page(ask: Ask, entries: Sequence[Body]) -> Content:
    """One page of logs or notes, which are paged by a cursor that each entry carries."""
    limit = parameters.parse_integer(ask.query, "limit", default=LIMIT_DEFAULT, at_least=1)
    limit = min(limit, LIMIT_MAX)
    order = parameters.parse_choice(ask.query, "order", values=("desc", "asc"))
    direction = parameters.parse_choice(ask.query, "direction", values=("next", "prev"))
    is_backwards = direction == "prev"
    following = _following(ask, entries, descending=(order == "desc") != is_backwards)
    rows = following[:limit][::-1] if is_backwards else following[:limit]
    content = Content(orjson.dumps(rows))
    if len(entries) <= limit and ask.switches.single_page_paging == "absent":
        return content
    base = f"{ask.origin}{ask.path}?"
    kept = {"direction": direction, "order": order, "limit": limit}
    paging = {"first": base + urlencode({**kept, "direction": "next"})}
    if len(following) > limit:
        mark = rows[0] if is_backwards else rows[-1]
        paging = {"next": base + urlencode({"offset": mark["offset"], **kept})} | paging
    return Content(content.data, {"paging": paging})


def _following(ask: Ask, entries: Sequence[Body], *, descending: bool) -> list[Body]:
    # The entries beyond the cursor in the direction of reading, nearest first.
    ordered, cursor = sorted(entries, key=cursor_order, reverse=descending), _cursor(ask)
    if cursor is None:
        return ordered
    return [one for one in ordered if (cursor_order(one) < cursor if descending else cursor_order(one) > cursor)]


def _cursor(ask: Ask) -> int | None:
    text = ask.query.get("offset")
    if not text:
        return None
    moment, _, nanoseconds = text.partition("_")
    if not (moment.isdecimal() and nanoseconds.isdecimal()):
        raise bad_parameter("offset", "is no offset of this list")
    return int(nanoseconds)
