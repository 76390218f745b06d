"""Read a searchable stream from its beginning: windows from the newest down, each of them proven."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.clock import OLDEST_MS
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.counts import Tally
from source_opsgenie.reading.cursor import Cursor
from source_opsgenie.reading.events import Batch, Batches, Expected, SetAside, transform
from source_opsgenie.reading.paging import PASSES, chunks
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.reading.spans import Lookahead, read_span
from source_opsgenie.reading.state import OpenWindow, Scope, State, Walk
from source_opsgenie.reading.windows import Window, prove, tile_windows

# The search index may show a row with this delay: the newest minutes are read, but not compared with a count.
SETTLING_MS = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Backfill:
    """The rows of *search* created since *start* (None for all) and updated since *updated_since*.

    *changed_in* finds the latter in a window without reading all of it; it returns None where it cannot be trusted.
    The windows share their *lookahead*, so that each begins with several pages at a time.
    """

    search: Search
    start: int | None = None
    updated_since: int | None = None
    changed_in: Callable[[Window], list[SearchRow] | None] | None = None
    lookahead: Lookahead = field(default_factory=Lookahead)

    def read(self, state: State) -> Batches[SearchRow]:
        """Every row, newest first, in batches of a page or less, with the states to resume from.

        Rows that only a proof finds are out of order. The last state is at the start of the history.
        """
        settled = max(state.began - SETTLING_MS, self.start or 0)
        history, newer = self._plan(settled)
        if newer is not None:
            yield Batch([], expected=Expected(history.count + newer, self.search.stream.name))
        if state.walk is None:
            for rows in read_span(self.search, settled, None, expected=newer or 0):
                state = self._add_tally(state, Tally(recent=len(rows)))
                yield Batch(self._wanted(rows))
            state = state.with_walk(Walk(settled))
            yield Batch([], state)
        return (yield from self._walk(self._resumed(state, history), history))

    def _walk(self, state: State, history: Window) -> Batches[SearchRow]:
        below = state.walk.below if state.walk else history.start
        rest = replace(history, end=below)
        if below < history.end:
            counted = self.search.count_if_possible(created(history.start, below))
            rest = replace(rest, count=history.count if counted is None else counted)
        for window in tile_windows(self.search, rest, largest=self.search.window):
            changed = self.changed_in(window) if self.changed_in else None
            if changed is None:
                state = yield from self._window(state, window)
            else:
                yield from (Batch(rows) for rows in chunks(changed, self.search.portion))
                state = state.with_walk(Walk(window.start))
                yield Batch([], state)
        state = state.with_walk(Walk(history.start))
        yield Batch([], state)
        return state

    def read_window(self, start: int, end: int) -> Iterator[Batch[SearchRow]]:
        """Every row created in [start, end), proven; the batches have no state."""
        counted = self.search.count_if_possible(created(start, end))
        window = Window(start, end, counted or 0)
        yield from (replace(batch, state=None) for batch in self._window(State(Scope("")), window))

    def _window(self, state: State, window: Window) -> Batches[SearchRow]:
        listed: dict[str, int] = {}
        cursor = Cursor("created", descending=True, last=window.end)
        pages = read_span(self.search, window.start, window.end, expected=window.count, lookahead=self.lookahead)
        for page in pages:
            for rows in chunks(page, self.search.portion):
                listed |= {row.id: row.created for row in rows}
                cursor = cursor.after(rows)
                # More rows of the last millisecond may follow: a resumed read begins with it.
                emitted = OpenWindow(window.end, len(listed) - len(cursor.ids))
                yield Batch(self._wanted(rows), state.with_walk(Walk(rows[-1].created + 1, emitted)))
        tally, set_aside = yield from self._prove(window, listed)
        state = self._add_tally(state, tally).with_walk(Walk(window.start))
        yield Batch([], state, set_aside=set_aside)
        return state

    def _prove(
        self, window: Window, listed: Mapping[str, int]
    ) -> Generator[Batch[SearchRow], None, tuple[Tally, tuple[SetAside, ...]]]:
        """Yield the rows of *window* that were missed; returns what was proven, or the window set aside."""
        try:
            proving = transform(prove(self.search, window, listed), lambda rows: Batch(self._wanted(rows)))
            return (yield from proving), ()
        except OpsgenieError as error:
            raise_if_it_affects_all(error, self.search.client)
            part = Part(self.search.stream.name, span=(window.start, window.end))
            return Tally(), (SetAside(part, error),)

    def _resumed(self, state: State, history: Window) -> State:
        """Where to resume in an open window: below its emitted rows if all of them still exist, else at its end."""
        if state.walk is None or state.walk.window is None:
            return state
        below, window = state.walk.below, state.walk.window
        counted = self.search.count_if_possible(created(below, window.end))
        if counted is None:
            return self._add_tally(state.with_walk(Walk(below)), Tally(uncounted=window.listed))
        if counted != window.listed:
            return state.with_walk(Walk(min(window.end, history.end)))
        return self._add_tally(state.with_walk(Walk(below)), Tally(counted, counted))

    def _add_tally(self, state: State, more: Tally) -> State:
        """The same with *more* added to the tally, unless the rows are only searched for changes."""
        return state if self.updated_since is not None else state.with_tally(more)

    def _wanted(self, rows: list[SearchRow]) -> list[SearchRow]:
        if self.updated_since is None:
            return rows
        return [row for row in rows if row.updated >= self.updated_since]

    def _plan(self, settled: int) -> tuple[Window, int | None]:
        """What the windows must cover, and the number of newer rows, None if nothing can be counted.

        The count without a time must be the sum of the counts with one; otherwise the search misreads our
        timestamps, which raises Incomplete. Without counts, all is one window.
        """
        for _ in range(PASSES):
            before = self.search.count_if_possible()
            start = self._oldest(settled) if self.start is None else min(self.start, settled)
            if before is None:
                self._raise_if_nothing_is_listed()
                return Window(start, settled, 1), None
            older = self.search.count(created(None, start)) if self.start is not None else 0
            count, newer = (self.search.count(part) for part in (created(start, settled), created(settled, None)))
            after = self.search.count() if before != older + count + newer else before
            if min(before, after) <= older + count + newer <= max(before, after):
                return Window(start, settled, count), newer
        raise Failure.WRONG_COUNT.error(
            f"{self.search.stream.path} counts {before} rows without a time and {older + count + newer} "
            "with one: the search misreads timestamps, or the account changes too fast"
        )

    def _raise_if_nothing_is_listed(self) -> None:
        """Raise the error of a search that cannot be read at all, such as an invalid query."""
        try:
            self.search.page(sort="createdAt", order="desc", limit=1)
        except OpsgenieError:
            self.search.page(sort="createdAt", order="asc", limit=1)

    def _oldest(self, settled: int) -> int:
        """When the oldest row was created, as far as it can be listed."""
        try:
            rows = self.search.page(sort="createdAt", order="asc", limit=1).rows
        except OpsgenieError as error:
            raise_if_it_affects_all(error, self.search.client)
            return OLDEST_MS
        return min([settled, *(row.created for row in rows)])
