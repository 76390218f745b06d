"""What `verify` finds: one line each, with a symbol and a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MONTHS_NAMED = 6


class Kind(StrEnum):
    """What is the matter."""

    MISSING = "missing"
    ADDED = "added"
    CHANGED = "changed"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    EDITED = "edited"
    INCOMPLETE = "incomplete"
    SINCE = "since"

    @property
    def symbol(self) -> str:
        """The character that starts its line."""
        return SYMBOLS[self]

    @property
    def is_difference(self) -> bool:
        """Whether the file is not as its syncs left it, or not as Opsgenie had it then."""
        return self not in {Kind.INCOMPLETE, Kind.SINCE}


SYMBOLS = {
    Kind.MISSING: "-",
    Kind.ADDED: "+",
    Kind.CHANGED: "~",
    Kind.DAMAGED: "!",
    Kind.UNREADABLE: "!",
    Kind.EDITED: "!",
    Kind.INCOMPLETE: "?",
    Kind.SINCE: "*",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found in a *table*, or of the file as a whole where it is empty.

    *parts* are those of the table that have to be read again: months, the deletion marks, or "" for all of it.
    """

    kind: Kind
    table: str
    text: str
    parts: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The finding as a line for people."""
        place = f"{self.table}: " if self.table else ""
        return f"{self.kind.symbol} {self.kind:<10} {place}{self.text}"

    def to_mapping(self) -> dict[str, object]:
        """The finding for machines."""
        return {"kind": str(self.kind), "table": self.table, "text": self.text, "parts": list(self.parts)}


def count_of(rows: int, noun: str = "row") -> str:
    """How many, with the noun in the right number."""
    return f"1 {noun}" if rows == 1 else f"{rows:,} {noun}s"


def list_some(texts: Sequence[str], *, most: int = MONTHS_NAMED) -> str:
    """The first of *texts*, and how many more there are."""
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"
