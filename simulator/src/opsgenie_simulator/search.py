"""Evaluates a query: time ranges for an index, and a predicate for the rest."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from opsgenie_simulator.errors import bad_query
from opsgenie_simulator.fields import SEARCH_FIELDS, Field, Values
from opsgenie_simulator.query_language import And, Compare, IsNull, Node, Not, Or
from opsgenie_simulator.records import CREATED, UPDATED, Body, Record, TimeField
from opsgenie_simulator.store import Store
from opsgenie_simulator.switches import Switches

Predicate = Callable[[Record], bool]

INDEXED: dict[str, TimeField] = {"createdAt": CREATED, "updatedAt": UPDATED}
MATCHES_NOTHING = Or(())
DAY_MS = 86_400_000
# Where either unit is accepted, a smaller number means seconds: this one is 1973 in milliseconds, 5138 in seconds.
SECONDS_BELOW = 100_000_000_000

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_DATE = re.compile(r"\d{2}-\d{2}-\d{4}")
_INTEGER = re.compile(r"-?\d+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range of times; None is an open end."""

    low: int | None = None
    high: int | None = None

    def intersection(self, other: "TimeRange") -> "TimeRange":
        """The range that both cover."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return TimeRange(max(lows, default=None), min(highs, default=None))

    def covers(self, time: int) -> bool:
        """Whether *time* is in the range."""
        return (self.low is None or self.low <= time) and (self.high is None or time < self.high)


def check_fields(node: Node, kind: str, *, switches: Switches) -> Node | None:
    """Check the fields and operators of a query, and drop the conditions that are ignored."""
    match node:
        case Compare() | IsNull():
            return _check_condition(node, kind, switches=switches)
        case Not(operand):
            kept = check_fields(operand, kind, switches=switches)
            return None if kept is None else Not(kept)
        case And(operands) | Or(operands):
            checked = (check_fields(operand, kind, switches=switches) for operand in operands)
            kept_operands = tuple(operand for operand in checked if operand is not None)
            return type(node)(kept_operands) if kept_operands else None


def _check_condition(node: Compare | IsNull, kind: str, *, switches: Switches) -> Node | None:
    field = SEARCH_FIELDS[kind].get(node.field)
    position: str = "known" if field else switches.unknown_field
    if field is not None and node.field == "updatedAt":
        position = switches.updated_at_search
    if position == "rejected":
        raise bad_query(f"cannot search by {node.field!r}")
    if position == "ignored" or field is None:
        return None if position == "ignored" else MATCHES_NOTHING
    if isinstance(node, IsNull) and not field.nullable:
        raise bad_query(f"{node.field!r} cannot be compared with null")
    if isinstance(node, Compare) and node.operator in _COMPARISONS and field.kind not in ("time", "number"):
        raise bad_query(f"{node.field!r} does not support {node.operator!r}")
    return node


def split_time_ranges(node: Node | None, switches: Switches) -> tuple[dict[TimeField, TimeRange], Node | None]:
    """Split a query into the time ranges that an index can select and the remaining conditions."""
    operands = node.operands if isinstance(node, And) else (node,) if node else ()
    ranges = {field: TimeRange() for field in INDEXED.values()}
    rest: list[Node] = []
    for operand in operands:
        if isinstance(operand, Compare) and operand.field in INDEXED:
            field = INDEXED[operand.field]
            ranges[field] = ranges[field].intersection(_time_range(operand, switches))
        else:
            rest.append(operand)
    return ranges, (And(tuple(rest)) if rest else None)


def _time_range(condition: Compare, switches: Switches) -> TimeRange:
    if condition.field == "createdAt" and _DATE.fullmatch(condition.value):
        midnight = _midnight(condition.value)
        return TimeRange(midnight, midnight + DAY_MS) if condition.operator in ":=" else _half_open(condition, midnight)
    return _half_open(condition, _time(condition, switches))


def _half_open(condition: Compare, value: int) -> TimeRange:
    match condition.operator:
        case "<":
            return TimeRange(None, value)
        case "<=":
            return TimeRange(None, value + 1)
        case ">":
            return TimeRange(value + 1, None)
        case ">=":
            return TimeRange(value, None)
        case _:
            return TimeRange(value, value + 1)


def _time(condition: Compare, switches: Switches) -> int:
    value = _integer(condition)
    created, updated = switches.created_at_values, switches.updated_at_search
    in_seconds = updated == "seconds" if condition.field == "updatedAt" else created == "seconds"
    if condition.field == "createdAt" and created == "either":
        in_seconds = abs(value) < SECONDS_BELOW
    return value * 1000 if in_seconds else value


def _midnight(date: str) -> int:
    # The time zone of such a date is unknown; UTC is assumed (docs/opsgenie-api.md#times-in-queries).
    try:
        day = datetime.strptime(date, "%d-%m-%Y").replace(tzinfo=UTC)
    except ValueError:
        raise bad_query(f"{date!r} is not a date") from None
    return int(day.timestamp()) * 1000


def _integer(condition: Compare) -> int:
    if not _INTEGER.fullmatch(condition.value):
        raise bad_query(f"{condition.field!r} needs an integer, not {condition.value!r}")
    return int(condition.value)


class Matcher:
    """Compiles the conditions of a checked query into predicates on records."""

    def __init__(self, kind: str, store: Store, *, switches: Switches) -> None:
        """Match records of *kind* in *store*."""
        self._fields, self._store, self._switches = SEARCH_FIELDS[kind], store, switches
        self._decoded: tuple[Record, Body] | None = None

    def predicate(self, node: Node) -> Predicate:
        """The predicate of a node of the query."""
        match node:
            case Not(operand):
                inner = self.predicate(operand)
                return lambda record: not inner(record)
            case And(operands):
                every = [self.predicate(operand) for operand in operands]
                return lambda record: all(matches(record) for matches in every)
            case Or(operands):
                some = [self.predicate(operand) for operand in operands]
                return lambda record: any(matches(record) for matches in some)
            case IsNull(name):
                read = self._reader(self._fields[name])
                return lambda record: not read(record)
            case Compare():
                return self._comparison(node)

    def _comparison(self, node: Compare) -> Predicate:
        if node.field in INDEXED:
            time_range, time = _time_range(node, self._switches), INDEXED[node.field]
            return lambda record: time_range.covers(getattr(record, time))
        field = self._fields[node.field]
        read, accepts = self._reader(field), _value_test(node, field)
        return lambda record: any(accepts(value) for value in read(record))

    def _reader(self, field: Field) -> Callable[[Record], Values]:
        return lambda record: field.read(self._body(record), self._store)

    def _body(self, record: Record) -> Body:
        # Several conditions test the same record in turn; it is decoded once.
        if self._decoded is None or self._decoded[0] is not record:
            self._decoded = (record, record.body())
        return self._decoded[1]


def _value_test(node: Compare, field: Field) -> Callable[[Any], bool]:
    match field.kind:
        case "time" | "number":
            number, compare = _integer(node), _COMPARISONS.get(node.operator)
            return (lambda value: value == number) if compare is None else lambda value: compare(value, number)
        case "flag":
            if node.value not in ("true", "false"):
                raise bad_query(f"{node.field!r} must be true or false, not {node.value!r}")
            return lambda value: value is (node.value == "true")
        case "term":
            return _term(node, field)
        case "text":
            return _text(node, field)


def _has_wildcard(node: Compare, field: Field) -> bool:
    return field.wild and not node.phrase and node.value.endswith("*")


def _term(node: Compare, field: Field) -> Callable[[Any], bool]:
    wanted = node.value.casefold()
    if _has_wildcard(node, field):
        return lambda value: value.casefold().startswith(wanted[:-1])
    return lambda value: value.casefold() == wanted


def _text(node: Compare, field: Field) -> Callable[[Any], bool]:
    wanted, has_wildcard = _WORD.findall(node.value.casefold()), _has_wildcard(node, field)
    size = len(wanted)

    def accepts(value: Any) -> bool:
        words = _WORD.findall(str(value).casefold())
        return any(
            _matches_words(words[at : at + size], wanted, has_wildcard=has_wildcard)
            for at in range(len(words) - size + 1)
        )

    return accepts


def _matches_words(words: list[str], wanted: list[str], *, has_wildcard: bool) -> bool:
    if not has_wildcard or not wanted:
        return words == wanted
    return words[:-1] == wanted[:-1] and words[-1].startswith(wanted[-1])
