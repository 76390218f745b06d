"""State: it survives writing and parsing, damage is rejected, and it stays small."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import DAY, NOW

from source_opsgenie.errors import StateError
from source_opsgenie.reading.counts import Tally
from source_opsgenie.reading.recent import ROWS_REMEMBERED, Recent
from source_opsgenie.reading.state import (
    SCOPES_REMEMBERED,
    VERSION,
    CurrentRead,
    Limits,
    OpenWindow,
    Recheck,
    Scope,
    State,
    Walk,
    current_state,
    is_ours,
    shorten_query,
)

TIMES = some.integers(-62_135_596_800_000, 253_402_300_799_999)
NUMBERS = some.integers(0, 10**12)
TEXTS = some.text(max_size=20)
MAYBE = some.none() | TIMES
STATES = some.builds(
    State,
    scope=some.builds(Scope, TEXTS, TEXTS, TEXTS),
    rows=NUMBERS,
    bookmark=MAYBE,
    read=some.none()
    | some.builds(
        CurrentRead,
        TIMES,
        some.none() | some.builds(Walk, TIMES, some.none() | some.builds(OpenWindow, TIMES, NUMBERS)),
        MAYBE,
    ),
    newest=MAYBE,
    recheck=some.builds(Recheck, MAYBE, MAYBE),
    tally=some.builds(Tally, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    seen=some.lists(TEXTS, max_size=4).map(tuple),
    generation=some.none() | NUMBERS,
    limits=some.none() | some.builds(Limits, some.dictionaries(TEXTS, NUMBERS, max_size=3), MAYBE),
)
PLAIN = State(Scope("acme"), rows=3, bookmark=NOW).to_mapping()
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**63 - 1) | some.floats(allow_nan=False) | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
# Parts that replace those of a valid state.
DAMAGED: list[dict[str, Any]] = [
    {"version": 3},
    {"version": "x"},
    {"version": None},
    {"scope": None},
    {"scope": {}},
    {"scope": {"account": 1}},
    {"scope": {"account": "acme", "region": "eu"}},
    {"rows": -1},
    {"rows": "three"},
    {"rows": True},
    {"rows": 1.5},
    {"rows": "1e999"},
    {"rows": "NaN"},
    {"bookmark": "yesterday"},
    {"bookmark": 1234},
    {"read": []},
    {"read": {}},
    {"read": {"began": None}},
    {"read": {"began": "2026-01-01T00:00:00Z", "walk": {"window": {"listed": 3}}}},
    {"read": {"began": "2026-01-01T00:00:00Z", "walk": {"below": ["x"]}}},
    {"recheck": {"below": 7}},
    {"tally": {}, "rows": -1},
    {"tally": {"counted": "x"}},
    {"tally": {"countd": 1}},
    {"tally": []},
    {"seen": None},
    {"seen": [1]},
    {"seen": "abcdef"},
    {"seen": 7},
    {"generation": "no"},
    {"generation": False},
    {"generation": [4]},
    {"limits": []},
    {"limits": {"requests": {"alert/60": "many"}}},
    {"limits": {"requests": {"alert/60": -1}}},
    {"limits": {"requests": {}, "learned": 7}},
    {"finished": True},
]


def parse_written(mapping: dict[str, Any]) -> State:
    """The state in *mapping*, after it was written as JSON text and parsed."""
    return State.from_mapping(orjson.loads(orjson.dumps(mapping)))


@settings(max_examples=60, deadline=None)
@given(STATES)
def test_round_trip(state: State) -> None:
    """A state is equal after it was written and parsed."""
    assert state == parse_written(state.to_mapping())


@pytest.mark.parametrize("damage", DAMAGED, ids=str)
def test_damaged_state_is_rejected(damage: dict[str, Any]) -> None:
    """A damaged state, which could cause a silent gap, is rejected with a remedy."""
    with pytest.raises(StateError, match="eset the stream's state to read everything again"):
        State.from_mapping(PLAIN | damage)


@pytest.mark.parametrize(("days", "is_valid"), [(0, True), (6, True), (7, False), (30, False)])
def test_limits_are_valid_for_a_week(days: int, is_valid: bool) -> None:
    """Limits learned from throttled requests are kept with their date, and are valid for a week."""
    state = State(Scope("acme")).with_limits({"alert/60": 300}, now=NOW)
    later = parse_written(state.to_mapping()).with_limits({"alert/60": 300}, now=NOW + DAY)

    assert later.valid_limits(NOW + days * DAY) == ({"alert/60": 300} if is_valid else {})
    assert later.valid_limits(None) == {}
    assert "limits" not in State(Scope("acme")).to_mapping()


def test_a_limit_that_is_learned_again_gets_a_new_date() -> None:
    """A limit that expired and is confirmed with the same number is valid for another week."""
    state = State(Scope("acme")).with_limits({"alert/60": 300}, now=NOW)
    again = state.with_limits({"alert/60": 300}, now=NOW + 8 * DAY)

    assert again.valid_limits(NOW + 9 * DAY) == {"alert/60": 300}
    assert state.with_limits({"alert/60": 300}, now=None) == state


@pytest.mark.parametrize("name", ["scope", "rows", "recheck", "tally", "seen", "version"])
def test_state_without_a_part_is_rejected(name: str) -> None:
    """A state that lacks a required part is rejected."""
    with pytest.raises(StateError):
        State.from_mapping({key: value for key, value in PLAIN.items() if key != name})


@pytest.mark.parametrize("sixty", [60, 60.0, "60", "60.0", "6E+1"])
def test_numbers_survive_other_tools(sixty: object) -> None:
    """An integer may come back as a float or as text, as platforms that store JSON in a database write it."""
    state = parse_written(PLAIN | {"rows": sixty, "generation": sixty, "version": f"{VERSION}.0"})

    assert (60, 60) == (state.rows, state.generation)


@pytest.mark.parametrize(
    "given", [None, {}, {"updatedAt": "2023-01-01T00:00:00Z"}, {"version": 1, "rows": 3}, {"version": "1.0"}]
)
def test_only_a_state_of_this_version_is_current(given: dict[str, Any] | None) -> None:
    """There is nothing to resume from without a state of this version."""
    assert current_state(given) is None
    assert current_state(PLAIN) == State.from_mapping(PLAIN)


@settings(max_examples=80, deadline=None)
@given(some.dictionaries(some.sampled_from(sorted(State.__slots__)), JSON, max_size=4))
def test_any_json_is_a_state_or_rejected(damage: dict[str, Any]) -> None:
    """Any JSON in a state raises StateError, or is a state that survives writing and parsing."""
    try:
        state = parse_written(PLAIN | damage)
    except StateError:
        return

    assert state == parse_written(state.to_mapping())


@pytest.mark.parametrize(
    ("given", "expected"),
    [(PLAIN, True), ({"updatedAt": "2023-01-01T00:00:00Z"}, False), ({"updatedAt": 1672531200}, False), ({}, False)],
)
def test_is_ours(given: dict[str, Any], expected: bool) -> None:
    """A state of the public connector is distinguished from ours."""
    assert is_ours(given) == expected


@pytest.mark.parametrize("character", ["q", "ü", "日", "😀"])
@pytest.mark.parametrize("length", [200, 5_000])
def test_state_stays_small(character: str, length: int) -> None:
    """With every field set, a long query and a long account name, a state is below 2 kB."""
    recent = Recent([])
    recent.add({"id": f"{number}", "updatedAt": "2026-11-01T00:00:00Z"} for number in range(10_000))
    big = 10**9
    query = character * length
    state = State(
        Scope(
            f"{'a' * 60}@api.eu.opsgenie.com",
            shorten_query(query),
            "2022-01-01T00:00:00.000Z",
            "key 0123456789abcdef@api.eu.opsgenie.com",
        ),
        rows=big,
        bookmark=NOW,
        read=CurrentRead(NOW, Walk(NOW, OpenWindow(NOW, big)), NOW),
        newest=NOW,
        recheck=Recheck(NOW, NOW),
        tally=Tally(big, big, big, big, big),
        seen=recent.digests,
        generation=big,
        limits=Limits({f"schedule-oncalls/{number}": big for number in range(6)}, NOW),
        earlier={f"digest{number}": NOW for number in range(SCOPES_REMEMBERED)},
    )

    assert len(state.seen) == ROWS_REMEMBERED
    assert len(orjson.dumps(state.to_mapping())) < 2_000


def test_begin_and_finish() -> None:
    """A read keeps its beginning however often it is interrupted, and it becomes the next read's bookmark."""
    begun = State(Scope("acme"), bookmark=5).begin(10)
    interrupted = State.from_mapping(begun.to_mapping())
    finished = interrupted.begin(20).finish()

    assert (interrupted.begin(20).began, finished.bookmark, finished.read) == (10, 10, None)
    assert (finished.begin(30).began, finished.begin(30).bookmark) == (30, 10)


def test_new_read_keeps_the_number_of_unlisted_rows() -> None:
    """A new read starts with an empty tally except for unlisted rows, and a resumed one keeps all of it."""
    state = State(Scope("acme"), tally=Tally(counted=9, listed=7, deleted=1, unlisted=3, recent=2))

    assert state.begin(10).tally == Tally(unlisted=3)
    assert replace(state, read=CurrentRead(5)).begin(10).tally == state.tally


def test_bookmark_never_goes_back() -> None:
    """A clock that went back does not move the bookmark back."""
    assert State(Scope("acme"), bookmark=50).begin(10).finish().bookmark == 50


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Scope("a", "q", "s"), ""),
        (Scope("b"), "account"),
        (Scope("a"), "alert filters"),
        (Scope("a", "q"), "start_date"),
    ],
)
def test_differing_part_of_a_scope(other: Scope, expected: str) -> None:
    """The part of the scope that differs is named."""
    assert Scope("a", "q", "s").differs_in(other) == expected
