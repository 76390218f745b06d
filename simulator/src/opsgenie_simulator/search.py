"""What a query matches: the part that an index answers, and a test for the rest."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

from opsgenie_simulator.errors import bad_query
from opsgenie_simulator.fields import SEARCH_FIELDS, Field, Values
from opsgenie_simulator.query_language import All, Compare, IsNull, Node, Not, Some
from opsgenie_simulator.records import CREATED, UPDATED, Body, Record, TimeField
from opsgenie_simulator.store import Store
from opsgenie_simulator.switches import Switches

Test = Callable[[Record], bool]

INDEXED: dict[str, TimeField] = {"createdAt": CREATED, "updatedAt": UPDATED}
NOTHING = Some(())
DAY_MS = 86_400_000
# Below this a number is read as seconds where either unit is accepted: 1973 in milliseconds, 5138 in seconds.
SECONDS_BELOW = 100_000_000_000

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_DATE = re.compile(r"\d{2}-\d{2}-\d{4}")
_INTEGER = re.compile(r"-?\d+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open stretch of one time; None is an open end."""

    low: int | None = None
    high: int | None = None

    def within(self, other: "Span") -> "Span":
        """The stretch that both cover."""
        lows = [one for one in (self.low, other.low) if one is not None]
        highs = [one for one in (self.high, other.high) if one is not None]
        return Span(max(lows, default=None), min(highs, default=None))

    def covers(self, moment: int) -> bool:
        """Whether a moment lies in the stretch."""
        return (self.low is None or self.low <= moment) and (self.high is None or moment < self.high)


def settled(node: Node, kind: str, *, switches: Switches) -> Node | None:
    """Hold the query against the fields of its kind; conditions that are ignored fall out of it."""
    match node:
        case Compare() | IsNull():
            return _settled_condition(node, kind, switches=switches)
        case Not(part):
            kept = settled(part, kind, switches=switches)
            return None if kept is None else Not(kept)
        case All(parts) | Some(parts):
            each = (settled(part, kind, switches=switches) for part in parts)
            kept_parts = tuple(part for part in each if part is not None)
            return type(node)(kept_parts) if kept_parts else None


def _settled_condition(node: Compare | IsNull, kind: str, *, switches: Switches) -> Node | None:
    known = SEARCH_FIELDS[kind].get(node.field)
    position: str = "known" if known else switches.unknown_field
    if known is not None and node.field == "updatedAt":
        position = switches.updated_at_search
    if position == "rejected":
        raise bad_query(f"cannot search by {node.field!r}")
    if position == "ignored" or known is None:
        return None if position == "ignored" else NOTHING
    if isinstance(node, IsNull) and not known.nullable:
        raise bad_query(f"{node.field!r} has no null test")
    if isinstance(node, Compare) and node.operator in _COMPARED and known.kind not in ("time", "number"):
        raise bad_query(f"{node.field!r} cannot be compared by {node.operator!r}")
    return node


def parted(node: Node | None, switches: Switches) -> tuple[dict[TimeField, Span], Node | None]:
    """The stretches of time that the whole query asks for, and the rest of it."""
    parts = node.parts if isinstance(node, All) else (node,) if node else ()
    spans = {field: Span() for field in INDEXED.values()}
    rest: list[Node] = []
    for part in parts:
        if isinstance(part, Compare) and part.field in INDEXED:
            field = INDEXED[part.field]
            spans[field] = spans[field].within(_span(part, switches))
        else:
            rest.append(part)
    return spans, (All(tuple(rest)) if rest else None)


def _span(condition: Compare, switches: Switches) -> Span:
    if condition.field == "createdAt" and _DATE.fullmatch(condition.value):
        midnight = _midnight(condition.value)
        return Span(midnight, midnight + DAY_MS) if condition.operator in ":=" else _half(condition, midnight)
    return _half(condition, _moment(condition, switches))


def _half(condition: Compare, value: int) -> Span:
    match condition.operator:
        case "<":
            return Span(None, value)
        case "<=":
            return Span(None, value + 1)
        case ">":
            return Span(value + 1, None)
        case ">=":
            return Span(value, None)
        case _:
            return Span(value, value + 1)


def _moment(condition: Compare, switches: Switches) -> int:
    value = _integer(condition)
    created, updated = switches.created_at_values, switches.updated_at_search
    in_seconds = updated == "seconds" if condition.field == "updatedAt" else created == "seconds"
    if condition.field == "createdAt" and created == "either":
        in_seconds = abs(value) < SECONDS_BELOW
    return value * 1000 if in_seconds else value


def _midnight(date: str) -> int:
    # The zone of such a date is not known; we read it as UTC (docs/opsgenie-api.md#times-in-queries).
    try:
        day = datetime.strptime(date, "%d-%m-%Y").replace(tzinfo=UTC)
    except ValueError:
        raise bad_query(f"{date!r} is no date") from None
    return int(day.timestamp()) * 1000


def _integer(condition: Compare) -> int:
    if not _INTEGER.fullmatch(condition.value):
        raise bad_query(f"{condition.field!r} needs a whole number, not {condition.value!r}")
    return int(condition.value)


class Matching:
    """Turns a settled query into a test of one record after another."""

    def __init__(self, kind: str, store: Store, *, switches: Switches) -> None:
        """Match records of one kind in one store."""
        self._fields, self._ledger, self._switches = SEARCH_FIELDS[kind], store, switches
        self._decoded: tuple[Record, Body] | None = None

    def test(self, node: Node) -> Test:
        """The test that a part of the query stands for."""
        match node:
            case Not(part):
                inner = self.test(part)
                return lambda record: not inner(record)
            case All(parts):
                every = [self.test(part) for part in parts]
                return lambda record: all(one(record) for one in every)
            case Some(parts):
                some = [self.test(part) for part in parts]
                return lambda record: any(one(record) for one in some)
            case IsNull(name):
                read = self._reader(self._fields[name])
                return lambda record: not read(record)
            case Compare():
                return self._compared(node)

    def _compared(self, node: Compare) -> Test:
        if node.field in INDEXED:
            span, time = _span(node, self._switches), INDEXED[node.field]
            return lambda record: span.covers(getattr(record, time))
        field = self._fields[node.field]
        read, accepts = self._reader(field), _accepting(node, field)
        return lambda record: any(accepts(value) for value in read(record))

    def _reader(self, field: Field) -> Callable[[Record], Values]:
        return lambda record: field.read(self._body(record), self._ledger)

    def _body(self, record: Record) -> Body:
        # Several conditions ask the same record in turn; it is decoded once.
        if self._decoded is None or self._decoded[0] is not record:
            self._decoded = (record, record.body())
        return self._decoded[1]


def _accepting(node: Compare, field: Field) -> Callable[[Any], bool]:
    match field.kind:
        case "time" | "number":
            number, compared = _integer(node), _COMPARED.get(node.operator)
            return (lambda value: value == number) if compared is None else lambda v: compared(v, number)
        case "flag":
            if node.value not in ("true", "false"):
                raise bad_query(f"{node.field!r} is true or false, not {node.value!r}")
            return lambda value: value is (node.value == "true")
        case "term":
            return _term(node, field)
        case "text":
            return _text(node, field)


def _is_wild(node: Compare, field: Field) -> bool:
    return field.wild and not node.phrase and node.value.endswith("*")


def _term(node: Compare, field: Field) -> Callable[[Any], bool]:
    wanted = node.value.casefold()
    if _is_wild(node, field):
        return lambda value: value.casefold().startswith(wanted[:-1])
    return lambda value: value.casefold() == wanted


def _text(node: Compare, field: Field) -> Callable[[Any], bool]:
    wanted, is_wild = _WORD.findall(node.value.casefold()), _is_wild(node, field)
    size = len(wanted)

    def accepts(value: Any) -> bool:
        words = _WORD.findall(str(value).casefold())
        return any(_same(words[at : at + size], wanted, is_wild=is_wild) for at in range(len(words) - size + 1))

    return accepts


def _same(words: list[str], wanted: list[str], *, is_wild: bool) -> bool:
    if not is_wild or not wanted:
        return words == wanted
    return words[:-1] == wanted[:-1] and words[-1].startswith(wanted[-1])
