"""The query language, as far as we write it, and which queries are stable."""

import pytest
from tests.support.leaks import KEY

from source_opsgenie.config import Config
from source_opsgenie.options import OPTIONS
from source_opsgenie.reading.query import STABLE_FIELDS, Span, created, is_stable, join_query, updated, user_query
from source_opsgenie.streams import STREAMS


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (created(5, 9), "createdAt >= 5 AND createdAt < 9"),
        (created(0, 9), "createdAt >= 0 AND createdAt < 9"),
        (created(None, 9), "createdAt < 9"),
        (updated(5), "updatedAt >= 5"),
        (Span("createdAt"), ""),
    ],
)
def test_span_is_half_open(span: Span, expected: str) -> None:
    """A span includes its start and excludes its end; a bound of None is omitted, a bound of 0 is not."""
    assert expected == str(span)


@pytest.mark.parametrize(
    ("query", "spans", "expected"),
    [
        ("", (), ""),
        ("", (created(),), ""),
        ("status: open", (), "(status: open)"),
        ("status: open", (created(),), "(status: open)"),
        ("", (created(1),), "createdAt >= 1"),
        ("a OR b", (created(1), updated(2)), "(a OR b) AND createdAt >= 1 AND updatedAt >= 2"),
    ],
)
def test_user_query_is_parenthesized(query: str, spans: tuple[Span, ...], expected: str) -> None:
    """An OR in the user's query does not admit rows of other spans."""
    assert expected == join_query(query, *spans)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ""),
        ({"alert_query": "a OR b"}, "a OR b"),
        ({"alert_status": "open"}, "status: open"),
        ({"alert_priorities": ["P2", "P1"], "alert_status": "closed"}, "priority: (P1 OR P2) AND status: closed"),
        ({"alert_query": "a OR b", "alert_teams": ["Day shift"]}, '(a OR b) AND teams: "Day shift"'),
    ],
)
def test_filters_are_one_query(options: dict[str, object], expected: str) -> None:
    """The query and the filters are combined for alerts, in any order the same, and do not apply to incidents."""
    config = Config.from_mapping({"api_token": KEY, **options}, environment={})

    assert expected == user_query(config, STREAMS["alerts"])
    assert "" == user_query(config, STREAMS["incidents"])


@pytest.mark.parametrize(
    "query",
    ["", "createdAt > 5", "source: nagios", 'source = "a" AND alias: b*', "(createdAt >= 1 AND NOT tinyId = 7)"],
)
def test_stable_query(query: str) -> None:
    """A query on fields that never change finds the same rows throughout a read."""
    assert is_stable(query)


def test_documented_query_is_stable() -> None:
    """The examples of alert_query are stable, and its description names every stable field."""
    option = OPTIONS["alert_query"]

    assert all(is_stable(example) for example in option["examples"])
    assert set() == {field for field in STABLE_FIELDS if field not in option["description"].lower()}


@pytest.mark.parametrize(
    "query",
    [
        "status: open",
        "createdAt > 5 AND status:open",
        "owner is null",
        "owner IS NULL",
        "teams : x OR source: y",
        "disk",
        "createdAt > 5 AND disk",
        "isSeen != true",
        "updatedAt >= 5",
    ],
)
def test_unstable_query(query: str) -> None:
    """A query on fields that change, or on free text, is not stable."""
    assert not is_stable(query)
