"""Records of one kind, kept as the bytes that are answered and found by id and by time."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from typing import Any

import orjson

Body = dict[str, Any]
TimeField = str

CREATED: TimeField = "created"
UPDATED: TimeField = "updated"


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One version of a record: what lists show, what the single answer adds, and what it is found by."""

    id: str
    tiny_id: int
    sequence: int
    created: int
    updated: int
    teams: tuple[str, ...]
    listed: bytes
    extra: bytes = b"{}"

    def body(self) -> Body:
        """Decode the record in its full form."""
        whole: Body = orjson.loads(self.full())
        return whole

    def full(self) -> bytes:
        """The bytes of the full form."""
        return self.listed if self.extra == b"{}" else self.listed[:-1] + b"," + self.extra[1:]


# Ties in time are kept in order of sequence, so that an index has one order only.
_ORDER: dict[TimeField, Callable[[Record], tuple[int, int]]] = {
    CREATED: attrgetter("created", "sequence"),
    UPDATED: attrgetter("updated", "sequence"),
}
_MOMENT: dict[TimeField, Callable[[Record], int]] = {
    CREATED: attrgetter("created"),
    UPDATED: attrgetter("updated"),
}


# No two states of any tables share a number, so that what was worked out from one is not taken for another.
_GENERATIONS = count()


class Table:
    """All records of one kind, with an index by creation and one by update."""

    def __init__(self) -> None:
        """Begin empty."""
        self._by_id: dict[str, Record] = {}
        self._indexes: dict[TimeField, list[Record]] = {CREATED: [], UPDATED: []}
        self.generation = next(_GENERATIONS)

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Record]:
        """Records, oldest first."""
        return iter(self._indexes[CREATED])

    def get(self, record_id: str) -> Record | None:
        """The record of that id, if there is one."""
        return self._by_id.get(record_id)

    def index(self, field: TimeField) -> list[Record]:
        """Every record in order of that time; to be read only."""
        return self._indexes[field]

    def span(self, field: TimeField, *, low: int | None, high: int | None) -> tuple[int, int]:
        """Positions in an index of the records with low <= time < high."""
        index, moment = self._indexes[field], _MOMENT[field]
        first = 0 if low is None else bisect_left(index, low, key=moment)
        after = len(index) if high is None else bisect_left(index, high, key=moment)
        return first, max(first, after)

    def fill(self, records: Iterable[Record]) -> None:
        """Add many records at once."""
        self._by_id.update((record.id, record) for record in records)
        for field, order in _ORDER.items():
            self._indexes[field] = sorted(self._by_id.values(), key=order)
        self.generation = next(_GENERATIONS)

    def put(self, record: Record) -> None:
        """Add a record, or a new version of one."""
        self.remove(record.id)
        self._by_id[record.id] = record
        for field, order in _ORDER.items():
            _place(self._indexes[field], record, order=order)
        self.generation = next(_GENERATIONS)

    def remove(self, record_id: str) -> Record | None:
        """Take a record away; returns it if it was there."""
        record = self._by_id.pop(record_id, None)
        if record is None:
            return None
        for field, order in _ORDER.items():
            index = self._indexes[field]
            del index[bisect_right(index, order(record), key=order) - 1]
        self.generation = next(_GENERATIONS)
        return record


def _place(index: list[Record], record: Record, *, order: Callable[[Record], tuple[int, int]]) -> None:
    # Most records come in order of time, and appending is what makes crowds quick to build.
    if not index or order(index[-1]) <= order(record):
        index.append(record)
    else:
        insort(index, record, key=order)


class Bodies(Mapping[str, Body]):
    """A shelf seen from outside: the full form of each record by its id."""

    def __init__(self, shelf: Table) -> None:
        """Look at one shelf."""
        self._shelf = shelf

    def __getitem__(self, record_id: str) -> Body:
        """The full form of one record, decoded anew each time."""
        record = self._shelf.get(record_id)
        if record is None:
            raise KeyError(record_id)
        return record.body()

    def __iter__(self) -> Iterator[str]:
        """Ids, oldest record first."""
        return (record.id for record in self._shelf)

    def __len__(self) -> int:
        """How many records there are."""
        return len(self._shelf)
