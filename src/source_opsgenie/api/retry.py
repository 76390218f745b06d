"""Ask again as long as that may help."""

import random
from collections.abc import Callable
from typing import TypeVar

from source_opsgenie.api.failures import MAY_PASS
from source_opsgenie.api.transport import Bounds
from source_opsgenie.clock import Clock

# Nothing is asked again once this much time has passed since it first failed.
PATIENCE_SECONDS = 300.0
FIRST_BACK_OFF = 0.5
LONGEST_BACK_OFF = 20.0
# From one failure to the next; what takes longer is a machine that slept.
LONGEST_TRY_SECONDS = LONGEST_BACK_OFF + Bounds().answer
Found = TypeVar("Found")


def retry(ask: Callable[[], Found], *, attempts: int, clock: Clock) -> Found:
    """What *ask* returns, asked again after each failure that may pass, up to so many *tries* in all.

    Raises what it raised last. Each pause is drawn at random, up to twice as long a time as the one before; after a
    nap of the machine the time that may be spent begins anew.
    """
    since = failed = 0.0
    tried = 0
    while True:
        tried += 1
        try:
            return ask()
        except MAY_PASS:
            before, failed = failed, clock.monotonic()
            if tried == 1 or failed - before > LONGEST_TRY_SECONDS:
                since = failed
            if tried >= attempts or failed - since >= PATIENCE_SECONDS:
                raise
        clock.sleep(random.uniform(0, min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** (tried - 1))))
