"""The one primitive of concurrency: an ordered map that looks a bounded way ahead."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")
Work = Callable[[], None]


def ordered_map(function: Callable[[Given], Made], given: Iterable[Given], *, ahead: int) -> Iterator[Made]:
    """Yield function(one) for each of *given*, in order, with up to *ahead* of them under way in threads.

    What *function* raises is raised here, in its turn. Leaving the iteration early drops what has not begun;
    what is under way ends by itself, and nobody waits for it, not even the end of the process.
    """
    threads = _Threads(at_most=ahead)
    under_way: deque[Future[Made]] = deque()
    try:
        for one in given:
            future: Future[Made] = Future()
            threads.do(partial(_fulfil, future, function, one))
            under_way.append(future)
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
        threads.end()


def _fulfil(future: Future[Made], function: Callable[[Given], Made], one: Given) -> None:
    if future.set_running_or_notify_cancel():
        try:
            made = function(one)
        except BaseException as problem:  # raised again in its turn
            future.set_exception(problem)
        else:
            future.set_result(made)


class _Threads:
    """Threads that do what is given to them; concurrent.futures has the like, but the process waits for its threads."""

    def __init__(self, *, at_most: int) -> None:
        self._at_most, self._started = at_most, 0
        self._work: SimpleQueue[Work | None] = SimpleQueue()

    def do(self, work: Work) -> None:
        """Do *work* as soon as a thread is free."""
        if self._started < self._at_most:
            self._started += 1
            threading.Thread(target=self._run, name="lookahead", daemon=True).start()
        self._work.put(work)

    def end(self) -> None:
        """Let each thread end with what it does."""
        for _ in range(self._started):
            self._work.put(None)

    def _run(self) -> None:
        while work := self._work.get():
            work()
