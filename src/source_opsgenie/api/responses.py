"""Read a response, or raise the error that it means."""

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from source_opsgenie import exact_json
from source_opsgenie.api.failures import BAD_REQUEST, Failure, failure_for
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.config import LOOPBACK
from source_opsgenie.errors import OpsgenieError

LOGGER = logging.getLogger("source_opsgenie")

LONGEST_MESSAGE = 300
OK = 200
UNAUTHORIZED, FORBIDDEN, UNPROCESSABLE = 401, 403, 422
# Not for keys of this type (docs/opsgenie-api.md#permissions).
WRONG_KEY_TYPE = 40301
# How a body begins that is meant to be JSON; an empty one is, too.
JSON_BEGINS = re.compile(rb"\s*([{\[]|$)")
# An escape in a JSON string: a surrogate pair, a lone surrogate, or any other.
ESCAPE = re.compile(rb"\\(u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>u[dD][89a-fA-F]..)|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Response:
    """A good response to a request: the envelope, Opsgenie's id of the request, and the size in bytes."""

    request: Request
    body: Mapping[str, Any]
    request_id: str = ""
    size: int = 0

    @property
    def label(self) -> str:
        """The request and its id, for messages about the content of the response."""
        return f"{self.request} (request {self.request_id})" if self.request_id else str(self.request)

    @property
    def data(self) -> Any:
        """The value of `data`; raises MalformedResponse if there is none."""
        if "data" not in self.body:
            raise self.error(Failure.NO_DATA, "returned no `data`")
        return self.body["data"]

    def error(self, failure: Failure, text: str) -> OpsgenieError:
        """The error for a *failure* in the content of the response; *text* continues "GET /v2/alerts ..."."""
        request_id = self.request_id
        return failure.error(f"{self.label} {text}", path=self.request.location, status=OK, request_id=request_id)


def parse_response(request: Request, response: RawResponse, *, is_first: bool = False) -> Response:
    """The envelope in the *response* to *request*; raises the error that the response means.

    A response shows that the key is malformed only if it *is_first*, before any request has worked.
    """
    body = _parse_object(response.body)
    failure = _failure(response, body, is_first=is_first)
    if failure is None:
        return Response(request, body or {}, response.headers.get("x-request-id", ""), len(response.body))
    raise _error(request, response, failure, message=_message(body))


def parse_link(request: Request, response: RawResponse, *, is_first: bool = False) -> str:
    """The URL in *response*: bare, as a JSON string, or in an object; raises like `parse_response`."""
    if response.status != OK:
        parse_response(request, response, is_first=is_first)
    found: Any = response.body.decode(errors="replace").strip()
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(response.body)
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, str) and "://" in value), None)
    url = urlsplit(found if isinstance(found, str) else "")
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise _error(request, response, Failure.NO_LINK, message="no https address")
    return url.geturl()


def is_api_error(response: RawResponse) -> bool:
    """Whether *response* is an error of the API itself, and not of a proxy or a server in front of it."""
    return response.status >= BAD_REQUEST and "requestId" in (_parse_object(response.body) or {})


def parse_json(body: bytes) -> Any:
    """The value of the JSON in *body*, with all digits of its numbers, and U+FFFD for each lone surrogate in a string.

    The API truncates text inside an emoji, and UTF-8 cannot hold the remaining half. Raises orjson.JSONDecodeError.
    """
    try:
        return exact_json.loads(body)
    except orjson.JSONDecodeError:
        found = exact_json.loads(ESCAPE.sub(lambda match: rb"\ufffd" if match["lone"] else match[0], body))
        LOGGER.warning("The API returned text truncated inside a character (lone surrogate); replaced it with U+FFFD.")
        return found


def _error(request: Request, response: RawResponse, failure: Failure, *, message: str) -> OpsgenieError:
    """The error for *failure*, without the key, which the API may repeat in its *message* or its headers."""
    key = request.headers["Authorization"].removeprefix("GenieKey ")
    request_id = response.headers.get("x-request-id", "").replace(key, "****")
    # Truncated after the key is masked, so that no part of it remains.
    message = message.replace(key, "****")[:LONGEST_MESSAGE]
    suffix = f"; request {request_id}" if request_id else ""
    text = f"{request} returned {response.status} ({message}{suffix})".replace(key, "****")
    return failure.error(text, path=request.location, status=response.status, request_id=request_id)


def _failure(response: RawResponse, body: Mapping[str, Any] | None, *, is_first: bool) -> Failure | None:
    """The failure of *response*, whose JSON object is *body*; None if it is good."""
    if response.status == OK:
        return None if body is not None else _body_failure(response.body)
    if _is_of_intermediary(response, body):
        return Failure.INTERMEDIARY
    if response.status == FORBIDDEN and (body or {}).get("code") == WRONG_KEY_TYPE:
        return Failure.WRONG_KEY_TYPE
    # The API rejects a malformed key before it looks the key up (docs/opsgenie-api.md#key).
    is_unprocessable = is_first and response.status == UNPROCESSABLE
    is_about_key = is_unprocessable and re.search(r"\bkey\b", _message(body), re.IGNORECASE)
    return Failure.KEY_MALFORMED if is_about_key else failure_for(response.status)


def _is_of_intermediary(response: RawResponse, body: Mapping[str, Any] | None) -> bool:
    """Whether a *response* that seems to be about the key is a page of something before the API."""
    is_about_key = response.status in {UNAUTHORIZED, FORBIDDEN} and body is None
    return is_about_key and "x-request-id" not in response.headers and _body_failure(response.body) is Failure.HTML_PAGE


def _body_failure(body: bytes) -> Failure:
    """The failure of a *body* that is not a JSON object."""
    try:
        parse_json(body)
    except orjson.JSONDecodeError:
        return Failure.INVALID_JSON if JSON_BEGINS.match(body) else Failure.HTML_PAGE
    return Failure.NOT_AN_OBJECT


def _parse_object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = parse_json(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _message(body: Mapping[str, Any] | None) -> str:
    """The API's own message, if *body* holds one."""
    return str(body.get("message") or "no message").rstrip(".") if body is not None else "body is not a JSON object"


def value_at(row: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at *path* of *row*, or None where the path ends early."""
    found: Any = row
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found
