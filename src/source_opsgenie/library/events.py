"""What the Python API returns: rows, checkpoints and proofs, each with the name of its stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from source_opsgenie.errors import OpsgenieError


@dataclass(frozen=True, slots=True)
class Row:
    """One row of *stream*, as the API sent it, with the fields that docs/streams.md calls added."""

    stream: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All rows of *stream* before it were returned: a read with this *state*, a JSON object, resumes here."""

    stream: str
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """How complete the read of *stream* is, in one line; it is the last event of its stream.

    *problem* says what is missing or not proven, and is empty if nothing is. *error* is what ended the stream early,
    if anything did. Everything that happened before *as_of* is covered.
    """

    stream: str
    text: str
    problem: str = ""
    error: OpsgenieError | None = None
    as_of: datetime | None = None


Event = Row | Checkpoint | Proof


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a destination needs to know of a stream: its key, its cursor if it has one, and its JSON schema.

    A later read of an incremental stream returns changes only: merge its rows by *key*. Every read of any other stream
    returns all rows, and a row that it lacks was deleted: replace the table.
    """

    name: str
    description: str
    key: tuple[str, ...]
    cursor: str
    is_incremental: bool
    schema: Mapping[str, Any]
