"""How the read of one stream ended."""

from dataclasses import dataclass, field

from source_opsgenie.archive.writing import Written
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.streams import Stream

INTERRUPTED = "Stopped before its end."
NOT_STARTED = "Not started, because the sync ended early."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written of *stream*, and at what cost.

    *error* says why the stream is incomplete, and is empty if it is complete; *failure* is the exception behind it, if
    there was one. *owed* counts the parts that the next sync requests again. *as_of* is the time as of which a complete
    stream is complete, in ISO 8601. *ends_sync* means that later streams were not started, *is_interrupted* that a
    signal such as Ctrl-C was the reason.
    """

    stream: Stream
    written: Written = field(default_factory=Written)
    requests: int = 0
    seconds: float = 0.0
    proof: str = ""
    error: str = ""
    failure: OpsgenieError | None = None
    owed: int = 0
    as_of: str = ""
    ends_sync: bool = False
    is_interrupted: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every row of the stream was read."""
        return not self.error

    @property
    def is_begun(self) -> bool:
        """Whether the stream was started; if not, the file says of it what it said before."""
        return self.error != NOT_STARTED

    @property
    def status(self) -> str:
        """How the read ended, in a word."""
        if not self.is_begun:
            return "not started"
        return "complete" if self.is_complete else "stopped" if self.is_interrupted else "INCOMPLETE"
