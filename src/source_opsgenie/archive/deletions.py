"""Find the rows of a searchable stream that were deleted, by counting where Opsgenie has fewer than the file."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from source_opsgenie.api.connection import Connection
from source_opsgenie.archive.store import Store, Written
from source_opsgenie.reading.backfill import SETTLING_MS
from source_opsgenie.reading.events import Notice
from source_opsgenie.reading.paging import PAGE, Page
from source_opsgenie.reading.query import Span, created, is_stable, user_query
from source_opsgenie.reading.search import Search, SearchRow, search_of
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.windows import SMALL
from source_opsgenie.streams import Stream

UNSTABLE_QUERY = "deleted rows are not searched for, because rows can leave this alert_query without being deleted."


def mark_deleted(connection: Connection, store: Store, stream: Stream, *, requests: int) -> Iterator[Written | Notice]:
    """Mark the deleted rows of a searchable *stream* with at most *requests*; a Notice says what was left out.

    The file holds only what alert_query and start_date select, so Opsgenie must count the same selection.
    """
    if stream.search is None or not requests:
        return
    config = connection.config
    if not is_stable(user_query(config, stream)):
        yield Notice(f"{stream.name}: {UNSTABLE_QUERY}")
        return
    stored = store.creation_times(stream)
    if config.start_ms is not None and stored and stored[0] < config.start_ms:
        yield Notice(f"{stream.name}: deleted rows are searched for only if created since {config.start_date}.")
    scan = DeletionScan(
        search_of(connection, stream), stored, partial(store.ids_created_between, stream), requests, config.start_ms
    )
    yield from _mark_found(scan, store)


def _mark_found(scan: "DeletionScan", store: Store) -> Iterator[Written | Notice]:
    stream, deleted = scan.search.stream, 0
    for found in scan.run():
        if isinstance(found, Unfinished):
            yield Notice(f"{stream.name}: {found.describe(deleted, requests=scan.requests)}", is_warning=True)
        else:
            written = store.mark_deleted(stream, found)
            deleted += written.deleted
            yield written


class BudgetSpent(Exception):
    """All allowed requests are used."""


@dataclass(frozen=True, slots=True)
class MeteredSearch(Search):
    """A search that raises BudgetSpent once its client has sent *max_requests* in total.

    A request that is retried after throttling counts again.
    """

    max_requests: int = 0

    def count(self, *spans: Span) -> int:
        """As in Search; raises BudgetSpent."""
        self._spend()
        return Search.count(self, *spans)

    def page(self, *spans: Span, sort: str, order: str, offset: int = 0, limit: int = PAGE) -> Page[SearchRow]:
        """As in Search; raises BudgetSpent."""
        self._spend()
        return Search.page(self, *spans, sort=sort, order=order, offset=offset, limit=limit)

    def exists(self, row_id: str) -> bool:
        """As in Search; raises BudgetSpent."""
        self._spend()
        return Search.exists(self, row_id)

    def _spend(self) -> None:
        if self.client.requests >= self.max_requests:
            raise BudgetSpent


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The requests were used before the scan ended: Opsgenie counts *missing* rows fewer than the file holds."""

    missing: int

    def describe(self, deleted: int, *, requests: int) -> str:
        """Explain the gap, if *deleted* rows were found with *requests*."""
        return (
            f"Opsgenie counts {self.missing:,} fewer rows than the file holds; {deleted:,} of them were found and "
            f"marked as deleted within {requests:,} requests. The next sync continues; to search more per sync, "
            "raise --deleted-row-requests."
        )


@dataclass(frozen=True, slots=True)
class DeletionScan:
    """A scan for deleted rows of *search* created since *start*, with at most *requests*.

    *stored* holds the creation times of the rows in the file, in order; `ids_stored` returns the ids of those created
    in a span. Rows that the index shows late can hide deleted ones from a count; only a 404 proves a deletion.
    """

    search: Search
    stored: Sequence[int]
    ids_stored: Callable[[int, int], set[str]]
    requests: int
    start: int | None = None

    def run(self) -> Iterator[list[str] | Unfinished]:
        """Yield the ids of deleted rows, and Unfinished at the end if there may be more."""
        client = self.search.client
        settled = (client.date_ms or 0) - SETTLING_MS
        oldest = self.stored[0] if self.stored else settled
        start = oldest if self.start is None else max(oldest, self.start)
        if not self._count_stored(start, settled):
            return
        limit = client.requests + self.requests
        search = MeteredSearch(client, self.search.stream, self.search.query, max_requests=limit)
        missing = 0
        try:
            missing = self._count_stored(start, settled) - search.count(created(start, settled))
            if missing > 0:
                for span in self._spans_with_fewer(search, start, settled):
                    yield from self._find_deleted(search, *span)
        except BudgetSpent:
            yield Unfinished(missing)

    def _spans_with_fewer(self, search: Search, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Bisect [start, end), where rows are missing, into small spans with missing rows, newest first."""
        stored = self._count_stored(start, end)
        if stored <= SMALL or end - start <= 1:
            yield start, end
            return
        middle = (start + end) // 2
        for half in ((middle, end), (start, middle)):
            if (in_half := self._count_stored(*half)) and search.count(created(*half)) < in_half:
                yield from self._spans_with_fewer(search, *half)

    def _find_deleted(self, search: Search, start: int, end: int) -> Iterator[list[str]]:
        """The ids of deleted rows created in [start, end); those found so far, if the requests run out."""
        deleted: list[str] = []
        try:
            listed = {row.id for rows in read_span(search, start, end) for row in rows}
            for row_id in sorted(self.ids_stored(start, end) - listed):
                if not search.exists(row_id):
                    deleted.append(row_id)  # noqa: PERF401 -- what was found is kept, whatever ends the scan
        finally:
            if deleted:
                yield deleted

    def _count_stored(self, start: int, end: int) -> int:
        return bisect_left(self.stored, end) - bisect_left(self.stored, start)
