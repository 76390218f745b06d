"""What the contract tests share: an account with rows in every list, and each of its streams read once."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import orjson
import pytest

from opsgenie_simulator import Account
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.events import Event
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Content, Record, SpanPaging, Stream
from tests.support.fakes import DAY, NOW, Wire, connection_of, rows_in

each_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
Change = Callable[[Request, Any], Any]


def account_of() -> Account:
    """A small account with rows in every list; its alerts are recent enough to belong to incidents."""
    until = format_timestamp(NOW - DAY)
    return Account.seeded(alerts=60, incidents=12, users=8, teams=4, services=4, integrations=5, until=until, days=2)


class Altered(Wire):
    """A wire on which *change* alters each successful response; files behind links stay as they are."""

    def __init__(self, account: Account, change: Change) -> None:
        super().__init__(account)
        self.change = change

    def __call__(self, request: Request) -> RawResponse:
        """Respond with the altered body."""
        response = super().__call__(request)
        if response.status != 200 or not response.body.startswith(b"{") or not request.headers:
            return response
        return RawResponse(200, response.headers, orjson.dumps(self.change(request, orjson.loads(response.body))))


def events_of(stream: Stream, wire: Wire, **options: Any) -> list[Event]:
    """The events of one read of *stream* over *wire*."""
    return list(Reader(connection_of(wire, **options)).read(stream))


@cache
def _read(name: str) -> tuple[Record, ...]:
    return tuple(rows_in(events_of(STREAMS[name], Wire(account_of()))))


def rows_of(name: str) -> tuple[Record, ...]:
    """The rows of one stream of the account; do not change them."""
    return _read(name)


def added_by_us(stream: Stream) -> set[str]:
    """The fields that we add to what the API sends."""
    rows = stream.rows
    added = {*rows.copies, rows.digest_field, rows.flag, *(part.flag for part in rows.merged)}
    added |= {"line_number"} if rows.content is Content.FILE_LINK else set()
    if rows.content is Content.IDS:
        added |= {stream.key[-1]}
    if stream.parent:
        added |= {*stream.parent.ids, *stream.parent.brings}
        added |= (
            {"id", "timeline", "rotation_id", "rotation", "is_final"}
            if isinstance(stream.paging, SpanPaging)
            else set()
        )
    return added - {""}


def values_at(value: object, path: str) -> Iterator[object]:
    """The values at *path* of *value*, except null and ""; a step with `[]` leads to each element of a list."""
    step, _, rest = path.partition(".")
    name, is_list = step.removesuffix("[]"), step.endswith("[]")
    found = value.get(name) if isinstance(value, dict) else None
    for one in (found or []) if is_list else [found]:
        if rest:
            yield from values_at(one, rest)
        elif one not in (None, ""):
            yield one
