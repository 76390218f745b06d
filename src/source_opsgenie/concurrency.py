"""Concurrency in one place: an ordered map that looks a bounded way ahead, and a tick while nothing comes."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar, cast

Given = TypeVar("Given")
Made = TypeVar("Made")
END = object()
# What `ticking` asks for before the first of it is out: each item may be a page of rows.
AHEAD = 2


def ordered_batches(
    function: Callable[[Given], Made], given: Iterable[Given], *, at_once: int, ahead: int | None = None
) -> Iterator[list[Made]]:
    """Yield function(one) for each of *given*, in order, with up to *at_once* of them under way in threads.

    A batch is the next result, and those behind it that are ready too. At most *ahead* of *given* are taken before
    their results are handed out; without it, as many as may be under way. What *function* raises is raised here, in
    its turn, and so is what *given* raises. Leaving the iteration early drops what has not begun; what is under way
    ends by itself, and nobody waits for it, not even the end of the process.
    """
    threads = _Threads(at_most=at_once)
    taken: deque[Future[Made]] = deque()
    iterator = iter(given)
    try:
        while future := _begun(threads, function, iterator):
            taken.append(future)
            if len(taken) >= (ahead or at_once):
                yield _ready(taken)
        while taken:
            yield _ready(taken)
    finally:
        _drop(taken, threads)


def ordered_map(function: Callable[[Given], Made], given: Iterable[Given], *, at_once: int) -> Iterator[Made]:
    """The same, one by one."""
    for batch in ordered_batches(function, given, at_once=at_once):
        yield from batch


def with_ticks(items: Iterable[Made], *, seconds: float) -> Iterator[Made | None]:
    """The *items*, found in a thread of their own, and None whenever none came for that many *seconds*.

    While one is out, the next is looked for: what is raised there is raised here, in its turn.
    """
    iterator = iter(items)
    threads = _Threads(at_most=1)
    taken: deque[Future[object]] = deque()
    try:
        while True:
            while len(taken) < AHEAD:
                taken.append(threads.do(lambda: next(iterator, END)))
            while not wait([taken[0]], timeout=seconds).done:
                yield None
            if (one := taken.popleft().result()) is END:
                return
            yield cast(Made, one)
    finally:
        _drop(taken, threads)


def _begun(threads: "_Threads", function: Callable[[Given], Made], given: Iterator[Given]) -> Future[Made] | None:
    """What becomes of the next of *given*, if there is one; what it raises instead is to be raised in its turn."""
    try:
        one = next(given)
    except StopIteration:
        return None
    except BaseException as problem:  # raised again in its turn
        return _failed(problem)
    return threads.do(partial(function, one))


def _failed(problem: BaseException) -> Future[Any]:
    """What raises *problem*, and is in none of its frames: such a circle would keep their threads until it is swept."""
    future: Future[Any] = Future()
    future.set_exception(problem)
    return future


def _ready(taken: deque[Future[Made]]) -> list[Made]:
    """The first result, once it is there, and those behind it that are there too; an error comes alone."""
    ready = [taken.popleft().result()]
    while taken and taken[0].done() and not taken[0].exception():
        ready.append(taken.popleft().result())
    return ready


def _drop(taken: Iterable[Future[Any]], threads: "_Threads") -> None:
    """Begin nothing more of what was *taken*."""
    for future in taken:
        future.cancel()
    threads.end()


class _Threads:
    """Threads that do what is given to them; concurrent.futures has the like, but the process waits for its threads."""

    def __init__(self, *, at_most: int) -> None:
        self._at_most, self._started = at_most, 0
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def do(self, work: Callable[[], Made]) -> Future[Made]:
        """Do *work* as soon as a thread is free."""
        if self._started < self._at_most:
            self._started += 1
            threading.Thread(target=self._run, name="lookahead", daemon=True).start()
        future: Future[Made] = Future()
        self._work.put(partial(_fulfil, future, work))
        return future

    def end(self) -> None:
        """Let each thread end with what it does."""
        for _ in range(self._started):
            self._work.put(None)

    def _run(self) -> None:
        while work := self._work.get():
            work()


def _fulfil(future: Future[Made], work: Callable[[], Made]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            made = work()
        except BaseException as problem:  # raised again in its turn
            future.set_exception(problem)
            del future
        else:
            future.set_result(made)
