"""Request in, response out: the only file that opens sockets."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import truststore
import urllib3
from urllib3.exceptions import HTTPError

from source_opsgenie.errors import ConfigError, Unreachable

CONNECT_SECONDS = 10.0
# A throttled request may be delayed rather than refused (docs/opsgenie-api.md#rate-domains).
ANSWER_SECONDS = 60.0
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "source-opsgenie"}


@dataclass(frozen=True, slots=True)
class Request:
    """A GET for *path*, or for a whole address; *headers* come on top of those that every request has."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status, the headers by lower-case name, the body unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[Request], Response]


class PooledTransport:
    """Sends requests to one address over connections that are kept alive; any thread may call it."""

    def __init__(self, base_url: str, *, connections: int) -> None:
        self._base_url = base_url
        self._pool = _pool(base_url, connections=connections)

    def __call__(self, request: Request) -> Response:
        """Send *request* and wait for the whole answer; raises Unreachable where none comes."""
        try:
            response = self._pool.request(
                "GET",
                request.path if "://" in request.path else self._base_url + request.path,
                fields=dict(request.params),
                headers={**HEADERS, **request.headers},
            )
        except HTTPError as problem:
            raise Unreachable(self._no_answer(request, problem)) from problem
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status, headers, response.data)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def _no_answer(self, request: Request, problem: HTTPError) -> str:
        return (
            # The query of an address may be its signature.
            f"GET {request.path.partition('?')[0]} got no answer from {self._base_url} ({type(problem).__name__}): "
            "check the network, the proxy and the endpoint, then run again."
        )


def _pool(base_url: str, *, connections: int) -> urllib3.PoolManager:
    options: dict[str, Any] = {
        "maxsize": connections,
        "block": False,
        # Retrying is the client's, and the key must not follow a redirect.
        "retries": False,
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
        "ssl_context": truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    }
    if (proxy := _proxy(base_url)) is None:
        return urllib3.PoolManager(**options)
    name = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    headers = urllib3.make_headers(proxy_basic_auth=name) if proxy.username else None
    return urllib3.ProxyManager(f"{proxy.scheme}://{proxy.netloc.rpartition('@')[2]}", proxy_headers=headers, **options)


def _proxy(base_url: str) -> SplitResult | None:
    """The proxy that the environment names for *base_url*: urllib3 does not look by itself."""
    address = urlsplit(base_url)
    named = getproxies().get(address.scheme)
    if not named or proxy_bypass(address.netloc):
        return None
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    if proxy.scheme not in {"http", "https"} or not proxy.hostname:
        raise ConfigError(
            f"The proxy that {address.scheme}_proxy in the environment names is not one over http or https "
            f"({proxy.scheme}://{proxy.hostname}): name another, or add the endpoint to no_proxy."
        )
    return proxy
