"""Read one stream of one account: rows, checkpoints, and at the end the proof."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain
from source_opsgenie.concurrency import with_ticks
from source_opsgenie.errors import Forbidden, NotInPlan
from source_opsgenie.reading.batches import descend, read_batches
from source_opsgenie.reading.events import Batch, Checkpoint, Event, Notice, Proof, ReadParents, Rows, Waiting
from source_opsgenie.reading.ledger import MOST_OWED, Ledger
from source_opsgenie.reading.owed import read_again, restore_part
from source_opsgenie.reading.proof import Outcome, closing_events
from source_opsgenie.reading.resume import starting_state
from source_opsgenie.reading.search import Search
from source_opsgenie.reading.state import State
from source_opsgenie.streams import Record, Stream, ancestry, request_domains

# A checkpoint is offered after each page, and passed on after this many rows or seconds.
ROWS_BETWEEN_CHECKPOINTS = 5_000
SECONDS_BETWEEN_CHECKPOINTS = 30.0
# While no row comes, how often throttling is reported.
SECONDS_BETWEEN_TICKS = 0.25
# A read that began longer ago also reads what changed since, as long as that takes clearly less time each time.
FRESH_MS = 5 * 60 * 1000
SHRINKS = 0.8


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the streams of one connection; those of different domains may be read at the same time.

    A checkpoint is passed on after *rows_between_checkpoints* rows or half a minute; with 0, every one is. A stream
    that owes more than *most_owed* parts ends with an error. A read *catches_up* if it also reads what changed since it
    began, which lists a row again that it emitted before.
    """

    connection: Connection
    rows_between_checkpoints: int = ROWS_BETWEEN_CHECKPOINTS
    most_owed: int = MOST_OWED
    catches_up: bool = False

    def read(
        self,
        stream: Stream,
        *,
        state: Mapping[str, Any] | None = None,
        incremental: bool = True,
        generation: int | None = None,
        parents: Iterable[Record] | None = None,
    ) -> Iterator[Event]:
        """Read *stream* from *state* on; the last events are a Checkpoint and a Proof.

        Without *incremental*, everything is read; an interrupted state of the same *generation* is resumed.
        With *parents*, the finished read of *state* is continued: their child records are read as well.
        A part that cannot be read is set aside, requested again at the end, and named in the proof if it fails again.
        Raises an OpsgenieError if the stream cannot be read to its end; the events before it are valid.
        """
        start, notice = starting_state(
            self.connection, stream, state or {}, incremental=incremental, generation=generation
        )
        if notice:
            yield Notice(f"{stream.name}: {notice}")
        client = self.connection.client
        client.restore_limits(start.valid_limits(client.date_ms))
        ledger = Ledger(client, self.most_owed)
        beginning = self._beginning(stream)
        begun = start.begin(beginning) if parents is None else start.begin_again(beginning)
        progress = _Progress(stream, begun, self.connection, self.rows_between_checkpoints, ledger)
        try:
            yield from self._read_parts(stream, progress, parents)
        except (Forbidden, NotInPlan) as error:
            is_skipped = isinstance(error, Forbidden)
            if progress.state.rows or (is_skipped and self.connection.config.streams_without_permission != "skip"):
                raise
            yield Notice(f"{stream.name} is {'skipped' if is_skipped else 'empty'}: {error}", is_warning=True)
            # Nothing was read: once the key or the plan allows it, everything is, not only what changed since.
            progress.state = replace(start, read=None)
            if is_skipped:
                yield Checkpoint(progress.end())
                yield Proof("skipped, since the key may not read it")
                return
        end = progress.end()
        yield Checkpoint(end)
        outcome = Outcome(start, end, tuple(ledger.set_aside.values()), ledger.without)
        yield from closing_events(self.connection, stream, outcome)

    def _read_parts(self, stream: Stream, progress: "_Progress", parents: Iterable[Record] | None) -> Iterator[Event]:
        """First what the last read owes, then everything else, and in the end again what was set aside."""
        ledger, begun = progress.ledger, progress.state
        ledger.requested = [restore_part(stream, text) for text in begun.owed]
        yield from progress.read(read_again(self.connection, stream, ledger.requested))
        ledger.requested = ()
        if parents is not None:
            # The caller knows which of them it has: an interrupted read of theirs needs no position to resume from.
            batches = (Batch([parent], begun) for parent in parents)
            yield from progress.read(descend(self.connection, stream, [stream], batches))
        yield from progress.read(read_batches(self.connection, stream, begun))
        if self.catches_up and ancestry(stream)[0].search:
            yield from self._catch_up(stream, progress)
        yield from progress.read(read_again(self.connection, stream, ledger.take_for_retry()), is_again=True)
        ledger.requested = ()
        if not begun.rows:
            ledger.raise_if_all_failed()

    def _catch_up(self, stream: Stream, progress: "_Progress") -> Iterator[Event]:
        """Read what changed since the read began, which may be long ago, until that takes no time worth mentioning."""
        age = sys.maxsize
        while (now := self._beginning(stream)) - progress.state.began > FRESH_MS:
            # An account that changes faster than it can be read is never caught up with.
            if now - progress.state.began > SHRINKS * age:
                return
            age = now - progress.state.began
            progress.state = progress.state.begin_again(now)
            yield from progress.read(read_batches(self.connection, stream, progress.state))

    def _beginning(self, stream: Stream) -> int:
        """When this read begins, on the API's clock: the date of the last response, else the newest change."""
        client = self.connection.client
        root = ancestry(stream)[0]
        if client.date_ms is not None or root.search is None:
            return client.date_ms or 0
        newest = Search(client, root).page(sort="updatedAt", order="desc", limit=1).rows
        return max((row.updated for row in newest), default=0)


@dataclass(slots=True)
class _Progress:
    """What one read has emitted so far, and when its last checkpoint was."""

    stream: Stream
    state: State
    connection: Connection
    rows_between: int
    ledger: Ledger
    rows_since: int = 0
    waiting: frozenset[Domain] = frozenset()
    last_checkpoint: float = field(init=False)

    def __post_init__(self) -> None:
        self.last_checkpoint = self.connection.clock.monotonic()

    def read(self, batches: Iterator[Batch[Record]], *, is_again: bool = False) -> Iterator[Event]:
        """The events of *batches*; if parents are requested again, they are not counted again."""
        for batch in with_ticks(batches, seconds=SECONDS_BETWEEN_TICKS):
            yield from self.events(batch, is_again=is_again) if batch else self.waits()

    def events(self, batch: Batch[Record], *, is_again: bool) -> Iterator[Event]:
        """The events of one *batch*; raises the error of what it sets aside, if that affects everything."""
        if batch.expected:
            yield batch.expected
        if batch.rows:
            yield Rows(batch.rows)
        self.rows_since += len(batch.rows)
        yield from self.ledger.add(batch)
        if read := tuple(part for part in batch.read_parents if part.stream == self.stream.name):
            yield ReadParents(read)
        # Whose children are set aside is counted at the end: they may be read before.
        requested = 0 if is_again else batch.parents.requested
        parents = self.state.parents + replace(batch.parents, requested=requested, failed=0)
        rows = self.state.rows + len(batch.rows)
        self.state = replace(batch.state or self.state, rows=rows, parents=parents)
        if batch.state and self._is_due():
            yield Checkpoint(self._completed(self.state))
            self.rows_since, self.last_checkpoint = 0, self.connection.clock.monotonic()

    def waits(self) -> Iterator[Event]:
        """The domains of the stream that are throttled now, each reported once."""
        throttled = self.connection.client.throttled_domains()
        own = request_domains(self.stream)
        waits = {domain: seconds for domain, seconds in throttled.items() if domain in own}
        yield from (Waiting(domain.value, seconds) for domain, seconds in waits.items() if domain not in self.waiting)
        self.waiting = frozenset(waits)

    def end(self) -> State:
        """The state after the read."""
        return self._completed(self.state.finish())

    def _completed(self, state: State) -> State:
        """The *state* with what is owed, and with the limits learned."""
        client = self.connection.client
        return state.with_owed(self.ledger.texts).with_limits(client.learned_limits(), now=client.date_ms)

    def _is_due(self) -> bool:
        waited = self.connection.clock.monotonic() - self.last_checkpoint
        return self.rows_since >= self.rows_between or waited >= SECONDS_BETWEEN_CHECKPOINTS
