"""Find the rows of a searched stream that Opsgenie has no longer, by counting where fewer are than in the file."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from source_opsgenie.api.connection import Connection
from source_opsgenie.archive.store import Store, Written
from source_opsgenie.reading.backfill import SETTLING_MS
from source_opsgenie.reading.events import Notice
from source_opsgenie.reading.paging import PAGE, Page
from source_opsgenie.reading.query import Span, created, is_stable
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.windows import SMALL
from source_opsgenie.streams import Stream

NOT_UNDER_SHIFTING_QUERY = "deleted rows are not looked for, since rows leave this alert_query without being deleted."


def mark_deleted(connection: Connection, store: Store, stream: Stream, *, requests: int) -> Iterator[Written | Notice]:
    """Mark the rows of a searched *stream* that are gone, with so many *requests* at most, and say what is left out.

    The file holds what alert_query and start_date let through: only where Opsgenie counts the same can it count fewer.
    """
    if stream.search is None or not requests:
        return
    config = connection.config
    own = config.alert_query if stream.search.takes_alert_query else ""
    if not is_stable(own):
        yield Notice(f"{stream.name}: {NOT_UNDER_SHIFTING_QUERY}")
        return
    held = store.moments(stream)
    if config.start_ms is not None and held and held[0] < config.start_ms:
        yield Notice(f"{stream.name}: deleted rows are not looked for among those created before {config.start_date}.")
    search = Search(connection.client, stream, own)
    scan = DeletionScan(search, held, partial(store.ids_between, stream), requests, config.start_ms)
    marked = Written()
    for found in scan.run():
        if isinstance(found, Unfinished):
            yield Notice(f"{stream.name}: {found.told(marked.gone, requests=requests)}", is_warning=True)
        else:
            written = store.mark_gone(stream, found)
            marked += written
            yield written


class BudgetSpent(Exception):
    """All requests that were allowed are used."""


@dataclass(frozen=True, slots=True)
class MeteredSearch(Search):
    """A list that is asked until its client has sent *last* requests in all, and then raises BudgetSpent.

    A request that is sent once more, because it was refused, counts again.
    """

    last: int = 0

    def count(self, *spans: Span) -> int:
        """As any Search does; raises BudgetSpent."""
        self._spend()
        return Search.count(self, *spans)

    def page(self, *spans: Span, sort: str, order: str, offset: int = 0, limit: int = PAGE) -> Page[SearchRow]:
        """As any Search does; raises BudgetSpent."""
        self._spend()
        return Search.page(self, *spans, sort=sort, order=order, offset=offset, limit=limit)

    def exists(self, row_id: str) -> bool:
        """As any Search does; raises BudgetSpent."""
        self._spend()
        return Search.exists(self, row_id)

    def _spend(self) -> None:
        if self.client.requests >= self.last:
            raise BudgetSpent


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The requests were used up before all was looked at: Opsgenie counts so many rows *fewer* than the file holds."""

    fewer: int

    def told(self, gone: int, *, requests: int) -> str:
        """What that means where so many rows were found *gone*."""
        return (
            f"Opsgenie counts {self.fewer:,} fewer rows than the file holds, and {gone:,} were found deleted and "
            f"marked within {requests:,} requests. The next sync goes on; --look-for-deleted allows more."
        )


@dataclass(frozen=True, slots=True)
class DeletionScan:
    """A search for deleted rows of *search*, those created since *start*, with so many *requests* at most.

    *held* are the moments at which the rows in the file were created, in order; *ids_held* gives the ids of those
    created in a span. Rows that show late may hide deleted ones from a count; nothing is called deleted without a 404.
    """

    search: Search
    held: Sequence[int]
    ids_held: Callable[[int, int], set[str]]
    requests: int
    start: int | None = None

    def run(self) -> Iterator[list[str] | Unfinished]:
        """The ids of rows that are in the file and are answered with 404, and last whether that may not be all."""
        client = self.search.client
        search = MeteredSearch(client, self.search.stream, self.search.query, last=client.requests + self.requests)
        settled = (client.date_ms or 0) - SETTLING_MS
        oldest = self.held[0] if self.held else settled
        start = oldest if self.start is None else max(oldest, self.start)
        if not self._held(start, settled):
            return
        fewer = 0
        try:
            fewer = self._held(start, settled) - search.count(created(start, settled))
            if fewer > 0:
                for span in self._short_of(search, start, settled):
                    yield from self._gone(search, *span)
        except BudgetSpent:
            yield Unfinished(fewer)

    def _short_of(self, search: Search, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The small spans, newest first, of [start, end), which has fewer rows than are held, that have fewer too."""
        held = self._held(start, end)
        if held <= SMALL or end - start <= 1:
            yield start, end
            return
        middle = (start + end) // 2
        for half in ((middle, end), (start, middle)):
            if (in_half := self._held(*half)) and search.count(created(*half)) < in_half:
                yield from self._short_of(search, *half)

    def _gone(self, search: Search, start: int, end: int) -> Iterator[list[str]]:
        """The ids of the span's rows that are gone; those found so far, if the requests are used up meanwhile."""
        gone: list[str] = []
        try:
            there = {row.id for rows in read_span(search, start, end) for row in rows}
            for row_id in sorted(self.ids_held(start, end) - there):
                if not search.exists(row_id):
                    gone.append(row_id)  # noqa: PERF401 -- what was found stands, whatever ends the search
        finally:
            if gone:
                yield gone

    def _held(self, start: int, end: int) -> int:
        return bisect_left(self.held, end) - bisect_left(self.held, start)
