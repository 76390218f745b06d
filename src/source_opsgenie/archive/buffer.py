"""Rows that came and are not stored yet, and the state that the first of them lead to."""

import time
from dataclasses import dataclass, field

import orjson

from source_opsgenie.reading.reader import ROWS_BETWEEN_CHECKPOINTS, SECONDS_BETWEEN_CHECKPOINTS
from source_opsgenie.reading.state import State
from source_opsgenie.streams import Record


@dataclass(slots=True)
class Buffer:
    """Rows, as JSON, of which the first *fitting* go with *state*, from which a read can go on."""

    rows: list[str] = field(default_factory=list)
    fitting: int = 0
    state: State | None = None
    since: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether what fits is worth a write."""
        waited = time.monotonic() - self.since
        return self.fitting >= ROWS_BETWEEN_CHECKPOINTS or waited >= SECONDS_BETWEEN_CHECKPOINTS

    @property
    def out(self) -> list[str]:
        """The rows that fit."""
        return self.rows[: self.fitting]

    def add(self, row: Record) -> None:
        """A row came."""
        self.rows.append(orjson.dumps(row).decode())

    def fits(self, state: State) -> None:
        """All rows until now go with *state*."""
        self.fitting, self.state = len(self.rows), state

    def stored(self) -> None:
        """What fits is stored; the rows after it stay."""
        self.rows, self.fitting, self.state, self.since = self.rows[self.fitting :], 0, None, time.monotonic()
