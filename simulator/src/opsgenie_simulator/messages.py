"""Requests and responses of the simulator, independent of the socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as received; *path* is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = None
    host: str = "localhost"
    body: bytes = b""
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a response is sent over the wire when something goes wrong.

    The body is sent in *pieces* with a pause after each.
    *cut* is the number of bytes, headers included, after which the connection ends; -1 means the middle of the body,
    None means that everything is sent. *is_reset* ends the connection with a TCP reset.
    """

    cut: int | None = None
    is_reset: bool = False
    pieces: int = 1
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Response:
    """A response, and what the request log records about it."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    route: str = ""
    domain: str = ""
    token_ok: bool = False
    writes: bool = False
    delay_seconds: float = 0.0
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """An entry of the request log; *at* is monotonic seconds.

    *has_key*: the request carried an API key, valid or not. *token_ok*: the route required a key, and it was valid.
    *writes*: the request changed the account, although its method is GET.
    """

    method: str
    path: str
    query: dict[str, str]
    host: str
    status: int
    domain: str
    token_ok: bool
    route: str
    at: float
    has_key: bool = False
    writes: bool = False
