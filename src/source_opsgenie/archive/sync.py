"""Bring an archive up to date: stream by stream, each from where it stood."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from source_opsgenie.api.connection import Connection, connect
from source_opsgenie.api.outage import is_fatal, wait_until_reachable
from source_opsgenie.archive.buffer import Buffer
from source_opsgenie.archive.deletions import mark_deleted
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate, plan
from source_opsgenie.archive.progress import Progress
from source_opsgenie.archive.store import Store
from source_opsgenie.config import Config
from source_opsgenie.errors import ArchiveError, OpsgenieError, Unreachable
from source_opsgenie.reading.events import Checkpoint, Expected, Notice, Proof, Row
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import Stream, lists_everything

STOPPED = "stopped; what was stored stands, and the same command goes on from there."
# So often may a stream fail in a row while the API is there, without a row more.
TIMES_IN_VAIN = 2
NOT_BEGUN = "not begun, because the sync ended before."


def bring_up_to_date(
    path: Path, *, config: Config, streams: Sequence[Stream], requests_for_deleted: int
) -> list[Outcome]:
    """Make the file at *path* hold what the account holds of *streams*, and show it."""
    display = Display()
    with exclusive_lock(path), connect(config) as connection:
        store = Store(path, connection.account, display.say, connection.account_aliases)
        states = store.prepare()
        estimates = plan(connection, streams, states=states)
        display.cost(estimates)
        return Sync(connection, store, display, requests_for_deleted).run(estimates, states=states)


def show_cost(*, config: Config, streams: Sequence[Stream]) -> None:
    """Show what a first sync of *streams* would cost."""
    with connect(config) as connection:
        Display().cost(plan(connection, streams, states={}))


@dataclass(frozen=True, slots=True)
class Sync:
    """One run of `opsgenie-archive sync`."""

    connection: Connection
    store: Store
    display: Display
    requests_for_deleted: int

    def run(self, estimates: Sequence[Estimate], *, states: Mapping[str, Mapping[str, Any]]) -> list[Outcome]:
        """Read the streams of *estimates* in their order, and show what each came to; those not begun too."""
        started_at = self.store.begin(one.stream for one in estimates)
        outcomes = list(self._until_the_end(estimates, states))
        outcomes += [Outcome(one.stream, problem=NOT_BEGUN) for one in estimates[len(outcomes) :]]
        not_whole = [one.stream.name for one in outcomes if one.problem]
        totals = self.store.end(started_at, requests=self.connection.client.requests, not_whole=not_whole)
        self.display.closing(outcomes, totals=totals, path=self.store.path)
        return outcomes

    def _until_the_end(
        self, estimates: Sequence[Estimate], states: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Outcome]:
        for estimate in estimates:
            outcome = self._one(estimate, states.get(estimate.stream.name))
            self.display.ended(outcome)
            yield outcome
            if outcome.ends_sync:
                return

    def _one(self, estimate: Estimate, state: Mapping[str, Any] | None) -> Outcome:
        """Read one stream; what goes wrong with it becomes part of what is told of it."""
        rows_before = state.get("rows", 0) if state and "begun" in state else 0
        progress = Progress(estimate, self.connection, rows_before)
        try:
            with self.display.shown(progress):
                self._read_on(progress, state)
        except ArchiveError:
            raise
        except OpsgenieError as problem:
            return progress.outcome(problem=str(problem), ends_sync=is_fatal(problem, self.connection))
        except KeyboardInterrupt:
            return progress.outcome(problem=STOPPED, ends_sync=True, is_stopped=True)
        return progress.outcome()

    def _read_on(self, progress: Progress, state: Mapping[str, Any] | None) -> None:
        """Read a stream, and after an outage go on from what was stored, as long as more was stored each time."""
        in_vain = 0
        while True:
            before = progress.written
            try:
                self._read(progress, state)
                self._mark_deleted(progress)
            except Unreachable:
                in_vain = in_vain + 1 if progress.written == before else 0
                if in_vain >= TIMES_IN_VAIN or not wait_until_reachable(self.connection, say=self.display.say):
                    raise
            else:
                return
            state = self.store.prepare().get(progress.stream.name)
            progress.rows = progress.written.present

    def _read(self, progress: Progress, state: Mapping[str, Any] | None) -> None:
        """Read a stream into the store. Rows wait for a state that they lead to: both are stored as one.

        Whatever ends the read early, what came until the last state that was offered is stored.
        """
        pending = Buffer()
        try:
            self._read_into(pending, progress, state)
        except (KeyboardInterrupt, OpsgenieError):
            # Whoever wants an end is not kept waiting for a file that another program has open.
            with suppress(ArchiveError):
                self._store(progress, pending, store=replace(self.store, patience=0.0))
            raise
        reached = pending.state.to_mapping() if pending.state else {}
        proof, is_whole, is_all = progress.proof.text, not progress.lack, lists_everything(progress.stream)
        progress.written += self.store.write(
            progress.stream, pending.out, state=reached, proof=proof, is_whole=is_whole, is_all=is_all
        )

    def _read_into(self, pending: Buffer, progress: Progress, state: Mapping[str, Any] | None) -> None:
        """Read a stream, and store what is due. A list that is not searched is held whole; the last waits for a proof.

        After the last state comes nothing but the proof.
        """
        for event in Reader(self.connection, rows_between_checkpoints=0).read(progress.stream, state=state):
            match event:
                case Row(record):
                    pending.add(record)
                    progress.rows += 1
                case Checkpoint(offered):
                    pending.fits(offered)
                    if pending.is_due:
                        self._store(progress, pending, store=self.store)
                case Expected():
                    progress.counted(event)
                case Notice():
                    self._tell(event)
                case Proof():
                    progress.proof = event
            self.display.moved(progress)

    def _store(self, progress: Progress, pending: Buffer, *, store: Store) -> None:
        """Store the rows that fit a state; the last state waits for the proof."""
        if pending.state and not pending.state.finished:
            progress.written += store.write(progress.stream, pending.out, state=pending.state.to_mapping())
            pending.stored()

    def _mark_deleted(self, progress: Progress) -> None:
        """Mark the rows of a searched stream that are gone; of a list, those that it lacks are marked with the rest."""
        requests = self.requests_for_deleted
        for found in mark_deleted(self.connection, self.store, progress.stream, requests=requests):
            if isinstance(found, Notice):
                self._tell(found)
            else:
                progress.written += found

    def _tell(self, notice: Notice) -> None:
        (self.display.warn if notice.is_warning else self.display.say)(notice.text)
