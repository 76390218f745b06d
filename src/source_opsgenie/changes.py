"""Read what changed in a searchable stream since a moment, by the cheapest way that can be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from source_opsgenie.errors import Refused
from source_opsgenie.events import Counted, Step
from source_opsgenie.history import History
from source_opsgenie.listing import Listing, updated_ms
from source_opsgenie.paging import CAP, PAGE
from source_opsgenie.query import created, updated
from source_opsgenie.state import State
from source_opsgenie.streams.stream import Record
from source_opsgenie.windows import read_span

# So many rows of a page stand on the next one too, where changes are read by offsets.
OVERLAP = 10
# The beginning of a read is taken from a header that knows whole seconds (docs/opsgenie-api.md#date-header).
DATE_SECOND_MS = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows of *listing* updated since the moment *since*; those *created_before* a moment only, if one is given."""

    listing: Listing
    since: int
    created_before: int | None = None

    def read(self, state: State) -> Iterator[Step | Counted]:
        """Every changed row, and the states from which a read can go on.

        One page, newest change first, is the whole answer where it reaches *since*. Else the search by
        `updatedAt` is tried against that page. Where it cannot be trusted (docs/opsgenie-api.md#updatedat-search),
        the pages after that one are read; where they are too many or do not hold still, the whole history is,
        and filtered here.
        """
        listing = self.listing
        if self.created_before is not None:
            listing = listing.narrowed(created(None, self.created_before))
        # Only a walk through the history sets `below`: one that was cut off is taken up again.
        newest = self._newest(listing) if state.below is None else None
        if newest is not None and self._is_everything(newest):
            yield Step(self._changed(newest))
        elif newest is not None and _can_be_searched(listing, newest):
            yield from self._by_update(listing, state)
        elif newest is not None and (walked := self._walked_back(listing)) is not None:
            yield Step(walked)
        else:
            yield from self._by_history(listing, state)

    def _newest(self, listing: Listing) -> list[Record] | None:
        try:
            rows = listing.page(sort="updatedAt", order="desc").rows
        except Refused:
            return None
        moments = [updated_ms(row) for row in rows]
        return rows if moments == sorted(moments, reverse=True) else None

    def _is_everything(self, newest: list[Record]) -> bool:
        return len(newest) < PAGE or updated_ms(newest[-1]) < self.since

    def _by_update(self, listing: Listing, state: State) -> Iterator[Step]:
        """Ascending, keyed by value; ends at the first page that is not full, or past the beginning of this read.

        A row that moves while it is read comes again at its new place; rows that move for ever come next time.
        """
        ends = (state.begun or 0) + DATE_SECOND_MS
        start = max(self.since, state.reached or 0)
        seen_at_start: set[str] = set()
        while True:
            rows = listing.page(updated(start, None), sort="updatedAt", order="asc").rows
            last = updated_ms(rows[-1]) if rows else start
            yield Step([row for row in rows if row["id"] not in seen_at_start], replace(state, reached=last))
            if len(rows) < PAGE or last > ends:
                return
            if last == updated_ms(rows[0]):
                for crowd in read_span(listing.narrowed(updated(last, last + 1)), None, None):
                    yield Step([row for row in crowd if row["id"] not in seen_at_start])
                start, seen_at_start = last + 1, set()
            else:
                start, seen_at_start = last, {row["id"] for row in rows if updated_ms(row) == last}

    def _walked_back(self, listing: Listing) -> list[Record] | None:
        """Every changed row, oldest change first; None where the pages do not reach *since*, or do not overlap.

        The next page must begin above the moment at which the last one ended: then it has all rows of that moment,
        whatever the order of ties, and no deletion has pulled a row across the border.
        """
        rows: dict[str, Record] = {}
        border: int | None = None
        for offset in range(0, CAP - PAGE + 1, PAGE - OVERLAP):
            page = listing.page(sort="updatedAt", order="desc", offset=offset).rows
            if border is not None and (not page or updated_ms(page[0]) <= border):
                return None
            rows |= {row["id"]: row for row in page}
            if self._is_everything(page):
                return self._changed(list(rows.values()))
            border = updated_ms(page[-1])
        return None

    def _changed(self, rows: list[Record]) -> list[Record]:
        """Those of *rows* that changed since, oldest change first."""
        return sorted((row for row in rows if updated_ms(row) >= self.since), key=updated_ms)

    def _by_history(self, listing: Listing, state: State) -> Iterator[Step | Counted]:
        yield from History(listing, updated_since=self.since).read(state)


def _can_be_searched(listing: Listing, newest: list[Record]) -> bool:
    """Whether a search by `updatedAt` finds the rows of the page *newest*, and no older ones."""
    oldest = updated_ms(newest[-1])
    try:
        found = listing.page(updated(oldest, None), sort="updatedAt", order="asc").rows
    except Refused:
        return False
    moments = [updated_ms(row) for row in found]
    in_order = moments == sorted(moments) and all(moment >= oldest for moment in moments)
    lacking = {row["id"] for row in newest} - {row["id"] for row in found}
    return in_order and bool(found) and (not lacking or len(found) == PAGE)
