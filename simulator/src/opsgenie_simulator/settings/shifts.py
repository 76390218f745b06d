"""The shifts of a rotation, limited to its hours, with overrides and forwarding applied."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import DAY_MS, HOUR_MS
from opsgenie_simulator.timestamps import epoch_ms

UNITS_MS = {"hourly": HOUR_MS, "daily": DAY_MS, "weekly": 7 * DAY_MS}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTE_MS = 60_000
# 1970 began on a Thursday.
FIRST_MONDAY_MS = 4 * DAY_MS


@dataclass(frozen=True, slots=True)
class Shift:
    """A period in which *recipient* is on call, in place of *forwarded_from* if set."""

    low: int
    high: int
    recipient: Body
    kind: str = "default"
    forwarded_from: Body | None = None


def base_shifts(rotation: Body, *, low: int, high: int) -> Iterator[Shift]:
    """Yield the shifts of a rotation between two times, within its hours."""
    begins, length = epoch_ms(rotation["startDate"]), UNITS_MS[rotation["type"]] * rotation["length"]
    ends = epoch_ms(rotation["endDate"]) if rotation.get("endDate") else high
    low, high = max(low, begins), min(high, ends)
    turn = (low - begins) // length
    while (start := begins + turn * length) < high:
        recipient = rotation["participants"][turn % len(rotation["participants"])]
        bounds = (max(start, low), min(start + length, high))
        if recipient["type"] != "none":
            hours = _restricted_hours(rotation.get("timeRestriction"), *bounds)
            yield from (Shift(first, end, recipient) for first, end in hours)
        turn += 1


def final_shifts(
    rotation: Body, overrides: Iterable[Body], *, rules: Iterable[Body], low: int, high: int
) -> list[Shift]:
    """Return the shifts of a rotation in order of time, with *overrides* and forwarding *rules* applied."""
    shifts = list(base_shifts(rotation, low=low, high=high))
    for override in overrides:
        if applies_to(override, rotation):
            shifts = list(_apply(shifts, override, change=_overridden(override["user"])))
    for rule in rules:
        shifts = list(_apply(shifts, rule, change=_forwarded(rule)))
    return shifts


def applies_to(override: Body, rotation: Body) -> bool:
    """Whether an override applies to a rotation; without rotations, it applies to all."""
    return not override["rotations"] or rotation["id"] in [each["id"] for each in override["rotations"]]


def _overridden(user: Body) -> Callable[[Shift], Shift]:
    return lambda shift: replace(shift, recipient=user, kind="override")


def _forwarded(rule: Body) -> Callable[[Shift], Shift]:
    def change(shift: Shift) -> Shift:
        if shift.recipient["id"] != rule["fromUser"]["id"]:
            return shift
        recipient = {"type": "user", **rule["toUser"]}
        return replace(shift, recipient=recipient, kind="forwarding", forwarded_from=shift.recipient)

    return change


def _apply(shifts: Iterable[Shift], period: Body, *, change: Callable[[Shift], Shift]) -> Iterator[Shift]:
    # Split each shift at the bounds of the override or rule, and change the part inside.
    low, high = epoch_ms(period["startDate"]), epoch_ms(period["endDate"])
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


def _restricted_hours(restriction: Body | None, low: int, high: int) -> Iterator[tuple[int, int]]:
    # The periods between the two times within the hours of a restriction, read in UTC.
    if restriction is None:
        yield low, high
        return
    parts = restriction.get("restrictions") or [restriction["restriction"]]
    for first, end, period in sorted(_bounds(part) for part in parts):
        begins = FIRST_MONDAY_MS + ((low - FIRST_MONDAY_MS) // period - 1) * period
        while begins < high:
            inside = max(low, begins + first), min(high, begins + end)
            if inside[0] < inside[1]:
                yield inside
            begins += period


def _bounds(restriction: Body) -> tuple[int, int, int]:
    # Start and end within a day or a week, and the length of that day or week.
    first, end = (_minutes(restriction, which) * MINUTE_MS for which in ("start", "end"))
    period = 7 * DAY_MS if "startDay" in restriction else DAY_MS
    return first, end if end > first else end + period, period


def _minutes(restriction: Body, which: str) -> int:
    day = DAYS.index(restriction[f"{which}Day"]) if f"{which}Day" in restriction else 0
    return int((day * 24 + restriction[f"{which}Hour"]) * 60 + restriction[f"{which}Min"])
