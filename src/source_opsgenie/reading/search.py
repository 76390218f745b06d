"""One searchable list of the API: how many rows a search finds, and its rows a page at a time."""

from dataclasses import dataclass, replace

from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.details import exists
from source_opsgenie.reading.paging import PAGE, Page
from source_opsgenie.reading.parsing import parse_next, parse_rows, parse_total, require_key
from source_opsgenie.reading.query import Span, join_query
from source_opsgenie.streams.stream import Record, Stream


@dataclass(frozen=True, slots=True)
class Search:
    """What the API lists of *stream* that the user's *own* query and all of *spans* find.

    *side_by_side* is the most of its pages that are asked for at once, if they are small.
    """

    client: Client
    stream: Stream
    own: str = ""
    spans: tuple[Span, ...] = ()
    side_by_side: int = 1

    def narrowed(self, span: Span) -> "Search":
        """The same list, of the rows in *span* only."""
        return replace(self, spans=(*self.spans, span))

    def also(self, query: str) -> "Search":
        """The same list, of the rows only that *query* finds too."""
        return replace(self, own=f"({self.own}) AND ({query})" if self.own else query)

    def count(self, *spans: Span) -> int:
        """The number of rows in *spans*, by a way of its own: counting shares nothing with search.

        Raises Rejected where the API does not take the search, and MalformedResponse for a count that is none.
        """
        search = self.stream.search
        params = self._params(*spans)
        if search and search.count_path:
            answer = self.client.get(search.count_path, params, domain=search.count_domain or self.stream.domain)
            return _whole_number(answer, value_at(answer.body, ("data", "count")))
        answer = self.client.get(self.stream.path, params | {"limit": "1"}, domain=self.stream.domain)
        return _whole_number(answer, parse_total(answer))

    def page(self, *spans: Span, sort: str, order: str, offset: int = 0, limit: int = PAGE) -> Page:
        """One page of the rows in *spans*, each with an id and the moment at which it was created.

        Raises Rejected if the API rejects the search or the sort, and MalformedResponse if there is no list of rows.
        """
        params = self._params(*spans) | {"sort": sort, "order": order, "offset": str(offset), "limit": str(limit)}
        answer = self.client.get(self.stream.path, params, domain=self.stream.domain)
        rows = require_key(parse_rows(answer, self.stream), ("id", "createdAt"), asked=answer.asked)
        return Page(rows, parse_total(answer), parse_next(answer) is not None, answer.size)

    def exists(self, row_id: str) -> bool:
        """Whether the row is still there when it is asked for by its id."""
        return exists(self.client, self.stream, {"id": row_id})

    def _params(self, *spans: Span) -> dict[str, str]:
        query = join_query(self.own, *self.spans, *spans)
        return {"query": query} if query else {}


def created_ms(row: Record) -> int:
    """When *row* was created, in milliseconds."""
    return _moment(row, "createdAt")


def updated_ms(row: Record) -> int:
    """When *row* was last updated, in milliseconds; when it was created, if nothing is said."""
    return _moment(row, "updatedAt") if row.get("updatedAt") else created_ms(row)


def _moment(row: Record, name: str) -> int:
    try:
        return parse_timestamp(row[name])
    except (TypeError, ValueError) as problem:
        raise Failure.NO_KEY.error(f"The row {row['id']} has a `{name}` that is no moment: {row[name]!r}") from problem


def _whole_number(answer: Response, count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise Failure.NO_COUNT.error(f"{answer.asked} was answered with the count {count!r}")
    return count
