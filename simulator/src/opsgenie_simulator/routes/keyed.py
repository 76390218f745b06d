"""Lists whose answers hold the key of the next page inside, and lists of ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from urllib.parse import urlencode

from opsgenie_simulator.errors import bad_parameter
from opsgenie_simulator.parameters import parse_choice, parse_integer
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Ask, Content, encoded
from opsgenie_simulator.switches import Switches
from opsgenie_simulator.timestamps import epoch_ms

LIMIT_DEFAULT = 20
IDS_MAX = 25
NANOSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Keyed:
    """What is particular about one such list: the field of its time, the name of the next key, the largest page."""

    time: str
    key: str
    limit_max: int


def key_page(ask: Ask, rows: Sequence[Body], *, keyed: Keyed) -> tuple[list[Body], Body]:
    """One page in order of time, newest first unless asked, and the key of the next page by its name."""
    limit, is_descending = (
        size(ask, keyed.limit_max),
        parse_choice(ask.query, "order", values=("desc", "asc")) == "desc",
    )
    # The position keeps keys of one millisecond apart.
    marked = [(epoch_ms(row[keyed.time]) * NANOSECONDS + at, row) for at, row in enumerate(rows)]
    marked.sort(key=itemgetter(0), reverse=is_descending)
    after = _number(ask)
    left = [one for one in marked if after is None or (one[0] < after if is_descending else one[0] > after)]
    page = left[:limit]
    last = str(page[-1][0]) if page else ask.query.get("offset", "")
    return [row for _, row in page], next_key(ask.switches, keyed.key, key=last, is_last=len(left) <= limit)


def next_key(switches: Switches, name: str, *, key: str, is_last: bool) -> Body:
    """The key of the next page; how the last page tells that it is the last is a switch."""
    if not is_last or switches.last_key == "present":
        return {name: key}
    ends: dict[str, Body] = {"absent": {}, "null": {name: None}, "empty": {name: ""}}
    return ends[switches.last_key]


def id_page(ask: Ask, ids: Sequence[str]) -> Content:
    """One page of ids, newest first unless asked."""
    limit = size(ask, IDS_MAX)
    ordered = list(ids) if parse_choice(ask.query, "order", values=("desc", "asc")) == "asc" else list(ids)[::-1]
    first = _linked(ask, ordered) if ask.switches.alert_ids_paging == "link" else _counted(ask)
    page, is_last = ordered[first : first + limit], first + limit >= len(ordered)
    content = encoded(page)
    if is_last or ask.switches.alert_ids_paging != "link":
        return content
    link = urlencode({**ask.query, "limit": limit, "offset": page[-1]})
    return Content(content.data, {"paging": {"next": f"{ask.origin}{ask.path}?{link}"}})


def size(ask: Ask, maximum: int) -> int:
    """How many rows the page may have; whether more than *maximum* may be asked for is a switch."""
    limit = parse_integer(ask.query, "limit", default=min(LIMIT_DEFAULT, maximum), at_least=1)
    if limit > maximum and ask.switches.small_limits == "rejected":
        raise bad_parameter("limit", f"must be at most {maximum}")
    return min(limit, maximum)


def _number(ask: Ask) -> int | None:
    text = ask.query.get("offset")
    if text and not text.isdecimal():
        raise bad_parameter("offset", "is no offset of this list")
    return int(text) if text else None


def _linked(ask: Ask, ids: Sequence[str]) -> int:
    # The last id of the page before; to clients it is opaque.
    offset = ask.query.get("offset")
    if offset and offset not in ids:
        raise bad_parameter("offset", "is no offset of this list")
    return ids.index(offset) + 1 if offset else 0


def _counted(ask: Ask) -> int:
    if "offset" not in ask.query:
        return 0
    # 1 is the least that the vendor's page allows (docs/opsgenie-api.md#alerts-of-an-incident).
    offset = parse_integer(ask.query, "offset", default=1, at_least=1)
    return offset - 1 if ask.switches.alert_ids_paging == "offset-from-one" else offset
