"""The one primitive of concurrency: an ordered map that looks a bounded way ahead."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def ordered_map(function: Callable[[Given], Made], given: Iterable[Given], *, ahead: int) -> Iterator[Made]:
    """Yield function(one) for each of *given*, in order, with up to *ahead* of them under way in threads.

    What *function* raises is raised here, in its turn. Leaving the iteration early drops what has not begun;
    what is under way ends by itself, and nobody waits for it.
    """
    executor = ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="lookahead")
    under_way: deque[Future[Made]] = deque()
    try:
        for one in given:
            under_way.append(executor.submit(function, one))
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
