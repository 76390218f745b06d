"""Read what changed in a searchable stream since a time, in the cheapest way that can be trusted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.errors import OpsgenieError, Rejected
from source_opsgenie.reading.backfill import Backfill
from source_opsgenie.reading.cursor import Cursor
from source_opsgenie.reading.events import Batch, Batches
from source_opsgenie.reading.paging import CAP, OVERLAP, PAGE, Page, chunks
from source_opsgenie.reading.query import created, updated
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import State
from source_opsgenie.reading.windows import Window, tile_windows

# The beginning of a read is taken from a header with whole seconds (docs/opsgenie-api.md#date-header).
DATE_SECOND_MS = 1000


class _Untrusted(Exception):
    """The search or the sort by `updatedAt` does not do what was requested."""


class _IncompletePages(Exception):
    """Pages sorted by `updatedAt` end before the changes do, or do not overlap."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows of *search* updated since the time *since*; with *created_before*, only those created before it."""

    search: Search
    since: int
    created_before: int | None = None

    def read(self, state: State) -> Batches[SearchRow]:
        """Every changed row, with the states to resume from; the oldest change first where possible.

        One page, newest change first, is the complete result if it reaches *since*. Otherwise the search by
        `updatedAt` is tried against that page. If it cannot be trusted (docs/opsgenie-api.md#updatedat-search),
        the pages after that one are read; if they are too many or keep changing, the same is done in windows over
        the full history, as if a page cannot be listed; and if the sort cannot be trusted either, all rows are read and
        filtered here.
        """
        by_window = replace(self._backfill, changed_in=self._changed_in)
        # An interrupted walk through the history is resumed.
        if state.walk is not None:
            return (yield from by_window.read(state))
        try:
            return (yield from self._by_change(state))
        except _IncompletePages:
            backfill = by_window
        except (Rejected, _Untrusted):
            backfill = self._backfill
        except OpsgenieError as error:
            raise_if_it_affects_all(error, self.search.client)
            backfill = by_window
        return (yield from backfill.read(state))

    @property
    def _backfill(self) -> Backfill:
        return Backfill(self._narrowed, updated_since=self.since)

    @property
    def _narrowed(self) -> Search:
        before = self.created_before
        return self.search if before is None else self.search.narrowed(created(None, before))

    def _by_change(self, state: State) -> Batches[SearchRow]:
        """The changes in the order in which they happened; those before `state.reached` are done."""
        remaining = replace(self, since=max(self.since, state.reached or 0))
        newest = remaining._newest(0)
        if remaining._reaches_since(newest):
            return (yield from remaining._in_order(newest.rows, state))
        if _can_be_searched(remaining._narrowed, newest):
            return (yield from remaining._by_update(state))
        return (yield from remaining._in_order(remaining._walk_back(newest), state))

    def _changed_in(self, window: Window) -> list[SearchRow] | None:
        """The changed rows in *window*, or None if the sort cannot be trusted or a page cannot be listed."""
        try:
            return self._sorted_in(window)
        except _Untrusted:
            return None
        except OpsgenieError as error:
            raise_if_it_affects_all(error, self.search.client)
            return None

    def _sorted_in(self, window: Window) -> list[SearchRow]:
        """The changed rows in *window*, which is halved if too many of them changed in one millisecond."""
        inside = replace(self, search=self._narrowed.narrowed(created(window.start, window.end)), created_before=None)
        try:
            return inside._wanted(inside._walk_back(inside._newest(0)))
        except _IncompletePages:
            if window.count <= PAGE or window.end - window.start <= 1:
                pages = read_span(self._narrowed, window.start, window.end)
                return [row for rows in pages for row in self._wanted(rows)]
            halves = tile_windows(self._narrowed, window, largest=window.count // 2)
            return [row for half in halves for row in self._sorted_in(half)]

    def _newest(self, offset: int) -> Page[SearchRow]:
        page = self._narrowed.page(sort="updatedAt", order="desc", offset=offset)
        times = [row.updated for row in page.rows]
        if times != sorted(times, reverse=True):
            raise _Untrusted
        return page

    def _wanted(self, rows: Iterable[SearchRow]) -> list[SearchRow]:
        return [row for row in rows if row.updated >= self.since]

    def _reaches_since(self, page: Page[SearchRow]) -> bool:
        return page.is_last or page.rows[-1].updated < self.since

    def _in_order(self, rows: Iterable[SearchRow], state: State) -> Batches[SearchRow]:
        """Those of *rows* that changed, oldest change first, in batches to resume from."""
        wanted = sorted(self._wanted(rows), key=lambda row: row.updated)
        for some in chunks(wanted, self.search.portion):
            state = state.with_reached(some[-1].updated)
            yield Batch(some, state)
        return state

    def _by_update(self, state: State) -> Batches[SearchRow]:
        """Oldest change first, by keyset; ends with the last page, or with one that passes the beginning of the read.

        A row that changes meanwhile is listed again at its new place; rows that keep changing wait for the next read.
        """
        ends = state.began + DATE_SECOND_MS
        cursor = Cursor("updated", last=self.since)
        while True:
            page = self._updated_from(cursor.last or 0)
            for rows in chunks(cursor.unseen(page.rows), self.search.portion):
                state = state.with_reached(rows[-1].updated)
                yield Batch(rows, state)
            if page.is_last or page.rows[-1].updated > ends:
                return state
            cursor = cursor.after(page.rows)
            if cursor.is_stuck(page.rows):
                crowd = self._narrowed.narrowed(updated(cursor.last, page.rows[-1].updated + 1))
                yield from (Batch(rows) for rows in read_span(crowd, None, None))
                cursor = cursor.past_tie()

    def _updated_from(self, start: int) -> Page[SearchRow]:
        """One page of the rows updated since *start*, in the order requested."""
        page = self._narrowed.page(updated(start, None), sort="updatedAt", order="asc")
        times = [row.updated for row in page.rows]
        if times != sorted(times) or any(time < start for time in times):
            raise _Untrusted
        return page

    def _walk_back(self, newest: Page[SearchRow]) -> list[SearchRow]:
        """Every changed row; raises _IncompletePages if the pages do not reach *since*, or do not overlap.

        Each page must begin after the millisecond in which the one before it ended: then it has all rows of that
        millisecond, whatever the order of ties, and no deletion has moved a row across the border.
        """
        rows = {row.id: row for row in newest.rows}
        page, offset = newest, 0
        while not self._reaches_since(page):
            border = page.rows[-1].updated
            offset += max(1, len(page.rows) - OVERLAP)
            if offset + PAGE > CAP:
                raise _IncompletePages
            page = self._newest(offset)
            if not page.rows or page.rows[0].updated <= border:
                raise _IncompletePages
            rows |= {row.id: row for row in page.rows}
        return list(rows.values())


def _can_be_searched(search: Search, newest: Page[SearchRow]) -> bool:
    """Whether a search by `updatedAt` finds the rows of the page *newest*, and no older ones."""
    oldest = newest.rows[-1].updated
    try:
        page = search.page(updated(oldest, None), sort="updatedAt", order="asc")
    except Rejected:
        return False
    missing = set(newest.ids) - set(page.ids)
    finds_them = bool(page.rows) and (not missing or not page.is_last)
    return finds_them and all(row.updated >= oldest for row in page.rows)
