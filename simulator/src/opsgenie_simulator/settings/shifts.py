"""Who is on call when: the turns of a rotation, cut to its hours, with overrides and forwarding laid over."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import DAY_MS, HOUR_MS
from opsgenie_simulator.timestamps import epoch_ms

UNITS_MS = {"hourly": HOUR_MS, "daily": DAY_MS, "weekly": 7 * DAY_MS}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE_MS = 60_000
# 1970 began on a Thursday.
FIRST_MONDAY_MS = 4 * DAY_MS


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of time for which somebody is on call, and for whom they stand in, if they do."""

    low: int
    high: int
    who: Body
    kind: str = "default"
    instead_of: Body | None = None


def turns(rotation: Body, *, low: int, high: int) -> Iterator[Shift]:
    """The turns of a rotation between two moments; nobody is on call outside its hours."""
    begins, length = epoch_ms(rotation["startDate"]), UNITS_MS[rotation["type"]] * rotation["length"]
    ends = epoch_ms(rotation["endDate"]) if rotation.get("endDate") else high
    low, high = max(low, begins), min(high, ends)
    turn = (low - begins) // length
    while (start := begins + turn * length) < high:
        who = rotation["participants"][turn % len(rotation["participants"])]
        between = (max(start, low), min(start + length, high))
        if who["type"] != "none":
            yield from (Shift(first, end, who) for first, end in _hours(rotation.get("timeRestriction"), *between))
        turn += 1


def as_it_was(rotation: Body, overrides: Iterable[Body], *, rules: Iterable[Body], low: int, high: int) -> list[Shift]:
    """The turns of a rotation with all that changed them laid over, in order of time."""
    shifts = list(turns(rotation, low=low, high=high))
    for override in overrides:
        if concerns(override, rotation):
            shifts = list(_laid_over(shifts, override, change=_overridden(override["user"])))
    for rule in rules:
        shifts = list(_laid_over(shifts, rule, change=_forwarded(rule)))
    return shifts


def concerns(override: Body, rotation: Body) -> bool:
    """Whether an override is about a rotation; one that names none is about all."""
    return not override["rotations"] or rotation["id"] in [one["id"] for one in override["rotations"]]


def _overridden(user: Body) -> Callable[[Shift], Shift]:
    return lambda shift: replace(shift, who=user, kind="override")


def _forwarded(rule: Body) -> Callable[[Shift], Shift]:
    def changed(shift: Shift) -> Shift:
        if shift.who["id"] != rule["fromUser"]["id"]:
            return shift
        return replace(shift, who={"type": "user", **rule["toUser"]}, kind="forwarding", instead_of=shift.who)

    return changed


def _laid_over(shifts: Iterable[Shift], over: Body, *, change: Callable[[Shift], Shift]) -> Iterator[Shift]:
    low, high = epoch_ms(over["startDate"]), epoch_ms(over["endDate"])
    for shift in shifts:
        first, end, changed = max(shift.low, low), min(shift.high, high), change(shift)
        if first >= end or changed is shift:
            yield shift
            continue
        if shift.low < first:
            yield replace(shift, high=first)
        yield replace(changed, low=first, high=end)
        if end < shift.high:
            yield replace(shift, low=end)


def _hours(restriction: Body | None, low: int, high: int) -> Iterator[tuple[int, int]]:
    # What lies between the two moments within the hours of a restriction, read in UTC.
    if restriction is None:
        yield low, high
        return
    given = restriction.get("restrictions") or [restriction["restriction"]]
    for first, end, period in sorted(_span(one) for one in given):
        begins = FIRST_MONDAY_MS + ((low - FIRST_MONDAY_MS) // period - 1) * period
        while begins < high:
            inside = max(low, begins + first), min(high, begins + end)
            if inside[0] < inside[1]:
                yield inside
            begins += period


def _span(restriction: Body) -> tuple[int, int, int]:
    # Begin and end within a day or a week, and which of the two it is.
    first, end = (_minutes(restriction, which) * MINUTE_MS for which in ("start", "end"))
    period = 7 * DAY_MS if "startDay" in restriction else DAY_MS
    return first, end if end > first else end + period, period


def _minutes(restriction: Body, which: str) -> int:
    day = DAYS.index(restriction[f"{which}Day"]) if f"{which}Day" in restriction else 0
    return int((day * 24 + restriction[f"{which}Hour"]) * 60 + restriction[f"{which}Min"])
