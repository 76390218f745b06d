"""Ask the API one thing: authorise, pace, retry, decode, and say what went wrong."""

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote_plus, urlencode, urlsplit

import orjson
import tenacity

from source_opsgenie.clock import Clock, http_date_ms
from source_opsgenie.config import LOOPBACK
from source_opsgenie.errors import (
    Gone,
    KeyRefused,
    Misshapen,
    NotGranted,
    NotInPlan,
    OpsgenieError,
    Refused,
    Unreachable,
    WrongHost,
)
from source_opsgenie.pacing import LONGEST_PERIOD, Pacer
from source_opsgenie.streams.stream import Domain
from source_opsgenie.transport import Request, Response, Transport

LOGGER = logging.getLogger("source_opsgenie")

# So often is a request sent that gets no usable answer; fewer times as long as the API never gave one,
# since a wrong address or a machine without a network is told within seconds.
TRIES = 6
FIRST_TRIES = 4
REFUSALS = 30
LONGEST_MESSAGE = 300
Found = TypeVar("Found")
OK = 200
BAD_REQUEST = 400
UNPROCESSABLE = 422
TOO_MANY_REQUESTS = 429
NOT_IMPLEMENTED = 501

# What each status means, and what to do (docs/opsgenie-api.md#errors).
MEANINGS: dict[int, tuple[type[OpsgenieError], str]] = {
    401: (
        KeyRefused,
        "Opsgenie does not know this key here: copy it once more, see that it is switched on, and that the endpoint "
        "is the account's own region (api.eu.opsgenie.com for an account in Europe).",
    ),
    402: (NotInPlan, "The account's plan has no such feature (incidents and services need Standard or Enterprise)."),
    403: (NotGranted, "The key lacks a right: give it Read and Configuration Access, or leave these streams out."),
    404: (Gone, "It does not exist, or not any more."),
}
MALFORMED_KEY = (KeyRefused, "This is not the form of a key: copy it from Opsgenie once more.")
NOT_THE_API = (WrongHost, "This is not Opsgenie's API: write api.opsgenie.com or api.eu.opsgenie.com as endpoint.")
OVERLOADED = (Unreachable, "Opsgenie, or something before it, is in trouble: run again later.")
NEVER = (Refused, "The API will not answer this; if it comes from your alert_query, mend that; else report it.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered: the envelope, and what was asked, for messages."""

    asked: str
    body: Mapping[str, Any]

    @property
    def data(self) -> Any:
        """What stands under `data`; raises Misshapen if nothing does."""
        if "data" not in self.body:
            raise Misshapen(f"{self.asked} was answered without `data`: report it, with what stands above.")
        return self.body["data"]


class Client:
    """Asks one account, as one key, at the account's pace; any thread may use it."""

    def __init__(self, transport: Transport, *, key: str, pacers: Mapping[Domain, Pacer], clock: Clock) -> None:
        self._transport = transport
        self._authorization = {"Authorization": f"GenieKey {key}"}
        self._pacers = pacers
        self._clock = clock
        self._try = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._may_pass),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=20),
            stop=self._is_enough,
            sleep=clock.sleep,
            reraise=True,
        )
        self._has_answered = False
        self.requests = 0
        self.date_ms: int | None = None

    def get(self, path: str, params: Mapping[str, str] | None = None, *, domain: Domain) -> Answer:
        """Ask for *path*, waiting and trying again as long as that may help; raises an OpsgenieError."""
        return self._ask(Request(path, params or {}, self._authorization), domain, _decoded)

    def link(self, path: str, *, domain: Domain) -> str:
        """Ask for *path*, which is answered with a bare address (docs/opsgenie-api.md#log-files)."""
        return self._ask(Request(path, {}, self._authorization), domain, _linked)

    def fetch(self, address: str) -> Response:
        """What stands at *address*, whoever's it is: the key is not sent there."""
        return self._try.copy()(self._transport, Request(address))

    def _ask(self, request: Request, domain: Domain, decode: Callable[[Request, Response], Found]) -> Found:
        for _ in range(REFUSALS):
            found: Found | None = self._try.copy()(self._attempt, request, domain, decode)
            if found is not None:
                return found
        raise Unreachable(
            f"{_asked(request)} was refused {REFUSALS} times because too many requests were sent: others use the "
            "account's limit up. Lower rate_limit_share, or run again at a quieter time."
        )

    def waits(self) -> dict[Domain, float]:
        """The domains that wait out a refusal just now, and for how many seconds more."""
        now = self._clock.monotonic()
        waits = {domain: pacer.waiting(now) for domain, pacer in self._pacers.items()}
        return {domain: seconds for domain, seconds in waits.items() if seconds}

    def per_minute(self, domain: Domain) -> float | None:
        """Requests that *domain* may take in a minute, as far as is known, or None if no limit is."""
        return self._pacers[domain].per_minute()

    def _attempt(self, request: Request, domain: Domain, decode: Callable[[Request, Response], Found]) -> Found | None:
        """The answer, or None if too many requests were sent: the pacer then makes the next one wait."""
        response = self._send(request, domain)
        if response.status == TOO_MANY_REQUESTS:
            period = _refusal_seconds(response)
            if self._pacers[domain].refused(self._clock.monotonic(), period=period):
                LOGGER.warning("Too many requests in the domain %s: waiting %.0f s.", domain.value, period)
            return None
        found = decode(request, response)
        self._has_answered = True
        return found

    def _may_pass(self, problem: BaseException) -> bool:
        """Whether another try may help: a page for people is a passing fault only where the API has answered before."""
        return isinstance(problem, Unreachable) or (isinstance(problem, WrongHost) and self._has_answered)

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= (TRIES if self._has_answered else FIRST_TRIES)

    def _send(self, request: Request, domain: Domain) -> Response:
        while wait := self._pacers[domain].take(self._clock.monotonic()):
            self._clock.sleep(wait)
        self.requests += 1
        response = self._transport(request)
        self.date_ms = http_date_ms(response.headers.get("date")) or self.date_ms
        if LOGGER.isEnabledFor(logging.DEBUG):
            LOGGER.debug("%s %s -> %s", request.path, dict(request.params), response.status)
        return response


def _linked(request: Request, response: Response) -> str:
    """The address in *response*: as it is, as a JSON text, or in an object; raises Misshapen if there is none."""
    if response.status != OK:
        raise _error(request, response)
    found: Any = response.body.decode(errors="replace").strip()
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(response.body)
    if isinstance(found, dict):
        found = next((one for one in found.values() if isinstance(one, str) and "://" in one), None)
    address = urlsplit(found if isinstance(found, str) else "")
    if address.scheme != "https" and address.hostname not in LOOPBACK:
        raise Misshapen(f"{_asked(request)} was answered with something that is no address: report it.")
    return address.geturl()


def _decoded(request: Request, response: Response) -> Answer:
    if response.status != OK:
        raise _error(request, response)
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError as problem:
        raise _explained(request, response, NOT_THE_API, said="text that is no JSON") from problem
    if not isinstance(body, dict):
        raise Misshapen(f"{_asked(request)} was answered with JSON that is no object: report it.")
    return Answer(_asked(request), body)


def _error(request: Request, response: Response) -> OpsgenieError:
    said = _message(response)
    return _explained(request, response, _meaning(response.status, said), said=said)


def _meaning(status: int, said: str) -> tuple[type[OpsgenieError], str]:
    if status in MEANINGS:
        return MEANINGS[status]
    if status < BAD_REQUEST:
        return NOT_THE_API
    if status > NOT_IMPLEMENTED or status == NOT_IMPLEMENTED - 1:
        return OVERLOADED
    # A malformed key is refused before anybody looks whether it is known (docs/opsgenie-api.md#key).
    about_key = status == UNPROCESSABLE and re.search(r"\bkey\b", said, re.IGNORECASE)
    return MALFORMED_KEY if about_key else NEVER


def _explained(
    request: Request, response: Response, meaning: tuple[type[OpsgenieError], str], *, said: str
) -> OpsgenieError:
    error, remedy = meaning
    request_id = response.headers.get("x-request-id", "none")
    key = request.headers["Authorization"].removeprefix("GenieKey ")
    # The API may repeat a key that it does not like; masked first, no part of it is left by the cut.
    said = said.replace(key, "****")[:LONGEST_MESSAGE]
    text = f"{_asked(request)} was answered {response.status} ({said}; request {request_id}). {remedy}"
    return error(text.replace(key, "****"))


def _message(response: Response) -> str:
    """The API's own words, as far as the body holds any."""
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return "text that is no JSON"
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or "no message").rstrip(".")


def _asked(request: Request) -> str:
    query = f"?{unquote_plus(urlencode(request.params))}" if request.params else ""
    return f"GET {request.path}{query}"


def _refusal_seconds(response: Response) -> float:
    """How long a refusal lasts: a duration in seconds (docs/opsgenie-api.md#rate-headers)."""
    named = response.headers.get("x-ratelimit-period-in-sec", "")
    is_period = re.fullmatch("[0-9]{1,4}", named) and int(named)
    return min(float(named), LONGEST_PERIOD) if is_period else LONGEST_PERIOD
