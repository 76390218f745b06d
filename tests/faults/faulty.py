"""What the tests of faults stand on: a clock that nobody waits for, and a connection that is soon out of patience."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from leaks import heard
from opsgenie_simulator import Call, Simulator
from opsgenie_simulator import Response as Answered
from opsgenie_simulator.messages import Answer
from source_opsgenie.client import Client
from source_opsgenie.config import Config
from source_opsgenie.connection import Connection
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.events import Checkpoint, Notice, Proof, Row
from source_opsgenie.pacing import Pacer
from source_opsgenie.reader import Reader
from source_opsgenie.streams import Domain, Record, Stream
from source_opsgenie.transport import Bounds, PooledTransport, Request, Response, Transport
from source_opsgenie.troubles import Trouble

CONNECTIONS = 4
HASTY = Bounds(connect=1.0, silence=0.2, answer=0.4, tick=0.05, size=2**20)
MOST_REQUESTS = 4_000

# What each fault of the simulator is, in the table's terms; None is no trouble at all.
TROUBLES: dict[str, Trouble | None] = {
    "status 400": Trouble.NEVER,
    "status 401": Trouble.KEY_UNKNOWN,
    "status 402": Trouble.NOT_IN_PLAN,
    "status 403": Trouble.NOT_GRANTED,
    "status 404": Trouble.GONE,
    "status 408": Trouble.OVERLOADED,
    "status 410": Trouble.NEVER,
    "status 422": Trouble.NEVER,
    "status 500": Trouble.OVERLOADED,
    "status 501": Trouble.NEVER,
    "status 502": Trouble.OVERLOADED,
    "status 503": Trouble.OVERLOADED,
    "status 429": Trouble.TOO_MANY,
    "status 429 for ever": Trouble.TOO_MANY,
    "status 204": Trouble.MOVED,
    "redirect": Trouble.MOVED,
    "page as 503": Trouble.OVERLOADED,
    "page as 200": Trouble.A_PAGE,
    "page as JSON": Trouble.A_PAGE,
    "closed before": Trouble.RESET,
    "reset before": Trouble.RESET,
    "reset in the headers": Trouble.RESET,
    "reset in the body": Trouble.BROKEN_OFF,
    "short body": Trouble.BROKEN_OFF,
    "reset after": None,
    "slow body": None,
    "endless body": Trouble.ENDLESS,
    "silence": Trouble.SILENCE,
    "late": Trouble.SILENCE,
    "large body": Trouble.TOO_LARGE,
    "large when unpacked": Trouble.TOO_LARGE,
    "no gzip": Trouble.NOT_UNPACKED,
    "broken gzip": Trouble.NOT_UNPACKED,
    "packed otherwise": Trouble.A_PAGE,
    "cut JSON": Trouble.BROKEN_JSON,
    "broken JSON": Trouble.BROKEN_JSON,
    "empty body": Trouble.BROKEN_JSON,
    "in Latin-1": Trouble.BROKEN_JSON,
    "in UTF-16": Trouble.A_PAGE,
    "JSON list": Trouble.NO_OBJECT,
    "JSON null": Trouble.NO_OBJECT,
    "no data": Trouble.NO_DATA,
    "data is null": Trouble.NO_ROWS,
    "data is text": Trouble.NO_ROWS,
    "rows are texts": Trouble.NO_ROWS,
    "rows without id": Trouble.NO_KEY,
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

    def __call__(self, request: Request) -> Response:
        """Answer as the simulator would, unless the read seems to have no end."""
        with self.lock:
            assert len(self.routes) < MOST_REQUESTS, f"no end: {request}"
            found = self.simulator.answer(_call(request))
            self.routes.append(found.route)
        if found.delivery and (found.delivery.cut is not None or found.delivery.pause_seconds > HASTY.silence):
            raise Trouble.BROKEN_OFF.error(f"{request} got no whole answer.")
        return Response(found.status, {name.lower(): value for name, value in found.headers.items()}, found.body)


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

    def __call__(self, call: Call, answer: Answer) -> Answered:
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
