"""The rows of a list: the records that a query selects, in the requested order."""

import random
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar

from opsgenie_simulator.query_language import Node, parse_query
from opsgenie_simulator.records import CREATED, UPDATED, Record, Table, TimeField
from opsgenie_simulator.search import Matcher, Predicate, TimeRange, check_fields, split_time_ranges
from opsgenie_simulator.shapes import SHAPES
from opsgenie_simulator.store import Store
from opsgenie_simulator.switches import Switches

# Clients request the pages of a list in sequence, so its selection is cached until a record changes.
CACHED_SELECTIONS = 16
CACHED_PREDICATES = 4
CACHED_RESULTS = 2_000_000

Cached = TypeVar("Cached")

# `insertedAt` means `createdAt`: here, no record is inserted later than it is created.
_TIMES: dict[str, TimeField] = {"createdAt": CREATED, "insertedAt": CREATED, "updatedAt": UPDATED}


@dataclass(frozen=True, slots=True)
class Selection:
    """The requested rows of a kind; a team's key selects only the rows of *team_id*."""

    kind: str
    query: str
    sort: str
    team_id: str | None


@dataclass(frozen=True, slots=True)
class Rows:
    """A range of an ascending sequence; rows with the same sort key are ties."""

    records: Sequence[Record]
    low: int
    high: int
    key: Callable[[Record], Any]

    def __len__(self) -> int:
        """The number of rows."""
        return self.high - self.low


class _Cache(Generic[Cached]):
    # The most recently used values, each under everything that it depends on.

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[object, Cached] = OrderedDict()

    def get(self, key: object, compute: Callable[[], Cached]) -> Cached:
        if key not in self._values:
            self._values[key] = compute()
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)
        return self._values[key]


class Lists:
    """Selects rows from a store; recent selections are cached until a record changes."""

    def __init__(self, store: Store) -> None:
        """Select rows from *store*."""
        self._store = store
        self._selections: _Cache[Rows] = _Cache(CACHED_SELECTIONS)
        self._predicates: _Cache[Predicate] = _Cache(CACHED_PREDICATES)

    def rows(self, selection: Selection, switches: Switches) -> Rows:
        """All rows of a selection, in ascending order."""
        key = (selection, switches, self._generations(selection.kind))
        return self._selections.get(key, lambda: self._select(selection, switches))

    def _generations(self, kind: str, *, others: bool = False) -> tuple[int, ...]:
        # Queries refer to teams, users and services in other tables.
        return tuple(self._store.search_table(name).generation for name in SHAPES if not (others and name == kind))

    def _select(self, selection: Selection, switches: Switches) -> Rows:
        node = parse_query(selection.query)
        checked = node and check_fields(node, selection.kind, switches=switches)
        ranges, rest = split_time_ranges(checked, switches)
        table = self._store.search_table(selection.kind)
        sorted_by = _TIMES.get(selection.sort)
        field = _narrowest(table, ranges, preferred=sorted_by or CREATED)
        low, high = table.span(field, low=ranges[field].low, high=ranges[field].high)
        predicates = list(_other_range(ranges, field=field))
        predicates += [_of_team(selection.team_id)] if selection.team_id is not None else []
        predicates += [self._predicate(selection.kind, rest, switches=switches)] if rest is not None else []
        if field == sorted_by and not predicates:
            return Rows(table.index(field), low, high, attrgetter(field))
        in_range = islice(table.index(field), low, high)
        matching = [record for record in in_range if all(matches(record) for matches in predicates)]
        return _sorted(matching, selection.sort)

    def _predicate(self, kind: str, rest: Node, *, switches: Switches) -> Predicate:
        # Queries for different time windows share their other conditions, and a record is never modified.
        key = (kind, rest, switches, self._generations(kind, others=True))
        matcher = Matcher(kind, self._store, switches=switches)
        return self._predicates.get(key, lambda: _cached(matcher.predicate(rest)))


def _cached(predicate: Predicate) -> Predicate:
    results: dict[Record, bool] = {}

    def matches(record: Record) -> bool:
        result = results.get(record)
        if result is None:
            if len(results) >= CACHED_RESULTS:
                results.clear()
            result = results[record] = predicate(record)
        return result

    return matches


def _of_team(team_id: str) -> Predicate:
    return lambda record: team_id in record.teams


def _other_range(ranges: dict[TimeField, TimeRange], *, field: TimeField) -> Iterator[Predicate]:
    # The index has already selected the range of *field*.
    other = CREATED if field == UPDATED else UPDATED
    time_range, time = ranges[other], attrgetter(other)
    if time_range != TimeRange():
        yield lambda record: time_range.covers(time(record))


def _narrowest(table: Table, ranges: dict[TimeField, TimeRange], *, preferred: TimeField) -> TimeField:
    def size(field: TimeField) -> tuple[int, bool]:
        low, high = table.span(field, low=ranges[field].low, high=ranges[field].high)
        return high - low, field != preferred

    return min(ranges, key=size)


def _sorted(records: list[Record], sort: str) -> Rows:
    if sort in _TIMES or sort == "tinyId":
        field = _TIMES.get(sort, "tiny_id")
        records.sort(key=attrgetter(field, "sequence"))
        return Rows(records, 0, len(records), attrgetter(field))
    values = {record: _sort_value(record, sort) for record in records}
    records.sort(key=lambda record: (values[record], record.sequence))
    return Rows(records, 0, len(records), values.__getitem__)


def _sort_value(record: Record, sort: str) -> tuple[bool, Any]:
    # A record without the field comes last in ascending order.
    value: Any = record.body()
    for name in sort.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value is None, value


def slice_page(rows: Rows, offset: int, *, limit: int, descending: bool, ties: str) -> list[Record]:
    """One page of rows in one direction; *ties* is the value of the switch `ties`."""
    if ties == "mirrored" or (ties == "kept" and not descending):
        if not descending:
            return list(rows.records[rows.low + offset : min(rows.high, rows.low + offset + limit)])
        last = rows.high - 1 - offset
        return [rows.records[at] for at in range(last, max(rows.low, last - limit + 1) - 1, -1)]
    return list(islice(_walk(rows, offset, descending=descending, ties=ties), limit))


def _walk(rows: Rows, position: int, *, descending: bool, ties: str) -> Iterator[Record]:
    # Step by groups of ties, since their order within a group is independent of the direction.
    while position < len(rows):
        at = rows.high - 1 - position if descending else rows.low + position
        first, end = _tie_group(rows, at)
        start = rows.high - end if descending else first - rows.low
        group = list(rows.records[first:end])
        if ties == "shuffled" and len(group) > 1:
            random.shuffle(group)
        yield from group[position - start :]
        position = start + len(group)


def _tie_group(rows: Rows, at: int) -> tuple[int, int]:
    records, key = rows.records, rows.key
    value = key(records[at])
    is_first = at == rows.low or key(records[at - 1]) != value
    is_last = at + 1 == rows.high or key(records[at + 1]) != value
    first = at if is_first else bisect_left(records, value, rows.low, at, key=key)
    end = at + 1 if is_last else bisect_right(records, value, at, rows.high, key=key)
    return first, end
