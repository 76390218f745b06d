"""Rows and read parents that are received but not stored yet, and the state that covers the first of them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from source_opsgenie.archive.database import ROW_GROUP_ROWS
from source_opsgenie.archive.parents import ReadParent, read_parent
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.reader import SECONDS_BETWEEN_CHECKPOINTS
from source_opsgenie.reading.state import State
from source_opsgenie.streams import Record

# Few and large writes make a small file quickly; what is not stored yet is read again after a kill.
MAX_ROWS = 10 * ROW_GROUP_ROWS
# Memory grows with the bytes of a write. Rows of 9 kB still fill a row group.
MAX_BYTES = 30_000_000


@dataclass(slots=True)
class Buffer:
    """Rows as JSON, the first *covered* of which belong to *state*: once they are stored, a read can resume there.

    *size* is the number of characters of all rows. Of *parents*, all child records are among the rows; the first
    *covered_parents* belong to the state.
    """

    max_bytes: int = MAX_BYTES
    rows: list[str] = field(default_factory=list)
    parents: list[ReadParent] = field(default_factory=list)
    size: int = 0
    covered: int = 0
    covered_parents: int = 0
    state: State | None = None
    emptied_at: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether the covered rows are worth a write: many, large, or old."""
        waited = time.monotonic() - self.emptied_at
        covered = max(self.covered, self.covered_parents)
        return covered >= MAX_ROWS or self.size >= self.max_bytes or waited >= SECONDS_BETWEEN_CHECKPOINTS

    @property
    def covered_rows(self) -> list[str]:
        """The rows that belong to the state."""
        return self.rows[: self.covered]

    def add(self, rows: Iterable[Record]) -> None:
        """Append *rows*."""
        texts = [orjson.dumps(row).decode() for row in rows]
        self.rows += texts
        self.size += sum(map(len, texts))

    def add_parents(self, parts: Iterable[Part]) -> None:
        """Append the parents in *parts*, whose child records were added before."""
        self.parents += map(read_parent, parts)

    def cover(self, state: State) -> None:
        """Let *state* cover everything received so far."""
        self.covered, self.covered_parents, self.state = len(self.rows), len(self.parents), state

    def drop_stored(self) -> None:
        """Drop what is covered, and its state; keep what came later."""
        self.rows, self.parents = self.rows[self.covered :], self.parents[self.covered_parents :]
        self.covered, self.covered_parents, self.state = 0, 0, None
        self.size = sum(map(len, self.rows))
        self.emptied_at = time.monotonic()
