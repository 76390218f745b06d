"""What the laws stand on: an account that time passes for while it is read, and a table that keeps what was read."""

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
from source_opsgenie.reading.events import Checkpoint, Event, Notice, Proof, Row
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

Record = dict[str, Any]
StateBlob = dict[str, Any]

NOW = 1_800_000_000_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000
STATE_BYTES = 2_000
# No read of a law needs so many: one that does has no end.
MOST_REQUESTS = 3_000


class Hasty:
    """A clock on which half a minute passes whenever it is looked at, so that every possible checkpoint is said."""

    def __init__(self) -> None:
        self._looks = count(1)

    def monotonic(self) -> float:
        """Half a minute later than the last time."""
        return next(self._looks) * 31.0

    def sleep(self, seconds: float) -> None:
        """Nothing here waits."""
        raise AssertionError(f"slept {seconds} s")


@dataclass(frozen=True)
class Sync:
    """What one read brought until it ended, failed or was cut off."""

    rows: list[Record]
    states: list[StateBlob]
    told: list[str]
    asked: list[Call]
    problem: str = ""

    @property
    def state(self) -> StateBlob | None:
        """The last state, as a platform would hand it back."""
        return self.states[-1] if self.states else None

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The keys of all rows, in order."""
        return [tuple(row[name] for name in STREAMS[stream].key) for row in self.rows]

    @property
    def ids(self) -> list[str]:
        """The ids of all rows, in order."""
        return [row["id"] for row in self.rows]

    def pages(self) -> list[Call]:
        """The requests that asked for a page of a list."""
        return [call for call in self.asked if call.path in {"/v2/alerts", "/v1/incidents"}]


@dataclass
class World:
    """An *account* under *switches* and *middleware*, for which *step_ms* pass with each request."""

    account: Account
    switches: Switches = field(default_factory=Switches)
    middleware: tuple[Middleware, ...] = ()
    step_ms: int = 40
    now: int = NOW
    asked: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account.clock = lambda: self.now
        self._simulator = Simulator(self.account, switches=self.switches, middleware=(self._pass, *self.middleware))

    def read(
        self,
        stream: str = "alerts",
        *,
        state: Mapping[str, Any] | None = None,
        stop_after: int | None = None,
        config: Mapping[str, Any] | None = None,
        clock: Hasty | None = None,
        **how: Any,
    ) -> Sync:
        """Read *stream* from *state*, to its end or until so many events came."""
        with self.connected(config) as connection:
            sync = Sync([], [], [], self.asked)
            hastily = replace(connection, clock=clock) if clock else connection
            return _kept(sync, hastily, stream, islice_to=stop_after, state=state, how=how)

    @contextmanager
    def connected(self, config: Mapping[str, Any] | None = None) -> Iterator[Connection]:
        """A new connection; what is asked over it stands in `asked`."""
        given = {"api_token": self.account.full_key, **(config or {})}
        self.asked = []
        with connect(Config.from_mapping(given, environment={}), transport=self._transport) as connection:
            yield connection

    def _pass(self, call: Call, answer: Respond) -> Response:
        self.now += self.step_ms
        return answer(call)

    def _transport(self, request: Request) -> RawResponse:
        address = urlsplit(request.path)
        query = dict(request.params) | dict(parse_qsl(address.query))
        call = Call("GET", address.path, query, request.headers.get("Authorization"))
        self.asked.append(call)
        assert len(self.asked) <= MOST_REQUESTS, f"no end after {MOST_REQUESTS} requests; the last: {self.asked[-4:]}"
        found = self._simulator.respond(call)
        return RawResponse(found.status, {name.lower(): text for name, text in found.headers.items()}, found.body)


def _kept(
    sync: Sync,
    connection: Connection,
    stream: str,
    *,
    islice_to: int | None,
    state: Mapping[str, Any] | None,
    how: Mapping[str, Any],
) -> Sync:
    events: Iterator[Event] = Reader(connection).read(STREAMS[stream], state=state, **how)
    try:
        for event in islice(events, islice_to):
            match event:
                case Row(row):
                    sync.rows.append(row)
                case Checkpoint(reached):
                    sync.states.append(orjson.loads(orjson.dumps(reached.to_mapping())))
                case Proof(text) | Notice(text):
                    sync.told.append(text)
    except OpsgenieError as problem:
        return replace(sync, problem=f"{type(problem).__name__}: {problem}")
    return sync


class Table:
    """What a destination holds that keeps the last row of each key."""

    def __init__(self, stream: str = "alerts") -> None:
        self.stream = stream
        self.rows: dict[tuple[Any, ...], Record] = {}
        self.state: StateBlob | None = None
        self.said: list[StateBlob] = []

    def take(self, sync: Sync) -> Sync:
        """Keep what *sync* brought, and its last state."""
        self.rows |= dict(zip(sync.keys(self.stream), sync.rows, strict=True))
        self.said += sync.states
        self.state = sync.state or self.state
        return sync

    def wrong(self, account: Account) -> dict[str, int]:
        """How many rows of *account* are missing, and how many are not as they are now; nothing if all is well."""
        truth = held(account, self.stream)
        missing = truth.keys() - self.rows.keys()
        stale = {key for key in truth.keys() & self.rows.keys() if _differ(truth[key], self.rows[key])}
        return {what: len(keys) for what, keys in (("missing", missing), ("stale", stale)) if keys}

    def broken_states(self) -> list[str]:
        """What is wrong with any state that was said: too large, or a bookmark that went back."""
        bookmarks = [state.get("bookmark", "") for state in self.said]
        large = [f"{len(blob)} bytes" for blob in map(orjson.dumps, self.said) if len(blob) >= STATE_BYTES]
        return large + ([] if bookmarks == sorted(bookmarks) else ["a bookmark went back"])


def held(account: Account, stream: str) -> dict[tuple[Any, ...], Record]:
    """The rows of *stream* as *account* holds them now, by key."""
    if stream in {"alerts", "incidents"}:
        return {(one.id,): orjson.loads(one.listed) for one in account.store.tables[stream]}
    return {
        (one.id, log["offset"]): {"alert_id": one.id, **log}
        for one in account.store.tables["alerts"]
        for log in account.store.children(one.id).logs
    }


def _differ(one: Record, other: Record) -> bool:
    # The same moment may be written with trailing zeros or without.
    return one != other and with_full_fractions(orjson.dumps(one)) != with_full_fractions(orjson.dumps(other))


def crowd(account: Account, size: int, *, at: int, spread_ms: int = 1) -> list[str]:
    """Create *size* alerts within *spread_ms* milliseconds, and return their ids."""
    return [account.create_alert(created_at=at + number * spread_ms // size)["id"] for number in range(size)]


def twice(keys: list[tuple[Any, ...]]) -> int:
    """How many keys came more than once."""
    return len(keys) - len(set(keys))


def living(account: Account) -> set[str]:
    """The ids of all alerts that there are."""
    return set(account.alerts)


def in_the_middle(changes: Callable[[], None], *, of: str, at: int) -> Middleware:
    """Weather in which *changes* happen once: after the answer number *at* to a request whose path is *of*."""
    number = count(1)

    def weather(call: Call, answer: Respond) -> Response:
        response = answer(call)
        if call.path == of and next(number) == at:
            changes()
        return response

    return weather
