"""Periods on call: found in timelines, joined where spans meet, and cut by months into rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from source_opsgenie.clock import format_timestamp, parse_timestamp
from source_opsgenie.reading.months import split_by_month
from source_opsgenie.streams.stream import Record

# Each is in the response as `finalTimeline` and so on; the others only if requested.
FINAL = "final"
TIMELINES = (FINAL, "base", "override", "forwarding")
DATES = ("startDate", "endDate")


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a *rotation* in one of the TIMELINES, from *start* to *end*; *record* is the rest of it, as sent."""

    timeline: str
    rotation: Record
    start: int
    end: int
    record: Record

    @property
    def place(self) -> tuple[str, str]:
        """The timeline and the id of the rotation."""
        return self.timeline, str(self.rotation.get("id", ""))

    @property
    def content(self) -> bytes:
        """What two parts of one period have in common."""
        return orjson.dumps([self.place, self.record], option=orjson.OPT_SORT_KEYS)


def periods_in(data: Record, *, until: int) -> list[Period | Record] | None:
    """The periods in the timelines of *data*, invalid ones as sent; None if these have another form.

    A period without an end lasts *until* then.
    """
    timelines = {name: data.get(f"{name}Timeline") for name in TIMELINES}
    try:
        return [
            _period(
                name, {field: value for field, value in rotation.items() if field != "periods"}, record, until=until
            )
            for name, timeline in timelines.items()
            if name == FINAL or timeline
            for rotation in _objects(timeline, "rotations")
            for record in _objects(rotation, "periods")
        ]
    except TypeError:
        return None


def join(periods: Iterable[Period], edges: Set[int]) -> Iterator[Period]:
    """*periods* in order of time; the parts of one that was cut at one of *edges*, where spans meet, are one again."""
    joined: list[Period] = []
    ending: dict[tuple[bytes, int], int] = {}
    for period in sorted(periods, key=lambda one: (one.start, one.end)):
        content = period.content
        number = ending.pop((content, period.start), None) if period.start in edges else None
        if number is None:
            number = len(joined)
            joined.append(period)
        joined[number] = replace(joined[number], end=period.end)
        ending[content, period.end] = number
    yield from joined


def rows(periods: Iterable[Period], *, final_before: int) -> Iterator[Record]:
    """A row for each month of each of *periods*; those of months before *final_before* never change."""
    numbers: Counter[tuple[Any, ...]] = Counter()
    for period in periods:
        for start, end in split_by_month(period.start, period.end):
            timeline, rotation_id = place = period.place
            # Only overrides of one rotation begin at the same time.
            numbers[place, start] += 1
            yield {
                "id": _digest([timeline, rotation_id, start, numbers[place, start]]),
                "timeline": timeline,
                "rotation_id": rotation_id,
                "rotation": period.rotation,
                **period.record,
                "startDate": format_timestamp(start),
                "endDate": format_timestamp(end),
                "is_final": start < final_before,
            }


def _period(timeline: str, rotation: Record, record: Record, *, until: int) -> Period | Record:
    rest = {field: value for field, value in record.items() if field not in DATES}
    try:
        start = parse_timestamp(record["startDate"])
        end = parse_timestamp(record["endDate"]) if record.get("endDate") else until
    except (KeyError, TypeError, ValueError):
        return record
    return Period(timeline, rotation, start, end, rest)


def _objects(found: object, name: str) -> list[Record]:
    """The list *name* in *found*, which may be null or absent; raises TypeError if it is not a list of objects."""
    listed = found.get(name, []) if isinstance(found, dict) else found
    if listed is None and isinstance(found, dict):
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise TypeError(name)
    return listed


def _digest(values: list[Any]) -> str:
    return blake2b(orjson.dumps(values), digest_size=8).hexdigest()
