"""The law of an unknown limit: a guess that rises until readings confirm it, and a known one that others lower."""

import pytest

from source_opsgenie.api.estimates import Estimate, restored
from source_opsgenie.api.readings import Reading

UNKNOWN = Estimate(float("inf"))
KNOWN = Estimate(20.0, known=20.0)
TWENTY = Reading(20, 20.0)


def rise_from(estimate: Estimate, now: float, *, until: float) -> Estimate:
    """The estimate after time without throttling."""
    while now < until:
        now += 1.0
        if estimate.is_due(now):
            estimate = estimate.raised(now)
    return estimate


def test_a_guess_rises_until_it_is_exceeded() -> None:
    """A first reading is a guess: after half a minute it rises by an eighth, then faster and without a bound."""
    guess = UNKNOWN.lowered(TWENTY, 0.0, period=1.0)

    assert (20.0, True) == (guess.limit, guess.is_guess)
    assert 20.0 == rise_from(guess, 0.0, until=30.0).limit
    assert 20.0 * 1.12 == pytest.approx(rise_from(guess, 0.0, until=31.0).limit)
    assert rise_from(guess, 0.0, until=400.0).limit > 1000


def test_readings_two_minutes_apart_confirm_a_limit() -> None:
    """A second reading that agrees is held for two minutes; one that comes later than that confirms the limit."""
    second = UNKNOWN.lowered(TWENTY, 0.0, period=1.0).lowered(Reading(21, 20.0), 90.0, period=1.0)
    third = rise_from(second, 90.0, until=250.0).lowered(Reading(20, 20.0), 250.0, period=1.0)

    assert (None, None) == (second.confirmed, UNKNOWN.lowered(TWENTY, 0.0, period=1.0).confirmed)
    assert second.limit == rise_from(second, 90.0, until=210.0).limit
    assert third.confirmed == third.limit == pytest.approx(20.0, rel=0.05)
    assert not third.is_guess


def test_the_readings_tell_a_bucket_from_a_window() -> None:
    """Of two readings, the one that agrees better is right: a bucket of 300, or a window of 300."""
    first = UNKNOWN.lowered(Reading(300, 290.0), 0.0, period=60.0)

    assert 290 <= first.lowered(Reading(560, 300.0), 200.0, period=60.0).limit <= 310
    assert 285 <= first.lowered(Reading(300, 160.0), 200.0, period=60.0).limit <= 300


def test_less_than_what_was_accepted_is_never_confirmed() -> None:
    """What others leave of a limit that accepted 20 per period is no evidence, however long it stays the same."""
    estimate = UNKNOWN.lowered(TWENTY, 0.0, period=1.0)
    for minute in range(1, 60):
        estimate = rise_from(estimate, minute * 60.0 - 60, until=minute * 60.0)
        estimate = estimate.lowered(Reading(2, 2.0), minute * 60.0, period=1.0)

    assert estimate.confirmed is None
    assert 20.0 <= rise_from(estimate, 3540.0, until=3840.0).limit


def test_a_known_limit_is_back_within_five_minutes() -> None:
    """Others lower a known limit, step by step; five minutes after the last time it is what it was, and no more."""
    estimate = KNOWN
    for second in range(10):
        estimate = estimate.lowered(Reading(1, 1.0), float(second), period=1.0)

    assert estimate.limit < 2
    assert estimate.is_guess
    assert 20.0 == rise_from(estimate, 9.0, until=309.0).limit == rise_from(estimate, 9.0, until=4000.0).limit


def test_a_confirmed_limit_is_tested_once_an_hour() -> None:
    """A restored limit is held for an hour, then rises until it is exceeded, and is held for the next hour."""
    limit = restored(20.0, 0.0)
    tested = rise_from(limit, 0.0, until=3700.0)
    again = tested.lowered(Reading(20, 19.0), 3700.0, period=1.0)

    assert 20.0 == rise_from(limit, 0.0, until=3599.0).limit < tested.limit
    assert 20.0 == rise_from(again, 3700.0, until=7299.0).limit < rise_from(again, 3700.0, until=7400.0).limit


def test_a_restored_limit_that_became_lower_is_replaced() -> None:
    """A limit of an earlier read that no longer holds is given up once two readings agree on a lower one."""
    estimate = restored(20.0, 0.0).lowered(Reading(10, 10.0), 10.0, period=1.0)
    estimate = rise_from(estimate, 10.0, until=200.0).lowered(Reading(10, 10.0), 200.0, period=1.0)

    assert estimate.confirmed == pytest.approx(10.0, rel=0.05)


def test_one_request_always_goes() -> None:
    """Throttling that accepts nothing at all leaves nearly a request per period."""
    estimate = UNKNOWN
    for second in range(100):
        estimate = estimate.lowered(Reading(0, 0.0), float(second), period=1.0)

    assert 0.5 < estimate.limit <= 1
