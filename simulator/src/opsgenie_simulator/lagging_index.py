"""A search index that shows every change late."""

from collections import deque

from opsgenie_simulator.records import Record, Table

# Only what is searched has an index that may be late.
SEARCHED_LATE = ("alerts", "incidents")


class LateIndex:
    """What searches see of a shelf: each change only some time after it was made."""

    def __init__(self, shelf: Table) -> None:
        """Begin with everything that is on *shelf* now."""
        self._shown = Table()
        self._shown.fill(shelf)
        self._waiting: deque[tuple[int, str, Record | None]] = deque()

    def note(self, record_id: str, record: Record | None, *, at: int) -> None:
        """Take down a new version of a record, or with None that it was deleted."""
        self._waiting.append((at, record_id, record))

    def shown(self, until: int) -> Table:
        """The records as they were at that moment."""
        while self._waiting and self._waiting[0][0] <= until:
            _, record_id, record = self._waiting.popleft()
            if record is None:
                self._shown.remove(record_id)
            else:
                self._shown.put(record)
        return self._shown
