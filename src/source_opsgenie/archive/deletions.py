"""Find the rows of a searched stream that Opsgenie has no longer, by counting where fewer are than in the file."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from source_opsgenie.history import SETTLING_MS
from source_opsgenie.listing import Listing
from source_opsgenie.query import created
from source_opsgenie.spans import read_span
from source_opsgenie.windows import SMALL


@dataclass(frozen=True, slots=True)
class Search:
    """A search for deleted rows of *listing*, at most for so many *requests*.

    *held* are the moments at which the rows in the file were created, in order; *ids_held* gives the ids of those
    created in a span. Rows that show late may hide deleted ones from a count; nothing is called deleted without a 404.
    """

    listing: Listing
    held: Sequence[int]
    ids_held: Callable[[int, int], set[str]]
    requests: int

    def run(self) -> Iterator[str]:
        """The ids of rows that are in the file, and are answered with 404."""
        settled = (self.listing.client.date_ms or 0) - SETTLING_MS
        last = self.requests + self.listing.client.requests
        for start, end in self._short_of(self.held[0] if self.held else settled, settled, last=last):
            there = {row["id"] for rows in read_span(self.listing, start, end) for row in rows}
            for row_id in sorted(self.ids_held(start, end) - there):
                if not self.listing.exists(row_id):
                    yield row_id

    def _short_of(self, start: int, end: int, *, last: int) -> Iterator[tuple[int, int]]:
        """The small spans in which fewer rows are counted than held; none once the requests are used up."""
        held = bisect_left(self.held, end) - bisect_left(self.held, start)
        if not held or self.listing.client.requests >= last:
            return
        if self.listing.count(created(start, end)) >= held:
            return
        if held <= SMALL or end - start <= 1:
            yield start, end
            return
        middle = (start + end) // 2
        yield from self._short_of(middle, end, last=last)
        yield from self._short_of(start, middle, last=last)
