"""Pacing: never more than the limit, whatever the callers do; a refusal is waited out and learned from."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from source_opsgenie.api.pacing import MARGIN, Limit, Pacer

# Moments and periods are whole numbers here, so that sums are exact.
LIMITS = some.lists(some.builds(Limit, some.integers(1, 5), some.sampled_from([1.0, 7.0, 60.0])), max_size=3)
# What a caller does: let time pass (seconds), then ask once; -1: be refused.
ACTS = some.lists(some.integers(-1, 4), min_size=1, max_size=120)


def sent_by(pacer: Pacer, acts: list[int]) -> Iterator[float]:
    """The moments at which a caller that never waits as told is let through."""
    now = 100.0
    for act in acts:
        now += max(act, 0)
        if act < 0:
            pacer.refused(now, period=7.0)
        elif pacer.take(now) == 0.0:
            yield now


def most_within(moments: list[float], period: float) -> int:
    """The most moments within any period, its end not included."""
    return max((sum(start <= one < start + period for one in moments) for start in moments), default=0)


@settings(max_examples=200, deadline=None)
@given(LIMITS, ACTS)
def test_never_more_than_the_limit_within_any_period(limits: list[Limit], acts: list[int]) -> None:
    """However callers press, no period of any limit sees more requests than the limit allows."""
    moments = list(sent_by(Pacer(limits), acts))

    for limit in limits:
        assert most_within(moments, limit.period) <= limit.requests


@settings(max_examples=200, deadline=None)
@given(LIMITS, ACTS)
def test_who_waits_as_told_is_let_through(limits: list[Limit], acts: list[int]) -> None:
    """The wait that is told is long enough, and none is told for nothing: a moment earlier is refused."""
    pacer, now = Pacer(limits), 100.0
    for act in acts:
        now += max(act, 0)
        if wait := pacer.take(now):
            assert pacer.take(now + wait - 0.5) > 0
            now += wait
            assert pacer.take(now) == 0.0


@settings(max_examples=200, deadline=None)
@given(LIMITS, some.integers(0, 30), some.sampled_from([1.0, 7.0, 60.0]))
def test_after_a_refusal_nothing_goes_for_exactly_the_period(limits: list[Limit], sent: int, period: float) -> None:
    """The period that a refusal names is waited out to its end, and not longer where nothing else holds."""
    pacer = Pacer(limits)
    for _ in range(sent):
        pacer.take(100.0)
    pacer.refused(100.0, period=period)

    assert pacer.waiting(100.0) == period
    assert pacer.take(100.0 + period - 0.125) > 0
    assert pacer.waiting(100.0 + period) == 0.0
    assert Pacer(limits).take(100.0) == 0.0


def test_refusal_lowers_a_known_limit() -> None:
    """A refusal within the limit means that others use the account: a share of what went is what goes next."""
    pacer = Pacer([Limit(20, 60.0)], share=0.8)
    for _ in range(16):
        pacer.take(0.0)
    pacer.refused(1.0, period=60.0)
    later = [pacer.take(61.0) for _ in range(13)]

    assert later == [0.0] * 12 + [60.0 * MARGIN]
    assert pacer.learned() == {}


def test_a_lowered_limit_rises_again() -> None:
    """Ten minutes after a refusal a known limit rises by a quarter, and so on until it is what it was."""
    pacer = Pacer([Limit(16, 60.0)], share=0.8)
    pacer.take(0.0)
    for _ in range(16):
        pacer.take(500.0)
    pacer.refused(500.5, period=60.0)
    rates = []
    for minute in (11, 19, 30, 41, 52, 63):
        pacer.take(minute * 60.0)
        rates.append(pacer.per_minute())

    assert rates == [12, 15, 16, 16, 16, 16]


def test_refusal_teaches_an_unknown_limit() -> None:
    """Without a known limit everything goes; a refusal sets one for its period, from what had been sent in it."""
    pacer = Pacer(share=0.8)
    for second in (0.0, 10.0):
        for _ in range(6):
            pacer.take(second)
    assert pacer.per_minute() is None

    pacer.refused(10.0, period=1.0)

    # Nine tenths of the five that were taken, and four fifths of that.
    assert pacer.learned() == {1.0: 4}
    assert pacer.per_minute() == 3 * 60
    assert [pacer.take(11.005 + number / 3) for number in range(3)] == [0.0] * 3


def test_refusals_that_come_together_teach_one_limit() -> None:
    """Of thirty requests that were under way together ten are refused: twenty were taken, whichever came first."""
    pacer = Pacer()
    for _ in range(30):
        pacer.take(0.0)
    news = [pacer.refused(0.1 + number / 100, period=60.0) for number in range(10)]

    assert news == [True] + [False] * 9
    assert pacer.learned() == {60.0: 20}


def test_what_was_learned_is_remembered() -> None:
    """A later pacer begins with a share of what an earlier one learned; what the API tells is better."""
    pacer, told = Pacer(share=0.5), Pacer([Limit(3, 60.0)], share=0.5)
    for one in (pacer, told):
        one.remember({60.0: 20})

    assert [pacer.take(0.0) for _ in range(11)] == [0.0] * 10 + [60.0 * MARGIN]
    assert told.per_minute() == 3
    assert (pacer.learned(), told.learned()) == ({60.0: 20}, {})


def test_refusals_never_lower_to_nothing() -> None:
    """One request per period always goes: a read that is refused again and again goes on, slowly."""
    pacer, now = Pacer(), 0.0
    for _ in range(20):
        pacer.refused(now, period=1.0)
        now += 60.0

    assert pacer.take(now) == 0.0


def test_a_shorter_refusal_does_not_end_a_longer_one() -> None:
    """Of several refusals, the one that lasts longest counts."""
    pacer = Pacer()
    pacer.refused(0.0, period=60.0)
    pacer.refused(1.0, period=1.0)

    assert pacer.waiting(10.0) == 50.0


@pytest.mark.parametrize(("first", "then"), [(20, 30), (20, 20), (20, 10)])
def test_knowing_more_never_raises(first: int, then: int) -> None:
    """Of two limits for one period the lower one holds, whichever came first."""
    pacer = Pacer([Limit(first, 60.0)])
    pacer.know(Limit(then, 60.0))

    assert pacer.per_minute() == min(first, then)


def test_per_minute_is_the_tightest() -> None:
    """Of limits for several periods, the one that allows least in a minute is told."""
    assert Pacer([Limit(2, 1.0), Limit(100, 60.0)]).per_minute() == 100
    assert Pacer([Limit(1, 1.0), Limit(100, 60.0)]).per_minute() == 60


def test_domains_are_independent() -> None:
    """A refusal in one domain does not hold another."""
    search, alert = Pacer([Limit(1, 60.0)]), Pacer([Limit(1, 60.0)])
    search.refused(0.0, period=60.0)

    assert search.take(0.0) == 60.0
    assert alert.take(0.0) == 0.0


def test_memory_does_not_grow() -> None:
    """Requests older than every period are forgotten."""
    pacer = Pacer()
    for second in range(1000):
        pacer.take(float(second))
    pacer.refused(1000.0, period=60.0)

    assert pacer.per_minute() == 57
