"""How many requests of a client are under way at the same time, and when each of them goes."""

import threading
from collections.abc import Iterable
from itertools import pairwise

from tests.support.fakes import FakeClock, client_of, said

from source_opsgenie.api.client import Client
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.api.transport import RawResponse, Request

PATIENCE = 10.0
# For threads that should not come.
A_WHILE = 0.05


class Door:
    """A transport that keeps each request until it is let out, and records when it came."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._come, self._out = threading.Semaphore(0), threading.Semaphore(0)
        self.came_at: list[float] = []

    def __call__(self, _: Request) -> RawResponse:
        """Answer, once let out."""
        self.came_at.append(self._clock.monotonic())
        self._come.release()
        assert self._out.acquire(timeout=PATIENCE)
        return said(200, {"data": []})

    def comes(self, *, within: float = PATIENCE) -> bool:
        """Whether one more request comes."""
        return self._come.acquire(timeout=within)

    def let_out(self, number: int) -> None:
        """Let so many requests be answered."""
        self._out.release(number)


class Standing(FakeClock):
    """A clock on which who sleeps does so until it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep, self.goes_on = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.asleep.set()
        assert self.goes_on.wait(PATIENCE)
        super().sleep(seconds)


def ask(client: Client, domains: Iterable[Domain]) -> list[threading.Thread]:
    """Threads, each of which asks *client* for something in one of *domains*."""
    threads = [threading.Thread(target=client.get, args=("/x",), kwargs={"domain": domain}) for domain in domains]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_requests_are_under_way_than_slots() -> None:
    """Whoever asks, and however many do at once: the API never sees more requests together than the user allows."""
    door = Door(clock := FakeClock())
    threads = ask(client_of(door, clock, at_once=2), [Domain.ALERT, Domain.SEARCH, Domain.ALERT])

    assert door.comes()
    assert door.comes()
    assert not door.comes(within=A_WHILE)
    door.let_out(1)
    assert door.comes()
    door.let_out(2)
    for thread in threads:
        thread.join(PATIENCE)


def test_what_waits_for_a_slot_has_not_been_let_through_yet() -> None:
    """A limit is kept by what goes: requests that waited for others to be answered do not go together afterwards."""
    door = Door(clock := FakeClock())
    pacers = {domain: Pacer([Limit(1, 10.0)]) for domain in Domain}
    threads = ask(client_of(door, clock, pacers=pacers, at_once=2), [Domain.SEARCH, Domain.SEARCH, *[Domain.ALERT] * 3])

    assert door.comes()
    assert door.comes()
    assert not door.comes(within=A_WHILE)
    clock.now += 1000.0
    door.let_out(len(threads))
    for thread in threads:
        thread.join(PATIENCE)

    assert len(door.came_at) == len(threads)
    assert all(later - earlier >= 10.0 for earlier, later in pairwise(door.came_at[2:]))


def test_who_waits_for_its_time_holds_no_slot() -> None:
    """A domain that has to wait keeps no slot from another one."""
    door = Door(clock := Standing())
    pacers = {domain: Pacer() for domain in Domain}
    pacers[Domain.SEARCH].refused(clock.now, period=60.0)
    client = client_of(door, clock, pacers=pacers, at_once=1)
    threads = ask(client, [Domain.SEARCH, Domain.SEARCH])
    assert clock.asleep.wait(PATIENCE)
    threads += ask(client, [Domain.ALERT])

    assert door.comes()
    door.let_out(3)
    clock.goes_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(door.came_at) == 3
