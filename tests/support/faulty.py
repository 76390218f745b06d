"""The base of the tests of faults: a clock that skips waits, short bounds, and reads that record their outcome."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from opsgenie_simulator import Call, Simulator
from opsgenie_simulator import Response as Simulated
from opsgenie_simulator.middleware import Respond
from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.pacing import Domain, Pacer
from source_opsgenie.api.transport import Bounds, PooledTransport, RawResponse, Request, Transport
from source_opsgenie.config import Config
from source_opsgenie.errors import Incomplete, OpsgenieError
from source_opsgenie.reading.events import Checkpoint, Notice, Proof, Rows
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import Record, Stream
from tests.support.leaks import record_output

CONNECTIONS = 4
SHORT_BOUNDS = Bounds(connect=1.0, silence=0.2, response=0.4, interval=0.05, size=2**20)
MOST_REQUESTS = 4_000

# The failure that each fault of the simulator causes; None if it causes none.
EXPECTED_FAILURES: dict[str, Failure | None] = {
    "status 400": Failure.REJECTED,
    "status 401": Failure.UNAUTHORIZED,
    "status 402": Failure.NOT_IN_PLAN,
    "status 403": Failure.FORBIDDEN,
    "status 404": Failure.NOT_FOUND,
    "status 408": Failure.OVERLOADED,
    "status 410": Failure.REJECTED,
    "status 422": Failure.REJECTED,
    "status 500": Failure.OVERLOADED,
    "status 501": Failure.REJECTED,
    "status 502": Failure.OVERLOADED,
    "status 503": Failure.OVERLOADED,
    "status 429": Failure.THROTTLED,
    "status 429 with an endless period": Failure.THROTTLED,
    "status 204": Failure.REDIRECT,
    "redirect": Failure.REDIRECT,
    "HTML as 403": Failure.INTERMEDIARY,
    "HTML as 503": Failure.OVERLOADED,
    "HTML as 200": Failure.HTML_PAGE,
    "HTML as JSON": Failure.HTML_PAGE,
    "closed before": Failure.RESET,
    "reset before": Failure.RESET,
    "reset in the headers": Failure.RESET,
    "reset in the body": Failure.TRUNCATED,
    "short body": Failure.TRUNCATED,
    "reset after": None,
    "slow body": None,
    "endless body": Failure.TOO_SLOW,
    "silence": Failure.TIMEOUT,
    "late response": Failure.TIMEOUT,
    "large body": Failure.TOO_LARGE,
    "large when decompressed": Failure.TOO_LARGE,
    "no gzip": Failure.UNDECODABLE,
    "broken gzip": Failure.UNDECODABLE,
    "unknown encoding": Failure.HTML_PAGE,
    "truncated JSON": Failure.INVALID_JSON,
    "broken JSON": Failure.INVALID_JSON,
    "empty body": Failure.INVALID_JSON,
    "in Latin-1": Failure.INVALID_JSON,
    "in UTF-16": Failure.HTML_PAGE,
    "JSON list": Failure.NOT_AN_OBJECT,
    "JSON null": Failure.NOT_AN_OBJECT,
    "no data": Failure.NO_DATA,
    "data is null": Failure.NO_ROWS,
    "data is a string": Failure.NO_ROWS,
    "rows are strings": Failure.NO_ROWS,
    "rows without id": Failure.NO_KEY,
}


@dataclass
class SkippingClock:
    """The machine's clock, which skips every sleep and records it."""

    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """The time now, with every skipped sleep added."""
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Skip *seconds*."""
        self.slept.append(seconds)


@dataclass
class DirectTransport:
    """A transport into *simulator* without a socket; a fault of the connection is a truncated response."""

    simulator: Simulator
    routes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> RawResponse:
        """Respond as the simulator does, unless the read seems to have no end."""
        with self.lock:
            assert len(self.routes) < MOST_REQUESTS, f"no end: {request}"
            response = self.simulator.respond(_call(request))
            self.routes.append(response.route)
        delivery = response.delivery
        if delivery and (delivery.cut is not None or delivery.pause_seconds > SHORT_BOUNDS.silence):
            raise Failure.TRUNCATED.error(f"{request} got no complete response")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return RawResponse(response.status, headers, response.body)


def _call(request: Request) -> Call:
    """The call that arrives for *request*, whose path may be a complete URL."""
    url = urlsplit(request.path)
    query = dict(request.params) | dict(parse_qsl(url.query))
    return Call("GET", url.path, query, request.headers.get("Authorization"))


class Stall:
    """Middleware that delays responses by an hour, from the logs of alert number *after* on; *begun* is set then."""

    def __init__(self, *, after: int) -> None:
        self.after = self.left = after
        self.begun, self.is_over = threading.Event(), False

    def reset(self) -> None:
        """Start again."""
        self.left = self.after
        self.begun.clear()

    def __call__(self, call: Call, respond: Respond) -> Simulated:
        """Respond, now or in an hour."""
        self.left -= call.path.endswith("/logs")
        if self.left >= 0 or self.is_over:
            return respond(call)
        self.begun.set()
        return replace(respond(call), delay_seconds=3600.0)


@dataclass(frozen=True)
class Outcome:
    """What a read returned until it ended or failed: rows by their keys, the last state, its messages, its error."""

    rows: dict[tuple[Any, ...], Record]
    state: dict[str, Any] | None
    messages: str
    error: OpsgenieError | None = None


def read_stream(connection: Connection, stream: Stream, state: dict[str, Any] | None = None) -> Outcome:
    """Read *stream* from *state* until it ends or fails."""
    rows: dict[tuple[Any, ...], Record] = {}
    messages = []
    error: OpsgenieError | None = None
    try:
        for event in Reader(connection).read(stream, state=state):
            match event:
                case Rows(records):
                    rows |= {tuple(record[name] for name in stream.key): record for record in records}
                case Checkpoint(reached):
                    state = orjson.loads(orjson.dumps(reached.to_mapping()))
                case Notice(text) | Proof(text):
                    messages.append(text)
            if isinstance(event, Proof) and event.lack:
                error = Incomplete(event.lack)
    except OpsgenieError as caught:
        error = caught
        record_output(repr(error))
    return Outcome(rows, state, " ".join(messages), error)


@contextmanager
def connected(simulator: Simulator, *, bounds: Bounds = SHORT_BOUNDS, **options: object) -> Iterator[Connection]:
    """A connection over sockets to *simulator*, with a key that may read everything and a clock that skips waits."""
    transport = PooledTransport(simulator.url, connections=CONNECTIONS, bounds=bounds)
    try:
        yield connection_over(transport, simulator.account.full_key, **options)
    finally:
        transport.close()


def connection_over(transport: Transport, key: str, **options: object) -> Connection:
    """A connection over *transport* to an API that has responded once."""
    config = Config.from_mapping({"api_token": key, **options}, environment={})
    clock, pacers = SkippingClock(), {domain: Pacer() for domain in Domain}
    client = Client(transport, key=key, pacers=pacers, clock=clock, max_concurrent=CONNECTIONS)
    client.get("/v2/account", domain=Domain.CONFIGURATION)
    return Connection(
        client=client,
        config=config,
        clock=clock,
        account="acme@localhost",
        account_aliases=frozenset({"acme@localhost"}),
        account_name="acme",
        is_team_key=False,
    )
