"""Read what changed in a searchable stream since a moment, by the cheapest way that can be trusted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from source_opsgenie.errors import Rejected
from source_opsgenie.reading.backfill import Backfill
from source_opsgenie.reading.events import Batch, Expected
from source_opsgenie.reading.paging import CAP, OVERLAP, PAGE, Page, chunks
from source_opsgenie.reading.query import created, updated
from source_opsgenie.reading.search import Search, updated_ms
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import State
from source_opsgenie.reading.windows import Window, tile_windows
from source_opsgenie.streams.stream import Record

# The beginning of a read is taken from a header that knows whole seconds (docs/opsgenie-api.md#date-header).
DATE_SECOND_MS = 1000


class _Distrusted(Exception):
    """The search or the sort by `updatedAt` does not do what was asked."""


class _OutOfReach(Exception):
    """Pages sorted by `updatedAt` end before the changes do, or do not hold still."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows of *search* updated since the moment *since*; those *created_before* a moment only, if one is given."""

    search: Search
    since: int
    created_before: int | None = None

    def read(self, state: State) -> Iterator[Batch | Expected]:
        """Every changed row, and the states from which a read can go on; the oldest change first where that can be.

        One page, newest change first, is the whole answer where it reaches *since*. Else the search by
        `updatedAt` is tried against that page. Where it cannot be trusted (docs/opsgenie-api.md#updatedat-search),
        the pages after that one are read; where they are too many or do not hold still, the same is done in windows
        over the whole history; and where the sort cannot be trusted either, all of that is read, and filtered here.
        """
        # Only a walk through the history sets `below`: one that was cut off is taken up again.
        if state.below is None:
            try:
                yield from self._by_change(state)
                return
            except _OutOfReach:
                pass
            except (Rejected, _Distrusted):
                yield from self._history.read(state)
                return
        try:
            for one in replace(self._history, changed_in=self._changed_in).read(state):
                state = (one.state or state) if isinstance(one, Batch) else state
                yield one
        except (Rejected, _Distrusted):
            yield from self._history.read(state)

    @property
    def _history(self) -> Backfill:
        return Backfill(self._listing, updated_since=self.since)

    @property
    def _listing(self) -> Search:
        before = self.created_before
        return self.search if before is None else self.search.narrowed(created(None, before))

    def _by_change(self, state: State) -> Iterator[Batch]:
        """The changes in the order in which they happened; those before `reached` are out."""
        now = replace(self, since=max(self.since, state.reached or 0))
        newest = now._newest(0)
        if now._is_everything(newest):
            yield from now._in_order(newest.rows, state)
        elif _can_be_searched(now._listing, newest.rows):
            yield from now._by_update(state)
        else:
            yield from now._in_order(now._walked_back(newest), state)

    def _changed_in(self, window: Window) -> list[Record]:
        """The changed rows in *window*; where they are too many that moved in one moment, it is halved."""
        inside = replace(self, search=self._listing.narrowed(created(window.start, window.end)), created_before=None)
        try:
            return inside._wanted(inside._walked_back(inside._newest(0)))
        except _OutOfReach:
            if window.count <= PAGE or window.end - window.start <= 1:
                return [
                    row for rows in read_span(self._listing, window.start, window.end) for row in self._wanted(rows)
                ]
            halves = tile_windows(self._listing, window, widest=window.count // 2)
            return [row for half in halves for row in self._changed_in(half)]

    def _newest(self, offset: int) -> Page:
        page = self._listing.page(sort="updatedAt", order="desc", offset=offset)
        moments = [updated_ms(row) for row in page.rows]
        if moments != sorted(moments, reverse=True):
            raise _Distrusted
        return page

    def _wanted(self, rows: Iterable[Record]) -> list[Record]:
        return [row for row in rows if updated_ms(row) >= self.since]

    def _is_everything(self, page: Page) -> bool:
        return page.is_last or updated_ms(page.rows[-1]) < self.since

    def _in_order(self, rows: Iterable[Record], state: State) -> Iterator[Batch]:
        """Those of *rows* that changed since, oldest change first, in steps from which a read can go on."""
        for some in chunks(sorted(self._wanted(rows), key=updated_ms)):
            yield Batch(some, replace(state, reached=updated_ms(some[-1])))

    def _by_update(self, state: State) -> Iterator[Batch]:
        """Ascending, keyed by value; ends with the last page, or past the beginning of this read.

        A row that moves while it is read comes again at its new place; rows that move for ever come next time.
        """
        ends = (state.begun or 0) + DATE_SECOND_MS
        start = self.since
        seen_at_start: set[str] = set()
        while True:
            page = self._updated_from(start)
            last = updated_ms(page.rows[-1]) if page.rows else start
            for rows in chunks([row for row in page.rows if row["id"] not in seen_at_start]):
                yield Batch(rows, replace(state, reached=updated_ms(rows[-1])))
            if page.is_last or last > ends:
                return
            if last == updated_ms(page.rows[0]):
                for crowd in read_span(self._listing.narrowed(updated(last, last + 1)), None, None):
                    yield Batch(crowd)
                start, seen_at_start = last + 1, set()
            else:
                start, seen_at_start = last, {row["id"] for row in page.rows if updated_ms(row) == last}

    def _updated_from(self, start: int) -> Page:
        """One page of the rows updated since *start*, which must be what was asked for."""
        page = self._listing.page(updated(start, None), sort="updatedAt", order="asc")
        moments = [updated_ms(row) for row in page.rows]
        if moments != sorted(moments) or any(moment < start for moment in moments):
            raise _Distrusted
        return page

    def _walked_back(self, newest: Page) -> list[Record]:
        """Every changed row; raises _OutOfReach where the pages do not reach *since*, or do not overlap.

        The next page must begin above the moment at which the last one ended: then it has all rows of that moment,
        whatever the order of ties, and no deletion has pulled a row across the border.
        """
        rows = {row["id"]: row for row in newest.rows}
        page, offset = newest, 0
        while not self._is_everything(page):
            border = updated_ms(page.rows[-1])
            offset += max(1, len(page.rows) - OVERLAP)
            if offset + PAGE > CAP:
                raise _OutOfReach
            page = self._newest(offset)
            if not page.rows or updated_ms(page.rows[0]) <= border:
                raise _OutOfReach
            rows |= {row["id"]: row for row in page.rows}
        return list(rows.values())


def _can_be_searched(search: Search, newest: list[Record]) -> bool:
    """Whether a search by `updatedAt` finds the rows of the page *newest*, and no older ones."""
    oldest = updated_ms(newest[-1])
    try:
        page = search.page(updated(oldest, None), sort="updatedAt", order="asc")
    except Rejected:
        return False
    lacking = {row["id"] for row in newest} - {row["id"] for row in page.rows}
    finds_them = bool(page.rows) and (not lacking or not page.is_last)
    return finds_them and all(updated_ms(row) >= oldest for row in page.rows)
