"""The keyset cursor: how far a list that is sorted by a timestamp has been read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from source_opsgenie.reading.search import SearchRow


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last timestamp read, and the ids seen at it; a page requested from there repeats only these.

    *by* is the timestamp that orders the list. Before the first row, *last* is None or where the list begins.
    """

    by: str
    descending: bool = False
    last: int | None = None
    ids: frozenset[str] = frozenset()

    def unseen(self, rows: list[SearchRow]) -> list[SearchRow]:
        """The *rows* that were not read before; they must be in the list's order."""
        if self.last is None:
            return rows
        beyond = next((place for place, row in enumerate(rows) if self._is_beyond(row)), len(rows))
        ties = [row for row in rows[:beyond] if self._time(row) == self.last and row.id not in self.ids]
        return ties + rows[beyond:]

    def joins(self, rows: list[SearchRow]) -> bool:
        """Whether *rows* follow the last row read without a gap.

        Their first row must come before the last row read. Then they hold every row of that timestamp, whatever was
        deleted and however ties are ordered.
        """
        return bool(rows) and not self._is_beyond(rows[0]) and self._time(rows[0]) != self.last

    def after(self, rows: Sequence[SearchRow]) -> "Cursor":
        """The cursor after *rows*, which must be in the list's order."""
        last = self._time(rows[-1])
        ids = frozenset(row.id for row in takewhile(lambda row: self._time(row) == last, reversed(rows)))
        return replace(self, last=last, ids=ids | self.ids if last == self.last else ids)

    def is_stuck(self, rows: list[SearchRow]) -> bool:
        """Whether all of *rows*, the last ones read, have the same timestamp."""
        return self._time(rows[0]) == self.last

    def past_tie(self) -> "Cursor":
        """The cursor past all rows of the last timestamp."""
        return replace(self, last=(self.last or 0) + (-1 if self.descending else 1), ids=frozenset())

    def rest(self, start: int | None, end: int | None) -> tuple[int | None, int | None]:
        """The part of the span [start, end) that remains, including the last timestamp."""
        if self.last is None:
            return start, end
        return (start, self.last + 1) if self.descending else (self.last, end)

    def _time(self, row: SearchRow) -> int:
        return row.created if self.by == "created" else row.updated

    def _is_beyond(self, row: SearchRow) -> bool:
        assert self.last is not None
        return self._time(row) < self.last if self.descending else self._time(row) > self.last
