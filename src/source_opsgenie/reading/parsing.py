"""Parse the response of a list: its rows, its total, what leads to the next page."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.streams.stream import Content, Record, Stream


def parse_rows(response: Response, stream: Stream) -> list[Record]:
    """The rows in *response*, in the place and form that *stream* states; raises MalformedResponse without them."""
    found = response.data
    for number, step in enumerate(stream.rows.at, start=1):
        may_be_absent = stream.rows.may_be_absent and number == len(stream.rows.at)
        found = found.get(step, [] if may_be_absent else None) if isinstance(found, dict) else None
    rows = _rows_in(found, stream)
    if rows is None:
        raise response.error(Failure.NO_ROWS, f"did not return a {stream.rows.content.value}")
    return rows


def _rows_in(found: Any, stream: Stream) -> list[Record] | None:
    """The rows in *found*, or None if it has another form than *stream* states."""
    rows: Any = found
    match stream.rows.content:
        case Content.ONE_ROW:
            rows = [found]
        case Content.IDS if isinstance(found, list):
            rows = [{stream.key[-1]: one} if isinstance(one, str) else None for one in found]
        case Content.NAMED_LIST if isinstance(found, dict):
            lists = [value for value in found.values() if isinstance(value, list)]
            rows = [row for rows in lists for row in rows] if lists or not found else None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def has_key(row: Record, key: tuple[str, ...]) -> bool:
    """Whether *row* has every part of its *key*."""
    return all(isinstance(row.get(name), str | int) and row[name] != "" for name in key)


def parse_total(response: Response) -> int | None:
    """The number of rows in the complete list, if the response reports it."""
    total = response.body.get("totalCount")
    if total is None or (type(total) is int and total >= 0):
        return total
    raise response.error(Failure.NO_COUNT, f"returned the total {total!r}")


def parse_next(response: Response) -> str | None:
    """The URL of the next page, if the response has one (docs/opsgenie-api.md#next-link)."""
    paging = response.body.get("paging")
    url = paging.get("next") if isinstance(paging, dict) else paging
    if url is None or isinstance(url, str):
        return url or None
    raise response.error(Failure.NO_NEXT, "returned a `next` that is not a URL")


def parse_next_params(response: Response) -> dict[str, str] | None:
    """The query of the next page's URL; the rest of it is ignored, so that the key goes to the configured host only."""
    url = parse_next(response)
    params = dict(parse_qsl(urlsplit(url).query)) if url else {}
    if url and not params:
        raise response.error(Failure.NO_NEXT, "returned a `next` without parameters")
    return params or None


def parse_next_key(response: Response, name: str) -> str | None:
    """The key of the next page, which the field *name* holds beside the rows."""
    key = value_at(response.body, ("data", name))
    if key is None or isinstance(key, str | int):
        return str(key) if key not in (None, "") else None
    raise response.error(Failure.NO_NEXT, f"returned a `{name}` that is not a key")


def parse_marker(response: Response) -> str | None:
    """The marker of the next page, which stands beside `data`."""
    marker = response.body.get("marker")
    if marker is None or isinstance(marker, str):
        return marker or None
    raise response.error(Failure.NO_NEXT, "returned a `marker` that is not a text")
