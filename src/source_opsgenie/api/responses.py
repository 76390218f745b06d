"""What came back: read it, or say what is wrong with it."""

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from source_opsgenie.api.failures import BAD_REQUEST, Failure, failure_for
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.config import LOOPBACK

LOGGER = logging.getLogger("source_opsgenie")

LONGEST_MESSAGE = 300
OK = 200
UNPROCESSABLE = 422
# How a body begins that wants to be JSON; an empty one wanted to, too.
JSON_BEGINS = re.compile(rb"\s*([{\[]|$)")
# An escape in a JSON text: two halves of a character together, a half alone, or any other.
ESCAPE = re.compile(rb"\\(u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>u[dD][89a-fA-F]..)|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Response:
    """What the API answered to a request: the envelope, what the API calls the request, and how many bytes it sent."""

    request: Request
    body: Mapping[str, Any]
    request_id: str = ""
    size: int = 0

    @property
    def asked(self) -> str:
        """What was asked, for messages about what stands in the answer."""
        return f"{self.request} (request {self.request_id})" if self.request_id else str(self.request)

    @property
    def data(self) -> Any:
        """What stands under `data`; raises MalformedResponse if nothing does."""
        if "data" not in self.body:
            raise Failure.NO_DATA.error(f"{self.asked} was answered without `data`")
        return self.body["data"]


def parse_response(request: Request, response: RawResponse) -> Response:
    """The answer to *request*; raises the error that *response* calls for."""
    body = _object(response.body)
    failure = _failure(response, body)
    if failure is None:
        return Response(request, body or {}, response.headers.get("x-request-id", ""), len(response.body))
    raise failure.kind(_told(request, response, failure, said=_message(body)))


def parse_link(request: Request, response: RawResponse) -> str:
    """The address in *response*, which is one as it is, as a JSON text, or in an object; raises as above."""
    if response.status != OK:
        parse_response(request, response)
    found: Any = response.body.decode(errors="replace").strip()
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(response.body)
    if isinstance(found, dict):
        found = next((one for one in found.values() if isinstance(one, str) and "://" in one), None)
    address = urlsplit(found if isinstance(found, str) else "")
    if address.scheme != "https" and address.hostname not in LOOPBACK:
        raise Failure.NO_LINK.kind(_told(request, response, Failure.NO_LINK, said="no address over https"))
    return address.geturl()


def is_api_error(response: RawResponse) -> bool:
    """Whether it is the API itself that answers with an error, and not something on the way to it."""
    return response.status >= BAD_REQUEST and "requestId" in (_object(response.body) or {})


def parse_json(body: bytes) -> Any:
    """What the JSON in *body* says, with U+FFFD for half a character that stands alone in a text.

    A text that was cut within an emoji ends with such a half, which nothing in UTF-8 can hold.
    Raises orjson.JSONDecodeError.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        found = orjson.loads(ESCAPE.sub(lambda match: rb"\ufffd" if match["half"] else match[0], body))
        LOGGER.warning("A text was cut within a character, as the API sent it: U+FFFD stands where the half of it was.")
        return found


def _told(request: Request, response: RawResponse, failure: Failure, *, said: str) -> str:
    """What was asked, what came back, and what to do; the API may repeat a key that it does not like."""
    key = request.headers["Authorization"].removeprefix("GenieKey ")
    # Masked first, no part of it is left by the cut.
    said = said.replace(key, "****")[:LONGEST_MESSAGE]
    request_id = response.headers.get("x-request-id", "none")
    text = f"{request} was answered {response.status} ({said}; request {request_id}). {failure.remedy}"
    return text.replace(key, "****")


def _failure(response: RawResponse, body: Mapping[str, Any] | None) -> Failure | None:
    """What is wrong with *response*, whose JSON object is *body*; None if nothing is."""
    if response.status == OK:
        return None if body is not None else _failure_of_body(response.body)
    # A malformed key is refused before anybody looks whether it is known (docs/opsgenie-api.md#key).
    is_about_key = response.status == UNPROCESSABLE and re.search(r"\bkey\b", _message(body), re.IGNORECASE)
    return Failure.KEY_MALFORMED if is_about_key else failure_for(response.status)


def _failure_of_body(body: bytes) -> Failure:
    """What is wrong with a *body* that is no JSON object."""
    try:
        parse_json(body)
    except orjson.JSONDecodeError:
        return Failure.INVALID_JSON if JSON_BEGINS.match(body) else Failure.HTML_PAGE
    return Failure.NOT_AN_OBJECT


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = parse_json(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _message(body: Mapping[str, Any] | None) -> str:
    """The API's own words, as far as the body holds any."""
    return str(body.get("message") or "no message").rstrip(".") if body is not None else "text that is no JSON object"


def value_at(row: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at *path* of *row*, or None where the path ends early."""
    found: Any = row
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found
