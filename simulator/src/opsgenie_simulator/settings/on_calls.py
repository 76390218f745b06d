"""Who is on call now and next, and the timeline of a schedule, in the shape of the API."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.escalations import escalations, forwarding_rules
from opsgenie_simulator.settings.inventory import DAY_MS, Inventory, members_of
from opsgenie_simulator.settings.schedules import overrides, parent, schedules
from opsgenie_simulator.settings.shifts import Shift, applies_to, base_shifts, final_shifts
from opsgenie_simulator.timestamps import epoch_ms

# The next shift of any rotation begins within this time, unless the rotation ends.
LOOK_AHEAD_MS = 50 * DAY_MS


@dataclass(frozen=True, slots=True)
class Roster:
    """A schedule with everything that decides who is on call in it."""

    schedule: Body
    overrides: Sequence[Body]
    rules: Sequence[Body]
    escalations: Mapping[str, Body]
    teams: Mapping[str, Body]

    def shifts(self, rotation: Body, *, low: int, high: int) -> list[Shift]:
        """Return the shifts of one rotation, with overrides and forwarding applied."""
        if not self.schedule["enabled"]:
            return []
        return final_shifts(rotation, self.overrides, rules=self.rules, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Timeframe:
    """The start and end of a timeline, the current time, and the format of its times.

    No one was on call before *oldest*. Unless it *is_clipped*, periods that overlap its edges are complete.
    """

    low: int
    high: int
    now: int
    format_time: Callable[[int], str]
    oldest: int = 0
    is_clipped: bool = True

    @property
    def searched(self) -> "Timeframe":
        """The same with the start and end by which periods are clipped."""
        beyond = 0 if self.is_clipped else LOOK_AHEAD_MS
        return replace(self, low=max(self.low - beyond, self.oldest), high=self.high + beyond)

    def shows(self, shift: Shift) -> bool:
        """Whether a shift overlaps the timeline."""
        return shift.low < self.high and shift.high > self.low


def rosters(inventory: Inventory) -> dict[str, Roster]:
    """The roster of every schedule, by schedule id."""
    by_schedule, rules = overrides(inventory), forwarding_rules(inventory)
    by_id = {escalation["id"]: escalation for escalation in escalations(inventory)}
    teams = {team["id"]: team for team in inventory.teams}
    return {
        schedule["id"]: Roster(schedule, by_schedule.get(schedule["id"], ()), rules, by_id, teams)
        for schedule in schedules(inventory)
    }


def on_call(roster: Roster, at: int, *, is_flat: bool) -> Body:
    """Who is on call at a time: participants with all fields, or the names of users."""
    now = [shift for rotation in roster.schedule["rotations"] for shift in roster.shifts(rotation, low=at, high=at + 1)]
    participants = [participant(roster, shift) for shift in now]
    flat = {"onCallRecipients": _user_names(participants)}
    return {"_parent": parent(roster.schedule), **(flat if is_flat else {"onCallParticipants": participants})}


def next_on_call(roster: Roster, at: int, *, is_flat: bool) -> Body:
    """Who is on call next in each rotation, and who first; field names are swapped compared to on-calls."""
    coming = [shift for rotation in roster.schedule["rotations"] for shift in _next_shift(roster, rotation, at)]
    first = min((shift.low for shift in coming), default=0)
    following = [participant(roster, shift) for shift in coming]
    exact = [participant(roster, shift) for shift in coming if shift.low == first]
    fields = (
        {"nextOnCallParticipants": _user_names(following), "exactNextOnCallParticipants": _user_names(exact)}
        if is_flat
        else {"nextOnCallRecipients": following, "exactNextOnCallRecipients": exact}
    )
    return {"_parent": parent(roster.schedule), **fields}


def _next_shift(roster: Roster, rotation: Body, at: int) -> list[Shift]:
    shifts = roster.shifts(rotation, low=at, high=at + LOOK_AHEAD_MS)
    return [shift for shift in shifts if shift.low > at][:1]


def participant(roster: Roster, shift: Shift) -> Body:
    """The participant of a shift; an escalation contains its recipients, a team its members."""
    row: Body = _reference(shift.recipient)
    if shift.forwarded_from is not None:
        row["forwardedFrom"] = _reference(shift.forwarded_from)
    nested = list(_nested(roster, shift.recipient))
    return {**row, "onCallParticipants": nested} if nested else row


def _nested(roster: Roster, recipient: Body) -> Iterator[Body]:
    if recipient["type"] == "team" and recipient["id"] in roster.teams:
        yield from (_reference({"type": "user", **user}) for user in members_of(roster.teams[recipient["id"]]))
    if recipient["type"] == "escalation" and recipient["id"] in roster.escalations:
        for rule in roster.escalations[recipient["id"]]["rules"]:
            step = {"escalationTime": rule["delay"]["timeAmount"], "notifyType": rule["notifyType"]}
            yield _reference(rule["recipient"]) | step


def _reference(recipient: Body) -> Body:
    # The name of a user is their address.
    name = recipient.get("username") or recipient["name"]
    return {"id": recipient["id"], "name": name, "type": recipient["type"]}


def _user_names(participants: Sequence[Body]) -> list[str]:
    everyone = (each for top in participants for each in (top, *top.get("onCallParticipants", ())))
    return list({each["name"]: None for each in everyone if each["type"] == "user"})


def timeline(roster: Roster, frame: Timeframe, *, layers: Sequence[str]) -> Body:
    """The final timeline of a schedule, past periods included, and the timelines of *layers*."""
    schedule = roster.schedule
    owner = {"ownerTeam": schedule["ownerTeam"]} if "ownerTeam" in schedule else {}
    return {
        "_parent": parent(schedule),
        "description": schedule["description"],
        **owner,
        "startDate": frame.format_time(frame.low),
        "endDate": frame.format_time(frame.high),
        **{f"{layer}Timeline": _layer(roster, frame, LAYERS[layer]) for layer in ("final", *layers)},
    }


def _layer(roster: Roster, frame: Timeframe, shifts: "Layer") -> Body:
    return {
        "rotations": [
            {
                "id": rotation["id"],
                "name": rotation["name"],
                "order": order,
                "periods": [
                    _period(roster, frame, shift)
                    for shift in shifts(roster, rotation, frame.searched)
                    if frame.shows(shift)
                ],
            }
            for order, rotation in zip(count(1.0), roster.schedule["rotations"], strict=False)
        ]
    }


def _final(roster: Roster, rotation: Body, frame: Timeframe) -> Iterable[Shift]:
    return roster.shifts(rotation, low=frame.low, high=frame.high)


def _base(_: Roster, rotation: Body, frame: Timeframe) -> Iterable[Shift]:
    return base_shifts(rotation, low=frame.low, high=frame.high)


def _forwarding(roster: Roster, rotation: Body, frame: Timeframe) -> Iterable[Shift]:
    return (shift for shift in _final(roster, rotation, frame) if shift.kind == "forwarding")


def _override(roster: Roster, rotation: Body, frame: Timeframe) -> Iterable[Shift]:
    for override in roster.overrides:
        first, end = max(frame.low, epoch_ms(override["startDate"])), min(frame.high, epoch_ms(override["endDate"]))
        if applies_to(override, rotation) and first < end:
            yield Shift(first, end, override["user"], "override")


Layer = Callable[[Roster, Body, Timeframe], Iterable[Shift]]
LAYERS: dict[str, Layer] = {"final": _final, "base": _base, "forwarding": _forwarding, "override": _override}


def _period(roster: Roster, frame: Timeframe, shift: Shift) -> Body:
    period = {"startDate": frame.format_time(shift.low), "endDate": frame.format_time(shift.high)}
    recipient = _reference(shift.recipient)
    if shift.high <= frame.now:
        flat = [_reference({"type": "user", **user}) for user in _users(roster, shift.recipient)]
        origin = {"forwardedFrom": shift.forwarded_from["username"]} if shift.forwarded_from else {}
        return {**period, "type": "historical", "recipient": recipient | origin, "flattenedRecipients": flat}
    origin = {"fromUser": shift.forwarded_from["username"]} if shift.forwarded_from else {}
    return {**period, "type": shift.kind, **origin, "recipient": recipient}


def _users(roster: Roster, recipient: Body) -> list[Body]:
    if recipient["type"] == "user":
        return [{"id": recipient["id"], "username": recipient["username"]}]
    nested = _nested(roster, recipient)
    return [{"id": each["id"], "username": each["name"]} for each in nested if each["type"] == "user"]
