"""A search index that shows every change after a delay."""

from collections import deque

from opsgenie_simulator.records import Record, Table

# Only searchable lists have an index that can lag.
LAGGING_KINDS = ("alerts", "incidents")


class LaggingIndex:
    """A copy of a table that receives each change some time after it was made."""

    def __init__(self, table: Table) -> None:
        """Start with the current records of *table*."""
        self._copy = Table()
        self._copy.fill(table)
        self._pending: deque[tuple[int, str, Record | None]] = deque()

    def add(self, record_id: str, record: Record | None, *, at: int) -> None:
        """Queue a new version of a record; None means that the record was deleted."""
        self._pending.append((at, record_id, record))

    def as_of(self, time: int) -> Table:
        """The records as they were at *time*."""
        while self._pending and self._pending[0][0] <= time:
            _, record_id, record = self._pending.popleft()
            if record is None:
                self._copy.remove(record_id)
            else:
                self._copy.put(record)
        return self._copy
