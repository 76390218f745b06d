"""The smallest parts of a stream that can be missing: a parent's children, a row's details, a row, a span of rows."""

from dataclasses import dataclass, field

from source_opsgenie.clock import format_timestamp, parse_timestamp
from source_opsgenie.streams.stream import Record, Stream


@dataclass(frozen=True, slots=True)
class Part:
    """A part of *stream* that one request returns.

    The children of the parent with *ids*; if *is_row*, the row with *ids*, or its details; without *ids*, the rows
    created in *span*, a half-open span of milliseconds, or else the complete list. *row* is the parent or the row, as
    far as it is known. With both *ids* and *span*, the parent can be found only in the list; or of its children, those
    that begin in *span*.
    """

    stream: str
    ids: tuple[str, ...] = ()
    is_row: bool = False
    span: tuple[int, int] | None = None
    row: Record = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        """The part, as a message names it."""
        if self.span and not self.ids:
            start, end = map(format_timestamp, self.span)
            return f"{self.stream} created from {start} to {end}"
        of = "of " if self.ids and not self.is_row else ""
        return f"{self.stream} {of}{' '.join(self.ids)}".rstrip()

    @property
    def text(self) -> str:
        """The part, as a state remembers it: an id, or the start of a span and its length in milliseconds."""
        if self.span:
            start, end = self.span
            return f"{format_timestamp(start)}/{end - start}"
        return self.ids[0] if self.ids else ""


def children_of(stream: Stream, parent: Record) -> Part:
    """The rows of *stream* that are children of *parent*."""
    fields = stream.parent.ids.values() if stream.parent else ()
    return Part(stream.name, tuple(str(parent.get(name)) for name in fields), row=parent)


def row_of(stream: Stream, row: Record) -> Part:
    """A single *row* of *stream*."""
    return Part(stream.name, tuple(str(row.get(name)) for name in stream.key), is_row=True, row=row)


def parse_span(text: str) -> tuple[int, int] | None:
    """The span that a state remembers as *text*; None if *text* is an id."""
    start, slash, length = text.partition("/")
    try:
        first = parse_timestamp(start)
        return (first, first + int(length)) if slash else None
    except ValueError:
        return None
