"""What may be done to an answer on its way: a catalogue of faults, put on certain answers or on a share of all."""

import gzip
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from opsgenie_simulator.messages import JSON, Call, Delivery, Response
from opsgenie_simulator.middleware import Respond
from opsgenie_simulator.randomness import seeded_random

Body = dict[str, Any]
# From an answer, and from the one before it on the same path, to what arrives.
Alter = Callable[[Response, Response], Response]

PAGE = b"<!DOCTYPE html><html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
HTML = {"Content-Type": "text/html"}
# More than a reader may take.
LARGE = 65 * 2**20


def _said(status: int, headers: Mapping[str, str] | None = None) -> Alter:
    # Faults are worded by us.
    body = orjson.dumps({"message": f"A fault of the simulator: {status}", "took": 0.001, "requestId": "fault"})

    def alter(answer: Response, _: Response) -> Response:
        return replace(answer, status=status, body=body, headers={"Content-Type": JSON, **(headers or {})})

    return alter


def _page(status: int, headers: Mapping[str, str] = HTML) -> Alter:
    return lambda answer, _: replace(answer, status=status, body=PAGE, headers=headers)


def _delivered(**how: Any) -> Alter:
    return lambda answer, _: replace(answer, delivery=Delivery(**how))


def _body(change: Callable[[bytes], bytes], **headers: str) -> Alter:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer, _: replace(answer, body=change(answer.body), headers={**answer.headers, **named})


def _envelope(change: Callable[[Body], Body]) -> Alter:
    def alter(answer: Response, _: Response) -> Response:
        # A link to a file, and the file, have no envelope.
        if b'"requestId"' not in answer.body:
            return answer
        return replace(answer, body=orjson.dumps(change(orjson.loads(answer.body))))

    return alter


def _rows(change: Callable[[Any], Any]) -> Alter:
    """Put something else in place of each row, wherever under `data` the rows stand."""

    def among(found: Any) -> Any:
        if isinstance(found, list):
            return [change(row) for row in found]
        return {name: among(one) if isinstance(one, list) else one for name, one in found.items()}

    return _envelope(lambda body: {**body, "data": among(body["data"])})


def _counted(count: Any) -> Alter:
    def change(body: Body) -> Body:
        data = body["data"]
        counted = {"data": {**data, "count": count}} if isinstance(data, dict) and "count" in data else {}
        return {**body, **counted, **({"totalCount": count} if "totalCount" in body else {})}

    return _envelope(change)


def _going_on(body: Body) -> Body:
    # An unknown parameter is ignored: the same page comes again.
    return {**body, "paging": {"next": f"https://localhost/?limit=100&again={body['requestId']}"}}


FAULTS: dict[str, Alter] = {
    **{f"status {status}": _said(status) for status in (400, 401, 402, 403, 404, 408, 410, 422, 500, 501, 502, 503)},
    "status 429": _said(429),
    "status 429 with an endless period": _said(429, {"X-RateLimit-Period-In-Sec": "9" * 400, "Retry-After": "never"}),
    "status 204": lambda answer, _: replace(answer, status=204, body=b""),
    "redirect": _said(302, {"Location": "http://localhost:1/stolen"}),
    "HTML as 503": _page(503),
    "HTML as 200": _page(200),
    "HTML as JSON": _page(200, {"Content-Type": JSON}),
    "closed before": _delivered(cut=0),
    "reset before": _delivered(cut=0, is_reset=True),
    "reset in the headers": _delivered(cut=20, is_reset=True),
    "reset in the body": _delivered(cut=-1, is_reset=True),
    "short body": _delivered(cut=-1),
    "reset after": _delivered(is_reset=True),
    "slow body": _delivered(pieces=5, pause_seconds=0.01),
    "endless body": _delivered(pieces=10_000, pause_seconds=0.05),
    "silence": _delivered(pieces=2, pause_seconds=3600.0),
    "late response": lambda answer, _: replace(answer, delay_seconds=3600.0),
    "large body": _body(lambda body: b" " * LARGE + body),
    "large when decompressed": _body(lambda body: gzip.compress(b" " * LARGE + body, 1), Content_Encoding="gzip"),
    "no gzip": _body(lambda body: body, Content_Encoding="gzip"),
    "broken gzip": _body(lambda body: gzip.compress(body)[:-12] + b"x" * 12, Content_Encoding="gzip"),
    "unknown encoding": _body(lambda body: body[::-1], Content_Encoding="br"),
    # Half a file of JSON lines may be whole lines, as nobody could tell.
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
    "previous page": lambda answer, before: replace(answer, body=before.body),
    "endless next": _envelope(_going_on),
    "negative count": _counted(-1),
    "count as text": _counted("many"),
    "huge count": _counted(10**18),
}
# What a network, or the edge of the API, does now and then; each passes when it is asked again.
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
    """The *fault* for the answers on *route* from the one numbered *at* on, so many *times*; None is for ever."""

    fault: str
    route: str
    at: int = 1
    times: int | None = 1
    used: int = 0

    def takes(self, number: int) -> bool:
        """Whether the answer *number* on the route is to be broken."""
        return number >= self.at and (self.times is None or self.used < self.times)


@dataclass(slots=True)
class Faults:
    """Weather that breaks the answers that are *scripted*, and of all others a *share* by chance."""

    scripted: list[ScriptedFault] = field(default_factory=list)
    share: float = 0.0
    seed: int = 1
    among: Sequence[str] = TRANSIENT
    by_chance: Counter[str] = field(default_factory=Counter)
    _numbers: Counter[str] = field(default_factory=Counter)
    _before: dict[str, Response] = field(default_factory=dict)
    _chance: Any = None

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Answer, and then perhaps break the answer."""
        response = respond(call)
        self._numbers[response.route] += 1
        before = self._before.get(call.path, response)
        self._before[call.path] = response
        fault = self._fault(response.route)
        return FAULTS[fault](response, before) if fault else response

    def script(self, fault: str, *, route: str, at: int = 1, times: int | None = 1) -> ScriptedFault:
        """Break certain answers from now on; an unknown *fault* raises KeyError."""
        if fault not in FAULTS:
            raise KeyError(fault)
        self.scripted.append(ScriptedFault(fault, route, at=at + self._numbers[route], times=times))
        return self.scripted[-1]

    def unused(self) -> list[ScriptedFault]:
        """What was scripted and never happened."""
        return [one for one in self.scripted if not one.used]

    def _fault(self, route: str) -> str | None:
        for one in self.scripted:
            if one.route == route and one.takes(self._numbers[route]):
                one.used += 1
                return one.fault
        self._chance = self._chance or seeded_random(f"faults {self.seed}")
        if not self.share or self._chance.random() >= self.share:
            return None
        fault: str = self._chance.choice(self.among)
        self.by_chance[fault] += 1
        return fault
