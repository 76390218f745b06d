"""The query language, as far as we write it; and which queries a count can prove."""

import pytest

from source_opsgenie.options import OPTIONS
from source_opsgenie.reading.query import STABLE_FIELDS, Span, created, is_stable, join_query, updated


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
    """A span has its start and lacks its end; a bound that is None is not written, one that is 0 is."""
    assert expected == str(span)


@pytest.mark.parametrize(
    ("own", "spans", "expected"),
    [
        ("", (), ""),
        ("", (created(),), ""),
        ("status: open", (), "(status: open)"),
        ("", (created(1),), "createdAt >= 1"),
        ("a OR b", (created(1), updated(2)), "(a OR b) AND createdAt >= 1 AND updatedAt >= 2"),
    ],
)
def test_own_query_stands_in_parentheses(own: str, spans: tuple[Span, ...], expected: str) -> None:
    """The user's query is one part among others: its OR must not let rows of other spans in."""
    assert expected == join_query(own, *spans)


@pytest.mark.parametrize(
    "own",
    ["", "createdAt > 5", "source: nagios", 'source = "a" AND alias: b*', "(createdAt >= 1 AND NOT tinyId = 7)"],
)
def test_steady(own: str) -> None:
    """A query on what an alert keeps for ever finds the same rows at the end of a read as at its beginning."""
    assert is_stable(own)


def test_what_users_are_told_is_steady() -> None:
    """The example of alert_query can be proven, and its description names each field that can."""
    option = OPTIONS["alert_query"]

    assert all(is_stable(example) for example in option["examples"])
    assert set() == {field for field in STABLE_FIELDS if field not in option["description"].lower()}


@pytest.mark.parametrize(
    "own",
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
def test_shifting(own: str) -> None:
    """A query on what changes, or on free words, is never called proven."""
    assert not is_stable(own)
