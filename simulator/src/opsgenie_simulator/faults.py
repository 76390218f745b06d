"""A catalogue of faults, applied to scripted responses or to a random share of all responses."""

import gzip
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import orjson

from opsgenie_simulator.messages import JSON, Call, Delivery, Response
from opsgenie_simulator.middleware import Respond
from opsgenie_simulator.randomness import seeded_random

Body = dict[str, Any]
# Takes a response and the previous response on the same path; returns the broken response.
Fault = Callable[[Response, Response], Response]

HTML_PAGE = b"<!DOCTYPE html><html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
HTML_HEADERS = {"Content-Type": "text/html"}
# More than a client should accept.
LARGE = 65 * 2**20


def _error(status: int, headers: Mapping[str, str] | None = None) -> Fault:
    # The message is ours, not the vendor's.
    body = orjson.dumps({"message": f"A fault of the simulator: {status}", "took": 0.001, "requestId": "fault"})

    def alter(response: Response, _: Response) -> Response:
        return replace(response, status=status, body=body, headers={"Content-Type": JSON, **(headers or {})})

    return alter


def _html(status: int, headers: Mapping[str, str] = HTML_HEADERS) -> Fault:
    return lambda response, _: replace(response, status=status, body=HTML_PAGE, headers=headers)


def _deliver(**how: Any) -> Fault:
    return lambda response, _: replace(response, delivery=Delivery(**how))


def _body(change: Callable[[bytes], bytes], **headers: str) -> Fault:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda response, _: replace(response, body=change(response.body), headers={**response.headers, **changed})


def _envelope(change: Callable[[Body], Body]) -> Fault:
    def alter(response: Response, _: Response) -> Response:
        # Files and links to files have no envelope.
        if b'"requestId"' not in response.body:
            return response
        return replace(response, body=orjson.dumps(change(orjson.loads(response.body))))

    return alter


def _rows(change: Callable[[Any], Any]) -> Fault:
    """Change every row, in whichever list under `data` it is."""

    def change_all(data: Any) -> Any:
        if isinstance(data, list):
            return [change(row) for row in data]
        return {name: change_all(value) if isinstance(value, list) else value for name, value in data.items()}

    return _envelope(lambda body: {**body, "data": change_all(body["data"])})


def _count(count: Any) -> Fault:
    def change(body: Body) -> Body:
        data = body["data"]
        with_count = {"data": {**data, "count": count}} if isinstance(data, dict) and "count" in data else {}
        return {**body, **with_count, **({"totalCount": count} if "totalCount" in body else {})}

    return _envelope(change)


def _link_to_same_page(body: Body) -> Body:
    # The API ignores unknown parameters, so this link returns the same page again.
    return {**body, "paging": {"next": f"https://localhost/?limit=100&again={body['requestId']}"}}


FAULTS: dict[str, Fault] = {
    **{f"status {status}": _error(status) for status in (400, 401, 402, 403, 404, 408, 410, 422, 500, 501, 502, 503)},
    "status 429": _error(429),
    "status 429 with an endless period": _error(429, {"X-RateLimit-Period-In-Sec": "9" * 400, "Retry-After": "never"}),
    "status 204": lambda response, _: replace(response, status=204, body=b""),
    "redirect": _error(302, {"Location": "http://localhost:1/stolen"}),
    "HTML as 403": _html(403),
    "HTML as 503": _html(503),
    "HTML as 200": _html(200),
    "HTML as JSON": _html(200, {"Content-Type": JSON}),
    "closed before": _deliver(cut=0),
    "reset before": _deliver(cut=0, is_reset=True),
    "reset in the headers": _deliver(cut=20, is_reset=True),
    "reset in the body": _deliver(cut=-1, is_reset=True),
    "short body": _deliver(cut=-1),
    "reset after": _deliver(is_reset=True),
    "slow body": _deliver(pieces=5, pause_seconds=0.01),
    "endless body": _deliver(pieces=10_000, pause_seconds=0.05),
    "silence": _deliver(pieces=2, pause_seconds=3600.0),
    "late response": lambda response, _: replace(response, delay_seconds=3600.0),
    "large body": _body(lambda body: b" " * LARGE + body),
    "large when decompressed": _body(lambda body: gzip.compress(b" " * LARGE + body, 1), Content_Encoding="gzip"),
    "no gzip": _body(lambda body: body, Content_Encoding="gzip"),
    "broken gzip": _body(lambda body: gzip.compress(body)[:-12] + b"x" * 12, Content_Encoding="gzip"),
    "unknown encoding": _body(lambda body: body[::-1], Content_Encoding="br"),
    # Stripped, since half of a file of JSON lines may end at a line break and be valid.
    "truncated JSON": _body(lambda body: body[: len(body) // 2].rstrip(b"}\n")),
    "broken JSON": _body(lambda body: body.replace(b":", b"=", 1)),
    "empty body": _body(lambda _: b""),
    "in Latin-1": _body(lambda body: body.replace(b'"requestId":"', b'"requestId":"\xe9')),
    "in UTF-16": _body(lambda body: body.decode().encode("utf-16")),
    "JSON list": _body(lambda body: b"[" + body + b"]"),
    "JSON null": _body(lambda _: b"null"),
    "no data": _envelope(lambda body: {name: value for name, value in body.items() if name != "data"}),
    "data is null": _envelope(lambda body: {**body, "data": None}),
    "data is a string": _envelope(lambda body: {**body, "data": "none"}),
    "rows are strings": _rows(lambda _: "row"),
    "rows without id": _rows(lambda row: {name: value for name, value in row.items() if name not in {"id", "offset"}}),
    "previous page": lambda response, previous: replace(response, body=previous.body),
    "endless next": _envelope(_link_to_same_page),
    "negative count": _count(-1),
    "count as text": _count("many"),
    "huge count": _count(10**18),
}
# Faults of a network or of the API's edge that a retry overcomes.
TRANSIENT = (
    "status 500",
    "status 502",
    "status 503",
    "reset before",
    "reset in the body",
    "short body",
    "broken JSON",
    "HTML as 503",
    "HTML as 200",
    "slow body",
)


@dataclass(slots=True)
class ScriptedFault:
    """A *fault* that breaks the next *times* responses on *route* from number *at* on; None breaks all of them."""

    fault: str
    route: str
    at: int = 1
    times: int | None = 1
    used: int = 0

    def applies_to(self, number: int) -> bool:
        """Whether to break response *number* on the route."""
        return number >= self.at and (self.times is None or self.used < self.times)


@dataclass(slots=True)
class Faults:
    """Middleware that breaks the *scripted* responses and a random *share* of all others."""

    scripted: list[ScriptedFault] = field(default_factory=list)
    share: float = 0.0
    seed: int = 1
    among: Sequence[str] = TRANSIENT
    by_chance: Counter[str] = field(default_factory=Counter)
    _numbers: Counter[str] = field(default_factory=Counter)
    _previous: dict[str, Response] = field(default_factory=dict)
    _rng: Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the random generator."""
        self._rng = seeded_random(f"faults {self.seed}")

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Respond, and break the response if a fault applies."""
        response = respond(call)
        self._numbers[response.route] += 1
        previous = self._previous.get(call.path, response)
        self._previous[call.path] = response
        fault = self._fault(response.route)
        return FAULTS[fault](response, previous) if fault else response

    def script(self, fault: str, *, route: str, at: int = 1, times: int | None = 1) -> ScriptedFault:
        """Break responses on *route* from now on; an unknown *fault* raises KeyError."""
        if fault not in FAULTS:
            raise KeyError(fault)
        self.scripted.append(ScriptedFault(fault, route, at=at + self._numbers[route], times=times))
        return self.scripted[-1]

    def unused(self) -> list[ScriptedFault]:
        """The scripted faults that never happened."""
        return [scripted for scripted in self.scripted if not scripted.used]

    def _fault(self, route: str) -> str | None:
        for scripted in self.scripted:
            if scripted.route == route and scripted.applies_to(self._numbers[route]):
                scripted.used += 1
                return scripted.fault
        if not self.share or self._rng.random() >= self.share:
            return None
        fault: str = self._rng.choice(self.among)
        self.by_chance[fault] += 1
        return fault
