"""Search a list: count the rows that match, and fetch them page by page."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.details import exists
from source_opsgenie.reading.paging import PAGE, Page
from source_opsgenie.reading.parsing import parse_next, parse_rows, parse_total, require_key
from source_opsgenie.reading.query import Span, join_query, user_query
from source_opsgenie.streams.stream import Record, Stream

# Pages of one window fetched in parallel: more threads cost more memory than they save time.
CONCURRENT_PAGES = 4


class SearchRow(NamedTuple):
    """A row of a searchable list, its timestamps parsed once, in milliseconds."""

    id: str
    created: int
    updated: int
    record: Record


@dataclass(frozen=True, slots=True)
class Search:
    """The rows of *stream* that match *query* and all of *spans*.

    At most *concurrent_pages* of its pages are fetched in parallel, fewer if they are large.
    """

    client: Client
    stream: Stream
    query: str = ""
    spans: tuple[Span, ...] = ()
    concurrent_pages: int = 1

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
            response = self.client.get(search.count_path, params, domain=domain)
            return _whole_number(response, value_at(response.body, ("data", "count")))
        response = self.client.get(self.stream.path, params | {"limit": "1"}, domain=self.stream.domain)
        return _whole_number(response, parse_total(response))

    def page(self, *spans: Span, sort: str, order: str, offset: int = 0, limit: int = PAGE) -> Page[SearchRow]:
        """One page of the rows in *spans*, each with an id and a creation time.

        Raises Rejected if the API rejects the search or the sort, and MalformedResponse if there is no list of rows.
        """
        params = self._params(*spans) | {"sort": sort, "order": order, "offset": str(offset), "limit": str(limit)}
        response = self.client.get(self.stream.path, params, domain=self.stream.domain)
        records = require_key(parse_rows(response, self.stream), ("id", "createdAt"), label=response.label)
        rows = [_parse_row(record) for record in records]
        return Page(
            rows, [row.id for row in rows], parse_total(response), parse_next(response) is not None, response.size
        )

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


def _parse_row(record: Record) -> SearchRow:
    created = _milliseconds(record, "createdAt")
    updated = _milliseconds(record, "updatedAt") if record.get("updatedAt") else created
    return SearchRow(record["id"], created, updated, record)


def _milliseconds(record: Record, name: str) -> int:
    try:
        return parse_timestamp(record[name])
    except (TypeError, ValueError) as error:
        raise Failure.NO_KEY.error(
            f"The row {record['id']} has an invalid timestamp in `{name}`: {record[name]!r}"
        ) from error


def _whole_number(response: Response, count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise response.error(Failure.NO_COUNT, f"returned the count {count!r}")
    return count
