"""Fakes for the tests of the core: small classes that respond and record; and tests of these."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import orjson

from opsgenie_simulator import Account, Call, Switches
from opsgenie_simulator.responses import Api, respond
from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain, Pacer
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.config import Config
from source_opsgenie.reading.events import Batch, Checkpoint, Event, Notice, Proof, Rows
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.streams import STREAMS, Record
from tests.support.leaks import KEY

NOW = parse_timestamp("2026-11-01T00:00:00Z")
DAY = 24 * 60 * 60 * 1000
MOST_REQUESTS = 1_000
Value = TypeVar("Value")
Returned = TypeVar("Returned")
DATE = "Sun, 01 Nov 2026 00:00:00 GMT"


class FakeClock:
    """A clock that advances only in `sleep`, and records each sleep."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return the current time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance immediately, without waiting."""
        self.slept.append(seconds)
        self.now += seconds


class Script:
    """A transport that returns its *answers* in order, repeats the last, and records requests."""

    def __init__(self, *answers: RawResponse | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> RawResponse:
        """Return or raise the next response."""
        self.requests.append(request)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(given, Exception):
            raise given
        return given


class Paths:
    """A transport with a response for each of its *paths*, or a function from parameters to a response.

    All other paths are a 404. It records requests.
    """

    def __init__(self, paths: Mapping[str, RawResponse | Callable[[Mapping[str, str]], RawResponse]]) -> None:
        self._paths = paths
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> RawResponse:
        """Return the response of the path."""
        self.requests.append(request)
        found = self._paths.get(request.path, RawResponse(404, {}, b'{"message": "no such path"}'))
        return found if isinstance(found, RawResponse) else found(request.params)


class Wire:
    """A transport to a simulated *account*, without a socket; *before* gets each request and can change the account.

    It records requests. The account's clock stays at NOW until *now* is changed.
    """

    def __init__(
        self,
        account: Account,
        switches: Switches | None = None,
        *,
        before: Callable[[Request], object] | None = None,
    ) -> None:
        self.now = NOW
        account.clock = lambda: self.now
        self.account = account
        self.before = before or (lambda _: None)
        self.requests: list[Request] = []
        self._api = Api(account, switches or Switches(), {}, FakeClock().monotonic)

    def __call__(self, request: Request) -> RawResponse:
        """Respond as the API does; fail if the read seems endless."""
        assert len(self.requests) < MOST_REQUESTS
        self.before(request)
        self.requests.append(request)
        address = urlsplit(request.path)
        params = dict(parse_qsl(address.query)) | dict(request.params)
        call = Call("GET", unquote(address.path), params, request.headers.get("Authorization", ""))
        found = respond(call, self._api)
        headers = {name.lower(): value for name, value in found.headers.items()}
        return RawResponse(found.status, headers, found.body)

    def paths(self) -> list[str]:
        """Return the requested paths, in order."""
        return [request.path for request in self.requests]


def said(status: int, body: object = None, **headers: str) -> RawResponse:
    """Return a response with *body* as JSON, or unchanged if it is bytes; underscores in header names become dashes."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return RawResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def client_of(
    transport: Callable[[Request], RawResponse],
    clock: FakeClock | None = None,
    key: str = KEY,
    *,
    pacers: Mapping[Domain, Pacer] | None = None,
    max_concurrent: int = 48,
) -> Client:
    """Return a client over *transport*, with unused pacers by default."""
    pacers = pacers or {domain: Pacer() for domain in Domain}
    return Client(transport, key=key, pacers=pacers, clock=clock or FakeClock(), max_concurrent=max_concurrent)


def connection_of(wire: Wire, *, account: str = "acme@localhost", key: str = "", **options: object) -> Connection:
    """Return a connection over *wire* after one request, so that it knows the API's date."""
    token = key or wire.account.full_key
    config = Config.from_mapping({"api_token": token, **options}, environment={})
    clock = FakeClock()
    client = client_of(wire, clock, key=token)
    client.get("/v2/request-limits/", domain=Domain.CONFIGURATION)
    return Connection(
        client=client,
        config=config,
        clock=clock,
        account=account,
        account_aliases=frozenset({account}),
        account_name="acme",
        is_team_key=False,
    )


def connection_over(transport: Any, **options: object) -> Connection:
    """A connection over *transport* before its first request."""
    config = Config.from_mapping({"api_token": "k", **options}, environment={})
    clock = FakeClock()
    return Connection(
        client=client_of(transport, clock),
        config=config,
        clock=clock,
        account="acme",
        account_aliases=frozenset({"acme"}),
        account_name="acme",
        is_team_key=False,
    )


def search_of(wire: Wire, *, stream: str = "alerts", own: str = "") -> Search:
    """Return the search of one searchable stream over *wire*."""
    return Search(client_of(wire, key=wire.account.full_key), STREAMS[stream], own)


def crowded(*groups: tuple[int, int], updated: int | None = None) -> Account:
    """Return an account with alerts in *groups*: pairs of a millisecond and the number of alerts in it."""
    account = Account()
    account.clock = lambda: NOW
    for moment, size in groups:
        for _ in range(size):
            account.create_alert(created_at=moment, updated_at=updated)
    return account


def rows_in(found: Iterable[object]) -> list[Record]:
    """Return the rows in the events or batches *found*, in order."""
    rows: list[Record] = []
    for one in found:
        batch = one.rows if isinstance(one, Batch) else one.records if isinstance(one, Rows) else []
        rows += [row.record if isinstance(row, SearchRow) else row for row in batch]
    return rows


def one_by_one(events: Iterable[Event]) -> Iterator[Event]:
    """The same *events*, each row in an event of its own: a read may be stopped after any row."""
    for event in events:
        yield from (Rows([record]) for record in event.records) if isinstance(event, Rows) else [event]


def drain(source: Generator[Value, None, Returned]) -> tuple[list[Value], Returned]:
    """All values that *source* yields, and what it returns."""
    values = []
    while True:
        try:
            values.append(next(source))
        except StopIteration as end:
            returned: Returned = end.value
            return values, returned


def ids_in(found: Iterable[object]) -> list[str]:
    """Return the ids of the rows in *found*, in order."""
    return [row["id"] for row in rows_in(found)]


def last_state(events: Iterable[Event]) -> dict[str, Any]:
    """Return the last state in *events*, after a round trip through JSON."""
    *_, state = [event.state for event in events if isinstance(event, Checkpoint)]
    loaded: dict[str, Any] = orjson.loads(orjson.dumps(state.to_mapping()))
    return loaded


def texts_in(events: Iterable[Event]) -> str:
    """Return all texts for people in *events*."""
    return " ".join(event.text for event in events if isinstance(event, Notice | Proof))


def query_of(params: Mapping[str, str]) -> str:
    """Return the query in *params*, or an empty string."""
    return params.get("query", "")


def test_wire_answers_as_the_simulator_does() -> None:
    """The wire returns status, lower-case headers and body, and records the request."""
    wire = Wire(crowded((NOW - DAY, 3)))
    request = Request("/v2/alerts/count", headers={"Authorization": f"GenieKey {wire.account.full_key}"})
    response = wire(request)

    assert response.status == 200
    assert response.headers["date"] == DATE
    assert orjson.loads(response.body)["data"] == {"count": 3}
    assert [request] == wire.requests


def test_script_keeps_its_last_answer() -> None:
    """A script returns its responses in order and repeats the last."""
    script = Script(said(500), said(200, {}))
    actual = [script(Request(f"/{urlencode({'n': n})}")).status for n in range(3)]

    assert actual == [500, 200, 200]
    assert [request.path for request in script.requests] == ["/n=0", "/n=1", "/n=2"]
