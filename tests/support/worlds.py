"""The setup of the laws: an account on which time passes while it is read, and a table that keeps the rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from opsgenie_simulator import Account, Call, Middleware, Simulator, Switches
from opsgenie_simulator.messages import Response
from opsgenie_simulator.middleware import Respond
from opsgenie_simulator.timestamps import with_full_fractions
from source_opsgenie.api.connection import Connection, connect
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.config import Config
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.events import Checkpoint, Event, Notice, Proof, Rows
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS
from tests.support.fakes import one_by_one

Record = dict[str, Any]
StateBlob = dict[str, Any]

NOW = 1_800_000_000_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000
MAX_STATE_BYTES = 2_000
# No read of a law needs this many requests: one that does would never end.
MAX_REQUESTS = 3_000


class SteppingClock:
    """A clock that advances 31 s each time it is read, so that every possible checkpoint is emitted."""

    def __init__(self) -> None:
        self._readings = count(1)

    def monotonic(self) -> float:
        """Return a time 31 s after the previous one."""
        return next(self._readings) * 31.0

    def sleep(self, seconds: float) -> None:
        """Fail: no law waits."""
        raise AssertionError(f"slept {seconds} s")


@dataclass(frozen=True)
class Sync:
    """The rows, states and texts of one read, until it ended, failed or was stopped, and its requests."""

    rows: list[Record]
    states: list[StateBlob]
    texts: list[str]
    requests: list[Call]
    error: str = ""

    @property
    def state(self) -> StateBlob | None:
        """The last state, as a platform would pass it to the next read."""
        return self.states[-1] if self.states else None

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The primary keys of all rows, in order."""
        return [tuple(row[name] for name in STREAMS[stream].key) for row in self.rows]

    @property
    def ids(self) -> list[str]:
        """The ids of all rows, in order."""
        return [row["id"] for row in self.rows]

    def list_requests(self) -> list[Call]:
        """The requests for a page of alerts or incidents."""
        return [call for call in self.requests if call.path in {"/v2/alerts", "/v1/incidents"}]


@dataclass
class World:
    """An *account* with *switches* and *middleware*, on which *step_ms* pass with each request."""

    account: Account
    switches: Switches = field(default_factory=Switches)
    middleware: tuple[Middleware, ...] = ()
    step_ms: int = 40
    now: int = NOW
    requests: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account.clock = lambda: self.now
        self._simulator = Simulator(
            self.account, switches=self.switches, middleware=(self._advance_time, *self.middleware)
        )

    def read(
        self,
        stream: str = "alerts",
        *,
        state: Mapping[str, Any] | None = None,
        stop_after: int | None = None,
        config: Mapping[str, Any] | None = None,
        clock: SteppingClock | None = None,
        **options: Any,
    ) -> Sync:
        """Read *stream* from *state* to its end, or until *stop_after* events; *options* are those of the reader."""
        with self.connect(config) as connection:
            reader = Reader(replace(connection, clock=clock) if clock else connection)
            events = one_by_one(reader.read(STREAMS[stream], state=state, **options))
            return _collect(islice(events, stop_after), self.requests)

    @contextmanager
    def connect(self, config: Mapping[str, Any] | None = None) -> Iterator[Connection]:
        """Open a new connection, whose requests are recorded in `requests`."""
        options = {"api_token": self.account.full_key, **(config or {})}
        self.requests = []
        with connect(Config.from_mapping(options, environment={}), transport=self._transport) as connection:
            yield connection

    def _advance_time(self, call: Call, respond: Respond) -> Response:
        self.now += self.step_ms
        return respond(call)

    def _transport(self, request: Request) -> RawResponse:
        url = urlsplit(request.path)
        query = dict(request.params) | dict(parse_qsl(url.query))
        call = Call("GET", url.path, query, request.headers.get("Authorization"))
        self.requests.append(call)
        assert len(self.requests) <= MAX_REQUESTS, f"{MAX_REQUESTS} requests, the last: {self.requests[-4:]}"
        response = self._simulator.respond(call)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return RawResponse(response.status, headers, response.body)


def _collect(events: Iterator[Event], requests: list[Call]) -> Sync:
    sync = Sync([], [], [], requests)
    try:
        for event in events:
            match event:
                case Rows(records):
                    sync.rows.extend(records)
                case Checkpoint(state):
                    sync.states.append(orjson.loads(orjson.dumps(state.to_mapping())))
                case Proof(text) | Notice(text):
                    sync.texts.append(text)
    except OpsgenieError as error:
        return replace(sync, error=f"{type(error).__name__}: {error}")
    return sync


class Table:
    """A destination that keeps the last row of each key."""

    def __init__(self, stream: str = "alerts") -> None:
        self.stream = stream
        self.rows: dict[tuple[Any, ...], Record] = {}
        self.state: StateBlob | None = None
        self.states: list[StateBlob] = []

    def apply(self, sync: Sync) -> Sync:
        """Store the rows of *sync* and its last state."""
        self.rows |= dict(zip(sync.keys(self.stream), sync.rows, strict=True))
        self.states += sync.states
        self.state = sync.state or self.state
        return sync

    def differences(self, account: Account) -> dict[str, int]:
        """Count the rows of *account* that are missing or stale in the table."""
        expected = rows_of(account, self.stream)
        missing = expected.keys() - self.rows.keys()
        stale = {key for key in expected.keys() & self.rows.keys() if _differ(expected[key], self.rows[key])}
        return {what: len(keys) for what, keys in (("missing", missing), ("stale", stale)) if keys}

    def invalid_states(self) -> list[str]:
        """Describe the states that are too large, and a bookmark that moved back."""
        bookmarks = [state.get("bookmark", "") for state in self.states]
        large = [f"{len(blob)} bytes" for blob in map(orjson.dumps, self.states) if len(blob) >= MAX_STATE_BYTES]
        return large + ([] if bookmarks == sorted(bookmarks) else ["a bookmark moved back"])


def rows_of(account: Account, stream: str) -> dict[tuple[Any, ...], Record]:
    """Return the current rows of *stream* in *account*, by key."""
    if stream in {"alerts", "incidents"}:
        return {(record.id,): orjson.loads(record.listed) for record in account.store.tables[stream]}
    return {
        (alert.id, log["offset"]): {"alert_id": alert.id, **log}
        for alert in account.store.tables["alerts"]
        for log in account.store.children(alert.id).logs
    }


def _differ(one: Record, other: Record) -> bool:
    # The same timestamp can be written with or without trailing zeros.
    return one != other and with_full_fractions(orjson.dumps(one)) != with_full_fractions(orjson.dumps(other))


def create_crowd(account: Account, size: int, *, at: int, spread_ms: int = 1) -> list[str]:
    """Create *size* alerts within *spread_ms* milliseconds; returns their ids."""
    return [account.create_alert(created_at=at + number * spread_ms // size)["id"] for number in range(size)]


def count_duplicates(keys: list[tuple[Any, ...]]) -> int:
    """Count the keys that repeat an earlier one."""
    return len(keys) - len(set(keys))


def change_after(change: Callable[[], None], *, path: str, response_number: int) -> Middleware:
    """Middleware that calls *change* once, after the given response to a request for *path*."""
    numbers = count(1)

    def middleware(call: Call, respond: Respond) -> Response:
        response = respond(call)
        if call.path == path and next(numbers) == response_number:
            change()
        return response

    return middleware
