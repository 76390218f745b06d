"""Run functions in threads: an ordered map with bounded lookahead, and ticks while no result comes."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")
END = object()
# How many items `with_ticks` computes ahead; each may be a page of rows.
TICK_LOOKAHEAD = 2


def ordered_batches(
    function: Callable[[Item], Result], items: Iterable[Item], *, max_concurrent: int, ahead: int | None = None
) -> Iterator[list[Result]]:
    """Yield the results of *function* for *items* in order, computing up to *max_concurrent* of them in threads.

    A batch holds the next result and those after it that are ready. Up to *ahead* items are taken before their results
    are yielded, by default *max_concurrent*. Errors of *function* and of *items* are raised in their turn. Closing the
    iterator cancels what has not begun; the rest ends on its own, and not even the end of the process waits for it.
    """
    pool = _ThreadPool(max_concurrent)
    futures: deque[Future[Result]] = deque()
    iterator = iter(items)
    try:
        while future := _start_next(pool, function, iterator):
            futures.append(future)
            if len(futures) >= (ahead or max_concurrent):
                yield _next_batch(futures)
        while futures:
            yield _next_batch(futures)
    finally:
        _cancel(futures, pool)


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item], *, max_concurrent: int) -> Iterator[Result]:
    """Yield the same results individually."""
    for batch in ordered_batches(function, items, max_concurrent=max_concurrent):
        yield from batch


def with_ticks(items: Iterable[Result], *, seconds: float) -> Iterator[Result | None]:
    """Yield *items*, computed in another thread, and None each time that none came for *seconds*.

    The next items are computed while the caller uses one. Errors are raised in their turn.
    """
    iterator = iter(items)
    pool = _ThreadPool(1)
    futures: deque[Future[object]] = deque()
    try:
        while True:
            while len(futures) < TICK_LOOKAHEAD:
                futures.append(pool.submit(lambda: next(iterator, END)))
            while not wait([futures[0]], timeout=seconds).done:
                yield None
            if (item := futures.popleft().result()) is END:
                return
            yield cast(Result, item)
    finally:
        _cancel(futures, pool)


def fulfil(future: Future[Result], call: Callable[[], Result]) -> None:
    """Run *call*, and let *future* return its result or raise its error."""
    if future.set_running_or_notify_cancel():
        try:
            result = call()
        except BaseException as problem:  # raised again in its turn
            future.set_exception(problem)
            del future
        else:
            future.set_result(result)


def _start_next(
    pool: "_ThreadPool", function: Callable[[Item], Result], items: Iterator[Item]
) -> Future[Result] | None:
    """Submit the next of *items*, if there is one; an error of *items* becomes the future's, to raise in its turn."""
    try:
        item = next(items)
    except StopIteration:
        return None
    except BaseException as problem:  # raised again in its turn
        return _failed(problem)
    return pool.submit(partial(function, item))


def _failed(problem: BaseException) -> Future[Any]:
    """A future that raises *problem*, outside its frames: such a cycle would keep threads until it is collected."""
    future: Future[Any] = Future()
    future.set_exception(problem)
    return future


def _next_batch(futures: deque[Future[Result]]) -> list[Result]:
    """The first result, waiting for it, and those after it that are ready; an error comes alone."""
    batch = [futures.popleft().result()]
    while futures and futures[0].done() and not futures[0].exception():
        batch.append(futures.popleft().result())
    return batch


def _cancel(futures: Iterable[Future[Any]], pool: "_ThreadPool") -> None:
    for future in futures:
        future.cancel()
    pool.shutdown()


class _ThreadPool:
    """A thread pool that never blocks the end of the process, unlike that of concurrent.futures."""

    def __init__(self, max_threads: int) -> None:
        self._max_threads, self._started = max_threads, 0
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, call: Callable[[], Result]) -> Future[Result]:
        """Run *call* as soon as a thread is free."""
        if self._started < self._max_threads:
            self._started += 1
            threading.Thread(target=self._run, name="worker", daemon=True).start()
        future: Future[Result] = Future()
        self._calls.put(partial(fulfil, future, call))
        return future

    def shutdown(self) -> None:
        """End each thread after its current call."""
        for _ in range(self._started):
            self._calls.put(None)

    def _run(self) -> None:
        while call := self._calls.get():
            call()
