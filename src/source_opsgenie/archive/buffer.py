"""Rows that are received but not stored yet, and the state that covers the first of them."""

import time
from dataclasses import dataclass, field

import orjson

from source_opsgenie.reading.reader import ROWS_BETWEEN_CHECKPOINTS, SECONDS_BETWEEN_CHECKPOINTS
from source_opsgenie.reading.state import State
from source_opsgenie.streams import Record


@dataclass(slots=True)
class Buffer:
    """Rows as JSON, the first *covered* of which belong to *state*: once they are stored, a read can resume there."""

    rows: list[str] = field(default_factory=list)
    covered: int = 0
    state: State | None = None
    emptied_at: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether the covered rows are worth a write."""
        waited = time.monotonic() - self.emptied_at
        return self.covered >= ROWS_BETWEEN_CHECKPOINTS or waited >= SECONDS_BETWEEN_CHECKPOINTS

    @property
    def covered_rows(self) -> list[str]:
        """The rows that belong to the state."""
        return self.rows[: self.covered]

    def add(self, row: Record) -> None:
        """Append *row*."""
        self.rows.append(orjson.dumps(row).decode())

    def cover(self, state: State) -> None:
        """Let *state* cover all rows received so far."""
        self.covered, self.state = len(self.rows), state

    def drop_stored(self) -> None:
        """Drop the covered rows and their state; keep later rows."""
        self.rows, self.covered, self.state = self.rows[self.covered :], 0, None
        self.emptied_at = time.monotonic()
