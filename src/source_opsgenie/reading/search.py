"""Search a list: count the rows that match, and fetch them page by page."""

import logging
from dataclasses import dataclass, replace

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.details import exists, get_row
from source_opsgenie.reading.events import SetAside
from source_opsgenie.reading.paging import CAP, PAGE, Page
from source_opsgenie.reading.parsing import parse_next, parse_rows, parse_total
from source_opsgenie.reading.parts import Part, row_of
from source_opsgenie.reading.query import Span, join_query, user_query
from source_opsgenie.reading.recent import identify
from source_opsgenie.streams.stream import Record, Stream

LOGGER = logging.getLogger("source_opsgenie")

# What parsing an invalid row raises.
INVALID = (KeyError, TypeError, ValueError)
# Pages of one window fetched in parallel: more threads cost more memory than they save time.
CONCURRENT_PAGES = 4


@dataclass(slots=True)
class SearchRow:
    """A row of a searchable list, its timestamps parsed once, in milliseconds.

    A row that cannot be read is *set_aside*; of such a row, only the place in the list is certain.
    """

    id: str
    created: int
    updated: int
    record: Record
    set_aside: SetAside | None = None


NOWHERE = SearchRow("", 0, 0, {})


@dataclass(frozen=True, slots=True)
class Search:
    """The rows of *stream* that match *query* and all of *spans*.

    At most *concurrent_pages* of its pages are fetched in parallel, fewer if they are large. Each request is sent up to
    *attempts* times; None means as often as the client does. Batches of its rows have up to *portion* of them, and
    windows up to *window*, which is the most that the API lists by offset (docs/opsgenie-api.md#the-cap).
    """

    client: Client
    stream: Stream
    query: str = ""
    spans: tuple[Span, ...] = ()
    concurrent_pages: int = 1
    attempts: int | None = None
    portion: int = PAGE
    window: int = CAP

    def narrowed(self, span: Span) -> "Search":
        """The same search, limited to *span*."""
        return replace(self, spans=(*self.spans, span))

    def matching(self, query: str) -> "Search":
        """The same search, limited to rows that also match *query*."""
        return replace(self, query=f"({self.query}) AND ({query})" if self.query else query)

    def count(self, *spans: Span) -> int:
        """The number of rows in *spans*, by the count endpoint, or by the total of a page of one row without one.

        Raises Rejected if the API rejects the search, and MalformedResponse for an invalid count.
        """
        search = self.stream.search
        params = self._params(*spans)
        if search and search.count_path:
            domain = search.count_domain or self.stream.domain
            response = self.client.get(search.count_path, params, domain=domain, attempts=self.attempts)
            return _whole_number(response, value_at(response.body, ("data", "count")))
        params |= {"limit": "1"}
        response = self.client.get(self.stream.path, params, domain=self.stream.domain, attempts=self.attempts)
        return _whole_number(response, parse_total(response))

    def count_if_possible(self, *spans: Span) -> int | None:
        """The same; None if counting fails while other requests work."""
        try:
            return self.count(*spans)
        except OpsgenieError as error:
            raise_if_it_affects_all(error, self.client)
            LOGGER.warning("%s cannot be counted, so that the read is not proven: %s", self.stream.path, error)
            return None

    def page(self, *spans: Span, sort: str, order: str, offset: int = 0, limit: int = PAGE) -> Page[SearchRow]:
        """One page of the rows in *spans*.

        Raises Rejected if the API rejects the search or the sort, and MalformedResponse if there is no list of rows.
        """
        params = self._params(*spans) | {"sort": sort, "order": order, "offset": str(offset), "limit": str(limit)}
        response = self.client.get(self.stream.path, params, domain=self.stream.domain, attempts=self.attempts)
        rows = parse_search_rows(response, self.stream)
        return Page(
            rows, [row.id for row in rows], parse_total(response), parse_next(response) is not None, response.size
        )

    def get(self, row_id: str) -> SearchRow:
        """The row with *row_id* as its own endpoint returns it; raises NotFound if it was deleted."""
        record = get_row(self.client, self.stream, {"id": row_id})
        return _parse_valid(record) or _invalid_row(self.stream, {"id": row_id, **record}, beside=NOWHERE)

    def exists(self, row_id: str) -> bool:
        """Whether the row still exists."""
        return exists(self.client, self.stream, {"id": row_id})

    def _params(self, *spans: Span) -> dict[str, str]:
        query = join_query(self.query, *self.spans, *spans)
        return {"query": query} if query else {}


def search_of(connection: Connection, root: Stream) -> Search:
    """The search for the rows of *root* that match the user's query."""
    query = user_query(connection.config, root)
    concurrent_pages = min(CONCURRENT_PAGES, connection.config.max_concurrent_requests)
    return Search(connection.client, root, query, concurrent_pages=concurrent_pages)


def parse_search_rows(response: Response, stream: Stream) -> list[SearchRow]:
    """The rows of *stream* in *response*; invalid ones are set aside, unless all of them are.

    An invalid row has an invalid id or timestamp, and gets the timestamps of the row beside it.
    """
    records = parse_rows(response, stream)
    try:
        return [_parse_row(record) for record in records]
    except INVALID as error:
        valid = [row for record in records if (row := _parse_valid(record))]
        if not valid:
            raise response.error(
                Failure.NO_KEY, f"returned only invalid rows, the first: {_key_of(records[0])}"
            ) from error
    rows: list[SearchRow] = []
    for record in records:
        beside = rows[-1] if rows else valid[0]
        rows.append(_parse_valid(record) or _invalid_row(stream, record, beside=beside))
    return rows


def _parse_row(record: Record) -> SearchRow:
    row_id, created, updated = record["id"], parse_timestamp(record["createdAt"]), record.get("updatedAt")
    if isinstance(row_id, str) and row_id:
        return SearchRow(row_id, created, parse_timestamp(updated) if updated else created, record)
    raise ValueError(f"id {row_id!r}")


def _parse_valid(record: Record) -> SearchRow | None:
    try:
        return _parse_row(record)
    except INVALID:
        return None


def _invalid_row(stream: Stream, record: Record, *, beside: SearchRow) -> SearchRow:
    """The place of an invalid *record*, known by its id, or by its millisecond and a digest if it has none."""
    row_id = identify(record, "id")
    created = _timestamp_or(record.get("createdAt"), beside.created)
    updated = _timestamp_or(record.get("updatedAt"), beside.updated)
    has_id = row_id == record.get("id")
    part = row_of(stream, record) if has_id else Part(stream.name, span=(created, created + 1))
    error = Failure.NO_KEY.error(f"{stream.path} returned an invalid row: {_key_of(record)}")
    return SearchRow(row_id, created, updated, record, SetAside(part, error, [record]))


def _key_of(record: Record) -> dict[str, object]:
    """What a row of a searchable list must have."""
    return {name: record.get(name) for name in ("id", "createdAt", "updatedAt")}


def _timestamp_or(found: object, default: int) -> int:
    try:
        return parse_timestamp(found)  # type: ignore[arg-type] # anything else raises TypeError
    except (TypeError, ValueError):
        return default


def _whole_number(response: Response, count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise response.error(Failure.NO_COUNT, f"returned the count {count!r}")
    return count
