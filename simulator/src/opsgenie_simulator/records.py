"""Records of one kind, stored as the bytes of their responses and indexed by id and time."""

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
    """One version of a record: the JSON of lists, the JSON that its own response adds, and its index keys."""

    id: str
    tiny_id: int
    sequence: int
    created: int
    updated: int
    teams: tuple[str, ...]
    listed: bytes
    extra: bytes = b"{}"

    def body(self) -> Body:
        """Decode the full form of the record."""
        body: Body = orjson.loads(self.full())
        return body

    def full(self) -> bytes:
        """The bytes of the full form."""
        return self.listed if self.extra == b"{}" else self.listed[:-1] + b"," + self.extra[1:]


# Records with the same time are ordered by sequence, so that the order of an index is unambiguous.
_ORDER: dict[TimeField, Callable[[Record], tuple[int, int]]] = {
    CREATED: attrgetter("created", "sequence"),
    UPDATED: attrgetter("updated", "sequence"),
}
_TIME: dict[TimeField, Callable[[Record], int]] = {
    CREATED: attrgetter("created"),
    UPDATED: attrgetter("updated"),
}


# No two states of any tables share a number, so a cached result of one is never used for another.
_GENERATIONS = count()


class Table:
    """All records of one kind, indexed by creation time and by update time."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_id: dict[str, Record] = {}
        self._indexes: dict[TimeField, list[Record]] = {CREATED: [], UPDATED: []}
        self.generation = next(_GENERATIONS)

    def __len__(self) -> int:
        """The number of records."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Record]:
        """The records, oldest first."""
        return iter(self._indexes[CREATED])

    def get(self, record_id: str) -> Record | None:
        """The record with that id, if it exists."""
        return self._by_id.get(record_id)

    def index(self, field: TimeField) -> list[Record]:
        """All records ordered by that time; read-only."""
        return self._indexes[field]

    def span(self, field: TimeField, *, low: int | None, high: int | None) -> tuple[int, int]:
        """The positions in an index of the records with *low* <= time < *high*."""
        index, time = self._indexes[field], _TIME[field]
        first = 0 if low is None else bisect_left(index, low, key=time)
        end = len(index) if high is None else bisect_left(index, high, key=time)
        return first, max(first, end)

    def fill(self, records: Iterable[Record]) -> None:
        """Add many records in one step."""
        self._by_id.update((record.id, record) for record in records)
        for field, order in _ORDER.items():
            self._indexes[field] = sorted(self._by_id.values(), key=order)
        self.generation = next(_GENERATIONS)

    def put(self, record: Record) -> None:
        """Add a record, or replace its previous version."""
        self.remove(record.id)
        self._by_id[record.id] = record
        for field, order in _ORDER.items():
            _insert(self._indexes[field], record, order=order)
        self.generation = next(_GENERATIONS)

    def remove(self, record_id: str) -> Record | None:
        """Remove a record and return it, if it exists."""
        record = self._by_id.pop(record_id, None)
        if record is None:
            return None
        for field, order in _ORDER.items():
            index = self._indexes[field]
            del index[bisect_right(index, order(record), key=order) - 1]
        self.generation = next(_GENERATIONS)
        return record


def _insert(index: list[Record], record: Record, *, order: Callable[[Record], tuple[int, int]]) -> None:
    # Most records come in order of time; appending them makes large accounts quick to build.
    if not index or order(index[-1]) <= order(record):
        index.append(record)
    else:
        insort(index, record, key=order)


class Bodies(Mapping[str, Body]):
    """A read-only mapping from the ids in a table to the full form of each record."""

    def __init__(self, table: Table) -> None:
        """Map the records of *table*."""
        self._table = table

    def __getitem__(self, record_id: str) -> Body:
        """The full form of one record, decoded on every access."""
        record = self._table.get(record_id)
        if record is None:
            raise KeyError(record_id)
        return record.body()

    def __iter__(self) -> Iterator[str]:
        """The ids, oldest record first."""
        return (record.id for record in self._table)

    def __len__(self) -> int:
        """The number of records."""
        return len(self._table)
