"""How the read of one stream ended."""

from dataclasses import dataclass, field

from source_opsgenie.archive.store import Written
from source_opsgenie.streams import Stream

INTERRUPTED = "Stopped. Everything stored so far is kept; run the same command to resume."
NOT_STARTED = "Not started, because the sync ended early."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written of *stream*, and at what cost.

    *error* says why the stream is incomplete, and is empty if it is complete. *ends_sync* means that later streams
    were not started, *is_interrupted* that a signal such as Ctrl-C was the reason.
    """

    stream: Stream
    written: Written = field(default_factory=Written)
    requests: int = 0
    seconds: float = 0.0
    proof: str = ""
    error: str = ""
    ends_sync: bool = False
    is_interrupted: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every row of the stream was read."""
        return not self.error
