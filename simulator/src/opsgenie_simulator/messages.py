"""What goes in and out of the simulator, without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it arrived; *path* is still percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = None
    host: str = "localhost"
    body: bytes = b""
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer goes over the wire, if not as usual: in *pieces* with a pause after each, and *cut* off.

    *cut* is the number of bytes, headers included, after which the connection ends; -1 stands for the middle of the
    body, None for no cut. *is_reset* ends it rudely.
    """

    cut: int | None = None
    is_reset: bool = False
    pieces: int = 1
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, and what the journal notes about it."""

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
    """One request that was answered, as the journal keeps it; *at* is monotonic seconds.

    *has_key* tells whether any key came along, *token_ok* whether a key was asked for and is good;
    *writes* that the account was changed, for all that it was asked with GET.
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
