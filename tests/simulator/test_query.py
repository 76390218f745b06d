"""The query language: examples from the reference, and a law."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches

ACCOUNT = Account.seeded(alerts=120, incidents=30, users=10)
ASKING = ApiClient(ACCOUNT)
ALERTS = list(ACCOUNT.alerts.values())
INSTANTS = sorted(ACCOUNT.store.tables["alerts"].index("created")[at].created for at in (0, 10, 60, 119))

Test = Callable[[dict[str, Any]], bool]


def matching(query: str, *, switches: Switches | None = None) -> set[str]:
    """Ids of the alerts that a query brings."""
    asking = ApiClient(ACCOUNT, switches) if switches else ASKING
    return {one for page in asking.pages("/v2/alerts", query=query, limit=100) for one in page.ids}


def expected(test: Test) -> set[str]:
    """Ids of the alerts that a plain test accepts."""
    return {alert["id"] for alert in ALERTS if test(alert)}


def created(alert: dict[str, Any]) -> int:
    """The creation of an alert in epoch milliseconds, from its id."""
    return int(alert["id"][-13:])


def comparisons() -> st.SearchStrategy[tuple[str, Test]]:
    """Single conditions, each with a plain test that means the same."""
    instants = st.sampled_from([moment + nudge for moment in INSTANTS for nudge in (-1, 0, 1)])
    times = st.tuples(st.sampled_from(["<", "<=", ">", ">=", ":", "="]), instants).map(on_time)
    words = st.sampled_from(["P1", "P3", "P9"]).map(lambda word: (f"priority:{word}", lambda a: a["priority"] == word))
    states = st.sampled_from(["open", "closed"]).map(lambda word: (f"status={word}", lambda a: a["status"] == word))
    flags = st.sampled_from([("true", True), ("false", False)]).map(
        lambda flag: (f"acknowledged: {flag[0]}", lambda a: a["acknowledged"] is flag[1])
    )
    nulls: list[tuple[str, Test]] = [
        ("owner:null", lambda a: not a["owner"]),
        ("teams is null", lambda a: not a["teams"]),
        ("tag !: null", lambda a: bool(a["tags"])),
        ("integration.name is not null", lambda a: "integration" in a),
    ]
    texts: list[tuple[str, Test]] = [
        ("message:disk", lambda a: "disk" in a["message"].lower().split()),
        ("message:(latency OR replica)", lambda a: bool({"latency", "replica"} & set(a["message"].lower().split()))),
        ('message:"is almost full"', lambda a: "is almost full" in a["message"]),
        ("message:heal*", lambda a: "health" in a["message"].lower()),
        ("tag:prod*", lambda a: any(tag.startswith("prod") for tag in a["tags"])),
        ("count > 1", lambda a: a["count"] > 1),
    ]
    return st.one_of(times, words, states, flags, st.sampled_from(nulls), st.sampled_from(texts))


def on_time(drawn: tuple[str, int]) -> tuple[str, Test]:
    """A condition on createdAt."""
    sign, moment = drawn
    tests: dict[str, Test] = {
        "<": lambda a: created(a) < moment,
        "<=": lambda a: created(a) <= moment,
        ">": lambda a: created(a) > moment,
        ">=": lambda a: created(a) >= moment,
    }
    return f"createdAt {sign} {moment}", tests.get(sign, lambda a: created(a) == moment)


def joined(parts: st.SearchStrategy[tuple[str, Test]]) -> st.SearchStrategy[tuple[str, Test]]:
    """Two parts under an operator, or one of them denied."""
    pair = st.tuples(parts, parts)
    return st.one_of(
        pair.map(lambda p: (f"({p[0][0]}) AND ({p[1][0]})", lambda a: p[0][1](a) and p[1][1](a))),
        pair.map(lambda p: (f"({p[0][0]}) ({p[1][0]})", lambda a: p[0][1](a) and p[1][1](a))),
        pair.map(lambda p: (f"({p[0][0]}) OR ({p[1][0]})", lambda a: p[0][1](a) or p[1][1](a))),
        parts.map(lambda p: (f"NOT ({p[0]})", lambda a: not p[1](a))),
    )


@settings(max_examples=300, deadline=None)
@given(query=st.recursive(comparisons(), joined, max_leaves=6))
def test_queries_mean_what_they_say(query: tuple[str, Test]) -> None:
    """Any query brings exactly the alerts that a plain reading of it accepts, and the count agrees."""
    text, test = query
    found = matching(text)

    assert expected(test) == found
    assert len(found) == ASKING.get("/v2/alerts/count", query=text).body["data"]["count"]


def test_not_binds_before_and_and_and_before_or() -> None:
    """Without parentheses, NOT comes first, then AND, then OR."""
    test: Test = lambda a: a["priority"] == "P1" or (a["priority"] == "P3" and a["status"] != "open")  # noqa: E731

    assert expected(test) == matching("priority:P1 OR priority:P3 AND NOT status:open")


def test_alias_finds_only_open_alerts() -> None:
    """A closed alert is not found by its alias."""
    by_status = {alert["status"]: alert for alert in ALERTS}
    open_alias, closed_alias = by_status["open"]["alias"], by_status["closed"]["alias"]

    assert {by_status["open"]["id"]} == matching(f'alias:"{open_alias}"')
    assert set() == matching(f'alias:"{closed_alias}"')


def test_teams_and_recipients_go_by_name() -> None:
    """Teams are named, not numbered; a wildcard does not work on them."""
    team = next(team for team in ACCOUNT.teams.values() if "members" in team)
    member = team["members"][0]["user"]["username"]
    of_team = expected(lambda a: {"id": team["id"]} in a["teams"])

    assert of_team == matching(f"teams:{team['name']}") == matching(f"responders:{team['name']}")
    assert set() == matching(f"teams:{team['name'][:3]}*")
    assert expected(
        lambda a: any(one["user"]["username"] == member for one in ACCOUNT.store.children(a["id"]).recipients)
    ) == matching(f"recipients:{member}")


def test_a_day_is_a_date() -> None:
    """A query on createdAt also takes a day, read in UTC."""
    day = next(iter(ALERTS))["createdAt"][:10]
    date = "-".join(reversed(day.split("-")))

    assert expected(lambda a: a["createdAt"].startswith(day)) == matching(f"createdAt:{date}")
    assert expected(lambda a: a["createdAt"] >= day) == matching(f"createdAt >= {date}")


@pytest.mark.parametrize(
    "query",
    ["(", "status:", "status", "status:open)", "AND status:open", "status !: open", "status > open", "createdAt > soon",
     "acknowledged:maybe", "priority is null", "status is open", 'message:"', "createdAt:32-01-2020"],
)  # fmt: skip
def test_malformed_queries_are_refused(query: str) -> None:
    """What cannot be read is a 422 with the reason under `errors`."""
    answered = ASKING.get("/v2/alerts", query=query)

    assert 422 == answered.status
    assert ["query"] == list(answered.body["errors"])


@pytest.mark.parametrize(
    ("position", "ids"), [("ignored", expected(lambda a: a["status"] == "open")), ("nothing", set())]
)
def test_unknown_fields_follow_their_switch(position: Any, ids: set[str]) -> None:
    """A condition on an unknown field is refused, ignored, or matches nothing."""
    refused = ASKING.get("/v2/alerts", query="mood:good")

    assert 422 == refused.status
    assert ids == matching("status:open AND mood:good", switches=Switches(unknown_field=position))


def test_updated_at_follows_its_switch() -> None:
    """A query on updatedAt is read in milliseconds, in seconds, ignored, or refused."""
    moment = ACCOUNT.store.tables["alerts"].index("updated")[60].updated // 1000 * 1000
    later = {one.id for one in ACCOUNT.store.tables["alerts"] if one.updated >= moment}
    everything = set(ACCOUNT.alerts)

    assert later == matching(f"updatedAt >= {moment}")
    assert later == matching(f"updatedAt >= {moment // 1000}", switches=Switches(updated_at_search="seconds"))
    assert set() == matching(f"updatedAt >= {moment}", switches=Switches(updated_at_search="seconds"))
    assert everything == matching(f"updatedAt >= {moment}", switches=Switches(updated_at_search="ignored"))
    refusing = ApiClient(ACCOUNT, Switches(updated_at_search="rejected", updated_at_sort="rejected"))
    assert 422 == refusing.get("/v2/alerts", query=f"updatedAt >= {moment}").status
    assert 422 == refusing.get("/v2/alerts", sort="updatedAt").status


@pytest.mark.parametrize("sort", ["createdAt", "updatedAt"])
def test_both_times_may_be_asked_for_at_once(sort: str) -> None:
    """Ranges of createdAt and of updatedAt hold together, whichever is the narrower and whatever the sort."""
    shelf = ACCOUNT.store.tables["alerts"]
    early, late = shelf.index("updated")[20].updated, shelf.index("updated")[50].updated
    born = shelf.index("created")[35].created
    for sign, holds in ((">=", int.__ge__), ("<", int.__lt__)):
        wanted = {one.id for one in shelf if holds(one.created, born) and early <= one.updated < late}
        query = f"createdAt {sign} {born} AND updatedAt >= {early} AND updatedAt < {late}"

        assert wanted == set(ASKING.get("/v2/alerts", query=query, sort=sort, limit=100).ids)
        assert 0 < len(wanted) < 30


def test_created_at_may_be_read_in_seconds() -> None:
    """By its switch, createdAt takes seconds, or either unit by size."""
    moment = INSTANTS[1] // 1000 * 1000
    later = expected(lambda a: created(a) >= moment)

    assert later == matching(f"createdAt >= {moment // 1000}", switches=Switches(created_at_values="seconds"))
    for value in (moment, moment // 1000):
        assert later == matching(f"createdAt >= {value}", switches=Switches(created_at_values="either"))


@pytest.mark.parametrize(
    ("path", "kind", "query", "test"),
    [
        ("/v1/incidents", "incidents", "status:(open OR resolved)", lambda one: one["status"] != "closed"),
        ("/v1/incidents", "incidents", "details.key:region", lambda one: "region" in one["extraProperties"]),
        ("/v2/users", "users", "role:Admin AND verified:true", lambda one: one["role"]["name"] == "Admin"),
        ("/v2/users", "users", "NOT fullName:ada", lambda one: "Ada" not in one["fullName"]),
    ],
)
def test_incidents_and_users_have_fields_of_their_own(path: str, kind: str, query: str, test: Test) -> None:
    """Incidents and users are searched by the fields of their own tables."""
    wanted = {one["id"] for one in getattr(ACCOUNT, kind).values() if test(one)}
    answered = ASKING.get(path, query=query, limit=100)

    assert wanted == set(answered.ids)
    assert len(wanted) == answered.body["totalCount"]


def test_results_follow_changes() -> None:
    """A kept selection is not used once something changed."""
    account = Account.seeded(alerts=20)
    asking = ApiClient(account)
    before = asking.get("/v2/alerts/count", query="status:open AND message:fresh").body["data"]["count"]
    account.create_alert(message="fresh")

    assert before + 1 == asking.get("/v2/alerts/count", query="status:open AND message:fresh").body["data"]["count"]
