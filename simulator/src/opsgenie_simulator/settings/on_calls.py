"""Who is on call, who is next, and the timeline of a schedule, as the API answers them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.escalations import escalations, forwarding_rules
from opsgenie_simulator.settings.people import DAY_MS, People, members_of
from opsgenie_simulator.settings.schedules import overrides, parent, schedules
from opsgenie_simulator.settings.shifts import Shift, as_it_was, concerns, turns
from opsgenie_simulator.timestamps import epoch_ms

# The next turn of any rotation begins within this time, unless the rotation ends.
LOOK_AHEAD_MS = 50 * DAY_MS


@dataclass(frozen=True, slots=True)
class Roster:
    """A schedule with all that decides who is on call in it."""

    schedule: Body
    overrides: Sequence[Body]
    rules: Sequence[Body]
    escalations: Mapping[str, Body]
    teams: Mapping[str, Body]

    def shifts(self, rotation: Body, *, low: int, high: int) -> list[Shift]:
        """The turns of one rotation, as they are in the end."""
        if not self.schedule["enabled"]:
            return []
        return as_it_was(rotation, self.overrides, rules=self.rules, low=low, high=high)


@dataclass(frozen=True, slots=True)
class Frame:
    """From when to when a timeline reaches, what is past in it, and how its times are written."""

    low: int
    high: int
    now: int
    written: Callable[[int], str]


def rosters(people: People) -> dict[str, Roster]:
    """The roster of every schedule, by the schedule's id."""
    by_schedule, rules = overrides(people), forwarding_rules(people)
    called = {one["id"]: one for one in escalations(people)}
    teams = {team["id"]: team for team in people.teams}
    return {one["id"]: Roster(one, by_schedule.get(one["id"], ()), rules, called, teams) for one in schedules(people)}


def on_call(roster: Roster, at: int, *, is_flat: bool) -> Body:
    """Who is on call at a moment: participants in full, or the names of users."""
    now = [shift for rotation in roster.schedule["rotations"] for shift in roster.shifts(rotation, low=at, high=at + 1)]
    found = [participant(roster, shift) for shift in now]
    told = {"onCallRecipients": _names(found)} if is_flat else {"onCallParticipants": found}
    return {"_parent": parent(roster.schedule), **told}


def next_on_call(roster: Roster, at: int, *, is_flat: bool) -> Body:
    """Who is next in each rotation, and who is the very next; their names are swapped against those of on-calls."""
    coming = [shift for rotation in roster.schedule["rotations"] for shift in _next(roster, rotation, at)]
    first = min((shift.low for shift in coming), default=0)
    following = [participant(roster, shift) for shift in coming]
    exact = [participant(roster, shift) for shift in coming if shift.low == first]
    told = (
        {"nextOnCallParticipants": _names(following), "exactNextOnCallParticipants": _names(exact)}
        if is_flat
        else {"nextOnCallRecipients": following, "exactNextOnCallRecipients": exact}
    )
    return {"_parent": parent(roster.schedule), **told}


def _next(roster: Roster, rotation: Body, at: int) -> list[Shift]:
    shifts = roster.shifts(rotation, low=at, high=at + LOOK_AHEAD_MS)
    return [shift for shift in shifts if shift.low > at][:1]


def participant(roster: Roster, shift: Shift) -> Body:
    """Who is on call in a shift; an escalation with whom it would call, a team with its members."""
    who: Body = _named(shift.who)
    if shift.instead_of is not None:
        who["forwardedFrom"] = _named(shift.instead_of)
    nested = list(_nested(roster, shift.who))
    return {**who, "onCallParticipants": nested} if nested else who


def _nested(roster: Roster, who: Body) -> Iterator[Body]:
    if who["type"] == "team" and who["id"] in roster.teams:
        yield from (_named({"type": "user", **user}) for user in members_of(roster.teams[who["id"]]))
    if who["type"] == "escalation" and who["id"] in roster.escalations:
        for rule in roster.escalations[who["id"]]["rules"]:
            told = {"escalationTime": rule["delay"]["timeAmount"], "notifyType": rule["notifyType"]}
            yield _named(rule["recipient"]) | told


def _named(who: Body) -> Body:
    # The name of a user is their address.
    return {"id": who["id"], "name": who.get("username") or who["name"], "type": who["type"]}


def _names(participants: Sequence[Body]) -> list[str]:
    found = [one for who in participants for one in (who, *who.get("onCallParticipants", ())) if one["type"] == "user"]
    return list({one["name"]: None for one in found})


def timeline(roster: Roster, frame: Frame, *, layers: Sequence[str]) -> Body:
    """Who is on call within a frame, the past too; with *layers*, from what this follows."""
    schedule = roster.schedule
    owner = {"ownerTeam": schedule["ownerTeam"]} if "ownerTeam" in schedule else {}
    return {
        "_parent": parent(schedule),
        "description": schedule["description"],
        **owner,
        "startDate": frame.written(frame.low),
        "endDate": frame.written(frame.high),
        **{f"{layer}Timeline": _layer(roster, frame, LAYERS[layer]) for layer in ("final", *layers)},
    }


def _layer(roster: Roster, frame: Frame, shifts: "Layer") -> Body:
    return {
        "rotations": [
            {
                "id": rotation["id"],
                "name": rotation["name"],
                "order": place,
                "periods": [_period(roster, frame, shift) for shift in shifts(roster, rotation, frame)],
            }
            for place, rotation in zip(count(1.0), roster.schedule["rotations"], strict=False)
        ]
    }


def _final(roster: Roster, rotation: Body, frame: Frame) -> Iterable[Shift]:
    return roster.shifts(rotation, low=frame.low, high=frame.high)


def _base(_: Roster, rotation: Body, frame: Frame) -> Iterable[Shift]:
    return turns(rotation, low=frame.low, high=frame.high)


def _forwarding(roster: Roster, rotation: Body, frame: Frame) -> Iterable[Shift]:
    return (shift for shift in _final(roster, rotation, frame) if shift.kind == "forwarding")


def _override(roster: Roster, rotation: Body, frame: Frame) -> Iterable[Shift]:
    for override in roster.overrides:
        first, end = max(frame.low, epoch_ms(override["startDate"])), min(frame.high, epoch_ms(override["endDate"]))
        if concerns(override, rotation) and first < end:
            yield Shift(first, end, override["user"], "override")


Layer = Callable[[Roster, Body, Frame], Iterable[Shift]]
LAYERS: dict[str, Layer] = {"final": _final, "base": _base, "forwarding": _forwarding, "override": _override}


def _period(roster: Roster, frame: Frame, shift: Shift) -> Body:
    period = {"startDate": frame.written(shift.low), "endDate": frame.written(shift.high)}
    recipient = _named(shift.who)
    if shift.high <= frame.now:
        flat = [_named({"type": "user", **one}) for one in _users(roster, shift.who)]
        origin = {"forwardedFrom": shift.instead_of["username"]} if shift.instead_of else {}
        return {**period, "type": "historical", "recipient": recipient | origin, "flattenedRecipients": flat}
    origin = {"fromUser": shift.instead_of["username"]} if shift.instead_of else {}
    return {**period, "type": shift.kind, **origin, "recipient": recipient}


def _users(roster: Roster, who: Body) -> list[Body]:
    if who["type"] == "user":
        return [{"id": who["id"], "username": who["username"]}]
    return [{"id": one["id"], "username": one["name"]} for one in _nested(roster, who) if one["type"] == "user"]
