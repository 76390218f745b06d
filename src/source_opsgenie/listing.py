"""One searchable list of the API: how many rows a search finds, and its rows a page at a time."""

from dataclasses import dataclass, replace

from source_opsgenie.answers import Answer
from source_opsgenie.client import Client
from source_opsgenie.clock import milliseconds
from source_opsgenie.paging import PAGE, Page, checked, next_of, rows_of, total_of, value_at
from source_opsgenie.query import Span, all_of
from source_opsgenie.singles import exists
from source_opsgenie.streams.stream import Domain, Record, Stream
from source_opsgenie.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Listing:
    """What the API lists of *stream* that the user's *own* query and all of *spans* find.

    *side_by_side* is the most of its pages that are asked for at once, if they are small.
    """

    client: Client
    stream: Stream
    own: str = ""
    spans: tuple[Span, ...] = ()
    side_by_side: int = 1

    def narrowed(self, span: Span) -> "Listing":
        """The same list, of the rows in *span* only."""
        return replace(self, spans=(*self.spans, span))

    def also(self, query: str) -> "Listing":
        """The same list, of the rows only that *query* finds too."""
        return replace(self, own=f"({self.own}) AND ({query})" if self.own else query)

    def count(self, *spans: Span) -> int:
        """The number of rows in *spans*, by a way of its own: counting shares nothing with listing.

        Raises Refused where the API does not take the search, and Misshapen for a count that is none.
        """
        search = self.stream.search
        params = self._params(*spans)
        if search and search.count_path:
            answer = self.client.get(search.count_path, params, domain=self._single_domain)
            return _whole_number(answer, value_at(answer.body, ("data", "count")))
        answer = self.client.get(self.stream.path, params | {"limit": "1"}, domain=self.stream.domain)
        return _whole_number(answer, total_of(answer))

    def page(self, *spans: Span, sort: str, order: str, offset: int = 0, limit: int = PAGE) -> Page:
        """One page of the rows in *spans*, each with an id and the moment at which it was created.

        Raises Refused where the API does not take the search or the sort, and Misshapen for what is no list of rows.
        """
        params = self._params(*spans) | {"sort": sort, "order": order, "offset": str(offset), "limit": str(limit)}
        answer = self.client.get(self.stream.path, params, domain=self.stream.domain)
        rows = checked(rows_of(answer, self.stream), ("id", "createdAt"), asked=answer.asked)
        return Page(rows, total_of(answer), next_of(answer) is not None, answer.size)

    def exists(self, row_id: str) -> bool:
        """Whether the row is still there when it is asked for by its id."""
        return exists(self.client, self.stream, {"id": row_id})

    @property
    def _single_domain(self) -> Domain:
        return self.stream.single_domain or self.stream.domain

    def _params(self, *spans: Span) -> dict[str, str]:
        query = all_of(self.own, *self.spans, *spans)
        return {"query": query} if query else {}


def created_ms(row: Record) -> int:
    """When *row* was created, in milliseconds."""
    return _moment(row, "createdAt")


def updated_ms(row: Record) -> int:
    """When *row* was last updated, in milliseconds; when it was created, if nothing is said."""
    return _moment(row, "updatedAt") if row.get("updatedAt") else created_ms(row)


def _moment(row: Record, name: str) -> int:
    try:
        return milliseconds(row[name])
    except (TypeError, ValueError) as problem:
        raise Trouble.NO_KEY.told(f"The row {row['id']} has a `{name}` that is no moment: {row[name]!r}") from problem


def _whole_number(answer: Answer, count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise Trouble.NO_COUNT.told(f"{answer.asked} was answered with the count {count!r}")
    return count
