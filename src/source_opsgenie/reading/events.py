"""What a read yields: rows, where it could go on, what it counted, what to tell."""

from dataclasses import dataclass

from source_opsgenie.reading.state import State
from source_opsgenie.streams.stream import Record


@dataclass(frozen=True, slots=True)
class Row:
    """One record, as the API sent it, with our additions."""

    record: Record


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything before it is out: a read that is given this state goes on from here."""

    state: State


@dataclass(frozen=True, slots=True)
class Expected:
    """The number of rows, or of parents to ask for rows, that the read expects in all."""

    total: int
    of: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know; *is_warning* if it says that something is missing."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What the end of a read says of its completeness, in one line.

    *unlisted* rows, of the stream or of what it hangs on, are known to exist and were never read.
    """

    text: str
    unlisted: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """The API refused a request because too many were sent: nothing is sent in its *domain* for that many *seconds*."""

    domain: str
    seconds: float


Event = Row | Checkpoint | Expected | Notice | Proof | Waiting


@dataclass(frozen=True, slots=True)
class Parents:
    """How many parents were asked for their children, and how many of them turned out to be gone."""

    asked: int = 0
    gone: int = 0

    def __add__(self, other: "Parents") -> "Parents":
        """Both together."""
        return Parents(self.asked + other.asked, self.gone + other.gone)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that belong together, and the state once they are out, if a read could go on from there."""

    rows: list[Record]
    state: State | None = None
    parents: Parents = Parents()
