"""Compare what the file holds with what Opsgenie counts: read missing rows, and mark deleted ones."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from source_opsgenie.api.connection import Connection, is_identified_by_key
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.writing import Written
from source_opsgenie.reading.backfill import SETTLING_MS
from source_opsgenie.reading.events import Notice
from source_opsgenie.reading.paging import PAGE, Page
from source_opsgenie.reading.query import Span, created, is_stable, user_query
from source_opsgenie.reading.search import Search, SearchRow, search_of
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.windows import SMALL
from source_opsgenie.streams import Stream

UNSTABLE_QUERY = (
    "the file is not compared with Opsgenie's count, because rows can stop matching the alert filters without "
    "being deleted."
)
SEVERAL_QUERIES = (
    "the file is not compared with Opsgenie's count, because it also holds rows of other queries. A sync without "
    "--query compares all of them."
)
NARROWER_KEY = (
    "the file is not compared with Opsgenie's count, and no row is marked as deleted, because it also holds rows that "
    "this team's key cannot see. A sync with a key that belongs to no team does both."
)
# Finding one row takes a count for each halving of the history, which a few years need about this often.
REQUESTS_PER_ROW = 40


@dataclass(frozen=True, slots=True)
class Lack:
    """Rows that Opsgenie counts are not in the file, although they were searched for."""

    text: str


def compare(
    connection: Connection, store: Store, stream: Stream, *, requests: int
) -> Iterator[Written | Notice | Lack]:
    """Make the file hold the rows of a searchable *stream* that Opsgenie counts; a Notice says what was left out.

    Deleted rows are searched for with *requests* and a number that grows with how many there are; 0 skips them.
    The file holds only what the alert filters and start_date select, so Opsgenie must count the same selection.
    """
    if stream.search is None:
        return
    config = connection.config
    query = user_query(config, stream)
    if is_narrower(connection):
        yield Notice(f"{stream.name}: {NARROWER_KEY}")
        return
    if not is_stable(query):
        yield Notice(f"{stream.name}: {UNSTABLE_QUERY}")
        return
    if query and store.other_scopes(stream):
        yield Notice(f"{stream.name}: {SEVERAL_QUERIES}")
        return
    stored = store.creation_times(stream)
    if config.start_ms is not None and stored and stored[0] < config.start_ms:
        yield Notice(f"{stream.name}: only rows created since {config.start_date} are compared with Opsgenie's count.")
    ids_stored = partial(store.ids_created_between, stream)
    yield from _apply(Comparison(search_of(connection, stream), stored, ids_stored, requests, config.start_ms), store)


def is_narrower(connection: Connection) -> bool:
    """Whether the file of *connection* also holds rows that its key cannot see.

    A key of a team cannot name the account, so a file with a name was written with another key.
    """
    return connection.is_team_key and not is_identified_by_key(connection.account)


def _apply(comparison: "Comparison", store: Store) -> Iterator[Written | Notice | Lack]:
    """Store the rows that *comparison* finds, and mark those that it finds deleted."""
    stream, total = comparison.search.stream, Written()
    for found in comparison.run():
        if isinstance(found, Unfinished):
            text = found.describe(total, requests=comparison.requests)
            yield Lack(text) if found.missing else Notice(f"{stream.name}: {text}", is_warning=True)
            continue
        if isinstance(found, Missing):
            written = store.add_missing(stream, [orjson.dumps(row.record).decode() for row in found.rows])
        else:
            written = store.mark_deleted(stream, found.ids)
        total += written
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
class Missing:
    """Rows that the file does not hold."""

    rows: Sequence[SearchRow]


@dataclass(frozen=True, slots=True)
class Deleted:
    """The ids of rows that the file holds, and that do not exist any more."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Opsgenie counts *missing* rows more than the file holds in the end, or *deleted* ones fewer."""

    missing: int = 0
    deleted: int = 0

    def describe(self, found: Written, *, requests: int) -> str:
        """Explain the difference that is left, after these rows were *found*."""
        if self.missing:
            return (
                f"Opsgenie counts {self.missing:,} rows more than the file holds, although {found.new:,} were found "
                "and stored. Run the same command again; if the number stays, report it."
            )
        return (
            f"Opsgenie counts {self.deleted:,} fewer rows than the file holds; {found.deleted:,} of them were found "
            f"and marked as deleted within the allowed requests. The next sync continues; to search more per sync, "
            f"raise --deleted-row-requests above {requests:,}."
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """A search for rows created since *start* that only Opsgenie has, or only the file.

    *stored* holds the creation times of the rows in the file, in order; `ids_stored` returns the ids of those created
    in a span. Rows that the index shows late can hide others from a count; only a 404 proves a deletion.
    """

    search: Search
    stored: Sequence[int]
    ids_stored: Callable[[int, int], set[str]]
    requests: int
    start: int | None = None

    def run(self) -> Iterator[Missing | Deleted | Unfinished]:
        """Yield what differs, and Unfinished at the end if there may be more."""
        settled = (self.search.client.date_ms or 0) - SETTLING_MS
        if self.start is not None and self.start >= settled:
            return
        counted, held = self.search.count(created(self.start, settled)), self._count_stored(self.start or 0, settled)
        if counted == held or (counted < held and not self.requests):
            return
        start = self.start if self.start is not None else self._oldest(settled)
        allowed = self.requests + REQUESTS_PER_ROW * abs(counted - held)
        search = MeteredSearch(
            self.search.client,
            self.search.stream,
            self.search.query,
            max_requests=self.search.client.requests + allowed,
        )
        try:
            for span in self._differing_spans(search, start, settled):
                for found in self._find(search, *span):
                    held += len(found.rows) if isinstance(found, Missing) else -len(found.ids)
                    yield found
        except BudgetSpent:
            pass
        counted = self.search.count(created(start, settled))
        if counted != held:
            yield Unfinished(missing=max(0, counted - held), deleted=max(0, held - counted))

    def _oldest(self, settled: int) -> int:
        """When the oldest row was created, in the file or in Opsgenie."""
        rows = self.search.page(sort="createdAt", order="asc", limit=1).rows
        return min([settled, *self.stored[:1], *(row.created for row in rows)])

    def _differing_spans(self, search: Search, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Bisect [start, end) into small spans whose counts differ, newest first."""
        held, counted = self._count_stored(start, end), search.count(created(start, end))
        if held == counted:
            return
        if max(held, counted) <= SMALL or end - start <= 1:
            yield start, end
            return
        middle = (start + end) // 2
        yield from self._differing_spans(search, middle, end)
        yield from self._differing_spans(search, start, middle)

    def _find(self, search: Search, start: int, end: int) -> Iterator[Missing | Deleted]:
        """What differs in [start, end); the deleted rows found so far, if the requests run out."""
        stored = self.ids_stored(start, end)
        listed = {row.id: row for rows in read_span(search, start, end) for row in rows if not row.set_aside}
        if missing := [row for row_id, row in listed.items() if row_id not in stored]:
            yield Missing(missing)
        deleted: list[str] = []
        try:
            for row_id in sorted(stored - listed.keys()) if self.requests else ():
                if not search.exists(row_id):
                    deleted.append(row_id)  # noqa: PERF401 -- what was found is kept, whatever ends the search
        finally:
            if deleted:
                yield Deleted(deleted)

    def _count_stored(self, start: int, end: int) -> int:
        return bisect_left(self.stored, end) - bisect_left(self.stored, start)
