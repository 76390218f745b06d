"""Pacers against services with a limit of their own: how much of it is used, and how often they are throttled."""

import math
import threading

import pytest
from benchmarks.pace_cases import (
    ALONE,
    COUNTED,
    LATENCY,
    REPORTED,
    SECONDS,
    SHARED,
    THIRD_MINUTE,
    Case,
    Timetable,
)
from benchmarks.pace_model import Lane, Model
from benchmarks.rate_limit_outcomes import PER_SECOND

from opsgenie_simulator.limits import Throttle
from source_opsgenie.api.in_flight import INITIAL_BOUND, InFlight
from source_opsgenie.api.pacing import Domain, Pacer

TIMEOUT = 10.0
# For a thread that must not get this far.
A_WHILE = 0.05


def by_name(cases: list[Case]) -> pytest.MarkDecorator:
    """The test with each of *cases*."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.name}, {case.latency * 1000:.0f} ms")


@by_name([case for case in (*ALONE, *COUNTED) if case.latency >= LATENCY and case.count_domain != "alert"])
def test_an_unknown_limit_is_found(case: Case) -> None:
    """From the third minute on the share of an unknown limit is used, and three episodes at most lead to it."""
    outcome = case.run()

    assert outcome.used_percent(THIRD_MINUTE) >= 85
    # In an uncertain case a bucket is taken to be a little larger than it is, and never exceeded.
    assert outcome.used_percent(900.0) <= 115
    assert outcome.throttled_percent < 1
    assert outcome.episodes <= 3


@by_name(REPORTED)
def test_a_known_limit_is_used_without_throttling(case: Case) -> None:
    """Of a limit that the API reports, the share is used and no request is throttled."""
    outcome = case.run()

    assert outcome.used_percent(0.0) >= 95
    assert outcome.throttled == []


@by_name([case for case in SHARED if case.others.end > 6])
def test_the_pace_returns_after_others_have_left(case: Case) -> None:
    """Five minutes after another client has ended its use the share is used again, reported or not.

    While it lasts, the other client is throttled in one episode a minute at most.
    """
    outcome = case.run()

    assert outcome.returned_after <= 300
    assert outcome.others_episodes <= outcome.others_episodes_allowed


ALWAYS = Timetable("half an hour", SECONDS, math.inf)


@by_name([Case(PER_SECOND, "buckets", is_known, ALWAYS, others_share=0.4) for is_known in (True, False)])
def test_other_clients_of_the_account_find_room(case: Case) -> None:
    """Beside a client that takes 40 % of the limit all the time, both find room after a few throttled requests."""
    outcome = case.run()

    assert outcome.used_percent(THIRD_MINUTE) >= 40
    assert outcome.throttled_percent < 1
    assert len(outcome.others_throttled) < 20


def test_slow_responses_are_one_episode() -> None:
    """Requests that were sent before a pause and are throttled after it lower the limit once."""
    pacer = Pacer()
    for number in range(30):
        pacer.take(number / 1000)
    first = [pacer.record_throttled(1.0, period=1.0, sent_at=0.029)]
    late = [pacer.record_throttled(2.5, period=1.0, sent_at=0.02 + number / 1000) for number in range(9)]

    assert ([True], [False] * 9) == (first, late)
    assert pacer.per_minute() == pytest.approx(20 * 60, rel=0.05)


@pytest.mark.parametrize("per_second", [10, 40])
def test_slower_responses_never_raise_the_bound(per_second: int) -> None:
    """A service with a fixed number of responses per second soon has no more requests in flight."""
    in_flight, free_at, most = InFlight(), 0.0, 0
    responses: list[float] = []
    now = 0.0
    while now < 60.0:
        while in_flight.room > 0 and len(responses) < 64:
            in_flight.enter()
            free_at = max(free_at, now) + 1 / per_second
            responses.append(free_at)
        most = max(most, len(responses))
        now = responses.pop(0)
        in_flight.leave(now)

    assert most <= 2 * INITIAL_BOUND


def test_quick_responses_raise_the_bound() -> None:
    """A service that responds within 20 ms to any number has 64 requests in flight within half a second."""
    lane = Lane(Domain.ALERT, "alert", 64)
    model = Model(lambda clock: Throttle({}, clock=clock), {Domain.ALERT: Pacer()}, [lane], latency=0.02)

    assert len(model.run(seconds=0.5)) >= 0.5 * 64 * 0.5 / 0.02


def test_each_response_admits_one_request_and_a_limit_admits_all() -> None:
    """At the bound, each response admits one more request; once a limit is known, the bound is lifted."""
    pacer, entered = Pacer(), threading.Semaphore(0)

    def enter() -> None:
        pacer.in_flight.enter()
        entered.release()

    for _ in range(INITIAL_BOUND):
        pacer.in_flight.enter()
    for _ in range(4):
        threading.Thread(target=enter, daemon=True).start()
    assert not entered.acquire(timeout=A_WHILE)
    pacer.in_flight.leave(0.0)
    assert entered.acquire(timeout=TIMEOUT)
    assert not entered.acquire(timeout=A_WHILE)
    pacer.record_throttled(1.0, period=1.0, sent_at=1.0)
    assert all(entered.acquire(timeout=TIMEOUT) for _ in range(3))
