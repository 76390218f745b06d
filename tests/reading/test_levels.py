"""Rows that hang on rows that hang on rows, rows asked for one by one, and weeks."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from tests.support.fakes import DATE, NOW, FakeClock, Paths, client_of, rows_in, said, texts_in

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.transport import RawResponse
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.config import Config
from source_opsgenie.errors import MalformedResponse, NotFound
from source_opsgenie.reading.reader import Reader
from source_opsgenie.reading.weeks import WEEK_MS, weeks
from source_opsgenie.streams import STREAMS

Answers = dict[str, Any]
# Requests at the same time.
ALLOWED = 4


def reads(name: str, answers: Answers, **options: object) -> tuple[Paths, list[dict[str, Any]], str]:
    """What was asked to read the stream *name* off *answers*, its rows, and what was told."""
    paths = Paths(
        {path: one if callable(one) else said(200, {"data": one}, date=DATE) for path, one in answers.items()}
    )
    events = list(Reader(over(paths, **options)).read(STREAMS[name]))
    return paths, rows_in(events), texts_in(events)


def over(transport: Any, **options: object) -> Connection:
    """A connection over *transport* that has asked nothing yet."""
    config = Config.from_mapping({"api_token": "k", **options}, environment={})
    clock = FakeClock()
    return Connection(
        client=client_of(transport, clock),
        config=config,
        clock=clock,
        account="acme",
        known_as=frozenset({"acme"}),
        account_name="acme",
        is_team_key=False,
    )


def listed(*names: str) -> list[dict[str, str]]:
    """Rows with these ids."""
    return [{"id": name} for name in names]


def gone(_: Mapping[str, str]) -> RawResponse:
    """A 404."""
    return said(404, {"message": "not found"})


USERS = {"/v2/users": lambda _: said(200, {"data": listed("u", "v"), "totalCount": 2}, date=DATE)}
RULES, STEPS = "/v2/users/{}/notification-rules", "/v2/users/{}/notification-rules/{}/steps"
TREE: Answers = {
    **USERS,
    RULES.format("u"): listed("r", "s"),
    RULES.format("v"): listed("r"),
    STEPS.format("u", "r"): listed("1", "2"),
    STEPS.format("u", "s"): [],
    STEPS.format("v", "r"): listed("1"),
}


def test_a_grandchild_carries_the_ids_of_all_above_it() -> None:
    """Steps are asked for rule by rule, rules user by user, and each step names both."""
    paths, rows, told = reads("user_notification_rule_steps", TREE)
    keys = [(row["user_id"], row["rule_id"], row["id"]) for row in rows]

    assert keys == [("u", "r", "1"), ("u", "r", "2"), ("v", "r", "1")]
    assert "5 parents requested, 5 read, 0 deleted" in told
    # A rule is not asked for by itself when only its steps matter.
    assert f"{RULES.format('u')}/r" not in [request.path for request in paths.asked]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({RULES.format("v"): gone, "/v2/users/v": gone}, "4 parents requested, 3 read, 1 deleted"),
        ({STEPS.format("v", "r"): gone, f"{RULES.format('v')}/r": gone}, "5 parents requested, 4 read, 1 deleted"),
    ],
)
def test_what_vanishes_above_is_gone(missing: Answers, expected: str) -> None:
    """A 404 counts as gone where the row above, of whatever level, is answered with 404 by itself."""
    _, rows, told = reads("user_notification_rule_steps", TREE | missing)

    assert {row["user_id"] for row in rows} == {"u"}
    assert expected in told


@pytest.mark.parametrize(
    "missing",
    [
        {RULES.format("v"): gone, "/v2/users/v": {"id": "v"}},
        {STEPS.format("v", "r"): gone, f"{RULES.format('v')}/r": {"id": "r"}},
    ],
)
def test_404_of_a_child_whose_parent_of_any_level_is_there(missing: Answers) -> None:
    """A 404 while the row above is answered is no empty list."""
    with pytest.raises(NotFound):
        reads("user_notification_rule_steps", TREE | missing)


OVERRIDES: Answers = {
    "/v2/schedules": listed("s"),
    "/v2/schedules/s/overrides": [{"alias": "a", "rotations": [{"id": "r"}], "order": 1}, {"alias": "b"}],
    "/v2/schedules/s/overrides/a": {"alias": "a", "rotations": [{"id": "r", "name": "R"}]},
    "/v2/schedules/s/overrides/b": {"alias": "b"},
}


def test_a_row_that_its_list_shortens_is_asked_for_by_itself() -> None:
    """What a row's own answer holds is put over what the list holds; what only the list holds stays."""
    _, rows, _ = reads("schedule_overrides", OVERRIDES)
    first, second = rows

    assert first == {"schedule_id": "s", "alias": "a", "rotations": [{"id": "r", "name": "R"}], "order": 1}
    assert second == {"schedule_id": "s", "alias": "b"}


def test_a_row_that_left_its_list_is_left_out() -> None:
    """A row that was deleted after it was listed is answered with 404, and its list has it no more."""
    lists = [OVERRIDES["/v2/schedules/s/overrides"], [{"alias": "b"}]]
    vanished = {
        "/v2/schedules/s/overrides": lambda _: said(200, {"data": lists.pop(0)}),
        "/v2/schedules/s/overrides/a": gone,
    }
    _, rows, _ = reads("schedule_overrides", OVERRIDES | vanished)

    assert [row["alias"] for row in rows] == ["b"]


def test_a_row_that_its_list_still_has_is_not_gone() -> None:
    """A row that is listed and answered with 404 ends the read: it is not left out."""
    with pytest.raises(NotFound, match="overrides/a"):
        reads("schedule_overrides", OVERRIDES | {"/v2/schedules/s/overrides/a": gone})


@pytest.mark.parametrize(("option", "expected"), [(False, {}), (True, {"secret": "x"})])
def test_settings_are_read_only_where_the_user_asks(option: bool, expected: dict[str, str]) -> None:
    """An integration is asked for by itself only under its option: what it holds may be secret."""
    answers = {"/v2/integrations": listed("i"), "/v2/integrations/i": {"id": "i", "secret": "x"}}
    paths, rows, _ = reads("integrations", answers, integration_settings=option)

    assert rows == [{"id": "i"} | expected]
    assert len(paths.asked) == 1 + option


def policies(params: Mapping[str, str]) -> RawResponse:
    """The policies of a team, or of the account."""
    names = {"t": ["p", "q"], "": ["g"]}[params.get("teamId", "")]
    return said(200, {"data": [{"id": name, "order": 1.0} for name in names]})


def policy(params: Mapping[str, str]) -> RawResponse:
    """A policy, which must be asked for with its team."""
    return said(200, {"data": {"message": params.get("teamId", "all")}})


def test_what_hangs_on_no_parent_is_read_too() -> None:
    """The account's own policies come beside those of its teams; each is asked for with its team, if it has one."""
    singles = {f"/v2/policies/{name}": policy for name in "pqg"}
    _, rows, told = reads("alert_policies", {"/v2/teams": listed("t"), "/v2/policies/alert": policies, **singles})
    expected = [("g", None, "all"), ("p", "t", "t"), ("q", "t", "t")]

    assert [(row["id"], row["team_id"], row["message"]) for row in rows] == expected
    assert "1 parents requested, " in told


NEXT = "/v2/schedules/{}/next-on-calls"
ON_CALLS: Answers = {
    "/v2/schedules": listed("s", "t"),
    NEXT.format("s"): {"_parent": {"id": "s"}, "nextOnCallRecipients": ["n"]},
    NEXT.format("t"): {"_parent": {"id": "t"}},
    "/v2/schedules/s/on-calls": {"_parent": {"id": "s"}, "onCallParticipants": ["own"]},
    "/v2/schedules/t/on-calls": {"_parent": {"id": "t"}, "onCallParticipants": ["own"]},
}
ALL = "/v2/schedules/on-calls"


@pytest.mark.parametrize(
    ("of_all", "expected"),
    [
        ([{"_parent": {"id": one}, "onCallParticipants": ["all"]} for one in "st"], ["all", "all"]),
        ([{"_parent": {"id": "s"}, "onCallParticipants": ["all"]}], ["all", "own"]),
        (gone, ["own", "own"]),
    ],
)
def test_who_is_on_call_is_asked_at_once_where_that_is_answered(of_all: Any, expected: list[str]) -> None:
    """One request answers for all schedules; where it is refused, and for a schedule that it lacks, each is asked."""
    _, rows, _ = reads("schedule_on_calls", ON_CALLS | {ALL: of_all})

    assert [row["onCallParticipants"][0] for row in rows] == expected
    assert [row["schedule_id"] for row in rows] == ["s", "t"]
    assert rows[0]["nextOnCallRecipients"] == ["n"]


@pytest.mark.parametrize("days_back", [0, 1, 6, 7, 28, 365])
def test_weeks_leave_no_gap(days_back: int) -> None:
    """The weeks begin on Mondays, one after the other, from so many days back until the end of next week."""
    moments = [parse_timestamp(week["date"]) for week in weeks(NOW, days_back=days_back)]

    assert moments[0] <= NOW - days_back * WEEK_MS // 7 < moments[0] + WEEK_MS
    assert moments[-1] <= NOW + WEEK_MS < moments[-1] + WEEK_MS
    assert {after - before for before, after in pairwise(moments)} == {WEEK_MS}
    assert moments[0] % WEEK_MS == 4 * WEEK_MS // 7


def test_each_week_is_a_row() -> None:
    """A timeline is asked for week by week, and each row is named by its schedule and its Monday."""
    answers = {"/v2/schedules": listed("s"), "/v2/schedules/s/timeline": {"_parent": {"id": "s"}}}
    paths, rows, _ = reads("schedule_timelines", answers, timeline_days=7)
    asked = [request.params["date"] for request in paths.asked if "timeline" in request.path]
    mondays = ["2026-10-19T00:00:00.000Z", "2026-10-26T00:00:00.000Z", "2026-11-02T00:00:00.000Z"]

    assert [row["date"] for row in rows] == asked == mondays


def test_without_a_date_no_week_is_the_present() -> None:
    """Where no answer tells the API's date, the read ends rather than guess the weeks."""
    answers = {"/v2/schedules": lambda _: said(200, {"data": listed("s")})}
    with pytest.raises(MalformedResponse, match="Date"):
        reads("schedule_timelines", answers)
