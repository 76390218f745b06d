"""Pacers against services with a limit of their own: how much of it is used, and how often they are throttled."""

import math
import threading
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any

import pytest

from opsgenie_simulator.limits import Model, RateLimit, Throttle
from source_opsgenie.api.in_flight import INITIAL_BOUND, InFlight
from source_opsgenie.api.pacing import Limit, Pacer

TIMEOUT = 10.0
# For a thread that must not get this far.
A_WHILE = 0.05

Act = Callable[[Pacer], Iterator[tuple[float, Any]]]


class Service:
    """An API with a *limit*, used by *callers* that share a pacer and by *others*, on a clock of its own."""

    def __init__(self, limit: RateLimit, model: Model, *, latency: float, callers: int, others: float = 0.0) -> None:
        self.now, self.latency, self.callers, self.others = 0.0, latency, callers, others
        self.limit = limit
        self.throttle = Throttle({"alert": [limit]}, clock=lambda: self.now, model=model)
        self.accepted: list[float] = []
        self.throttled: list[float] = []

    def serve(self, pacer: Pacer, *, seconds: float) -> None:
        """Let all callers send as fast as the pacer allows, and others *others* requests a second."""
        acts: list[tuple[float, int, Act]] = [(0.0, number, self.send) for number in range(self.callers)]
        acts += [(number / self.others, -number, self.send_other) for number in range(1, int(seconds * self.others))]
        heapify(acts)
        while acts and acts[0][0] < seconds:
            self.now, number, act = heappop(acts)
            for when, next_act in act(pacer):
                heappush(acts, (when, number, next_act))

    def send(self, pacer: Pacer) -> Iterator[tuple[float, Any]]:
        """Send a caller's request, or wait."""
        if pacer.in_flight.room <= 0:
            yield self.now + self.latency / 4, self.send
        elif wait := pacer.take(self.now):
            yield self.now + wait, self.send
        else:
            pacer.in_flight.enter()
            exceeded = self.throttle.admit("alert")
            (self.throttled if exceeded else self.accepted).append(self.now)
            yield self.now + self.latency, partial(self.respond, exceeded)

    def respond(self, exceeded: RateLimit | None, pacer: Pacer) -> Iterator[tuple[float, Any]]:
        """Return the response to a caller."""
        pacer.in_flight.leave(self.now)
        if exceeded:
            pacer.record_throttled(self.now, period=float(exceeded.period_in_sec))
        yield self.now, self.send

    def send_other(self, _: Pacer) -> Iterator[tuple[float, Any]]:
        """Send a request of another client."""
        self.throttle.admit("alert")
        yield from ()

    def episodes(self) -> list[float]:
        """The times of throttled requests more than a period after the one before."""
        times = pairwise([-math.inf, *self.throttled])
        return [time for before, time in times if time - before > self.limit.period_in_sec]


MODELS: list[Model] = ["buckets", "rolling"]
each_model = pytest.mark.parametrize("model", MODELS)
at_each_speed = pytest.mark.parametrize(("latency", "callers"), [(0.02, 32), (0.1, 32), (0.1, 10), (0.3, 10)])


@each_model
@at_each_speed
def test_an_unknown_limit_is_found(model: Model, latency: float, callers: int) -> None:
    """Of 20 requests a second that the API does not report, four fifths are soon used, and few are throttled."""
    service = Service(RateLimit(20, 1), model, latency=latency, callers=callers)
    pacer = Pacer(share=0.8)
    service.serve(pacer, seconds=120.0)
    settled = [time for time in service.accepted if time >= 60]

    assert 0.85 * 16 * 120 <= len(service.accepted) <= 1.15 * 16 * 120
    assert 0.85 * 16 * 60 <= len(settled) <= 1.15 * 16 * 61
    assert len(service.throttled) < 0.03 * len(service.accepted)
    assert len(service.episodes()) <= 2


@each_model
@at_each_speed
def test_an_unknown_limit_per_minute_is_found(model: Model, latency: float, callers: int) -> None:
    """Of 300 unreported requests a minute: two episodes at most, no larger than what was in flight; none later."""
    service = Service(RateLimit(300, 60), model, latency=latency, callers=callers)
    pacer = Pacer(share=0.8)
    service.serve(pacer, seconds=1200.0)
    settled = [time for time in service.accepted if time >= 600]

    # A bucket that was refilled while it was emptied seems larger than it is.
    assert 0.9 * 240 * 10 <= len(settled) <= 0.97 * 300 * 10
    assert len(service.episodes()) <= 2
    assert len(service.throttled) <= callers * len(service.episodes())
    again = Service(RateLimit(300, 60), model, latency=latency, callers=callers)
    later = Pacer(share=0.8)
    later.restore_limits(pacer.learned_limits())
    again.serve(later, seconds=600.0)

    assert again.throttled == []
    assert len(again.accepted) >= 0.9 * 240 * 10


@each_model
@at_each_speed
def test_a_known_limit_is_used_without_throttling(model: Model, latency: float, callers: int) -> None:
    """Of a limit that the API reports, the whole share is used, and nothing is throttled."""
    service = Service(RateLimit(20, 1), model, latency=latency, callers=callers)
    service.serve(Pacer([Limit(20, 1.0)], share=0.8), seconds=60.0)

    assert service.throttled == []
    assert len(service.accepted) >= 0.95 * 16 * 60


@each_model
@pytest.mark.parametrize("known", [True, False])
def test_other_clients_of_the_account_find_room(model: Model, known: bool) -> None:
    """Beside a client that takes 40 % of 20 a second, both find room after a few throttled requests."""
    service = Service(RateLimit(20, 1), model, latency=0.05, callers=32, others=8.0)
    pacer = Pacer([Limit(20, 1.0)] if known else [], share=0.8)
    service.serve(pacer, seconds=300.0)
    settled = [time for time in service.accepted if time >= 60]

    assert len(service.throttled) < 0.03 * len(service.accepted)
    assert 6 * 240 <= len(settled) <= 12 * 240


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
    service = Service(RateLimit(10**6, 1), "buckets", latency=0.02, callers=64)
    service.serve(Pacer(), seconds=0.5)

    assert len(service.accepted) >= 0.5 * 64 * 0.5 / 0.02


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
    pacer.record_throttled(1.0, period=1.0)
    assert all(entered.acquire(timeout=TIMEOUT) for _ in range(3))
