"""Histories of who is on call: wide spans, narrower where they are rejected, back to where nothing comes any more."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest
from tests.support.fakes import DATE, DAY, NOW, Paths, Wire, connection_of, connection_over, last_state, rows_in, said

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.settings import on_calls
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp, parse_timestamp
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.events import Event
from source_opsgenie.reading.months import add_months, split_by_month, start_of_month
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Record

STREAM = STREAMS["schedule_timelines"]
EVERYTHING = "2012-01-01T00:00:00Z"
YEAR = 365 * DAY


def small_account() -> Account:
    """An account with four schedules, one of them disabled."""
    return Account.seeded(alerts=0, incidents=0, users=6, teams=2, until=format_timestamp(NOW - DAY), days=2)


def read(wire: Wire, state: Mapping[str, Any] | None = None, *, since: str = EVERYTHING) -> list[Event]:
    """The events of a read over a new connection, from *state* on."""
    wire.requests.clear()
    return list(Reader(connection_of(wire, timeline_since=since)).read(STREAM, state=state))


def requests_per_schedule(wire: Wire) -> dict[str, int]:
    """How many timelines were requested of each schedule."""
    paths = [path for path in wire.paths() if path.endswith("/timeline")]
    return {path: paths.count(path) for path in paths}


def facts(rows: list[Record]) -> set[tuple[Any, ...]]:
    """Who is on call when, by schedule and rotation."""
    return {
        (row["schedule_id"], row["rotation_id"], row["recipient"]["id"], *times(row))
        for row in rows
        if row["timeline"] == "final"
    }


def times(row: Record) -> tuple[int, int]:
    """The start and the end of a row."""
    return parse_timestamp(row["startDate"]), parse_timestamp(row["endDate"])


def truth(wire: Wire, *, low: int, high: int) -> Iterator[tuple[Any, ...]]:
    """The same, from the account itself."""
    for schedule_id, roster in wire.account.settings.derive(on_calls.rosters).items():
        for rotation in roster.schedule["rotations"]:
            for shift in roster.shifts(rotation, low=low, high=high):
                for start, end in split_by_month(shift.low, shift.high):
                    yield schedule_id, rotation["id"], shift.recipient["id"], start, end


@pytest.mark.parametrize(
    ("switches", "most_requests"),
    [
        ({}, 5),
        ({"timeline_months": 6, "timeline_edges": "complete", "timeline_times": "offset"}, 16),
        ({"timeline_months": 3, "timeline_begins": "midnight", "timeline_rejection": 400}, 23),
        ({"timeline_begins": "midnight", "timeline_edges": "complete", "timeline_before": "rejected"}, 20),
    ],
    ids=["as expected", "long periods", "short spans", "shifted spans"],
)
def test_every_period_is_read_once(switches: dict[str, Any], most_requests: int) -> None:
    """Whatever the API makes of spans, the periods are those of the account, cut by months, and keys are unique."""
    wire = Wire(small_account(), Switches(**switches, timeline_years=3))
    rows = rows_in(read(wire))
    # The first day cannot be requested if the API rejects all days before it.
    expected = set(truth(wire, low=NOW - 3 * YEAR + DAY, high=parse_timestamp("2027-01-01T00:00:00Z")))

    assert expected == {fact for fact in facts(rows) if fact[-1] > NOW - 3 * YEAR + DAY}
    assert len(rows) == len({tuple(row[name] for name in STREAM.key) for row in rows})
    assert max(requests_per_schedule(wire).values()) <= most_requests


def test_finished_months_are_never_requested_again() -> None:
    """Later reads cost one request per schedule, and emit the months that were not over; a new schedule is read fully.

    A month is over two days after its end.
    """
    wire = Wire(small_account())
    first = read(wire)
    state, emitted = last_state(first), {}
    for days in (0, 1, 3, 40):
        wire.now = NOW + days * DAY
        events = read(wire, state)
        state, emitted[days] = last_state(events), {row["startDate"][:7] for row in rows_in(events)}

        assert set(requests_per_schedule(wire).values()) == {1}
    team = wire.account.create_team(name="New", members=next(iter(wire.account.teams.values()))["members"])
    again = rows_in(read(wire, state))
    new = {row["schedule_id"] for row in again} - {row["schedule_id"] for row in rows_in(first)}
    of_new = [row["startDate"] for row in again if row["schedule_id"] in new]

    assert emitted[0] == emitted[1] == {"2026-10", "2026-11", "2026-12"}
    assert emitted[3] == emitted[1]
    assert emitted[40] == {"2026-11", "2026-12", "2027-01"}
    assert team["id"] in {schedule["ownerTeam"]["id"] for schedule in schedules(wire) if schedule["id"] in new}
    assert min(of_new) < "2026-10"


def schedules(wire: Wire) -> list[dict[str, Any]]:
    """The schedules of teams."""
    rosters = wire.account.settings.derive(on_calls.rosters).values()
    return [roster.schedule for roster in rosters if "ownerTeam" in roster.schedule]


class Failing(Wire):
    """A wire that rejects every timeline of one *schedule* while it *fails*."""

    schedule = ""

    def __call__(self, request: Request) -> RawResponse:
        """Reject, or respond as the API does."""
        if self.schedule and request.path.startswith(f"/v2/schedules/{self.schedule}/timeline"):
            self.requests.append(request)
            return said(422, {"message": "no"}, date=DATE)
        return super().__call__(request)


def test_what_was_not_read_is_read_from_the_beginning() -> None:
    """After an interruption, finished months are requested only of schedules that are not done; of a failed one too."""
    wire = Failing(small_account())
    every = read(wire)
    end = last_state(every)
    # As after two schedules.
    resumed = rows_in(
        read(wire, end | {"bookmark": None, "read": {"began": end["bookmark"]}, "histories": end["histories"][:8]})
    )
    counts = sorted(requests_per_schedule(wire).values())
    wire.schedule = rows_in(every)[0]["schedule_id"]
    owing = read(wire)
    failing, wire.schedule = wire.schedule, ""
    repaid = read(wire, last_state(owing))

    assert counts[0] == 1 < counts[-1]
    assert facts(resumed) < facts(rows_in(every))
    assert last_state(owing)["owed"] == [failing]
    assert facts(rows_in(owing) + rows_in(repaid)) == facts(rows_in(every))
    assert requests_per_schedule(wire)[f"/v2/schedules/{failing}/timeline"] > 1
    assert last_state(repaid)["owed"] == []


Respond = Callable[[Mapping[str, str]], Record]


def answers(respond: Respond, **headers: str) -> Paths:
    """One schedule, whose timelines are what *respond* returns for the parameters of a request."""
    return Paths(
        {
            "/v2/schedules": said(200, {"data": [{"id": "s"}]}, **headers),
            "/v2/schedules/s/timeline": lambda params: said(200, {"data": respond(params)}, **headers),
        }
    )


def days_of(params: Mapping[str, str], *, most: int = 1_000) -> Record:
    """A timeline with a person on call on each of the last 200 days, that covers *most* days from its date on."""
    start = parse_timestamp(params["date"])
    unit, number = params["intervalUnit"], int(params["interval"])
    end = add_months(start, number) if unit == "months" else start + number * DAY
    end = min(end, start + most * DAY)
    days = [time for time in range(NOW - 200 * DAY, NOW, DAY) if time < end and time + DAY > start]
    periods = [
        {"startDate": format_timestamp(time), "endDate": format_timestamp(time + DAY), "recipient": {"id": time}}
        for time in days
    ]
    return {
        "startDate": format_timestamp(start),
        "endDate": format_timestamp(end),
        "finalTimeline": {"rotations": [{"id": "r", "periods": periods}]},
    }


@pytest.mark.parametrize("most", [1_000, 20])
def test_gaps_are_filled(most: int) -> None:
    """If a response covers less than was requested, the rest is requested too."""
    paths = answers(lambda params: days_of(params, most=most), date=DATE)
    rows = rows_in(Reader(connection_over(paths, timeline_since=EVERYTHING)).read(STREAM))

    assert [times(row) for row in rows] == [(time, time + DAY) for time in range(NOW - 200 * DAY, NOW, DAY)]


@pytest.mark.parametrize(
    ("change", "headers", "message"),
    [
        ({"startDate": "2031-01-01T00:00:00Z"}, {"date": DATE}, "returned a timeline from 2031-01-01T00:00:00.000Z on"),
        ({"finalTimeline": {"rotations": {}}}, {"date": DATE}, "did not return a timeline"),
        ({"finalTimeline": None}, {"date": DATE}, "did not return a timeline"),
        ({}, {}, "no response has a `Date` header"),
    ],
)
def test_invalid_timelines_are_an_error(change: Record, headers: dict[str, str], message: str) -> None:
    """A span that is elsewhere, another form, and a missing date end the read instead of losing periods."""
    paths = answers(lambda params: days_of(params) | change, **headers)
    with pytest.raises(MalformedResponse, match=message):
        list(Reader(connection_over(paths)).read(STREAM))


def test_an_invalid_period_is_owed() -> None:
    """A period without a start is set aside, and all others are emitted; one without an end lasts as its span."""
    periods = [{"recipient": {"id": "a"}}, {"startDate": "2026-10-20T00:00:00Z", "recipient": {"id": "b"}}]
    final = {"finalTimeline": {"rotations": [{"id": "r", "periods": periods}, {"id": "q"}]}}
    events = list(Reader(connection_over(answers(lambda params: days_of(params) | final, date=DATE))).read(STREAM))

    assert [row["startDate"][:10] for row in rows_in(events)] == ["2026-10-20", "2026-11-01", "2026-12-01"]
    assert last_state(events)["owed"] == ["s"]


def test_months() -> None:
    """Months follow the calendar, across years, and the last day of a month is not skipped."""
    times_of = ["2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z", "2024-02-29T23:59:59Z"]
    starts = [format_timestamp(start_of_month(parse_timestamp(time), later=1))[:10] for time in times_of]
    parts = list(split_by_month(*map(parse_timestamp, ("2026-11-15T00:00:00Z", "2027-01-15T00:00:00Z"))))

    assert starts == ["2027-01-01", "2027-02-01", "2024-03-01"]
    assert [format_timestamp(start)[:10] for start, _ in parts] == ["2026-11-15", "2026-12-01", "2027-01-01"]
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert format_timestamp(add_months(parse_timestamp("2026-03-31T05:00:00Z"), -1))[:16] == "2026-02-28T05:00"
