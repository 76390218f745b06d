"""Read the history of each parent once, and later only its months that were not over."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.reading.details import expand_path
from source_opsgenie.reading.events import Batch
from source_opsgenie.reading.lists import Listed
from source_opsgenie.reading.months import settled, start_of_month
from source_opsgenie.reading.periods import join, rows
from source_opsgenie.reading.state import State
from source_opsgenie.reading.timelines import Timeline
from source_opsgenie.streams.stream import Record, Stream

# Characters of a digest in the state: an account has hundreds of schedules at most.
DIGEST_LENGTH = 4
# What we add to a parent whose history was read before: from when on it is to be read again.
SINCE = "_since"


def mark_known(batches: Iterator[Batch[Record]], state: State, *, key: str) -> Iterator[Batch[Record]]:
    """The parents of *batches* one by one, each with the state after it; those that *state* knows are marked.

    What is owed has been requested before.
    """
    known, owed = _split(state.histories or ""), set(state.owed)
    since = settled(state.bookmark or state.began)
    for batch in batches:
        listed = {_digest(row[key]): row for row in batch.rows}
        # Parents that were deleted are forgotten.
        known &= listed.keys()
        yield replace(batch, rows=[])
        for digest, row in listed.items():
            marked = [row | {SINCE: since} if digest in known else row]
            known |= {digest}
            yield Batch([] if row[key] in owed else marked, replace(state, histories="".join(sorted(known))))


def read_history(
    connection: Connection, stream: Stream, ids: Mapping[str, Any], *, since: int | None
) -> tuple[Listed, tuple[int, int]]:
    """The periods of the parent with *ids* since then, or all of them, and the span of time that they cover."""
    now = connection.client.date_ms
    path = expand_path(stream.path, ids)
    if now is None:
        raise Failure.NO_DATE.error(f"{path} is requested by month, and no response has a `Date` header")
    low = start_of_month(connection.config.timeline_start(now)) if since is None else since
    high = start_of_month(now, later=2)
    spans = list(Timeline(connection.client, stream, ids).spans(low, high, now=now))
    edges = {edge for span in spans for edge in (span.start, span.end)}
    periods = join((one for span in spans for one in span.periods), edges)
    listed = [{**ids, **row} for row in rows(periods, final_before=settled(now))]
    invalid = tuple(record for span in spans for record in span.invalid)
    return Listed(listed, invalid, path), (min(span.start for span in spans), high)


def _digest(value: object) -> str:
    size = DIGEST_LENGTH * 3 // 4
    return urlsafe_b64encode(blake2b(str(value).encode(), digest_size=size).digest()).decode()


def _split(digests: str) -> set[str]:
    return {digests[place : place + DIGEST_LENGTH] for place in range(0, len(digests), DIGEST_LENGTH)}
