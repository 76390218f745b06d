"""Grandchild records, and rows that are requested individually."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.fakes import DATE, Paths, connection_over, rows_in, said, texts_in

from source_opsgenie.api.transport import RawResponse
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

Answers = dict[str, Any]


def reads(name: str, answers: Answers, **options: object) -> tuple[Paths, list[dict[str, Any]], str]:
    """Read the stream *name* from *answers*: the requests, the rows, and the texts of notices."""
    paths = Paths(
        {path: one if callable(one) else said(200, {"data": one}, date=DATE) for path, one in answers.items()}
    )
    events = list(Reader(connection_over(paths, **options)).read(STREAMS[name]))
    return paths, rows_in(events), texts_in(events)


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


def test_grandchild_has_the_ids_of_all_ancestors() -> None:
    """Steps are requested per rule, rules per user, and each step has the ids of both."""
    paths, rows, texts = reads("user_notification_rule_steps", TREE)
    keys = [(row["user_id"], row["rule_id"], row["id"]) for row in rows]

    assert keys == [("u", "r", "1"), ("u", "r", "2"), ("v", "r", "1")]
    assert "5 parents requested, 5 read, 0 deleted" in texts
    # A rule itself is not requested, as only its steps are needed.
    assert f"{RULES.format('u')}/r" not in [request.path for request in paths.requests]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({RULES.format("v"): gone, "/v2/users/v": gone}, "4 parents requested, 3 read, 1 deleted"),
        ({STEPS.format("v", "r"): gone, f"{RULES.format('v')}/r": gone}, "5 parents requested, 4 read, 1 deleted"),
    ],
)
def test_404_of_a_child_whose_ancestor_is_deleted(missing: Answers, expected: str) -> None:
    """A child's 404 counts its parent, of any level, as deleted if the parent itself is a 404."""
    _, rows, texts = reads("user_notification_rule_steps", TREE | missing)

    assert {row["user_id"] for row in rows} == {"u"}
    assert expected in texts


@pytest.mark.parametrize(
    "missing",
    [
        {RULES.format("v"): gone, "/v2/users/v": {"id": "v"}},
        {STEPS.format("v", "r"): gone, f"{RULES.format('v')}/r": {"id": "r"}},
    ],
)
def test_404_of_a_child_whose_parent_of_any_level_exists(missing: Answers) -> None:
    """A child's 404 is set aside, not an empty list, while its parent exists."""
    _, rows, texts = reads("user_notification_rule_steps", TREE | missing)

    assert {row["user_id"] for row in rows} >= {"u"}
    assert "1 owed" in texts


OVERRIDES: Answers = {
    "/v2/schedules": listed("s"),
    "/v2/schedules/s/overrides": [{"alias": "a", "rotations": [{"id": "r"}], "order": 1}, {"alias": "b"}],
    "/v2/schedules/s/overrides/a": {"alias": "a", "rotations": [{"id": "r", "name": "R"}]},
    "/v2/schedules/s/overrides/b": {"alias": "b"},
}


def test_row_with_fewer_fields_in_the_list_is_requested_individually() -> None:
    """Fields of the single response override those of the list; fields only in the list are kept."""
    _, rows, _ = reads("schedule_overrides", OVERRIDES)
    first, second = rows

    assert first == {"schedule_id": "s", "alias": "a", "rotations": [{"id": "r", "name": "R"}], "order": 1}
    assert second == {"schedule_id": "s", "alias": "b"}


def test_row_deleted_after_it_was_listed_is_skipped() -> None:
    """A row that is a 404, and no longer in its list, is skipped."""
    lists = [OVERRIDES["/v2/schedules/s/overrides"], [{"alias": "b"}]]
    deleted = {
        "/v2/schedules/s/overrides": lambda _: said(200, {"data": lists.pop(0)}),
        "/v2/schedules/s/overrides/a": gone,
    }
    _, rows, _ = reads("schedule_overrides", OVERRIDES | deleted)

    assert [row["alias"] for row in rows] == ["b"]


def test_404_of_a_row_that_is_still_listed_is_an_error() -> None:
    """A row that is a 404, and still in its list, keeps the fields of the list, and its details are owed."""
    _, rows, texts = reads("schedule_overrides", OVERRIDES | {"/v2/schedules/s/overrides/a": gone})

    assert [row for row in rows if row.get("lacks_details")] == [
        {"schedule_id": "s", "alias": "a", "rotations": [{"id": "r"}], "order": 1, "lacks_details": True}
    ]
    assert "1 owed" in texts


@pytest.mark.parametrize(("option", "expected"), [(False, {}), (True, {"secret": "x"})])
def test_integration_settings_are_read_only_with_their_option(option: bool, expected: dict[str, str]) -> None:
    """Single integrations are requested only with the option, as they can contain secrets."""
    answers = {"/v2/integrations": listed("i"), "/v2/integrations/i": {"id": "i", "secret": "x"}}
    paths, rows, _ = reads("integrations", answers, integration_settings=option)

    assert rows == [{"id": "i"} | expected]
    assert len(paths.requests) == 1 + option


def policies(params: Mapping[str, str]) -> RawResponse:
    """The policies of a team, or of the account."""
    names = {"t": ["p", "q"], "": ["g"]}[params.get("teamId", "")]
    return said(200, {"data": [{"id": name, "order": 1.0} for name in names]})


def policy(params: Mapping[str, str]) -> RawResponse:
    """A policy, which must be requested with its team."""
    return said(200, {"data": {"message": params.get("teamId", "all")}})


def test_child_records_without_a_parent_are_read_too() -> None:
    """The account's policies are read as well as those of teams; each is requested with its team, if any."""
    singles = {f"/v2/policies/{name}": policy for name in "pqg"}
    _, rows, texts = reads("alert_policies", {"/v2/teams": listed("t"), "/v2/policies/alert": policies, **singles})
    expected = [("g", None, "all"), ("p", "t", "t"), ("q", "t", "t")]

    assert [(row["id"], row["team_id"], row["message"]) for row in rows] == expected
    assert "1 parents requested, " in texts


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
        ([{"_parent": {"id": name}, "onCallParticipants": ["all"]} for name in "st"], ["all", "all"]),
        ([{"_parent": {"id": "s"}, "onCallParticipants": ["all"]}], ["all", "own"]),
        (gone, ["own", "own"]),
    ],
)
def test_on_calls_are_read_in_bulk_if_possible(of_all: Any, expected: list[str]) -> None:
    """One request returns all schedules; if it fails or lacks a schedule, schedules are requested individually."""
    _, rows, _ = reads("schedule_on_calls", ON_CALLS | {ALL: of_all})

    assert [row["onCallParticipants"][0] for row in rows] == expected
    assert [row["schedule_id"] for row in rows] == ["s", "t"]
    assert rows[0]["nextOnCallRecipients"] == ["n"]
