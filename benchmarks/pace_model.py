"""A rate-limited account and the pacers of a connector on a virtual clock, without sockets: seeded, so repeatable."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count

from opsgenie_simulator.limits import Throttle
from source_opsgenie.api.pacing import Domain, Pacer

# The parts of the latency that a request takes to arrive, and its response: each is random between these bounds.
SHORTEST_PART, LONGEST_PART = 0.35, 0.65


@dataclass(frozen=True, slots=True)
class Lane:
    """Threads that request one endpoint: paced as *domain*, counted by the API in *counted_in*.

    Each of the *threads* sends its next request *pause* seconds after a response.
    """

    domain: Domain
    counted_in: str
    threads: int
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that arrived at *at*: in which domain the API counted it, and whether it was throttled."""

    at: float
    counted_in: str
    throttled: bool


@dataclass(slots=True)
class Model:
    """Lanes that send as fast as their *pacers* allow to an API that admits what *throttle* does.

    A throttle needs a clock, so it is made from one: `Model(lambda clock: Throttle(..., clock=clock), ...)`.
    """

    make_throttle: Callable[[Callable[[], float]], Throttle]
    pacers: Mapping[Domain, Pacer]
    lanes: Sequence[Lane]
    latency: float
    seed: int = 1
    now: float = 0.0
    sent: list[Sent] = field(default_factory=list)
    throttle: Throttle = field(init=False)
    _acts: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.throttle = self.make_throttle(lambda: self.now)

    def run(self, *, seconds: float) -> list[Sent]:
        """Let all lanes send for *seconds*; returns every request in the order of arrival."""
        for lane in self.lanes:
            queue = _Queue(lane, self.pacers[lane.domain], idle=lane.threads)
            self._after(0.0, partial(self._send_all, queue))
        while self._acts[0][0] < seconds:
            self.now, _, act = heappop(self._acts)
            act()
        self.throttle.admit_others(seconds)
        return self.sent

    def _send_all(self, queue: "_Queue") -> None:
        """Send what may go now: as in the client, only one thread of a lane waits for the pacer."""
        while queue.idle and not queue.is_waiting and queue.pacer.in_flight.room > 0:
            if wait := queue.pacer.take(self.now):
                queue.is_waiting = True
                self._after(wait, partial(self._resume, queue))
            else:
                queue.idle -= 1
                queue.pacer.in_flight.enter()
                self._after(self._part(), partial(self._arrive, queue, self.now))

    def _resume(self, queue: "_Queue") -> None:
        queue.is_waiting = False
        self._send_all(queue)

    def _arrive(self, queue: "_Queue", sent_at: float) -> None:
        exceeded = self.throttle.admit(queue.lane.counted_in)
        self.sent.append(Sent(self.now, queue.lane.counted_in, exceeded is not None))
        period = float(exceeded.period_in_sec) if exceeded else 0.0
        self._after(self._part(), partial(self._respond, queue, sent_at, period))

    def _respond(self, queue: "_Queue", sent_at: float, period: float) -> None:
        queue.pacer.in_flight.leave(self.now)
        if period:
            queue.pacer.record_throttled(self.now, period=period, sent_at=sent_at)
        self._after(queue.lane.pause, partial(self._idle, queue))
        self._send_all(queue)

    def _idle(self, queue: "_Queue") -> None:
        queue.idle += 1
        self._send_all(queue)

    def _part(self) -> float:
        return self.latency * self._random.uniform(SHORTEST_PART, LONGEST_PART)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        heappush(self._acts, (self.now + seconds, next(self._order), act))


@dataclass(slots=True)
class _Queue:
    """The threads of a lane: how many are *idle*, and whether one waits for the pacer."""

    lane: Lane
    pacer: Pacer
    idle: int
    is_waiting: bool = False
