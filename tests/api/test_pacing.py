"""Pacing: never more than the limit, whatever the callers do; throttling is waited out and learned from."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from source_opsgenie.api.learning import ThrottleLearner
from source_opsgenie.api.limiter import MARGIN
from source_opsgenie.api.pacing import Domain, Limit, Pacer, make_pacers

# Times and periods are whole numbers here, so that sums are exact.
LIMITS = some.lists(some.builds(Limit, some.integers(1, 5), some.sampled_from([1.0, 7.0, 60.0])), max_size=3)
# What a caller does: let time pass (seconds), then try once; -1: be throttled.
ACTS = some.lists(some.integers(-1, 4), min_size=1, max_size=120)


def sent_by(pacer: Pacer, acts: list[int]) -> Iterator[float]:
    """The times at which a caller that ignores the waits may send."""
    now = 100.0
    for act in acts:
        now += max(act, 0)
        if act < 0:
            pacer.record_throttled(now, period=7.0, sent_at=now)
        elif pacer.take(now) == 0.0:
            yield now


def sent_by_pressing(pacer: Pacer, *, since: float = 0.0, until: float) -> list[float]:
    """The times at which a caller sends that never stops trying."""
    now, times = since, []
    while now < until:
        wait = pacer.take(now)
        times += [] if wait else [now]
        now += wait
    return times


def most_within(times: list[float], period: float) -> int:
    """The most of *times* within any period, its end excluded."""
    return max((sum(start <= time < start + period for time in times) for start in times), default=0)


@settings(max_examples=200, deadline=None)
@given(LIMITS, ACTS)
def test_never_more_than_the_limit_within_any_period(limits: list[Limit], acts: list[int]) -> None:
    """However callers press, no period of any limit contains more requests than the limit allows."""
    times = list(sent_by(Pacer(limits), acts))

    for limit in limits:
        assert most_within(times, limit.period) <= limit.requests


@settings(max_examples=200, deadline=None)
@given(LIMITS, ACTS)
def test_the_returned_wait_is_exact(limits: list[Limit], acts: list[int]) -> None:
    """After the returned wait a request may go, and half a second earlier it may not."""
    pacer, now = Pacer(limits), 100.0
    for act in acts:
        now += max(act, 0)
        if wait := pacer.take(now):
            assert pacer.take(now + wait - 0.5) > 0
            now += wait
            assert pacer.take(now) == 0.0


@settings(max_examples=200, deadline=None)
@given(LIMITS, some.integers(0, 30), some.sampled_from([1.0, 7.0, 60.0]))
def test_nothing_goes_for_exactly_the_throttled_period(limits: list[Limit], sent: int, period: float) -> None:
    """The period that a throttled response names is waited out to its end, and no longer unless a limit holds."""
    pacer = Pacer(limits)
    for _ in range(sent):
        pacer.take(100.0)
    pacer.record_throttled(100.0, period=period, sent_at=100.0)

    assert pacer.throttled_seconds(100.0) == period
    assert pacer.take(100.0 + period - 0.125) > 0
    assert pacer.throttled_seconds(100.0 + period) == 0.0
    assert Pacer(limits).take(100.0) == 0.0


def test_the_share_applies_to_reported_and_learned_limits_but_not_to_the_cap() -> None:
    """Of a limit that the API reports and of a learned one the share is used; the user's cap holds as it is."""
    reported, learned = Pacer([Limit(100, 60.0)], share=0.5), Pacer(share=0.5)
    learned.restore_limits({60.0: 100}, 0.0)
    capped, both = (Pacer(limits, share=0.5, cap=Limit(70, 60.0)) for limits in ([], [Limit(100, 60.0)]))

    assert [50, 50, 70, 50] == [pacer.per_minute() for pacer in (reported, learned, capped, both)]
    assert [0.0] * 70 == [capped.take(0.0) for _ in range(70)]
    assert capped.take(0.0) > 0


@given(some.integers(1, 10_000), some.floats(0.01, 1.0))
@example(2967, 0.69)
def test_the_cap_is_exact_for_every_share(cap: int, share: float) -> None:
    """No share rounds the cap down."""
    assert cap == Pacer(share=share, cap=Limit(cap, 60.0)).per_minute()


def test_throttling_lowers_the_cap_for_a_while() -> None:
    """Below the cap, throttling means that other clients use the account: the cap is lowered, and restored later."""
    pacer = Pacer(share=0.8, cap=Limit(60, 60.0))
    sent_by_pressing(pacer, until=30.0)
    pacer.record_throttled(30.0, period=60.0, sent_at=0.0)
    pacer.record_throttled(95.0, period=60.0, sent_at=95.0)
    lowered = pacer.per_minute() or 0
    sent_by_pressing(pacer, since=155.0, until=455.0)

    assert lowered < 40
    assert pacer.per_minute() == 60
    assert pacer.learned_limits() == {}


def test_throttling_lowers_a_known_limit() -> None:
    """Throttling within the limit means that other clients use it: a share of what they left goes next, evenly."""
    pacer = Pacer([Limit(20, 60.0)], share=0.8)
    for _ in range(10):
        pacer.take(0.0)
    pacer.record_throttled(1.0, period=60.0, sent_at=0.0)

    assert pacer.per_minute() == 9 * 0.8
    # A late request may catch up by one.
    assert [pacer.take(61.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(60.0 / (9 * 0.8))]
    assert pacer.learned_limits() == {}


def test_a_lowered_limit_is_back_within_five_minutes() -> None:
    """A known limit that others lowered is used again within five minutes, but for the share never exceeded."""
    pacer = Pacer([Limit(20, 1.0)], share=0.8)
    pacer.take(0.0)
    for second in range(1, 20, 2):
        pacer.record_throttled(second * 1.0, period=1.0, sent_at=second * 1.0)
    lowered = pacer.per_minute() or 0
    times = sent_by_pressing(pacer, since=20.0, until=400.0)

    assert lowered < 60
    assert pacer.per_minute() == 16 * 60
    assert len([time for time in times if 340 <= time < 400]) >= 0.95 * 16 * 60
    assert most_within(times, 1.0) <= 16


def test_an_idle_limit_does_not_rise() -> None:
    """A guess rises only while it holds requests back: an idle minute says nothing about it."""
    idle, busy = Pacer(), Pacer()
    for pacer in (idle, busy):
        for number in range(20):
            pacer.take(number / 100)
        pacer.record_throttled(0.2, period=1.0, sent_at=0.19)
    guess = idle.per_minute() or 0
    for second in range(2, 60):
        idle.take(float(second))
    sent_by_pressing(busy, since=2.0, until=60.0)

    assert guess == idle.per_minute()
    assert guess < (busy.per_minute() or 0)


def test_an_unknown_limit_is_learned() -> None:
    """Without a known limit everything goes; throttling sets one for its period, a guess that is not remembered."""
    pacer = Pacer(share=0.8)
    for number in range(11):
        pacer.take(number / 1000)
    assert (pacer.per_minute(), pacer.is_known()) == (None, False)

    pacer.record_throttled(0.1, period=1.0, sent_at=0.01)

    assert pacer.per_minute() == pytest.approx(10 * 0.8 * 60, rel=0.02)
    assert ({}, False) == (pacer.learned_limits(), pacer.is_known())


def test_an_episode_teaches_one_limit() -> None:
    """Of thirty requests in flight together ten are throttled: twenty were accepted, in whatever order."""
    pacer = Pacer()
    for _ in range(30):
        pacer.take(0.0)
    is_first = [pacer.record_throttled(0.1 + number / 100, period=60.0, sent_at=0.0) for number in range(10)]

    assert is_first == [True] + [False] * 9
    assert pacer.per_minute() == 20


def test_learned_limits_are_restored() -> None:
    """A later pacer begins with a share of what an earlier one learned; a reported limit wins."""
    pacer, reported = Pacer(share=0.5), Pacer([Limit(6, 60.0)], share=0.5)
    for each in (pacer, reported):
        each.restore_limits({60.0: 20}, 0.0)

    assert [pacer.take(0.0) for _ in range(11)] == [0.0] * 10 + [60.0 * MARGIN]
    assert reported.per_minute() == 3
    assert (pacer.learned_limits(), reported.learned_limits()) == ({60.0: 20}, {})


def test_throttling_never_lowers_to_nothing() -> None:
    """One request per period always goes: a read that is throttled again and again continues slowly."""
    pacer, now = Pacer(), 0.0
    for _ in range(20):
        pacer.record_throttled(now, period=1.0, sent_at=now)
        now += 60.0

    assert pacer.take(now) == 0.0


def test_a_shorter_period_does_not_end_a_longer_one() -> None:
    """Of several throttled responses, the one that lasts longest counts."""
    pacer = Pacer()
    pacer.record_throttled(0.0, period=60.0, sent_at=0.0)
    pacer.record_throttled(1.0, period=1.0, sent_at=1.0)

    assert pacer.throttled_seconds(10.0) == 50.0


@pytest.mark.parametrize(("first", "then"), [(20, 30), (20, 20), (20, 10)])
def test_another_limit_never_raises(first: int, then: int) -> None:
    """Of two limits for one period the lower one holds, in either order."""
    pacer = Pacer([Limit(first, 60.0)])
    pacer.add_limit(Limit(then, 60.0))

    assert pacer.per_minute() == min(first, then)


def test_per_minute_is_the_tightest() -> None:
    """Of limits for several periods, the one that allows least in a minute is returned."""
    assert Pacer([Limit(2, 1.0), Limit(100, 60.0)]).per_minute() == 100
    assert Pacer([Limit(1, 1.0), Limit(100, 60.0)]).per_minute() == 60


def test_domains_are_independent() -> None:
    """Throttling in one domain does not hold another."""
    search, alert = Pacer([Limit(1, 60.0)]), Pacer([Limit(1, 60.0)])
    search.record_throttled(0.0, period=60.0, sent_at=0.0)

    assert search.take(0.0) == 60.0
    assert alert.take(0.0) == 0.0


def test_memory_does_not_grow() -> None:
    """Requests older than every period are forgotten."""
    pacer = Pacer()
    for second in range(1000):
        pacer.take(float(second))
    pacer.record_throttled(1000.0, period=60.0, sent_at=1000.0)

    assert pacer.per_minute() == pytest.approx(57, rel=0.02)


def make_uncertain() -> tuple[Pacer, Pacer, Pacer]:
    """The pacers of two domains, and one whose requests belong to either."""
    alert, search = Pacer([Limit(10, 60.0)]), Pacer([Limit(4, 60.0)])
    return alert, search, Pacer(candidates=(alert, search))


def test_uncertain_requests_count_in_both_domains() -> None:
    """A request that may belong to either of two domains obeys the limits of both, which therefore always hold."""
    alert, search, count = make_uncertain()

    assert [0.0] * 3 == [count.take(0.0) for _ in range(3)]
    assert (0.0, 60.0 * MARGIN) == (search.take(0.0), search.take(0.0))
    assert [0.0] * 7 == [alert.take(0.0) for _ in range(7)]
    assert alert.take(0.0) > 0 < count.take(0.0)


def test_uncertain_requests_teach_their_own_pacer() -> None:
    """What throttles an uncertain request lowers neither of its candidates, and makes neither of them wait."""
    alert, search, count = make_uncertain()
    count.take(0.0)
    count.record_throttled(1.0, period=60.0, sent_at=0.0)

    assert (0.0, 0.0, 60.0) == (alert.take(1.0), search.take(1.0), count.take(1.0))
    assert (10, 4) == (alert.per_minute(), search.per_minute())
    assert (count.per_minute() or 0) < 4


def test_an_uncertain_request_that_is_throttled_with_one_candidate_teaches_nothing() -> None:
    """If one candidate waits at the time, that domain's limit was reached, and nothing else is known."""
    alert, search, _ = make_uncertain()
    learner = ThrottleLearner()
    count = Pacer(learner=learner, candidates=(alert, search))
    for pacer in (count, count, search):
        pacer.take(0.0)
    search.record_throttled(1.0, period=60.0, sent_at=0.0)
    count.record_throttled(1.1, period=60.0, sent_at=0.0)

    assert count.take(1.1) == 60.0
    assert {} == learner.limits


def test_every_domain_has_a_pacer_with_its_candidates() -> None:
    """Counting alerts belongs to alerts or searches, listing users to searches or the configuration."""
    pacers = make_pacers(share=1.0, cap=None)
    for domain, requests in ((Domain.ALERT, 3), (Domain.SEARCH, 2), (Domain.CONFIGURATION, 1)):
        pacers[domain].add_limit(Limit(requests, 60.0))

    assert set(pacers) == set(Domain)
    assert (2, 1) == (pacers[Domain.ALERT_COUNT].per_minute(), pacers[Domain.USER_LIST].per_minute())
    assert (True, False) == (pacers[Domain.ALERT_COUNT].is_known(), pacers[Domain.INCIDENT].is_known())
