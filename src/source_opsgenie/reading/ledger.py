"""What a read has set aside so far, and when that is too much to continue."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from source_opsgenie.api.client import Client
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.errors import Incomplete, MalformedResponse
from source_opsgenie.reading.events import Batch, SetAside
from source_opsgenie.reading.parts import Part
from source_opsgenie.streams import LACKS_DETAILS

# The most parts that a state can name and stay small.
MOST_OWED = 20
# Failures without one success after which the error affects everything.
FAILURES_WITHOUT_SUCCESS = 20
# A response that cannot be trusted may come in another form when it is requested again, which would hide the first.
LASTING = (Incomplete, MalformedResponse)
# How many parts a message names.
NAMED = 3


@dataclass(slots=True)
class Ledger:
    """The parts of a stream that are set aside, by their first failure, up to *most* of them.

    *requested* are those that are being requested again: they are owed until that is done. *without* are parents that
    have no such list, which is not a failure. *failures* counts the parts that failed when they were first requested.
    """

    client: Client
    most: int = MOST_OWED
    requested: Sequence[Part] = ()
    set_aside: dict[Part, SetAside] = field(default_factory=dict)
    without: list[Part] = field(default_factory=list)
    has_success: bool = False
    failures: int = 0

    def add(self, batch: Batch[Any]) -> Iterator[SetAside]:
        """Yield what *batch* sets aside for the first time.

        Raises its error if that affects everything, and Incomplete if it is too much.
        """
        self.has_success |= batch.parents.read > 0 or any(LACKS_DETAILS not in row for row in batch.rows)
        self.without += batch.without
        for one in batch.set_aside:
            raise_if_it_affects_all(one.error, self.client)
            if one.part not in self.set_aside:
                self.set_aside[one.part] = one
                self._raise_if_too_many(one)
                yield one

    def raise_if_all_failed(self) -> None:
        """Raise the first error if nothing but failures came back."""
        if self.set_aside and not self.has_success:
            raise next(iter(self.set_aside.values())).error

    def take_for_retry(self) -> Sequence[Part]:
        """The parts that may succeed when they are requested again now; the others stay set aside."""
        lasting = {part: one for part, one in self.set_aside.items() if isinstance(one.error, LASTING)}
        self.requested = [part for part in self.set_aside if part not in lasting]
        self.set_aside = lasting
        return self.requested

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything owed, as a state remembers it."""
        return tuple(dict.fromkeys(part.text for part in [*self.requested, *self.set_aside]))

    def _raise_if_too_many(self, latest: SetAside) -> None:
        # What is requested again has failed before, whatever else can be read.
        self.failures += not self.requested
        if not self.has_success and self.failures >= FAILURES_WITHOUT_SUCCESS:
            raise latest.error
        if len({*self.requested, *self.set_aside}) > self.most:
            raise Incomplete(
                f"More than {self.most:,} parts of the stream cannot be read: {describe(self.set_aside.values())} "
                "What came before them was read. Run again later; if they fail again, report them to Opsgenie."
            )


def describe(parts: Iterable[SetAside | Part]) -> str:
    """The first of *parts*, each with its reason, and how many more there are."""
    listed = list(parts)
    more = f" And {len(listed) - NAMED:,} more." if len(listed) > NAMED else ""
    return " ".join(f"{one}." if isinstance(one, Part) else str(one) for one in listed[:NAMED]) + more
