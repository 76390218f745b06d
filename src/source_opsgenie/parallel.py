"""Run generators in threads, and merge what they yield through one bounded queue."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from typing import Generic, TypeVar

from source_opsgenie.clock import Stopped
from source_opsgenie.concurrency import fulfil

Item = TypeVar("Item")
Result = TypeVar("Result")
Source = Generator[Item, None, Result]
# How large all items that wait may be together: rows, or as much.
LOOKAHEAD = 500
# Windows delivers a Ctrl-C only between two waits.
SECONDS_BETWEEN_SIGNALS = 0.25


def in_parallel(
    sources: Iterable[Source[Item, Result]],
    *,
    then: Callable[[Result], Iterable[Source[Item, Result]]],
    max_threads: int,
    size: Callable[[Item], int] = lambda _: 1,
) -> Generator[Item, None, None]:
    """Yield the items of all *sources*, each of which runs in a thread of its own, as they come.

    When a source has returned a result and the caller has used its items, *then* names the sources to run next, of
    which there are never more than *max_threads* at a time. With one, no thread is used. Items of a source keep their
    order. A source waits while the *size* of all items in the queue is LOOKAHEAD or more. An error ends all sources; so
    does closing the iterator, which waits for none of them.
    """
    return _in_threads(sources, then, size) if max_threads > 1 else _in_turn(sources, then)


def _in_turn(
    sources: Iterable[Source[Item, Result]],
    then: Callable[[Result], Iterable[Source[Item, Result]]],
) -> Generator[Item, None, None]:
    pending = deque(sources)
    while pending:
        result = yield from pending.popleft()
        pending.extend(then(result))


def _in_threads(
    sources: Iterable[Source[Item, Result]],
    then: Callable[[Result], Iterable[Source[Item, Result]]],
    size: Callable[[Item], int],
) -> Generator[Item, None, None]:
    merge: _Merge[Item, Result] = _Merge(size)
    try:
        running = merge.run(sources)
        while running:
            items, ended = merge.take()
            yield from items
            while ended:
                running += merge.run(then(ended.popleft().result())) - 1
    finally:
        merge.close()


class _Merge(Generic[Item, Result]):
    """A bounded queue that generators fill, each in its thread, and one thread empties."""

    def __init__(self, size: Callable[[Item], int]) -> None:
        self._size_of, self._size = size, 0
        self._items: list[Item] = []
        self._ended: deque[Future[Result]] = deque()
        self._is_closed = False
        self._changed = threading.Condition()

    def run(self, sources: Iterable[Source[Item, Result]]) -> int:
        """Start a thread for each of *sources*; returns their number."""
        threads = [self._thread(source) for source in sources]
        for thread in threads:
            thread.start()
        return len(threads)

    def take(self) -> tuple[list[Item], deque[Future[Result]]]:
        """Everything that waits, at least one item or result; the items come before the results of their sources."""
        with self._changed:
            while not self._items and not self._ended:
                self._changed.wait(SECONDS_BETWEEN_SIGNALS)
            taken = self._items, self._ended
            self._items, self._ended, self._size = [], deque(), 0
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """End each generator at its next item."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _thread(self, source: Source[Item, Result]) -> threading.Thread:
        return threading.Thread(target=self._fill, args=(source,), name="source", daemon=True)

    def _fill(self, source: Source[Item, Result]) -> None:
        future: Future[Result] = Future()
        with closing(source):
            fulfil(future, partial(self._drain, source))
        with self._changed:
            self._ended.append(future)
            self._changed.notify_all()

    def _drain(self, source: Source[Item, Result]) -> Result:
        """Add the items of *source* until it returns; raises Stopped once the queue is closed."""
        while True:
            try:
                item = next(source)
            except StopIteration as end:
                returned: Result = end.value
                return returned
            self._add(item)

    def _add(self, item: Item) -> None:
        with self._changed:
            while self._size >= LOOKAHEAD and not self._is_closed:
                self._changed.wait()
            if self._is_closed:
                raise Stopped
            self._items.append(item)
            self._size += self._size_of(item)
            if len(self._items) == 1:
                self._changed.notify_all()
