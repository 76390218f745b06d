"""Repeat a call after errors that may pass, within bounds."""

import random
from collections.abc import Callable
from typing import TypeVar

from source_opsgenie.api.failures import TRANSIENT
from source_opsgenie.api.transport import Bounds
from source_opsgenie.clock import Clock

# Nothing is retried once this much time has passed since the first failure.
LONGEST_RETRY_SECONDS = 300.0
FIRST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 20.0
# From one failure to the next; more time means that the machine was suspended.
LONGEST_ATTEMPT_SECONDS = LONGEST_BACK_OFF_SECONDS + Bounds().response
Result = TypeVar("Result")


def retry(call: Callable[[], Result], *, attempts: int, clock: Clock) -> Result:
    """Return what *call* returns, repeating it after each error that may pass, for up to *attempts* in all.

    Raises the last error. Each pause is random, up to a bound that doubles. After the machine was suspended the time
    limit starts again.
    """
    first_failed_at = failed_at = 0.0
    attempt = 0
    while True:
        attempt += 1
        try:
            return call()
        except TRANSIENT:
            previous, failed_at = failed_at, clock.monotonic()
            if attempt == 1 or failed_at - previous > LONGEST_ATTEMPT_SECONDS:
                first_failed_at = failed_at
            if attempt >= attempts or failed_at - first_failed_at >= LONGEST_RETRY_SECONDS:
                raise
        clock.sleep(random.uniform(0, min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2 ** (attempt - 1))))
