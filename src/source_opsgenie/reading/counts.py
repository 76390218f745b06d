"""The numbers that a read proves itself by: rows counted and listed, and parents requested."""

from dataclasses import dataclass
from typing import Self


class Counts:
    """Dataclasses of numbers that are added field by field."""

    __slots__: tuple[str, ...] = ()

    def __add__(self, other: Self) -> Self:
        """The sum of both, field by field."""
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Tally(Counts):
    """The numbers that prove a read complete."""

    counted: int = 0
    listed: int = 0
    # Listed or counted, then not found by id.
    deleted: int = 0
    # Counted, but never listed.
    unlisted: int = 0
    # Listed, but too new to be compared with a count.
    recent: int = 0
    # Listed, but not compared with a count, because counting failed.
    uncounted: int = 0


@dataclass(frozen=True, slots=True)
class Parents(Counts):
    """How many parents had their children requested, and what became of those that were not read."""

    requested: int = 0
    deleted: int = 0
    # They have no such list: the API rejects the request.
    without: int = 0
    # Their children were set aside.
    failed: int = 0

    @property
    def read(self) -> int:
        """How many parents had their children read."""
        return self.requested - self.deleted - self.without - self.failed
