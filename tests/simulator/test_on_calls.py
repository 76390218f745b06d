"""Who is on call, who is next, and timelines."""

from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.settings.shifts import Shift, as_it_was, turns
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW = epoch_ms("2026-11-01T00:00:00Z")
ADA, BEN = ({"type": "user", "id": name, "username": f"{name}@example.com"} for name in ("ada", "ben"))
DAILY: dict[str, Any] = {
    "id": "r", "name": "Rota1", "startDate": format_timestamp(NOW), "type": "daily", "length": 1,
    "participants": [ADA, BEN],
}  # fmt: skip
OFFICE = {"startHour": 9, "startMin": 0, "endHour": 17, "endMin": 30}
MONDAYS = {
    "type": "weekday-and-time-of-day",
    "restrictions": [{**OFFICE, "startDay": "monday", "endDay": "monday"}],
}
NIGHT = {"startHour": 22, "startMin": 0, "endHour": 6, "endMin": 0}


@pytest.fixture
def account() -> Account:
    """An account with teams enough for every odd schedule, at the end of its history."""
    account = Account.seeded(alerts=0, incidents=0, users=30, teams=12)
    account.clock = lambda: NOW
    return account


def hours(shifts: list[Shift]) -> list[tuple[float, float, str]]:
    """Begin and end of shifts in hours from now, and who is on call."""
    return [((one.low - NOW) / HOUR_MS, (one.high - NOW) / HOUR_MS, one.who["id"]) for one in shifts]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [(0, 24, "ada"), (24, 48, "ben"), (48, 60, "ada")]),
        ({"length": 2}, [(0, 48, "ada"), (48, 60, "ben")]),
        (
            {"type": "hourly", "length": 12, "endDate": format_timestamp(NOW + DAY_MS)},
            [(0, 12, "ada"), (12, 24, "ben")],
        ),
        ({"participants": [ADA, {"type": "none"}]}, [(0, 24, "ada"), (48, 60, "ada")]),
        ({"startDate": "1970-01-02T00:00:00Z"}, [(0, 24, "ben"), (24, 48, "ada"), (48, 60, "ben")]),
        (
            {"timeRestriction": {"type": "time-of-day", "restriction": OFFICE}},
            [(9, 17.5, "ada"), (33, 41.5, "ben"), (57, 60, "ada")],
        ),
        (
            {"timeRestriction": {"type": "time-of-day", "restrictions": [NIGHT]}},
            [(0, 6, "ada"), (22, 24, "ada"), (24, 30, "ben"), (46, 48, "ben"), (48, 54, "ada")],
        ),
        ({"timeRestriction": MONDAYS}, [(33, 41.5, "ben")]),
    ],
)
def test_turns_follow_length_participants_and_hours(change: dict[str, Any], expected: list[Any]) -> None:
    """Participants take turns from the start on, to the end if there is one, within the hours of the restriction.

    It is a Sunday.
    """
    assert expected == hours(list(turns(DAILY | change, low=NOW, high=NOW + 60 * HOUR_MS)))


def test_overrides_and_forwarding_are_laid_over_turns() -> None:
    """An override replaces who is on call while it lasts, in its rotations or in all; then forwarding does."""
    hour = [format_timestamp(NOW + number * HOUR_MS) for number in range(60)]
    cleo, dina = ({"id": name, "username": f"{name}@example.com"} for name in ("cleo", "dina"))
    override = {"startDate": hour[20], "endDate": hour[30], "user": {"type": "user", **cleo}, "rotations": []}
    foreign = override | {"rotations": [{"id": "another"}], "user": {"type": "user", **dina}}
    rule = {"startDate": hour[28], "endDate": hour[40], "fromUser": {"id": "ben"}, "toUser": dina}
    shifts = as_it_was(DAILY, [override, foreign], rules=[rule], low=NOW, high=NOW + 2 * DAY_MS)

    assert [
        (0, 20, "ada"), (20, 24, "cleo"), (24, 30, "cleo"), (30, 40, "dina"), (40, 48, "ben"),
    ] == hours(shifts)  # fmt: skip
    assert ["default", "override", "override", "forwarding", "default"] == [shift.kind for shift in shifts]
    assert BEN == shifts[3].instead_of


@pytest.mark.parametrize("hour", range(0, 24 * 21, 31))
def test_who_is_on_call_is_who_the_timeline_says(account: Account, hour: int) -> None:
    """At any moment, the recipients of the final timeline's periods are the participants on call."""
    asking, at = ApiClient(account), NOW + hour * HOUR_MS
    for on_call in asking.get("/v2/schedules/on-calls", date=format_timestamp(at)).rows:
        path = f"/v2/schedules/{on_call['_parent']['id']}"
        final = asking.get(f"{path}/timeline", interval=4).body["data"]["finalTimeline"]
        periods = [period for rotation in final["rotations"] for period in rotation["periods"]]
        now = [one for one in periods if epoch_ms(one["startDate"]) <= at < epoch_ms(one["endDate"])]

        assert [one["recipient"]["id"] for one in now] == [one["id"] for one in on_call["onCallParticipants"]]
        assert on_call == asking.get(f"{path}/on-calls", date=format_timestamp(at).replace("Z", "+0000")).body["data"]


def test_flat_answers_have_names_only(account: Account) -> None:
    """Flat, the participants are the addresses of users, those in escalations and teams among them."""
    asking, seen = ApiClient(account), set()
    for day in range(28):
        date = format_timestamp(NOW + day * DAY_MS + 11 * HOUR_MS)
        whole, flat = (asking.get("/v2/schedules/on-calls", date=date, flat=flat).rows for flat in ("false", "true"))
        for one, names in zip(whole, flat, strict=True):
            everyone = [each for who in one["onCallParticipants"] for each in (who, *who.get("onCallParticipants", ()))]
            seen |= {each["type"] for each in one["onCallParticipants"]}

            assert {"_parent", "onCallRecipients"} == set(names)
            assert {each["name"] for each in everyone if each["type"] == "user"} == set(names["onCallRecipients"])
            assert {user["username"] for user in account.users.values()} >= set(names["onCallRecipients"])
    assert {"user", "team", "escalation"} == seen


def test_next_on_calls_swap_their_names(account: Account) -> None:
    """Who is next stands under recipients in full and under participants when flat, against those of on-calls."""
    asking, found = ApiClient(account), []
    for one in asking.get("/v2/schedules").ids:
        whole = asking.get(f"/v2/schedules/{one}/next-on-calls").body["data"]
        flat = asking.get(f"/v2/schedules/{one}/next-on-calls", flat="true").body["data"]
        found += whole["exactNextOnCallRecipients"]

        assert ["_parent", "nextOnCallRecipients", "exactNextOnCallRecipients"] == list(whole)
        assert ["_parent", "nextOnCallParticipants", "exactNextOnCallParticipants"] == list(flat)
        assert all(each in whole["nextOnCallRecipients"] for each in whole["exactNextOnCallRecipients"])
        assert all(isinstance(name, str) for name in flat["nextOnCallParticipants"])
    assert found


def test_nobody_is_on_call_in_a_disabled_schedule(account: Account) -> None:
    """A disabled schedule answers, with empty lists."""
    asking = ApiClient(account)
    disabled = [row for row in asking.get("/v2/schedules/on-calls").rows if not row["_parent"]["enabled"]]

    assert disabled
    assert {0} == {len(row["onCallParticipants"]) for row in disabled}


def test_all_on_calls_may_be_refused(account: Account) -> None:
    """By its switch, the list of all schedules is refused, while each schedule still answers."""
    asking = ApiClient(account, Switches(all_on_calls="unsupported"))
    one = asking.get("/v2/schedules").ids[0]
    refused = asking.get("/v2/schedules/on-calls")

    assert (410, "On-calls endpoint is not supported anymore.") == (refused.status, refused.body["message"])
    assert 200 == asking.get(f"/v2/schedules/{one}/on-calls").status


def test_timelines_reach_as_far_as_asked(account: Account) -> None:
    """A timeline is one week from now, or of days, weeks or months from a date on; parameters must make sense."""
    asking = ApiClient(account)
    path = f"/v2/schedules/{asking.get('/v2/schedules').ids[0]}/timeline"
    plain = asking.get(path).body
    later = asking.get(path, date="2026-12-01T06:00:00Z", interval=3, intervalUnit="days", expand="base,override").body
    month = asking.get(path, intervalUnit="months").body["data"]

    assert (["base", "forwarding", "override"]) == plain["expandable"]
    assert (format_timestamp(NOW), format_timestamp(NOW + 7 * DAY_MS)) == (
        plain["data"]["startDate"],
        plain["data"]["endDate"],
    )
    assert ("2026-12-01T06:00:00Z", "2026-12-04T06:00:00Z") == (later["data"]["startDate"], later["data"]["endDate"])
    assert format_timestamp(NOW + 30 * DAY_MS) == month["endDate"]
    assert {"finalTimeline"} == {name for name in plain["data"] if name.endswith("Timeline")}
    assert {"finalTimeline", "baseTimeline", "overrideTimeline"} == {x for x in later["data"] if x.endswith("Timeline")}
    assert {422} == {
        asking.get(path, **wrong).status for wrong in ({"interval": 0}, {"intervalUnit": "years"}, {"date": "?"})
    }


def test_periods_of_the_past_are_historical(account: Account) -> None:
    """What ended before now is historical and names users; what comes is default, overridden or forwarded."""
    asking, date = ApiClient(account), format_timestamp(NOW - 14 * DAY_MS)
    kinds = set()
    for one in asking.get("/v2/schedules").ids:
        data = asking.get(f"/v2/schedules/{one}/timeline", date=date, interval=4).body["data"]
        for period in (period for rotation in data["finalTimeline"]["rotations"] for period in rotation["periods"]):
            is_past = epoch_ms(period["endDate"]) <= NOW
            kinds.add(period["type"])

            assert is_past is (period["type"] == "historical") is ("flattenedRecipients" in period)
            assert ("fromUser" in period) is (period["type"] == "forwarding")
    assert {"historical", "default", "override"} <= kinds


def test_timelines_may_carry_an_offset(account: Account) -> None:
    """By its switch, the times of a timeline carry an offset and mean the same moments."""
    asking, elsewhere = ApiClient(account), ApiClient(account, Switches(timeline_times="offset"))
    path = f"/v2/schedules/{asking.get('/v2/schedules').ids[0]}/timeline"
    here, there = (one.get(path).body["data"] for one in (asking, elsewhere))

    assert "2026-11-01T05:30:00+05:30" == there["startDate"]
    assert [epoch_ms(here[name]) for name in ("startDate", "endDate")] == [
        epoch_ms(there[name]) for name in ("startDate", "endDate")
    ]
