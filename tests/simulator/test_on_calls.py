"""On-calls, next on-calls and timelines."""

from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.settings.shifts import Shift, base_shifts, final_shifts
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
    """An account with enough teams for every unusual schedule, at the end of its history."""
    account = Account.seeded(alerts=0, incidents=0, users=30, teams=12)
    account.clock = lambda: NOW
    return account


def hours(shifts: list[Shift]) -> list[tuple[float, float, str]]:
    """Start and end of shifts in hours from now, and who is on call."""
    return [((each.low - NOW) / HOUR_MS, (each.high - NOW) / HOUR_MS, each.recipient["id"]) for each in shifts]


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
def test_base_shifts_follow_length_participants_and_hours(change: dict[str, Any], expected: list[Any]) -> None:
    """Participants take turns from the start to the end, if any, within the hours of the restriction.

    The first day is a Sunday.
    """
    assert expected == hours(list(base_shifts(DAILY | change, low=NOW, high=NOW + 60 * HOUR_MS)))


def test_overrides_and_forwarding_change_base_shifts() -> None:
    """An override replaces who is on call in its rotations, or in all; forwarding applies after it."""
    hour = [format_timestamp(NOW + number * HOUR_MS) for number in range(60)]
    cleo, dina = ({"id": name, "username": f"{name}@example.com"} for name in ("cleo", "dina"))
    override = {"startDate": hour[20], "endDate": hour[30], "user": {"type": "user", **cleo}, "rotations": []}
    of_another = override | {"rotations": [{"id": "another"}], "user": {"type": "user", **dina}}
    rule = {"startDate": hour[28], "endDate": hour[40], "fromUser": {"id": "ben"}, "toUser": dina}
    shifts = final_shifts(DAILY, [override, of_another], rules=[rule], low=NOW, high=NOW + 2 * DAY_MS)

    assert [
        (0, 20, "ada"), (20, 24, "cleo"), (24, 30, "cleo"), (30, 40, "dina"), (40, 48, "ben"),
    ] == hours(shifts)  # fmt: skip
    assert ["default", "override", "override", "forwarding", "default"] == [shift.kind for shift in shifts]
    assert BEN == shifts[3].forwarded_from


@pytest.mark.parametrize("hour", range(0, 24 * 21, 31))
def test_on_calls_agree_with_the_timeline(account: Account, hour: int) -> None:
    """At any time, the recipients of the final timeline's periods are the participants on call."""
    client, at = ApiClient(account), NOW + hour * HOUR_MS
    for on_call in client.get("/v2/schedules/on-calls", date=format_timestamp(at)).rows:
        path = f"/v2/schedules/{on_call['_parent']['id']}"
        final = client.get(f"{path}/timeline", interval=4).body["data"]["finalTimeline"]
        periods = [period for rotation in final["rotations"] for period in rotation["periods"]]
        now = [period for period in periods if epoch_ms(period["startDate"]) <= at < epoch_ms(period["endDate"])]

        assert [period["recipient"]["id"] for period in now] == [row["id"] for row in on_call["onCallParticipants"]]
        assert on_call == client.get(f"{path}/on-calls", date=format_timestamp(at).replace("Z", "+0000")).body["data"]


def test_flat_responses_have_only_usernames(account: Account) -> None:
    """A flat response has the usernames of all participants, including those in escalations and teams."""
    client, types = ApiClient(account), set()
    for day in range(28):
        date = format_timestamp(NOW + day * DAY_MS + 11 * HOUR_MS)
        full, flat = (client.get("/v2/schedules/on-calls", date=date, flat=flat).rows for flat in ("false", "true"))
        for row, names in zip(full, flat, strict=True):
            everyone = [each for top in row["onCallParticipants"] for each in (top, *top.get("onCallParticipants", ()))]
            types |= {each["type"] for each in row["onCallParticipants"]}

            assert {"_parent", "onCallRecipients"} == set(names)
            assert {each["name"] for each in everyone if each["type"] == "user"} == set(names["onCallRecipients"])
            assert {user["username"] for user in account.users.values()} >= set(names["onCallRecipients"])
    assert {"user", "team", "escalation"} == types


def test_next_on_calls_swap_their_field_names(account: Account) -> None:
    """The full response has recipients and the flat one participants, contrary to on-calls."""
    client, exact = ApiClient(account), []
    for schedule_id in client.get("/v2/schedules").ids:
        full = client.get(f"/v2/schedules/{schedule_id}/next-on-calls").body["data"]
        flat = client.get(f"/v2/schedules/{schedule_id}/next-on-calls", flat="true").body["data"]
        exact += full["exactNextOnCallRecipients"]

        assert ["_parent", "nextOnCallRecipients", "exactNextOnCallRecipients"] == list(full)
        assert ["_parent", "nextOnCallParticipants", "exactNextOnCallParticipants"] == list(flat)
        assert all(each in full["nextOnCallRecipients"] for each in full["exactNextOnCallRecipients"])
        assert all(isinstance(name, str) for name in flat["nextOnCallParticipants"])
    assert exact


def test_disabled_schedules_have_no_participants(account: Account) -> None:
    """A disabled schedule has an empty list of participants."""
    client = ApiClient(account)
    disabled = [row for row in client.get("/v2/schedules/on-calls").rows if not row["_parent"]["enabled"]]

    assert disabled
    assert {0} == {len(row["onCallParticipants"]) for row in disabled}


def test_all_on_calls_may_be_unsupported(account: Account) -> None:
    """A switch makes the on-calls of all schedules a 410, but not those of a single schedule."""
    client = ApiClient(account, Switches(all_on_calls="unsupported"))
    schedule_id = client.get("/v2/schedules").ids[0]
    response = client.get("/v2/schedules/on-calls")

    assert (410, "On-calls endpoint is not supported anymore.") == (response.status, response.body["message"])
    assert 200 == client.get(f"/v2/schedules/{schedule_id}/on-calls").status


def test_timelines_cover_the_requested_interval(account: Account) -> None:
    """A timeline covers one week from now, or days, weeks or months from a date; invalid parameters are a 422."""
    client = ApiClient(account)
    path = f"/v2/schedules/{client.get('/v2/schedules').ids[0]}/timeline"
    default = client.get(path).body
    later = client.get(path, date="2026-12-01T06:00:00Z", interval=3, intervalUnit="days", expand="base,override").body
    month = client.get(path, intervalUnit="months").body["data"]

    assert (["base", "forwarding", "override"]) == default["expandable"]
    assert (format_timestamp(NOW), format_timestamp(NOW + 7 * DAY_MS)) == (
        default["data"]["startDate"],
        default["data"]["endDate"],
    )
    assert ("2026-12-01T06:00:00Z", "2026-12-04T06:00:00Z") == (later["data"]["startDate"], later["data"]["endDate"])
    assert "2026-12-01T00:00:00Z" == month["endDate"]
    assert {"finalTimeline"} == {name for name in default["data"] if name.endswith("Timeline")}
    assert {"finalTimeline", "baseTimeline", "overrideTimeline"} == {x for x in later["data"] if x.endswith("Timeline")}
    assert {422} == {
        client.get(path, **wrong).status for wrong in ({"interval": 0}, {"intervalUnit": "years"}, {"date": "?"})
    }


def test_past_periods_are_historical(account: Account) -> None:
    """Past periods are historical and name users; later ones are default, override or forwarding."""
    client, date = ApiClient(account), format_timestamp(NOW - 14 * DAY_MS)
    kinds = set()
    for schedule_id in client.get("/v2/schedules").ids:
        data = client.get(f"/v2/schedules/{schedule_id}/timeline", date=date, interval=4).body["data"]
        for period in (period for rotation in data["finalTimeline"]["rotations"] for period in rotation["periods"]):
            is_past = epoch_ms(period["endDate"]) <= NOW
            kinds.add(period["type"])

            assert is_past is (period["type"] == "historical") is ("flattenedRecipients" in period)
            assert ("fromUser" in period) is (period["type"] == "forwarding")
    assert {"historical", "default", "override"} <= kinds


def test_timelines_may_carry_an_offset(account: Account) -> None:
    """A switch gives the times of a timeline an offset, without changing the times."""
    client, elsewhere = ApiClient(account), ApiClient(account, Switches(timeline_times="offset"))
    path = f"/v2/schedules/{client.get('/v2/schedules').ids[0]}/timeline"
    in_utc, with_offset = (each.get(path).body["data"] for each in (client, elsewhere))

    assert "2026-11-01T05:30:00+05:30" == with_offset["startDate"]
    assert [epoch_ms(in_utc[name]) for name in ("startDate", "endDate")] == [
        epoch_ms(with_offset[name]) for name in ("startDate", "endDate")
    ]
