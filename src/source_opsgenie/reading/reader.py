"""Read one stream of one account: rows, checkpoints, and in the end what is proven."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain
from source_opsgenie.clock import MILLISECOND, format_timestamp
from source_opsgenie.concurrency import with_ticks
from source_opsgenie.errors import NotInPlan
from source_opsgenie.reading.batches import read_batches
from source_opsgenie.reading.events import Batch, Checkpoint, Event, Expected, Notice, Parents, Row, Waiting
from source_opsgenie.reading.proof import closing_events
from source_opsgenie.reading.search import Search, updated_ms
from source_opsgenie.reading.state import Scope, State, is_ours, shorten_query
from source_opsgenie.streams import Stream, ancestry, is_incremental

NOT_OURS = (
    "the state was written by another connector, whose cursor is the newest of the rows that it reached, not of those "
    "that exist: everything is read once, and from then on what changed."
)
# How far the clocks of two answers may be apart.
CLOCKS_APART = timedelta(minutes=1)
# A checkpoint is offered after each page; it is passed on once this many rows or seconds lie behind the last one.
ROWS_BETWEEN_CHECKPOINTS = 5_000
SECONDS_BETWEEN_CHECKPOINTS = 30.0
# How often it is looked, while nothing comes, whether the API has refused something.
SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the streams of one connection, each by itself.

    A checkpoint that a stream offers is passed on after so many rows or half a minute; with none, each is at once.
    """

    connection: Connection
    rows_between_checkpoints: int = ROWS_BETWEEN_CHECKPOINTS

    def read(
        self,
        stream: Stream,
        *,
        state: Mapping[str, Any] | None = None,
        incremental: bool = True,
        generation: int | None = None,
    ) -> Iterator[Event]:
        """Read *stream* from where *state* says; the last events are a Checkpoint and a Proof.

        Without *incremental* everything is read; a state of the same *generation* that was cut off is gone on with.
        Raises an OpsgenieError where the stream cannot be read to its end: what came until then stands.
        """
        start, notices = self._start(stream, state or {}, incremental=incremental, generation=generation)
        yield from notices
        client = self.connection.client
        client.restore_limits(start.limits_that_hold(client.date_ms))
        progress = _Progress(start.begin(self._beginning(stream)), self.connection, self.rows_between_checkpoints)
        try:
            for found in with_ticks(
                read_batches(self.connection, stream, progress.state), seconds=SECONDS_BETWEEN_LOOKS
            ):
                yield from progress.events(found) if found else progress.waits()
        except NotInPlan as refusal:
            if progress.state.rows:
                raise
            yield Notice(f"{stream.name} is empty: {refusal}", is_warning=True)
            # Nothing was read: once the plan has it, all of it is, and not what changed since.
            progress.state = replace(start, begun=None)
        end = progress.end()
        yield Checkpoint(end)
        yield from closing_events(self.connection, stream, start=start, end=end, parents=progress.parents)

    def _beginning(self, stream: Stream) -> int:
        """When this read begins, on the API's clock: the date of the answer before it, else its newest change."""
        client = self.connection.client
        root = ancestry(stream)[0]
        if client.date_ms is not None or root.search is None:
            return client.date_ms or 0
        newest = Search(client, root).page(sort="updatedAt", order="desc", limit=1).rows
        return max(map(updated_ms, newest), default=0)

    def _start(
        self, stream: Stream, given: Mapping[str, Any], *, incremental: bool, generation: int | None
    ) -> tuple[State, list[Event]]:
        """Where to begin, and what to say of a state that cannot be gone on with."""
        fresh = State(self._scope(stream), generation=generation)
        if not given or not is_ours(given):
            strange = bool(given) and is_incremental(stream) and incremental
            return fresh, [Notice(f"{stream.name}: {NOT_OURS}")] if strange else []
        state = self._renamed(State.from_mapping(given))
        fresh = replace(fresh, rows=state.rows)
        if state.scope.account == fresh.scope.account:
            fresh = replace(fresh, limits=state.limits, limits_at=state.limits_at)
        if not is_incremental(stream):
            return fresh, []
        if not incremental:
            goes_on = generation is not None and state.generation == generation and not state.finished
            return state if goes_on and state.scope == fresh.scope else fresh, []
        if reason := self._distrust(state, fresh):
            return fresh, [Notice(f"{stream.name}: {reason}: everything is read again.")]
        return replace(state, generation=generation), []

    def _renamed(self, state: State) -> State:
        """The same, under the account's best name if it stands under another name that this key has."""
        if state.scope.account not in self.connection.account_aliases:
            return state
        return replace(state, scope=replace(state.scope, account=self.connection.account))

    def _distrust(self, state: State, fresh: State) -> str:
        """Why the bookmark in *state* is worth nothing; empty if it is good."""
        now = self.connection.client.date_ms
        if differs := state.scope.differs_in(fresh.scope):
            if differs == "account" and self.connection.account_name is None:
                return "this key may not tell whose account it is (it lacks Configuration Access), and the state does"
            return f"the {differs} is not that of the sync before"
        latest = max(state.bookmark or 0, state.begun or 0)
        ahead = self.connection.config.lookback + CLOCKS_APART
        if now is not None and latest > now + ahead // MILLISECOND:
            return f"the state is from {format_timestamp(latest)}, which is yet to come"
        return ""

    def _scope(self, stream: Stream) -> Scope:
        if not is_incremental(stream):
            return Scope(self.connection.account)
        config, search = self.connection.config, ancestry(stream)[0].search
        query = config.alert_query if search and search.takes_alert_query else ""
        return Scope(self.connection.account, shorten_query(query), config.start_date)


@dataclass(slots=True)
class _Progress:
    """What one read has sent so far, and when it last said where it could go on."""

    state: State
    connection: Connection
    rows_between: int
    parents: Parents = Parents()
    rows_since: int = 0
    waiting: frozenset[Domain] = frozenset()
    said_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.said_at = self.connection.clock.monotonic()

    def events(self, found: Batch | Expected) -> Iterator[Event]:
        if isinstance(found, Expected):
            yield found
            return
        yield from map(Row, found.rows)
        self.rows_since += len(found.rows)
        self.parents += found.parents
        rows = self.state.rows + len(found.rows)
        self.state = replace(found.state or self.state, rows=rows)
        if found.state and self._is_due():
            yield Checkpoint(self._with_limits(self.state))
            self.rows_since, self.said_at = 0, self.connection.clock.monotonic()

    def waits(self) -> Iterator[Event]:
        """The refusals that are waited out just now, each told once."""
        waits = self.connection.client.throttled_domains()
        yield from (Waiting(domain.value, seconds) for domain, seconds in waits.items() if domain not in self.waiting)
        self.waiting = frozenset(waits)

    def end(self) -> State:
        return self._with_limits(self.state.finish())

    def _with_limits(self, state: State) -> State:
        client = self.connection.client
        return state.limited(client.learned_limits(), now=client.date_ms)

    def _is_due(self) -> bool:
        waited = self.connection.clock.monotonic() - self.said_at
        return self.rows_since >= self.rows_between or waited >= SECONDS_BETWEEN_CHECKPOINTS
