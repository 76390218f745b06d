"""Pacers against services with limits of their own: what is used, what is refused, what others find left."""

import math
import threading
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any

import pytest

from opsgenie_simulator.limits import Model, RateLimit, Throttle
from source_opsgenie.api.pacing import FIRST_WIDTH, Limit, Pacer

PATIENCE = 10.0

Act = Callable[[Pacer], Iterator[tuple[float, Any]]]


class Service:
    """An API with a limit of its own, and callers that keep a pacer busy; time is what this says it is."""

    def __init__(self, limit: RateLimit, model: Model, *, latency: float, callers: int, others: float = 0.0) -> None:
        self.now, self.latency, self.callers, self.others = 0.0, latency, callers, others
        self.limit = limit
        self.throttle = Throttle({"alert": [limit]}, clock=lambda: self.now, model=model)
        self.taken: list[float] = []
        self.refused: list[float] = []

    def serve(self, pacer: Pacer, *, seconds: float) -> None:
        """Let all callers ask as fast as the pacer lets them, and others take their part a second."""
        acts: list[tuple[float, int, Act]] = [(0.0, number, self.ask) for number in range(self.callers)]
        acts += [(number / self.others, -number, self.other) for number in range(1, int(seconds * self.others))]
        heapify(acts)
        while acts and acts[0][0] < seconds:
            self.now, number, act = heappop(acts)
            for when, next_act in act(pacer):
                heappush(acts, (when, number, next_act))

    def ask(self, pacer: Pacer) -> Iterator[tuple[float, Any]]:
        """One caller, who may have to wait."""
        if pacer.room <= 0:
            yield self.now + self.latency / 4, self.ask
        elif wait := pacer.take(self.now):
            yield self.now + wait, self.ask
        else:
            pacer.enter()
            refusal = self.throttle.admit("alert")
            (self.refused if refusal else self.taken).append(self.now)
            yield self.now + self.latency, partial(self.answer, refusal)

    def answer(self, refusal: RateLimit | None, pacer: Pacer) -> Iterator[tuple[float, Any]]:
        """The answer to a caller."""
        pacer.leave(self.now)
        if refusal:
            pacer.refused(self.now, period=float(refusal.period_in_sec))
        yield self.now, self.ask

    def other(self, _: Pacer) -> Iterator[tuple[float, Any]]:
        """A request of somebody else's."""
        self.throttle.admit("alert")
        yield from ()

    def episodes(self) -> list[float]:
        """When refusals came that were not of the same moments."""
        return [one for before, one in pairwise([-math.inf, *self.refused]) if one - before > self.limit.period_in_sec]


MODELS: list[Model] = ["buckets", "rolling"]
each_model = pytest.mark.parametrize("model", MODELS)
at_each_speed = pytest.mark.parametrize(("latency", "callers"), [(0.02, 32), (0.1, 32), (0.1, 10), (0.3, 10)])


@each_model
@at_each_speed
def test_an_unknown_limit_is_found(model: Model, latency: float, callers: int) -> None:
    """Of 20 requests a second that nobody told of, four fifths are used soon, and few are refused meanwhile."""
    service = Service(RateLimit(20, 1), model, latency=latency, callers=callers)
    pacer = Pacer(share=0.8)
    service.serve(pacer, seconds=120.0)
    settled = [one for one in service.taken if one >= 60]

    assert 0.85 * 16 * 120 <= len(service.taken) <= 1.15 * 16 * 120
    assert 0.85 * 16 * 60 <= len(settled) <= 1.15 * 16 * 61
    assert len(service.refused) < 0.03 * len(service.taken)
    assert len(service.episodes()) <= 2


@each_model
@at_each_speed
def test_an_unknown_limit_a_minute_is_found(model: Model, latency: float, callers: int) -> None:
    """Of 300 requests a minute that nobody told of: one refusal a minute at most, no larger than what was under way."""
    service = Service(RateLimit(300, 60), model, latency=latency, callers=callers)
    pacer = Pacer(share=0.8)
    service.serve(pacer, seconds=1200.0)
    settled = [one for one in service.taken if one >= 600]

    # A bucket that was refilled while it was emptied seems larger than it is.
    assert 0.9 * 240 * 10 <= len(settled) <= 0.97 * 300 * 10
    assert len(service.episodes()) <= 2
    assert len(service.refused) <= callers * len(service.episodes())
    again = Service(RateLimit(300, 60), model, latency=latency, callers=callers)
    later = Pacer(share=0.8)
    later.remember(pacer.learned())
    again.serve(later, seconds=600.0)

    assert again.refused == []
    assert len(again.taken) >= 0.9 * 240 * 10


@each_model
@at_each_speed
def test_a_known_limit_is_used_and_never_refused(model: Model, latency: float, callers: int) -> None:
    """Of a limit that the API told, the whole share is used, without a refusal."""
    service = Service(RateLimit(20, 1), model, latency=latency, callers=callers)
    service.serve(Pacer([Limit(16, 1.0)], share=0.8), seconds=60.0)

    assert service.refused == []
    assert len(service.taken) >= 0.95 * 16 * 60


@each_model
@pytest.mark.parametrize("known", [True, False])
def test_others_on_the_account_find_room(model: Model, known: bool) -> None:
    """Beside somebody who takes 40 % of 20 a second, both find room after a few refusals."""
    service = Service(RateLimit(20, 1), model, latency=0.05, callers=32, others=8.0)
    pacer = Pacer([Limit(16, 1.0)] if known else [], share=0.8)
    service.serve(pacer, seconds=300.0)
    settled = [one for one in service.taken if one >= 60]

    assert len(service.refused) < 0.03 * len(service.taken)
    assert 6 * 240 <= len(settled) <= 12 * 240


@pytest.mark.parametrize("a_second", [10, 40])
def test_slower_answers_never_widen(a_second: int) -> None:
    """A service that answers so many a second, and no more the more are asked, soon has no more under way at once."""
    pacer, free_at, most = Pacer(), 0.0, 0
    under_way: list[float] = []
    now = 0.0
    while now < 60.0:
        while pacer.room > 0 and len(under_way) < 64:
            pacer.enter()
            free_at = max(free_at, now) + 1 / a_second
            under_way.append(free_at)
        most = max(most, len(under_way))
        now = under_way.pop(0)
        pacer.leave(now)

    assert most <= 2 * FIRST_WIDTH


def test_quick_answers_widen() -> None:
    """A service that answers however many are asked within 20 ms has 64 under way within half a second."""
    service = Service(RateLimit(10**6, 1), "buckets", latency=0.02, callers=64)
    service.serve(Pacer(), seconds=0.5)

    assert len(service.taken) >= 0.5 * 64 * 0.5 / 0.02


def test_an_answer_lets_one_more_go_and_a_limit_all() -> None:
    """Where as many as may be are under way, each answer lets one more go; where there is a limit, only that holds."""
    pacer, entered = Pacer(), threading.Semaphore(0)

    def ask() -> None:
        pacer.enter()
        entered.release()

    for _ in range(FIRST_WIDTH):
        pacer.enter()
    for _ in range(4):
        threading.Thread(target=ask, daemon=True).start()
    assert not entered.acquire(timeout=0.05)
    pacer.leave(0.0)
    assert entered.acquire(timeout=PATIENCE)
    assert not entered.acquire(timeout=0.05)
    pacer.refused(1.0, period=1.0)
    pacer.leave(1.0)
    assert all(entered.acquire(timeout=PATIENCE) for _ in range(3))
