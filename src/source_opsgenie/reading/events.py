"""What a read yields: rows, checkpoints, parents read, expected counts, what was set aside, notices and the proof."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.counts import Parents
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.state import State
from source_opsgenie.streams.stream import Record

A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows:
    """Records as the API sent them, with our additions."""

    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All rows before it are emitted: a read with this state resumes here."""

    state: State


@dataclass(frozen=True, slots=True)
class Expected:
    """The number of rows that the read expects in all, or of parents whose children it reads."""

    total: int
    of: str


@dataclass(frozen=True, slots=True)
class ReadParents:
    """The rows before it hold all child records of these *parents*, which are none if a parent was deleted."""

    parents: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user should know; a warning if something is missing."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class SetAside:
    """A *part* of a stream that could not be read, while everything else is.

    *rows* are invalid rows as sent; *count* is how many rows the API counts in the part, if it says so.
    """

    part: Part
    error: OpsgenieError
    rows: Sequence[Any] = ()
    count: int | None = None

    def __str__(self) -> str:
        """The part and the reason, in one line."""
        counted = "" if self.count is None else f" ({self.count:,} counted)"
        return f"{self.part}{counted}: {self.error}"


@dataclass(frozen=True, slots=True)
class Proof:
    """How complete a finished read is, in one line.

    Of the rows of the stream or of its root, *unlisted* ones are known to exist and were never read; *uncounted* ones
    were read, but not compared with a count. *owed* are the parts that could not be read, and *lack* says so, unless
    the user tolerates as many; else it is empty. Everything that happened before *as_of* is covered.
    """

    text: str
    unlisted: int = 0
    uncounted: int = 0
    owed: Sequence[SetAside] = ()
    lack: str = ""
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The API throttled a request: its *domain* sends nothing for this many *seconds*."""

    domain: str
    seconds: float


Event = Rows | Checkpoint | ReadParents | Expected | SetAside | Notice | Proof | Waiting


@dataclass(frozen=True, slots=True)
class Batch(Generic[R]):
    """Rows that belong together, and the state to resume from once they are emitted, if there is one."""

    rows: list[R]
    state: State | None = None
    parents: Parents = Parents()
    expected: Expected | None = None
    set_aside: tuple[SetAside, ...] = ()
    # The parents that have no such list.
    without: tuple[Part, ...] = ()
    # The parents all of whose child records are here.
    read_parents: tuple[Part, ...] = ()


# Yields what is read, and returns the state in which the read ended.
Batches = Generator[Batch[R], None, State]


def transform(source: Generator[A, None, T], change: Callable[[A], B]) -> Generator[B, None, T]:
    """Yield *change* of each value that *source* yields, and return what it returns."""
    while True:
        try:
            value = next(source)
        except StopIteration as end:
            returned: T = end.value
            return returned
        yield change(value)
