"""How the reading of one stream ended."""

from dataclasses import dataclass, field

from source_opsgenie.archive.store import Written
from source_opsgenie.streams import Stream


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written of *stream*, and what that cost.

    *problem* says why it is not whole, and is empty if it is. *ends_sync*: the streams after it were not begun;
    *is_stopped*: because a person wanted so.
    """

    stream: Stream
    written: Written = field(default_factory=Written)
    requests: int = 0
    seconds: float = 0.0
    proof: str = ""
    problem: str = ""
    ends_sync: bool = False
    is_stopped: bool = False
