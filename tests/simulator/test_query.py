"""The query language: examples from the reference, and a property test."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches

ACCOUNT = Account.seeded(alerts=120, incidents=30, users=10)
CLIENT = ApiClient(ACCOUNT)
ALERTS = list(ACCOUNT.alerts.values())
TIMES = sorted(ACCOUNT.store.tables["alerts"].index("created")[at].created for at in (0, 10, 60, 119))

Predicate = Callable[[dict[str, Any]], bool]


def matching(query: str, *, switches: Switches | None = None) -> set[str]:
    """The ids of the alerts that a query returns."""
    client = ApiClient(ACCOUNT, switches) if switches else CLIENT
    return {alert_id for page in client.pages("/v2/alerts", query=query, limit=100) for alert_id in page.ids}


def expected(predicate: Predicate) -> set[str]:
    """The ids of the alerts that a predicate accepts."""
    return {alert["id"] for alert in ALERTS if predicate(alert)}


def created(alert: dict[str, Any]) -> int:
    """The creation time of an alert in epoch milliseconds, from its id."""
    return int(alert["id"][-13:])


def comparisons() -> st.SearchStrategy[tuple[str, Predicate]]:
    """Single conditions, each with an equivalent predicate."""
    values = st.sampled_from([time + offset for time in TIMES for offset in (-1, 0, 1)])
    times = st.tuples(st.sampled_from(["<", "<=", ">", ">=", ":", "="]), values).map(time_condition)
    words = st.sampled_from(["P1", "P3", "P9"]).map(lambda word: (f"priority:{word}", lambda a: a["priority"] == word))
    states = st.sampled_from(["open", "closed"]).map(lambda word: (f"status={word}", lambda a: a["status"] == word))
    flags = st.sampled_from([("true", True), ("false", False)]).map(
        lambda flag: (f"acknowledged: {flag[0]}", lambda a: a["acknowledged"] is flag[1])
    )
    nulls: list[tuple[str, Predicate]] = [
        ("owner:null", lambda a: not a["owner"]),
        ("teams is null", lambda a: not a["teams"]),
        ("tag !: null", lambda a: bool(a["tags"])),
        ("integration.name is not null", lambda a: "integration" in a),
    ]
    texts: list[tuple[str, Predicate]] = [
        ("message:disk", lambda a: "disk" in a["message"].lower().split()),
        ("message:(latency OR replica)", lambda a: bool({"latency", "replica"} & set(a["message"].lower().split()))),
        ('message:"is almost full"', lambda a: "is almost full" in a["message"]),
        ("message:heal*", lambda a: "health" in a["message"].lower()),
        ("tag:prod*", lambda a: any(tag.startswith("prod") for tag in a["tags"])),
        ("count > 1", lambda a: a["count"] > 1),
    ]
    return st.one_of(times, words, states, flags, st.sampled_from(nulls), st.sampled_from(texts))


def time_condition(drawn: tuple[str, int]) -> tuple[str, Predicate]:
    """A condition on createdAt."""
    operator, time = drawn
    predicates: dict[str, Predicate] = {
        "<": lambda a: created(a) < time,
        "<=": lambda a: created(a) <= time,
        ">": lambda a: created(a) > time,
        ">=": lambda a: created(a) >= time,
    }
    return f"createdAt {operator} {time}", predicates.get(operator, lambda a: created(a) == time)


def combined(parts: st.SearchStrategy[tuple[str, Predicate]]) -> st.SearchStrategy[tuple[str, Predicate]]:
    """Two conditions under an operator, or one of them negated."""
    pair = st.tuples(parts, parts)
    return st.one_of(
        pair.map(lambda p: (f"({p[0][0]}) AND ({p[1][0]})", lambda a: p[0][1](a) and p[1][1](a))),
        pair.map(lambda p: (f"({p[0][0]}) ({p[1][0]})", lambda a: p[0][1](a) and p[1][1](a))),
        pair.map(lambda p: (f"({p[0][0]}) OR ({p[1][0]})", lambda a: p[0][1](a) or p[1][1](a))),
        parts.map(lambda p: (f"NOT ({p[0]})", lambda a: not p[1](a))),
    )


@settings(max_examples=300, deadline=None)
@given(query=st.recursive(comparisons(), combined, max_leaves=6))
def test_queries_mean_what_they_say(query: tuple[str, Predicate]) -> None:
    """Any query returns exactly the alerts that its predicate accepts, and the count agrees."""
    text, predicate = query
    ids = matching(text)

    assert expected(predicate) == ids
    assert len(ids) == CLIENT.get("/v2/alerts/count", query=text).body["data"]["count"]


def test_not_binds_before_and_and_and_before_or() -> None:
    """Without parentheses, NOT comes first, then AND, then OR."""
    predicate: Predicate = lambda a: a["priority"] == "P1" or (a["priority"] == "P3" and a["status"] != "open")  # noqa: E731

    assert expected(predicate) == matching("priority:P1 OR priority:P3 AND NOT status:open")


def test_alias_finds_only_open_alerts() -> None:
    """A closed alert is not found by its alias."""
    by_status = {alert["status"]: alert for alert in ALERTS}
    open_alias, closed_alias = by_status["open"]["alias"], by_status["closed"]["alias"]

    assert {by_status["open"]["id"]} == matching(f'alias:"{open_alias}"')
    assert set() == matching(f'alias:"{closed_alias}"')


def test_teams_and_recipients_are_searched_by_name() -> None:
    """Teams and recipients are searched by name; wildcards do not work."""
    team = next(team for team in ACCOUNT.teams.values() if "members" in team)
    member = team["members"][0]["user"]["username"]
    of_team = expected(lambda a: {"id": team["id"]} in a["teams"])

    assert of_team == matching(f"teams:{team['name']}") == matching(f"responders:{team['name']}")
    assert set() == matching(f"teams:{team['name'][:3]}*")
    assert expected(
        lambda a: any(row["user"]["username"] == member for row in ACCOUNT.store.children(a["id"]).recipients)
    ) == matching(f"recipients:{member}")


def test_created_at_can_be_a_date() -> None:
    """A query on createdAt accepts a date, which means a day in UTC."""
    day = next(iter(ALERTS))["createdAt"][:10]
    date = "-".join(reversed(day.split("-")))

    assert expected(lambda a: a["createdAt"].startswith(day)) == matching(f"createdAt:{date}")
    assert expected(lambda a: a["createdAt"] >= day) == matching(f"createdAt >= {date}")


@pytest.mark.parametrize(
    "query",
    ["(", "status:", "status", "status:open)", "AND status:open", "status !: open", "status > open", "createdAt > soon",
     "acknowledged:maybe", "priority is null", "status is open", 'message:"', "createdAt:32-01-2020"],
)  # fmt: skip
def test_invalid_queries_are_rejected(query: str) -> None:
    """An invalid query is a 422 with the reason under `errors`."""
    response = CLIENT.get("/v2/alerts", query=query)

    assert 422 == response.status
    assert ["query"] == list(response.body["errors"])


@pytest.mark.parametrize(("value", "ids"), [("ignored", expected(lambda a: a["status"] == "open")), ("nothing", set())])
def test_unknown_fields_follow_their_switch(value: Any, ids: set[str]) -> None:
    """A condition on an unknown field is rejected, ignored, or matches nothing."""
    response = CLIENT.get("/v2/alerts", query="mood:good")

    assert 422 == response.status
    assert ids == matching("status:open AND mood:good", switches=Switches(unknown_field=value))


def test_updated_at_follows_its_switch() -> None:
    """A query on updatedAt is in milliseconds, in seconds, ignored, or rejected."""
    time = ACCOUNT.store.tables["alerts"].index("updated")[60].updated // 1000 * 1000
    later = {one.id for one in ACCOUNT.store.tables["alerts"] if one.updated >= time}
    everything = set(ACCOUNT.alerts)

    assert later == matching(f"updatedAt >= {time}")
    assert later == matching(f"updatedAt >= {time // 1000}", switches=Switches(updated_at_search="seconds"))
    assert set() == matching(f"updatedAt >= {time}", switches=Switches(updated_at_search="seconds"))
    assert everything == matching(f"updatedAt >= {time}", switches=Switches(updated_at_search="ignored"))
    client = ApiClient(ACCOUNT, Switches(updated_at_search="rejected", updated_at_sort="rejected"))
    assert 422 == client.get("/v2/alerts", query=f"updatedAt >= {time}").status
    assert 422 == client.get("/v2/alerts", sort="updatedAt").status


@pytest.mark.parametrize("sort", ["createdAt", "updatedAt"])
def test_both_times_can_be_in_one_query(sort: str) -> None:
    """Ranges of createdAt and updatedAt combine, whichever is narrower and whatever the sort."""
    table = ACCOUNT.store.tables["alerts"]
    early, late = table.index("updated")[20].updated, table.index("updated")[50].updated
    created_at = table.index("created")[35].created
    for operator, compare in ((">=", int.__ge__), ("<", int.__lt__)):
        wanted = {one.id for one in table if compare(one.created, created_at) and early <= one.updated < late}
        query = f"createdAt {operator} {created_at} AND updatedAt >= {early} AND updatedAt < {late}"

        assert wanted == set(CLIENT.get("/v2/alerts", query=query, sort=sort, limit=100).ids)
        assert 0 < len(wanted) < 30


def test_created_at_can_be_in_seconds() -> None:
    """With the switch, createdAt is in seconds, or in either unit depending on its size."""
    time = TIMES[1] // 1000 * 1000
    later = expected(lambda a: created(a) >= time)

    assert later == matching(f"createdAt >= {time // 1000}", switches=Switches(created_at_values="seconds"))
    for value in (time, time // 1000):
        assert later == matching(f"createdAt >= {value}", switches=Switches(created_at_values="either"))


@pytest.mark.parametrize(
    ("path", "kind", "query", "predicate"),
    [
        ("/v1/incidents", "incidents", "status:(open OR resolved)", lambda one: one["status"] != "closed"),
        ("/v1/incidents", "incidents", "details.key:region", lambda one: "region" in one["extraProperties"]),
        ("/v2/users", "users", "role:Admin AND verified:true", lambda one: one["role"]["name"] == "Admin"),
        ("/v2/users", "users", "NOT fullName:ada", lambda one: "Ada" not in one["fullName"]),
    ],
)
def test_incidents_and_users_have_their_own_fields(path: str, kind: str, query: str, predicate: Predicate) -> None:
    """Incidents and users are searched by their own documented fields."""
    wanted = {one["id"] for one in getattr(ACCOUNT, kind).values() if predicate(one)}
    response = CLIENT.get(path, query=query, limit=100)

    assert wanted == set(response.ids)
    assert len(wanted) == response.body["totalCount"]


def test_cached_results_are_invalidated_by_changes() -> None:
    """A cached selection is not used after a change."""
    account = Account.seeded(alerts=20)
    client = ApiClient(account)
    before = client.get("/v2/alerts/count", query="status:open AND message:fresh").body["data"]["count"]
    account.create_alert(message="fresh")

    assert before + 1 == client.get("/v2/alerts/count", query="status:open AND message:fresh").body["data"]["count"]
