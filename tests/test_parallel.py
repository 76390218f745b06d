"""The merge: every item of every generator, in the order of each, bounded, and without a thread left behind."""

import contextlib
import gc
import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import count

import pytest

from source_opsgenie.parallel import LOOKAHEAD, in_parallel

TIMEOUT = 10.0
Numbers = Generator[tuple[str, int], None, str]


def numbers(name: str, size: int, *, together: threading.Barrier | None = None) -> Numbers:
    """Yield *name* with each of *size* numbers, once all parties have come *together*; return *name*."""
    if together:
        together.wait()
    for number in range(size):
        yield name, number
    return name


def of(name: str, items: Sequence[tuple[str, int]]) -> list[int]:
    """The numbers of *name* in *items*."""
    return [number for one, number in items if one == name]


@pytest.mark.parametrize("max_threads", [1, 2])
def test_every_item_comes_once_and_in_order(max_threads: int) -> None:
    """The items of each source come in its order, and those of the next one after the result that names it."""
    results = []

    def then(name: str) -> list[Numbers]:
        results.append(name)
        return [numbers("next", 5)] if name == "first" else []

    size = 3 * LOOKAHEAD
    items = list(in_parallel([numbers("first", size), numbers("second", 7)], then=then, max_threads=max_threads))

    assert [*range(size)] == of("first", items)
    assert ([*range(7)], [*range(5)]) == (of("second", items), of("next", items))
    assert items.index(("next", 0)) > items.index(("first", size - 1))
    assert ["first", "next", "second"] == sorted(results)


def test_sources_run_at_the_same_time() -> None:
    """Each source begins before another one has ended."""
    together = threading.Barrier(3, timeout=TIMEOUT)
    sources = [numbers(name, 2, together=together) for name in "abc"]

    assert 6 == len(list(in_parallel(sources, then=lambda _: [], max_threads=3)))


def test_one_thread_is_that_of_the_caller() -> None:
    """With one thread at most, sources run one after another in the thread of the caller."""

    def named() -> Generator[str, None, None]:
        yield threading.current_thread().name

    threads = list(in_parallel([named(), named()], then=lambda _: [], max_threads=1))

    assert [threading.current_thread().name] * 2 == threads


@pytest.mark.parametrize("size", [1, 100])
def test_the_lookahead_is_bounded(size: int) -> None:
    """While the caller takes no item, the sources fill the queue, with fewer items if these are large, and wait."""
    taken, is_full = count(), threading.Event()

    def endless() -> Generator[int, None, None]:
        while (number := next(taken)) < 10 * LOOKAHEAD:
            is_full.set() if number >= LOOKAHEAD // size else None
            yield number

    with closing(in_parallel([endless(), endless()], then=lambda _: [], max_threads=2, size=lambda _: size)) as found:
        first = next(found)
        assert is_full.wait(TIMEOUT)

    # What the caller took, what waits, and one of each source.
    assert next(taken) <= 2 * (LOOKAHEAD // size) + 2
    assert first == 0


def test_an_error_leaves_no_thread() -> None:
    """An error of a source is raised, and the others are closed and their threads end, without garbage collection."""
    before, closed, begun = set(threading.enumerate()), threading.Event(), threading.Event()

    def endless() -> Numbers:
        try:
            for number in count():
                yield "endless", number
                begun.set()
        finally:
            closed.set()
        return "endless"

    def failing() -> Numbers:
        begun.wait(TIMEOUT)
        yield "failing", 1
        raise LookupError("no more")

    gc.disable()
    try:
        with contextlib.suppress(LookupError):
            list(in_parallel([endless(), failing()], then=lambda _: [], max_threads=2))
            raise AssertionError("no error was raised")
        left = set(threading.enumerate()) - before
        for thread in left:
            thread.join(TIMEOUT)
    finally:
        gc.enable()

    assert closed.is_set()
    assert not any(thread.is_alive() for thread in left)
