"""The ordered map: results in order whatever the latencies, a bounded way ahead, errors in their turn."""

import contextlib
import gc
import threading
from collections.abc import Iterator
from itertools import chain, islice

import pytest

from source_opsgenie.concurrency import ordered_batches, ordered_map, with_ticks

PATIENCE = 10.0


class Gates:
    """A function that answers a number once its gate is open, and records what it was asked."""

    def __init__(self, size: int) -> None:
        self._gates = [threading.Event() for _ in range(size)]
        self._entered = [threading.Event() for _ in range(size)]
        self.ended: list[int] = []

    def __call__(self, number: int) -> int:
        """Wait for the gate of *number*."""
        self._entered[number].set()
        is_open = self._gates[number].wait(PATIENCE)
        self.ended.append(number)
        assert is_open
        return number * 10

    def open(self, *numbers: int) -> None:
        """Let *numbers* be answered."""
        for number in numbers:
            self._gates[number].set()

    def entered(self, number: int) -> bool:
        """Whether *number* was asked within our patience."""
        return self._entered[number].wait(PATIENCE)

    def asked(self) -> list[int]:
        """The numbers that were asked so far."""
        return [number for number, event in enumerate(self._entered) if event.is_set()]


class Expected:
    """Numbers that record how many of them were taken."""

    def __init__(self, size: int) -> None:
        self.size, self.taken = size, 0

    def __iter__(self) -> Iterator[int]:
        """Give the next number."""
        for number in range(self.size):
            self.taken += 1
            yield number


@pytest.mark.parametrize("ahead", [1, 2, 3, 10])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 7])
def test_every_result_comes_once(size: int, ahead: int) -> None:
    """As many results as given, in order, however far it looks ahead."""
    expected = [number * 10 for number in range(size)]
    actual = list(ordered_map(lambda number: number * 10, range(size), at_once=ahead))

    assert expected == actual


def test_order_does_not_depend_on_latency() -> None:
    """Answers that arrive last first come out first first."""
    gates = Gates(3)
    found: list[int] = []
    reader = threading.Thread(target=lambda: found.extend(ordered_map(gates, range(3), at_once=3)))
    reader.start()
    for number in (2, 1, 0):
        assert gates.entered(number)
        gates.open(number)
    reader.join(PATIENCE)

    assert found == [0, 10, 20]


def test_requests_are_under_way_together() -> None:
    """As many as *at_once* are asked before the first is answered."""
    together = threading.Barrier(4, timeout=PATIENCE)
    found = list(ordered_map(lambda number: together.wait() >= 0 and number, range(8), at_once=4))

    assert found == list(range(8))


def test_it_looks_a_bounded_way_ahead() -> None:
    """While nobody takes the results, no more than *ahead* of what is given is taken, however few are under way."""
    given = Expected(100)
    found = chain.from_iterable(ordered_batches(lambda number: number, given, at_once=2, ahead=4))

    ahead = [given.taken - number for number in found]

    assert len(ahead) == 100
    assert max(ahead) == 4


def test_what_is_ready_comes_together() -> None:
    """While the first is waited for others get ready: they come with it, up to one that failed, which comes alone."""
    gates = Gates(6)

    def ask(number: int) -> int:
        if number == 4:
            raise LookupError(number)
        return gates(number)

    found = ordered_batches(ask, range(6), at_once=6, ahead=6)
    gates.open(1, 2, 3, 5)
    gates.open(0)
    came: list[int] = []
    while len(came) < 4:
        came += next(found)

    assert came == [0, 10, 20, 30]
    with pytest.raises(LookupError):
        next(found)


def test_an_error_in_the_background_comes_in_its_turn() -> None:
    """What fails in another thread is raised where its item was wanted, after those before it."""

    def given() -> Iterator[int]:
        yield from (1, 2)
        raise LookupError("no more")

    found = with_ticks(given(), seconds=PATIENCE)

    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(LookupError):
        next(found)


def test_the_next_is_looked_for_while_one_is_out() -> None:
    """Whoever takes an item need not ask for the next one; but no more than that is looked for."""
    gates = Gates(4)
    gates.open(0, 1, 2, 3)
    found = with_ticks(map(gates, range(4)), seconds=PATIENCE)

    assert next(found) == 0
    assert gates.entered(1)
    assert next(found) == 10
    assert gates.entered(2)
    assert not gates.asked()[3:]


def test_an_error_leaves_no_thread() -> None:
    """Once an error was dealt with, the threads of the maps that it passed end, without a collector of garbage."""
    before = set(threading.enumerate())

    def given() -> Iterator[int]:
        numbers = ordered_map(lambda number: number, range(9), at_once=3)
        yield next(numbers)
        raise LookupError("no more")

    gc.disable()
    try:
        with contextlib.suppress(LookupError):
            list(with_ticks(ordered_batches(lambda number: number, given(), at_once=2, ahead=4), seconds=PATIENCE))
        left = set(threading.enumerate()) - before
        for thread in left:
            thread.join(1.0)
    finally:
        gc.enable()

    assert not any(thread.is_alive() for thread in left)


def test_it_ticks_while_nothing_comes() -> None:
    """While an item is waited for, None comes again and again; then the item, and in the end nothing more."""
    gates = Gates(2)
    gates.open(0)
    found = with_ticks(map(gates, range(2)), seconds=0.001)
    first = [one for one in islice(found, 20) if one is not None]
    gates.open(1)
    rest = [one for one in found if one is not None]

    assert first == [0]
    assert rest == [10]


def test_nothing_is_taken_before_the_first_is_wanted() -> None:
    """A map that nobody iterates asks nothing."""
    given = Expected(3)
    ordered_map(lambda number: number, given, at_once=4)

    assert given.taken == 0


def test_error_comes_in_its_turn() -> None:
    """What came before an error comes out before it, though the error happened first."""
    gates = Gates(2)

    def ask(number: int) -> int:
        if number == 2:
            gates.open(0, 1)
            raise LookupError(number)
        return gates(number)

    found = ordered_map(ask, range(9), at_once=3)

    assert [next(found), next(found)] == [0, 10]
    with pytest.raises(LookupError, match="2"):
        next(found)


def test_error_in_what_is_given_is_raised() -> None:
    """A source that fails ends the map with its error, never with a silent stop, once what it gave before is out."""

    def given() -> Iterator[int]:
        yield from (1, 2, 3)
        raise LookupError("no more parents")

    came: list[int] = []
    with pytest.raises(LookupError):
        came.extend(chain.from_iterable(ordered_batches(lambda number: number, given(), at_once=2, ahead=10)))

    assert came == [1, 2, 3]


def test_leaving_early_stops() -> None:
    """Once the iteration is left, what has not begun is never asked, and nobody waits for what is under way."""
    gates = Gates(20)
    found = ordered_map(gates, range(20), at_once=2)
    gates.open(0)
    assert isinstance(found, Iterator)
    assert next(found) == 0
    assert gates.entered(1)
    found.close()  # type: ignore[attr-defined]
    ended = list(gates.ended)
    gates.open(*range(20))

    assert ended == [0]
    assert set(gates.asked()) <= {0, 1, 2}


def test_the_process_waits_for_no_thread() -> None:
    """A thread that looks ahead may hang in a name server for minutes: the interpreter does not wait for it."""
    gate = threading.Event()
    found = ordered_map(lambda _: gate.wait(30), range(2), at_once=2)
    before = set(threading.enumerate())
    taking = threading.Thread(target=next, args=(found,))
    taking.start()
    while not (mine := set(threading.enumerate()) - before - {taking}):
        taking.join(0.01)
    gate.set()
    taking.join(30)

    assert all(thread.daemon for thread in mine)
