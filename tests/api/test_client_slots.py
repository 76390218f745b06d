"""Slots: how many of a client's requests are in flight at the same time, and when each of them goes."""

import threading
from collections.abc import Iterable
from itertools import pairwise

from tests.support.fakes import FakeClock, client_of, said

from source_opsgenie.api.client import Client
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.api.transport import RawResponse, Request

TIMEOUT = 10.0
# For a request that must not arrive.
A_WHILE = 0.05


class Gate:
    """A transport that holds each request until it is released, and records when it arrived."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._arrived, self._released = threading.Semaphore(0), threading.Semaphore(0)
        self.arrived_at: list[float] = []

    def __call__(self, _: Request) -> RawResponse:
        """Respond, once released."""
        self.arrived_at.append(self._clock.monotonic())
        self._arrived.release()
        assert self._released.acquire(timeout=TIMEOUT)
        return said(200, {"data": []})

    def has_arrival(self, *, within: float = TIMEOUT) -> bool:
        """Whether one more request arrives."""
        return self._arrived.acquire(timeout=within)

    def release(self, number: int) -> None:
        """Let *number* requests be responded to."""
        self._released.release(number)


class PausedClock(FakeClock):
    """A clock that stands still until it is resumed."""

    def __init__(self) -> None:
        super().__init__()
        self.has_sleeper, self.is_resumed = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.has_sleeper.set()
        assert self.is_resumed.wait(TIMEOUT)
        super().sleep(seconds)


def send(client: Client, domains: Iterable[Domain]) -> list[threading.Thread]:
    """Threads, each of which sends a request in one of *domains*."""
    threads = [threading.Thread(target=client.get, args=("/x",), kwargs={"domain": domain}) for domain in domains]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_requests_are_in_flight_than_slots() -> None:
    """However many threads send requests, the API never gets more at the same time than the user allows."""
    gate = Gate(clock := FakeClock())
    threads = send(client_of(gate, clock, max_concurrent=2), [Domain.ALERT, Domain.SEARCH, Domain.ALERT])

    assert gate.has_arrival()
    assert gate.has_arrival()
    assert not gate.has_arrival(within=A_WHILE)
    gate.release(1)
    assert gate.has_arrival()
    gate.release(2)
    for thread in threads:
        thread.join(TIMEOUT)


def test_a_request_that_waits_for_a_slot_is_not_permitted_yet() -> None:
    """Requests that waited for others to complete do not go together afterwards: each keeps to the limit."""
    gate = Gate(clock := FakeClock())
    pacers = {domain: Pacer([Limit(1, 10.0)]) for domain in Domain}
    client = client_of(gate, clock, pacers=pacers, max_concurrent=2)
    threads = send(client, [Domain.SEARCH, Domain.SEARCH, *[Domain.ALERT] * 3])

    assert gate.has_arrival()
    assert gate.has_arrival()
    assert not gate.has_arrival(within=A_WHILE)
    clock.now += 1000.0
    gate.release(len(threads))
    for thread in threads:
        thread.join(TIMEOUT)

    assert len(gate.arrived_at) == len(threads)
    assert all(later - earlier >= 10.0 for earlier, later in pairwise(gate.arrived_at[2:]))


def test_a_request_that_waits_for_the_pacer_holds_no_slot() -> None:
    """A domain that must wait keeps no slot from another one."""
    gate = Gate(clock := PausedClock())
    pacers = {domain: Pacer() for domain in Domain}
    pacers[Domain.SEARCH].record_throttled(clock.now, period=60.0, sent_at=clock.now)
    client = client_of(gate, clock, pacers=pacers, max_concurrent=1)
    threads = send(client, [Domain.SEARCH, Domain.SEARCH])
    assert clock.has_sleeper.wait(TIMEOUT)
    threads += send(client, [Domain.ALERT])

    assert gate.has_arrival()
    gate.release(3)
    clock.is_resumed.set()
    for thread in threads:
        thread.join(TIMEOUT)
    assert len(gate.arrived_at) == 3
