"""What the requests accepted before a throttled one say about the limit; no I/O and no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True, slots=True)
class Reading:
    """The limit that was reached, if it is a rolling *window* and if it is a *bucket* that is refilled continuously.

    The limit is not lower than *bucket* in either model, even if another client reached it, and not higher than
    *window* if our requests alone did.
    """

    window: float
    bucket: float


def read(accepted: Sequence[float], *, period: float, since: float) -> Reading:
    """Read the limit for *period* from the times of the *accepted* requests, from *since* until one was throttled.

    A window allows what it holds. A bucket that was full at the first of n requests in the time t allows
    n / (1 + t / period); when it was full is unknown, but then this is largest.
    """
    window, bucket, until = 0, 0.0, accepted[-1] if accepted else 0.0
    for number, time in enumerate(takewhile(lambda time: time >= since, reversed(accepted)), start=1):
        window += time > until - period
        bucket = max(bucket, number / (1 + (until - time) / period))
    return Reading(window, bucket)
