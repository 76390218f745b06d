"""The truth about who was on call, for how long, and how often they were interrupted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opsgenie_simulator.settings import on_calls
from opsgenie_simulator.settings.shifts import Shift
from tests.support.answers import Answers, Compared, grouped, union
from tests.support.fakes import NOW

Span = tuple[datetime, datetime]
# The end of the month after this one.
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
BUSINESS = range(9, 17)
MINUTES = 15


def at(ms: int) -> datetime:
    """A time in epoch milliseconds in UTC, without a zone."""
    return datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None)


def periods(answers: Answers) -> Iterator[tuple[Any, str, str, Span]]:
    """The roster, rotation, username and span of each period and month, past ones with the users behind teams."""
    low, high = (int(time.timestamp() * 1000) for time in (datetime.fromisoformat(answers.on_call_since), UNTIL))
    for roster in answers.account.settings.derive(on_calls.rosters).values():
        for rotation in roster.schedule["rotations"]:
            for shift in roster.shifts(rotation, low=low, high=high):
                for name in usernames(roster, shift):
                    for span in by_month(at(shift.low), at(shift.high)):
                        yield roster, rotation["name"], name, span


def by_month(start: datetime, end: datetime) -> Iterator[Span]:
    """The parts of a span within each month."""
    while start < end:
        next_month = (start.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0)
        yield start, min(end, next_month)
        start = next_month


def usernames(roster: on_calls.Roster, shift: Shift) -> list[str]:
    """Who is on call in a shift; in a past one also the users behind a team or an escalation."""
    who = on_calls.participant(roster, shift)
    nested = who.get("onCallParticipants", []) if shift.high <= NOW else []
    return [one["name"] for one in (who, *nested) if one["type"] == "user"]


def periods_and_joined_periods(answers: Answers) -> Iterator[Compared]:
    """Each period of a user has a row; periods of a schedule that touch or overlap are joined."""
    found = list(periods(answers))
    expected = {(roster.schedule["name"], rotation, name, *span) for roster, rotation, name, span in found}
    spans = grouped(((roster.schedule["name"], name), span) for roster, _, name, span in found)
    joined = {(*key, *span) for key, of in spans.items() for span in union(of)}
    names = ("schedule", "rotation", "username", "starts_at", "ends_at")
    rows = [row for row in answers.rows("on_call_periods") if row["person_type"] == "user"]
    joined_rows = [row for row in answers.rows("on_call") if row["person_type"] == "user"]

    yield Compared("on_call_periods", expected, {tuple(row[name] for name in names) for row in rows})
    yield Compared("on_call", joined, {tuple(row[name] for name in names if name != "rotation") for row in joined_rows})
    yield Compared(
        "on_call_periods", {answers.person(row["username"]) for row in rows}, {row["person"] for row in rows}
    )


def on_call_at(answers: Answers) -> Iterator[Compared]:
    """The macro lists who is on call at a time, past or future."""
    found = list(periods(answers))
    for hours in (-300, -30, 30):
        time = at(NOW) + timedelta(hours=hours, minutes=7)
        expected = {
            (roster.schedule["name"], rotation, name)
            for roster, rotation, name, (start, end) in found
            if start <= time < end
        }
        rows = answers.rows(f"SELECT * FROM report.on_call_at('{time}') WHERE person_type = 'user'")

        yield Compared("on_call_at", expected, {(row["schedule"], row["rotation"], row["username"]) for row in rows})


def zones_of(answers: Answers) -> dict[str, ZoneInfo]:
    """The time zone of each user, by username."""
    return {user["username"]: ZoneInfo(user["timeZone"]) for user in answers.account.users.values()}


def quarters(spans: list[Span], zone: ZoneInfo, until: datetime) -> Iterator[tuple[date, bool]]:
    """The month of each quarter of an hour in *spans*, counted once, and whether it is in business hours."""
    step = timedelta(minutes=MINUTES)
    starts = {start + step * n for start, end in spans for n in range((min(end, until) - start) // step)}
    for start in starts:
        local = start.replace(tzinfo=UTC).astimezone(zone)
        yield local.date().replace(day=1), local.weekday() < 5 and local.hour in BUSINESS


def on_call_hours(answers: Answers, *, view: str) -> Iterator[Compared]:
    """Hours are distinct over all schedules or those of a team, by month and business hours of the person's zone."""
    # This compares in quarters of an hour: every shift of the account starts and ends on one.
    (until,) = answers.rows("SELECT synced_at FROM _archive.streams WHERE stream = 'schedule_timelines'")
    is_by_team, zones = view == "on_call_hours_by_team", zones_of(answers)
    spans = grouped(
        ((roster.schedule.get("ownerTeam", {}).get("name", "(no team)") if is_by_team else None, name), span)
        for roster, _, name, span in periods(answers)
    )
    expected = {
        (team, name, month): (len(of) * MINUTES / 60, sum(of) * MINUTES / 60)
        for (team, name), spans_of in spans.items()
        for month, of in grouped(quarters(spans_of, zones[name], until["synced_at"])).items()
    }
    rows = answers.rows(view)

    yield Compared(
        view,
        expected,
        {(row.get("team"), row["username"], row["month"]): (row["hours"], row["business_hours"]) for row in rows},
    )
    yield Compared(
        view,
        [pytest.approx(row["business_hours"] + row["off_hours"]) for row in rows],
        [row["hours"] for row in rows],
    )


def team_months(answers: Answers) -> Iterator[Compared]:
    """A row has the hours of all people of a team in a month, its alerts and the time to acknowledge them."""
    hours = grouped(((row["team"], row["month"]), row) for row in answers.rows("on_call_hours_by_team"))
    times = {(row["team"], row["month"]): row for row in answers.rows("response_times")}
    names = ("alerts", "acknowledged", "median_ack_minutes")
    expected = {}
    for key in hours.keys() | times.keys():
        of, alerts = hours.get(key, []), times.get(key, {})
        totals = (pytest.approx(sum(one[name] for one in of), abs=0.1) for name in ("hours", "off_hours"))
        expected[key] = (len(of), *totals, *(alerts.get(name) for name in names))
    rows = {
        (row["team"], row["month"]): (
            *(row[name] or 0 for name in ("people_on_call", "on_call_hours", "off_hours")),
            *(row[name] for name in names),
        )
        for row in answers.rows("team_months")
    }

    yield Compared("team_months", expected, rows)


def interruptions(answers: Answers) -> Iterator[Compared]:
    """By person and month: the alerts that they were recipients of, and those at night by their own clock."""
    children = chain.from_iterable(answers.account.store.children(alert).recipients for alert in answers.account.alerts)
    times = grouped(
        ((row["createdAt"][:7], row["user"]["username"]), datetime.fromisoformat(row["createdAt"])) for row in children
    )
    zones = zones_of(answers)
    expected = {
        key: (len(of), sum(not 7 <= time.astimezone(zones[key[1]]).hour < 23 for time in of))
        for key, of in times.items()
    }

    yield Compared(
        "interruptions",
        expected,
        {
            (f"{row['month']:%Y-%m}", row["username"]): (row["alerts"], row["at_night"])
            for row in answers.rows("interruptions")
        },
    )


def on_call_hours_of_all(answers: Answers) -> Iterator[Compared]:
    """Hours over all schedules, and those of each team."""
    yield from on_call_hours(answers, view="on_call_hours")
    yield from on_call_hours(answers, view="on_call_hours_by_team")


ON_CALL = (periods_and_joined_periods, on_call_at, on_call_hours_of_all, team_months, interruptions)
