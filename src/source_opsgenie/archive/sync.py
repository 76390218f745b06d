"""Run `opsgenie-archive`: estimate the cost, then sync each stream from where it stopped, domains side by side."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from source_opsgenie.api.connection import Connection, connect, is_identified_by_key
from source_opsgenie.api.outage import is_fatal, wait_until_reachable
from source_opsgenie.archive.buffer import MAX_BYTES, Buffer
from source_opsgenie.archive.compact import worthwhile_bytes
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.archive.outcome import INTERRUPTED, NOT_STARTED, Outcome
from source_opsgenie.archive.plan import Estimate, States, plan, rows_so_far, stored_state
from source_opsgenie.archive.progress import Overview, Progress
from source_opsgenie.archive.steps import NO_STEPS, Steps
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.summary import Summary
from source_opsgenie.archive.transfer import Transfer
from source_opsgenie.config import Config
from source_opsgenie.errors import ArchiveError, OpsgenieError, Unreachable
from source_opsgenie.parallel import in_parallel
from source_opsgenie.reading.events import Event, Rows
from source_opsgenie.reading.lanes import Lanes, lane_of
from source_opsgenie.reading.reader import Reader
from source_opsgenie.reading.resume import scope_of
from source_opsgenie.streams import Stream, is_incremental

# The file has room for more parts than an Airbyte state.
MOST_OWED = 1_000


def run_sync(
    path: Path,
    display: Display,
    *,
    config: Config,
    streams: Sequence[Stream],
    deleted_row_requests: int,
    is_same_account: bool = False,
    steps: Steps = NO_STEPS,
) -> Summary:
    """Create or update the file at *path* with *streams* and further *steps*, and show the progress on *display*."""
    with open_for_sync(path, display, config=config, is_same_account=is_same_account) as (connection, store):
        summary = read_into(connection, store, display, streams=streams, deleted_row_requests=deleted_row_requests)
        return steps.run(summary, connection, display)


@contextmanager
def open_for_sync(
    path: Path, display: Display, *, config: Config, is_same_account: bool
) -> Iterator[tuple[Connection, Store]]:
    """Connect to the account, and lock, create or upgrade its file at *path*."""
    with exclusive_lock(path), connect(config) as opened:
        store = Store(path, opened.account, display.info, opened.account_aliases, is_same_account=is_same_account)
        store.prepare()
        # A key that cannot name its account continues under the name that the file has.
        is_named = not is_identified_by_key(opened.account)
        yield opened if is_named else replace(opened, account=store.recorded_account()), store


def read_into(
    connection: Connection, store: Store, display: Display, *, streams: Sequence[Stream], deleted_row_requests: int
) -> Summary:
    """Bring *streams* in the file up to date."""
    store.select_scopes(_scopes(connection, streams))
    states = store.states()
    estimates = plan(connection, streams, states=states)
    display.show_cost(estimates, is_first=not states)
    return Sync(
        connection, store, display, estimates=estimates, states=states, deleted_row_requests=deleted_row_requests
    ).run()


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
    return {stream.name: scope_of(connection, stream).name for stream in streams}


# The events of one stream, with its transfer; at the end, the error that ended the read.
Events = Generator[tuple[Transfer, Event], None, tuple[Transfer, OpsgenieError | None]]


class Sync:
    """One run of `opsgenie-archive sync`: reads in a thread for each domain, and writes to the file in its own."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        display: Display,
        *,
        estimates: Sequence[Estimate],
        states: States,
        deleted_row_requests: int,
    ) -> None:
        self._connection, self._store, self._display = connection, store, display
        self._states = states
        self._estimates = {estimate.stream.name: estimate for estimate in estimates}
        self._deleted_row_requests = deleted_row_requests
        self._lanes = Lanes(self._estimates, roots_first=True)
        self._overview = Overview(estimates, connection)
        self._under_way: dict[str, Transfer] = {}
        self._outcomes: dict[str, Outcome] = {}
        # Only large streams are stored piece by piece; together they hold as much in memory as one.
        large = {lane_of(estimate.stream) for estimate in estimates if is_incremental(estimate.stream)}
        self._max_bytes = MAX_BYTES // max(1, len(large))

    def run(self) -> Summary:
        """Read all streams, and show how each ended or that it was not started."""
        seconds_before = self._connection.clock.monotonic()
        started_at = self._store.begin_run(estimate.stream for estimate in self._estimates.values())
        self._read_streams()
        outcomes = [
            self._outcomes.get(name) or Outcome(estimate.stream, error=NOT_STARTED)
            for name, estimate in self._estimates.items()
        ]
        requests = self._connection.client.requests
        # What was not begun is as complete as it was.
        incomplete = [outcome.stream.name for outcome in outcomes if outcome.is_begun and not outcome.is_complete]
        not_started = [outcome.stream.name for outcome in outcomes if not outcome.is_begun]
        held = self._store.end_run(started_at, requests=requests, incomplete=incomplete, not_started=not_started)
        seconds = self._connection.clock.monotonic() - seconds_before
        is_team_key = self._connection.is_team_key
        path = self._store.path
        summary = Summary(
            *(path, self._store.account, outcomes, held, requests, seconds, is_team_key),
            unused_bytes=worthwhile_bytes(path),
        )
        self._display.print_summary(summary)
        return summary

    def _read_streams(self) -> None:
        """Store what the threads read; if that ends early, everything up to the last state of each stream is stored."""
        merged = in_parallel(self._begin(), then=self._end, max_threads=self._lanes.number, size=_size)
        try:
            with self._display.track(self._overview), closing(merged) as events:
                for transfer, event in events:
                    transfer.process(event)
                    self._display.advance(self._overview)
        except (KeyboardInterrupt, ArchiveError) as problem:
            for transfer in self._under_way.values():
                transfer.keep_covered()
            if isinstance(problem, ArchiveError):
                raise
            for transfer in list(self._under_way.values()):
                self._record(transfer.progress.outcome(error=INTERRUPTED, ends_sync=True, is_interrupted=True))

    def _begin(self) -> list[Events]:
        """Begin the streams whose turn it is."""
        return [self._read(self._transfer(name), self._states.get(name, {})) for name in self._lanes.begin()]

    def _transfer(self, name: str) -> Transfer:
        """The transfer of the stream *name*: a new one, or after an outage the same."""
        if name not in self._under_way:
            estimate = self._estimates[name]
            connection = replace(self._connection, client=self._connection.client.copy())
            progress = Progress(estimate, connection, rows_so_far(stored_state(self._states, estimate.stream)))
            self._under_way[name] = Transfer(progress, self._store, self._display, Buffer(self._max_bytes))
            self._overview.begin(progress)
        return self._under_way[name]

    def _read(self, transfer: Transfer, state: Mapping[str, Any]) -> Events:
        """Read a stream, in a thread of its lane."""
        connection = transfer.progress.connection
        reader = Reader(connection, rows_between_checkpoints=0, most_owed=MOST_OWED, catches_up=True)
        try:
            parents = None if transfer.parents is None else map(orjson.loads, transfer.parents)
            for event in reader.read(transfer.progress.stream, state=state, parents=parents):
                yield transfer, event
        except OpsgenieError as error:
            return transfer, error
        return transfer, None

    def _end(self, ended: tuple[Transfer, OpsgenieError | None]) -> list[Events]:
        """Store the end of a stream, or what it has if an error ended it, and begin what comes next."""
        transfer, error = ended
        if error:
            transfer.keep_covered()
        else:
            transfer.complete()
            if not self._is_over and (parents := transfer.unread_parents()):
                return self._repeat(transfer, parents)
            error = self._compare(transfer)
        if isinstance(error, Unreachable) and self._can_resume(transfer):
            return self._repeat(transfer)
        is_last = error is not None and is_fatal(error, transfer.progress.connection.client)
        self._record(transfer.progress.outcome(failure=error, ends_sync=is_last))
        return [] if self._is_over else self._begin()

    def _repeat(self, transfer: Transfer, parents: Sequence[str] | None = None) -> list[Events]:
        """Read the same stream once more: after an outage, or the child records of *parents*."""
        transfer.begin_again(parents)
        self._states = self._store.states()
        self._lanes.repeat(transfer.progress.stream.name)
        return self._begin()

    def _compare(self, transfer: Transfer) -> OpsgenieError | None:
        """Compare a stream with Opsgenie's count; returns the error that ended this."""
        try:
            transfer.compare(requests=self._deleted_row_requests)
        except ArchiveError:
            raise
        except OpsgenieError as error:
            return error
        return None

    def _can_resume(self, transfer: Transfer) -> bool:
        """Wait for the end of an outage; returns whether a stream that it ended can be resumed."""
        is_over = self._is_over or transfer.is_futile()
        return not is_over and wait_until_reachable(self._connection, say=self._display.info)

    def _record(self, outcome: Outcome) -> None:
        """Remember and show how a stream ended."""
        name = outcome.stream.name
        self._overview.end(self._under_way.pop(name).progress)
        self._lanes.finish(name)
        self._outcomes[name] = outcome
        self._display.print_outcome(outcome)

    @property
    def _is_over(self) -> bool:
        """Whether no other stream can be read: those under way will find that out, too."""
        return any(outcome.ends_sync for outcome in self._outcomes.values())


def _size(item: tuple[Transfer, Event]) -> int:
    """How many rows wait with *item*, at least one."""
    _, event = item
    return len(event.records) if isinstance(event, Rows) else 1
