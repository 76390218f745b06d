"""The ordered map and the ticks: results in order, bounded lookahead, errors in their turn."""

import contextlib
import gc
import threading
from collections.abc import Iterator
from itertools import chain, islice

import pytest

from source_opsgenie.concurrency import ordered_batches, ordered_map, with_ticks

TIMEOUT = 10.0


class Gates:
    """A function that returns ten times a number once its gate is open, and records its calls."""

    def __init__(self, size: int) -> None:
        self._gates = [threading.Event() for _ in range(size)]
        self._entered = [threading.Event() for _ in range(size)]
        self.completed: list[int] = []

    def __call__(self, number: int) -> int:
        """Wait for the gate of *number*."""
        self._entered[number].set()
        is_open = self._gates[number].wait(TIMEOUT)
        self.completed.append(number)
        assert is_open
        return number * 10

    def open(self, *numbers: int) -> None:
        """Let the calls with *numbers* return."""
        for number in numbers:
            self._gates[number].set()

    def entered(self, number: int) -> bool:
        """Whether the function is called with *number*, waiting for it."""
        return self._entered[number].wait(TIMEOUT)

    def called(self) -> list[int]:
        """The numbers that the function was called with."""
        return [number for number, event in enumerate(self._entered) if event.is_set()]


class CountedItems:
    """The first numbers, and how many of them were taken."""

    def __init__(self, size: int) -> None:
        self.size, self.taken = size, 0

    def __iter__(self) -> Iterator[int]:
        """Give the next number."""
        for number in range(self.size):
            self.taken += 1
            yield number


def failing_after(*numbers: int) -> Iterator[int]:
    """Yield *numbers*, then fail."""
    yield from numbers
    raise LookupError("no more")


@pytest.mark.parametrize("max_concurrent", [1, 2, 3, 10])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 7])
def test_every_result_comes_once(size: int, max_concurrent: int) -> None:
    """There are as many results as items, in order, with any number of threads."""
    expected = [number * 10 for number in range(size)]
    actual = list(ordered_map(lambda number: number * 10, range(size), max_concurrent=max_concurrent))

    assert expected == actual


def test_order_does_not_depend_on_latency() -> None:
    """Results that are ready last but belong first come out first."""
    gates = Gates(3)
    found: list[int] = []
    reader = threading.Thread(target=lambda: found.extend(ordered_map(gates, range(3), max_concurrent=3)))
    reader.start()
    for number in (2, 1, 0):
        assert gates.entered(number)
        gates.open(number)
    reader.join(TIMEOUT)

    assert found == [0, 10, 20]


def test_calls_run_concurrently() -> None:
    """*max_concurrent* calls begin before the first one returns."""
    together = threading.Barrier(4, timeout=TIMEOUT)
    found = list(ordered_map(lambda number: together.wait() >= 0 and number, range(8), max_concurrent=4))

    assert found == list(range(8))


def test_lookahead_is_bounded() -> None:
    """While the caller takes no results, at most *ahead* items are taken, with any number of threads."""
    items = CountedItems(100)
    found = chain.from_iterable(ordered_batches(lambda number: number, items, max_concurrent=2, ahead=4))

    ahead = [items.taken - number for number in found]

    assert len(ahead) == 100
    assert max(ahead) == 4


def test_ready_results_come_together() -> None:
    """Results that got ready while the first was computed come with it, up to an error, which comes alone."""
    gates = Gates(6)

    def call(number: int) -> int:
        if number == 4:
            raise LookupError(number)
        return gates(number)

    found = ordered_batches(call, range(6), max_concurrent=6, ahead=6)
    gates.open(1, 2, 3, 5)
    gates.open(0)
    results: list[int] = []
    while len(results) < 4:
        results += next(found)

    assert results == [0, 10, 20, 30]
    with pytest.raises(LookupError):
        next(found)


def test_an_error_of_ticked_items_comes_in_its_turn() -> None:
    """An error in the other thread is raised after the items before it."""
    found = with_ticks(failing_after(1, 2), seconds=TIMEOUT)

    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(LookupError):
        next(found)


def test_ticked_items_are_computed_ahead() -> None:
    """While the caller uses an item the next one is computed, but no more than that."""
    gates = Gates(4)
    gates.open(0, 1, 2, 3)
    found = with_ticks(map(gates, range(4)), seconds=TIMEOUT)

    assert next(found) == 0
    assert gates.entered(1)
    assert next(found) == 10
    assert gates.entered(2)
    assert not gates.called()[3:]


def test_an_error_leaves_no_thread() -> None:
    """After an error the threads of all nested maps end, without garbage collection."""
    before = set(threading.enumerate())

    def items() -> Iterator[int]:
        numbers = ordered_map(lambda number: number, range(9), max_concurrent=3)
        yield next(numbers)
        raise LookupError("no more")

    gc.disable()
    try:
        with contextlib.suppress(LookupError):
            list(with_ticks(ordered_batches(str, items(), max_concurrent=2, ahead=4), seconds=TIMEOUT))
        left = set(threading.enumerate()) - before
        for thread in left:
            thread.join(1.0)
    finally:
        gc.enable()

    assert not any(thread.is_alive() for thread in left)


def test_it_ticks_while_no_item_comes() -> None:
    """While the caller waits for an item, None comes repeatedly; then the item, and at the end nothing more."""
    gates = Gates(2)
    gates.open(0)
    found = with_ticks(map(gates, range(2)), seconds=0.001)
    first = [item for item in islice(found, 20) if item is not None]
    gates.open(1)
    rest = [item for item in found if item is not None]

    assert first == [0]
    assert rest == [10]


def test_an_unused_map_takes_nothing() -> None:
    """A map that is not iterated takes no item."""
    items = CountedItems(3)
    ordered_map(lambda number: number, items, max_concurrent=4)

    assert items.taken == 0


def test_an_error_comes_in_its_turn() -> None:
    """Results before an error come before it, even if the error happened first."""
    gates = Gates(2)

    def call(number: int) -> int:
        if number == 2:
            gates.open(0, 1)
            raise LookupError(number)
        return gates(number)

    found = ordered_map(call, range(9), max_concurrent=3)

    assert [next(found), next(found)] == [0, 10]
    with pytest.raises(LookupError, match="2"):
        next(found)


def test_an_error_of_the_items_is_raised() -> None:
    """Items that fail end the map with their error, after the results before it."""
    results: list[int] = []
    batches = ordered_batches(lambda number: number, failing_after(1, 2, 3), max_concurrent=2, ahead=10)
    with pytest.raises(LookupError):
        results.extend(chain.from_iterable(batches))

    assert results == [1, 2, 3]


def test_closing_cancels_the_rest() -> None:
    """After the iterator is closed no further call begins, and it does not wait for those in progress."""
    gates = Gates(20)
    found = ordered_map(gates, range(20), max_concurrent=2)
    gates.open(0)
    assert isinstance(found, Iterator)
    assert next(found) == 0
    assert gates.entered(1)
    found.close()  # type: ignore[attr-defined]
    completed = list(gates.completed)
    gates.open(*range(20))

    assert completed == [0]
    assert set(gates.called()) <= {0, 1, 2}


def test_the_process_waits_for_no_thread() -> None:
    """A call may hang in a name server for minutes, so the interpreter does not wait for its thread."""
    gate = threading.Event()
    found = ordered_map(lambda _: gate.wait(30), range(2), max_concurrent=2)
    before = set(threading.enumerate())
    taker = threading.Thread(target=next, args=(found,))
    taker.start()
    while not (workers := set(threading.enumerate()) - before - {taker}):
        taker.join(0.01)
    gate.set()
    taker.join(30)

    assert all(thread.daemon for thread in workers)
