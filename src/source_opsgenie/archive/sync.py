"""Run `opsgenie-archive`: estimate the cost, then sync stream by stream, each from where it stopped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from source_opsgenie.api.connection import Connection, connect, is_identified_by_key
from source_opsgenie.api.outage import is_fatal, raise_if_it_affects_all, wait_until_reachable
from source_opsgenie.archive.buffer import Buffer
from source_opsgenie.archive.comparison import Lack, compare, is_narrower
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.archive.outcome import INTERRUPTED, NOT_STARTED, Outcome
from source_opsgenie.archive.plan import Estimate, States, plan, rows_so_far, stored_state
from source_opsgenie.archive.progress import Progress
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.summary import Summary
from source_opsgenie.archive.writing import Written
from source_opsgenie.config import Config
from source_opsgenie.errors import ArchiveError, NotInPlan, OpsgenieError, Unreachable
from source_opsgenie.reading.events import Checkpoint, Event, Expected, Notice, Proof, ReadParents, Row
from source_opsgenie.reading.query import user_query
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import Record, Stream, ancestry, lists_everything

# The file has room for more parts than an Airbyte state.
MOST_OWED = 1_000
# How often a stream may fail in a row without storing a row, while the API is reachable.
MAX_FUTILE_ATTEMPTS = 2
# How many rows pass before the progress is shown again, unless something other than a row comes.
ROWS_BETWEEN_LINES = 1_000


def run_sync(
    path: Path,
    display: Display,
    *,
    config: Config,
    streams: Sequence[Stream],
    deleted_row_requests: int,
    is_same_account: bool = False,
) -> Summary:
    """Create or update the file at *path* with *streams*, and show the progress on *display*."""
    with exclusive_lock(path), connect(config) as opened:
        store = Store(path, opened.account, display.info, opened.account_aliases, is_same_account=is_same_account)
        store.prepare()
        # A key that cannot name its account continues under the name that the file has.
        is_named = not is_identified_by_key(opened.account)
        connection = opened if is_named else replace(opened, account=store.recorded_account())
        store.select_scopes(_scopes(connection, streams))
        states = store.states()
        estimates = plan(connection, streams, states=states)
        display.show_cost(estimates, is_first=not states)
        return Sync(connection, store, display, deleted_row_requests).run(estimates, states=states)


def run_plan(
    path: Path | None, display: Display, *, config: Config, streams: Sequence[Stream], is_same_account: bool = False
) -> list[Estimate]:
    """Estimate what the next sync of *streams* into the file at *path* costs, or a first one."""
    with connect(config) as connection:
        states: States = {}
        if path and path.exists():
            aliases = connection.account_aliases
            store = Store(path, connection.account, display.info, aliases, is_same_account=is_same_account)
            # Rejects the file of another account.
            store.prepare()
            states = store.states_in(_scopes(connection, streams))
        return plan(connection, streams, states=states)


def _scopes(connection: Connection, streams: Sequence[Stream]) -> dict[str, str]:
    """What *connection* reads of each of *streams*, in words."""
    return {stream.name: Reader(connection).scope(stream).name for stream in streams}


@dataclass(frozen=True, slots=True)
class Sync:
    """One run of `opsgenie-archive sync`."""

    connection: Connection
    store: Store
    display: Display
    deleted_row_requests: int

    def run(self, estimates: Sequence[Estimate], *, states: States) -> Summary:
        """Read the streams of *estimates* in their order, and show how each ended or that it was not started."""
        seconds_before = self.connection.clock.monotonic()
        started_at = self.store.begin_run(estimate.stream for estimate in estimates)
        outcomes = list(self._read_streams(estimates, states))
        outcomes += [Outcome(estimate.stream, error=NOT_STARTED) for estimate in estimates[len(outcomes) :]]
        # What was not begun is as complete as it was.
        incomplete = [outcome.stream.name for outcome in outcomes if outcome.is_begun and not outcome.is_complete]
        requests = self.connection.client.requests
        held = self.store.end_run(started_at, requests=requests, incomplete=incomplete)
        seconds = self.connection.clock.monotonic() - seconds_before
        is_team_key = self.connection.is_team_key
        summary = Summary(self.store.path, self.store.account, outcomes, held, requests, seconds, is_team_key)
        self.display.print_summary(summary)
        return summary

    def _read_streams(self, estimates: Sequence[Estimate], states: States) -> Iterator[Outcome]:
        for estimate in estimates:
            outcome = self._read_stream(estimate, states)
            self.display.print_outcome(outcome)
            yield outcome
            if outcome.ends_sync:
                return

    def _read_stream(self, estimate: Estimate, states: States) -> Outcome:
        """Read one stream; an error ends up in its outcome."""
        progress = Progress(estimate, self.connection, rows_so_far(stored_state(states, estimate.stream)))
        try:
            with self.display.track(progress):
                self._read_through_outages(progress)
        except ArchiveError:
            raise
        except OpsgenieError as error:
            return progress.outcome(failure=error, ends_sync=is_fatal(error, self.connection.client))
        except KeyboardInterrupt:
            return progress.outcome(error=INTERRUPTED, ends_sync=True, is_interrupted=True)
        return progress.outcome()

    def _read_through_outages(self, progress: Progress) -> None:
        """Read a stream, and resume after an outage, as long as each attempt stores more rows."""
        futile_attempts = 0
        while True:
            before = progress.written
            # Not the state from the beginning of the sync: another stream may have found parents that were missing.
            state = self.store.states().get(progress.stream.name, {})
            try:
                self._read(progress, state)
                self._read_unread_parents(progress)
                self._compare(progress)
            except Unreachable:
                futile_attempts = futile_attempts + 1 if progress.written == before else 0
                is_futile = futile_attempts >= MAX_FUTILE_ATTEMPTS
                if is_futile or not wait_until_reachable(self.connection, say=self.display.info):
                    raise
            else:
                return
            progress.rows = progress.written.received

    def _read_unread_parents(self, progress: Progress) -> None:
        """Read the child records that the file lacks of parents that it holds, whatever the reason.

        A key that sees more reads changes only, like any other; rows can be deleted from the file.
        """
        stream, config = progress.stream, self.connection.config
        if is_narrower(self.connection) or self._holds_other_queries(stream):
            return
        owed = {row_id for one in progress.proof.owed for row_id in one.part.ids}
        if parents := self.store.unread_parents(stream, since=config.start_ms, without=owed):
            self._read(progress, self.store.states()[stream.name], parents=map(orjson.loads, parents))

    def _holds_other_queries(self, stream: Stream) -> bool:
        """Whether the file holds rows that this sync did not ask for."""
        return bool(user_query(self.connection.config, ancestry(stream)[0]) and self.store.other_scopes(stream))

    def _read(self, progress: Progress, state: Mapping[str, Any], *, parents: Iterable[Record] | None = None) -> None:
        """Read a stream into the store. Rows wait for a state that covers them, and both are stored together.

        If the read ends early, everything up to its last state is stored.
        """
        buffer = Buffer()
        try:
            reader = Reader(self.connection, rows_between_checkpoints=0, most_owed=MOST_OWED, catches_up=True)
            for event in reader.read(progress.stream, state=state, parents=parents):
                self._process(event, progress, buffer)
                # Rows come by the thousand: a look at the clock for each would cost more than the row.
                if not isinstance(event, Row) or progress.rows % ROWS_BETWEEN_LINES == 0:
                    self.display.advance(progress)
        except (KeyboardInterrupt, OpsgenieError):
            # After Ctrl-C, do not wait for a file that another program has open.
            with suppress(ArchiveError):
                self._store_covered(progress, buffer, store=replace(self.store, max_wait_seconds=0.0))
            raise
        self._store_end(progress, buffer)

    def _process(self, event: Event, progress: Progress, buffer: Buffer) -> None:
        match event:
            case Row(record):
                buffer.add(record)
                progress.rows += 1
            case ReadParents(parents):
                buffer.add_parents(parents)
            case Checkpoint(state):
                buffer.cover(state)
                if buffer.is_due:
                    self._store_covered(progress, buffer, store=self.store)
            case Expected():
                progress.expect(event)
            case Notice():
                self._show_notice(event)
            case Proof():
                progress.proof = event

    def _store_covered(self, progress: Progress, buffer: Buffer, *, store: Store) -> None:
        """Store the rows that the last state covers; the final state waits for the proof.

        A list without a search has only the final state, so it stays in memory until its end.
        """
        if buffer.state and buffer.state.read:
            with progress.storing():
                progress.written += store.write(
                    progress.stream,
                    buffer.covered_rows,
                    state=buffer.state.to_mapping(),
                    parents=buffer.parents[: buffer.covered_parents],
                )
            buffer.drop_stored()

    def _store_end(self, progress: Progress, buffer: Buffer) -> None:
        """Store the final state with the rest of the rows and the proof."""
        with progress.storing():
            progress.written += self.store.write(
                progress.stream,
                buffer.covered_rows,
                state=buffer.state.to_mapping() if buffer.state else {},
                parents=buffer.parents,
                proof=progress.proof.text,
                is_complete=not progress.lack,
                is_all=self._is_everything(progress),
                owed=progress.proof.owed,
            )

    def _is_everything(self, progress: Progress) -> bool:
        """Whether a row that was not read was deleted: not one that could not be read, or that the key cannot see."""
        return lists_everything(progress.stream) and not progress.proof.owed and not is_narrower(self.connection)

    def _compare(self, progress: Progress) -> None:
        """Compare a searchable stream with the count; deleted rows of other lists are marked when these are stored."""
        requests = self.deleted_row_requests
        try:
            for found in compare(self.connection, self.store, progress.stream, requests=requests):
                match found:
                    case Notice():
                        self._show_notice(found)
                    case Lack(text):
                        # What is owed is not held either, and was named before.
                        progress.not_held = "" if progress.proof.owed else text
                    case Written():
                        progress.written += found
        except ArchiveError:
            raise
        except NotInPlan:
            # The read has said so: the stream is empty, and there is nothing to compare.
            return
        except OpsgenieError as error:
            raise_if_it_affects_all(error, self.connection.client)
            self.display.warn(f"{progress.stream.name}: the comparison with Opsgenie's count ended early: {error}")

    def _show_notice(self, notice: Notice) -> None:
        show = self.display.warn if notice.is_warning else self.display.info
        show(notice.text)
