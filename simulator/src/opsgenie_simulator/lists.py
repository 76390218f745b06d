"""The rows of a list: what a query selects, in the order that is asked for."""

import random
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar

from opsgenie_simulator.query_language import Node, parse
from opsgenie_simulator.records import CREATED, UPDATED, Record, Table, TimeField
from opsgenie_simulator.search import Matching, Span, Test, parted, settled
from opsgenie_simulator.shapes import SHAPES
from opsgenie_simulator.store import Store
from opsgenie_simulator.switches import Switches

# Pages of one list are asked for in a row, so its selection is worth keeping until something changes.
SELECTIONS_KEPT = 16
TESTS_KEPT = 4
RESULTS_KEPT = 2_000_000

Kept = TypeVar("Kept")

# `insertedAt` is read as `createdAt`: nothing is inserted later than it is created here.
_TIMES: dict[str, TimeField] = {"createdAt": CREATED, "insertedAt": CREATED, "updatedAt": UPDATED}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of which kind are asked for; *team_id* when a team's key asks."""

    kind: str
    query: str
    sort: str
    team_id: str | None


@dataclass(frozen=True, slots=True)
class Rows:
    """A stretch of a sorted sequence, ascending; rows with an equal key are ties."""

    records: Sequence[Record]
    low: int
    high: int
    key: Callable[[Record], Any]

    def __len__(self) -> int:
        """How many rows there are."""
        return self.high - self.low


class _Recent(Generic[Kept]):
    # What was worked out last, by what it depends on.

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[object, Kept] = OrderedDict()

    def get(self, mark: object, make: Callable[[], Kept]) -> Kept:
        if mark not in self._kept:
            self._kept[mark] = make()
        self._kept.move_to_end(mark)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return self._kept[mark]


class Lists:
    """Selects from a store; the last selections are kept while nothing changes."""

    def __init__(self, store: Store) -> None:
        """Select from one store."""
        self._ledger = store
        self._selections: _Recent[Rows] = _Recent(SELECTIONS_KEPT)
        self._tests: _Recent[Test] = _Recent(TESTS_KEPT)

    def rows(self, selection: Selection, switches: Switches) -> Rows:
        """Every row of a selection, in ascending order."""
        mark = (selection, switches, self._generations(selection.kind))
        return self._selections.get(mark, lambda: self._selected(selection, switches))

    def _generations(self, kind: str, *, others: bool = False) -> tuple[int, ...]:
        # Queries name teams, users and services of other tables.
        return tuple(self._ledger.searched(name).generation for name in SHAPES if not (others and name == kind))

    def _selected(self, selection: Selection, switches: Switches) -> Rows:
        node = parse(selection.query)
        kept = node and settled(node, selection.kind, switches=switches)
        spans, rest = parted(kept, switches)
        shelf = self._ledger.searched(selection.kind)
        sorted_by = _TIMES.get(selection.sort)
        field = _narrowest(shelf, spans, preferred=sorted_by or CREATED)
        low, high = shelf.span(field, low=spans[field].low, high=spans[field].high)
        tests = list(_spans_tested(spans, field=field))
        tests += [_of_team(selection.team_id)] if selection.team_id is not None else []
        tests += [self._test(selection.kind, rest, switches=switches)] if rest is not None else []
        if field == sorted_by and not tests:
            return Rows(shelf.index(field), low, high, attrgetter(field))
        found = [one for one in islice(shelf.index(field), low, high) if all(test(one) for test in tests)]
        return _sorted(found, selection.sort)

    def _test(self, kind: str, rest: Node, *, switches: Switches) -> Test:
        # Windows share the rest of their query, and a record is never altered: its result holds.
        mark = (kind, rest, switches, self._generations(kind, others=True))
        return self._tests.get(mark, lambda: _remembering(Matching(kind, self._ledger, switches=switches).test(rest)))


def _remembering(test: Test) -> Test:
    results: dict[Record, bool] = {}

    def tested(record: Record) -> bool:
        result = results.get(record)
        if result is None:
            if len(results) >= RESULTS_KEPT:
                results.clear()
            result = results[record] = test(record)
        return result

    return tested


def _of_team(team_id: str) -> Test:
    return lambda record: team_id in record.teams


def _spans_tested(spans: dict[TimeField, Span], *, field: TimeField) -> Iterator[Test]:
    # One of the two times was found by its index.
    other = CREATED if field == UPDATED else UPDATED
    span, moment = spans[other], attrgetter(other)
    if span != Span():
        yield lambda record: span.covers(moment(record))


def _narrowest(shelf: Table, spans: dict[TimeField, Span], *, preferred: TimeField) -> TimeField:
    def size(field: TimeField) -> tuple[int, bool]:
        low, high = shelf.span(field, low=spans[field].low, high=spans[field].high)
        return high - low, field != preferred

    return min(spans, key=size)


def _sorted(records: list[Record], sort: str) -> Rows:
    if sort in _TIMES or sort == "tinyId":
        field = _TIMES.get(sort, "tiny_id")
        records.sort(key=attrgetter(field, "sequence"))
        return Rows(records, 0, len(records), attrgetter(field))
    values = {record: _sort_value(record, sort) for record in records}
    records.sort(key=lambda record: (values[record], record.sequence))
    return Rows(records, 0, len(records), values.__getitem__)


def _sort_value(record: Record, sort: str) -> tuple[bool, Any]:
    # What has no value comes last in ascending order.
    value: Any = record.body()
    for name in sort.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value is None, value


def slice_page(rows: Rows, offset: int, *, limit: int, descending: bool, ties: str) -> list[Record]:
    """One page of rows in one direction; *ties* is the position of the switch of that name."""
    if ties == "mirrored" or (ties == "kept" and not descending):
        if not descending:
            return list(rows.records[rows.low + offset : min(rows.high, rows.low + offset + limit)])
        last = rows.high - 1 - offset
        return [rows.records[at] for at in range(last, max(rows.low, last - limit + 1) - 1, -1)]
    return list(islice(_walk(rows, offset, descending=descending, ties=ties), limit))


def _walk(rows: Rows, position: int, *, descending: bool, ties: str) -> Iterator[Record]:
    # From group to group of equal keys, since the order within a group does not follow the direction.
    while position < len(rows):
        at = rows.high - 1 - position if descending else rows.low + position
        first, after = _group(rows, at)
        begins = rows.high - after if descending else first - rows.low
        group = list(rows.records[first:after])
        if ties == "shuffled" and len(group) > 1:
            random.shuffle(group)
        yield from group[position - begins :]
        position = begins + len(group)


def _group(rows: Rows, at: int) -> tuple[int, int]:
    records, key = rows.records, rows.key
    value = key(records[at])
    alone_below = at == rows.low or key(records[at - 1]) != value
    alone_above = at + 1 == rows.high or key(records[at + 1]) != value
    first = at if alone_below else bisect_left(records, value, rows.low, at, key=key)
    after = at + 1 if alone_above else bisect_right(records, value, at, rows.high, key=key)
    return first, after
