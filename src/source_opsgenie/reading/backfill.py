"""Read a searchable stream from its beginning: windows from the newest down, each of them proven."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from source_opsgenie.api.failures import Failure
from source_opsgenie.reading.events import Batch, Expected
from source_opsgenie.reading.paging import PASSES, chunks
from source_opsgenie.reading.query import created
from source_opsgenie.reading.search import Search, created_ms, updated_ms
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import State, Tally
from source_opsgenie.reading.windows import Window, prove, tile_windows, window_size
from source_opsgenie.streams.stream import Record

# The search index may show a row with this delay: the newest minutes are read, but not held to a count.
SETTLING_MS = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Backfill:
    """The rows of *search* created since *start* (all of them without one) and updated since *updated_since*.

    *changed_in* finds the latter in a window, where a cheaper way than to read all of it is known.
    """

    search: Search
    start: int | None = None
    updated_since: int | None = None
    changed_in: Callable[[Window], list[Record]] | None = None

    def read(self, state: State) -> Iterator[Batch | Expected]:
        """Every row, newest first, a page or less in each step, and the states from which a read can go on.

        Rows that a proof finds late come out of order. The last state has `below` at the start.
        """
        begun = state.begun or 0
        settled = max(begun - SETTLING_MS, self.start or 0)
        whole, newer = self._whole(settled)
        yield Expected(whole.count + newer, self.search.stream.name)
        if state.below is None:
            for rows in read_span(self.search, settled, None, expected=newer):
                state = self._tallied(state, Tally(recent=len(rows)))
                yield Batch(self._wanted(rows))
            state = replace(state, below=settled)
            yield Batch([], state)
        state = self._taken_up(state, whole)
        yield from self._windows(state, whole)

    def _windows(self, state: State, whole: Window) -> Iterator[Batch]:
        below = state.below or whole.start
        rest = replace(whole, end=below)
        if below < whole.end:
            rest = replace(rest, count=self.search.count(created(whole.start, below)))
        for window in tile_windows(self.search, rest, widest=window_size(whole.count)):
            for step in self._changed(state, window) if self.changed_in else self._window(state, window):
                state = step.state or state
                yield step
        yield Batch([], replace(state, below=whole.start, top=None, listed=0))

    def _window(self, state: State, window: Window) -> Iterator[Batch]:
        listed: dict[str, int] = {}
        edge = _Edge(window.end)
        for page in read_span(self.search, window.start, window.end, expected=window.count):
            for rows in chunks(page):
                listed |= {row["id"]: created_ms(row) for row in rows}
                edge.move(rows)
                out = len(listed) - len(edge.ids)
                yield Batch(self._wanted(rows), replace(state, below=edge.moment + 1, top=window.end, listed=out))
        for found in prove(self.search, window, listed):
            if isinstance(found, Tally):
                state = self._tallied(state, found)
            else:
                yield Batch(self._wanted(found))
        yield Batch([], replace(state, below=window.start, top=None, listed=0))

    def _changed(self, state: State, window: Window) -> Iterator[Batch]:
        """What changed in *window*: a part of it, which no count proves."""
        assert self.changed_in
        for rows in chunks(self.changed_in(window)):
            yield Batch(rows)
        yield Batch([], replace(state, below=window.start))

    def _taken_up(self, state: State, whole: Window) -> State:
        """Where to go on in a window that was cut off: below its rows if they are all still there, else at its top."""
        if state.top is None:
            return state
        counted = self.search.count(created(state.below, state.top))
        if counted != state.listed:
            return replace(state, below=min(state.top, whole.end), top=None, listed=0)
        return self._tallied(replace(state, top=None, listed=0), Tally(counted, counted))

    def _tallied(self, state: State, more: Tally) -> State:
        """The same, with *more* added up; rows that are only looked through for changes are not counted."""
        return state if self.updated_since is not None else replace(state, tally=state.tally + more)

    def _wanted(self, rows: list[Record]) -> list[Record]:
        if self.updated_since is None:
            return rows
        return [row for row in rows if updated_ms(row) >= self.updated_since]

    def _whole(self, settled: int) -> tuple[Window, int]:
        """What the windows must cover, and the number of newer rows.

        The count without any time must be the sum of the counts with one.

        If it is not, the search has misread our times: an error, raised as Incomplete.
        """
        for _ in range(PASSES):
            before = self.search.count()
            start = self._oldest(settled) if self.start is None else min(self.start, settled)
            older = self.search.count(created(None, start)) if self.start is not None else 0
            count, newer = (self.search.count(part) for part in (created(start, settled), created(settled, None)))
            after = self.search.count() if before != older + count + newer else before
            if min(before, after) <= older + count + newer <= max(before, after):
                return Window(start, settled, count), newer
        raise Failure.WRONG_COUNT.error(
            f"{self.search.stream.path} counts {before} rows without a time and {older + count + newer} "
            "with one: the search misreads times, or the account changes too fast"
        )

    def _oldest(self, settled: int) -> int:
        rows = self.search.page(sort="createdAt", order="asc", limit=1).rows
        return min([settled, *map(created_ms, rows)])


@dataclass(slots=True)
class _Edge:
    """The lowest moment that a walk down has reached, and the ids seen at it: it may have more of them."""

    moment: int
    ids: set[str] = field(default_factory=set)

    def move(self, rows: list[Record]) -> None:
        for row in rows:
            if created_ms(row) < self.moment:
                self.moment, self.ids = created_ms(row), set()
            self.ids.add(row["id"])
