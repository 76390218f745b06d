"""What the tests of faults stand on: a clock that nobody waits for, and a connection that is soon out of patience."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from opsgenie_simulator import Call, Simulator
from opsgenie_simulator import Response as Answered
from opsgenie_simulator.middleware import Respond
from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.pacing import Domain, Pacer
from source_opsgenie.api.transport import Bounds, PooledTransport, RawResponse, Request, Transport
from source_opsgenie.config import Config
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.events import Checkpoint, Notice, Proof, Row
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import Record, Stream
from tests.support.leaks import heard

CONNECTIONS = 4
HASTY = Bounds(connect=1.0, silence=0.2, answer=0.4, tick=0.05, size=2**20)
MOST_REQUESTS = 4_000

# What each fault of the simulator is, in the table's terms; None is no failure at all.
URLLIB3_FAILURES: dict[str, Failure | None] = {
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
class Leaping:
    """The machine's clock, which leaps over whatever somebody would sleep on it."""

    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Now, and all that was slept."""
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Leap."""
        self.slept.append(seconds)


@dataclass
class Wireless:
    """A transport into *simulator* without a socket; what would break on the wire is no answer."""

    simulator: Simulator
    routes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> RawResponse:
        """Answer as the simulator would, unless the read seems to have no end."""
        with self.lock:
            assert len(self.routes) < MOST_REQUESTS, f"no end: {request}"
            found = self.simulator.respond(_call(request))
            self.routes.append(found.route)
        if found.delivery and (found.delivery.cut is not None or found.delivery.pause_seconds > HASTY.silence):
            raise Failure.TRUNCATED.kind(f"{request} got no whole answer.")
        return RawResponse(found.status, {name.lower(): value for name, value in found.headers.items()}, found.body)


def _call(request: Request) -> Call:
    """What arrives of *request*, whose path may be a whole address."""
    address = urlsplit(request.path)
    query = dict(request.params) | dict(parse_qsl(address.query))
    return Call("GET", address.path, query, request.headers.get("Authorization"))


class Stall:
    """Weather that answers nothing any more, from the logs of so many alerts on; *begun* is set then."""

    def __init__(self, *, after: int) -> None:
        self.after = self.left = after
        self.begun, self.is_over = threading.Event(), False

    def again(self) -> None:
        """Begin anew."""
        self.left = self.after
        self.begun.clear()

    def __call__(self, call: Call, answer: Respond) -> Answered:
        """Answer, sooner or later."""
        self.left -= call.path.endswith("/logs")
        if self.left >= 0 or self.is_over:
            return answer(call)
        self.begun.set()
        return replace(answer(call), delay_seconds=3600.0)


@dataclass(frozen=True)
class Ran:
    """What a read brought until it ended or failed: rows by their keys, the last state, what was told, what failed."""

    rows: dict[tuple[Any, ...], Record]
    state: dict[str, Any] | None
    told: str
    problem: OpsgenieError | None = None


def run(connection: Connection, stream: Stream, state: dict[str, Any] | None = None) -> Ran:
    """Read *stream* from *state*, whatever comes."""
    rows, told, problem = {}, [], None
    try:
        for event in Reader(connection).read(stream, state=state):
            match event:
                case Row(record):
                    rows[tuple(record[name] for name in stream.key)] = record
                case Checkpoint(reached):
                    state = orjson.loads(orjson.dumps(reached.to_mapping()))
                case Notice(text) | Proof(text):
                    told.append(text)
    except OpsgenieError as caught:
        problem = caught
        heard(repr(problem))
    return Ran(rows, state, " ".join(told), problem)


@contextmanager
def connected(simulator: Simulator, *, bounds: Bounds = HASTY, **options: object) -> Iterator[Connection]:
    """A connection over sockets to *simulator*, with a key that may read everything, whose waits take no time."""
    transport = PooledTransport(simulator.url, connections=CONNECTIONS, bounds=bounds)
    try:
        yield connection_over(transport, simulator.account.full_key, **options)
    finally:
        transport.close()


def connection_over(transport: Transport, key: str, **options: object) -> Connection:
    """A connection over *transport* that has been answered once, and so knows the API."""
    config = Config.from_mapping({"api_token": key, **options}, environment={})
    clock = Leaping()
    client = Client(transport, key=key, pacers={domain: Pacer() for domain in Domain}, clock=clock, at_once=CONNECTIONS)
    client.get("/v2/account", domain=Domain.CONFIGURATION)
    return Connection(
        client=client,
        config=config,
        clock=clock,
        account="acme@localhost",
        known_as=frozenset({"acme@localhost"}),
        account_name="acme",
        is_team_key=False,
    )
