"""Send a request and receive the complete response, over connections that are kept alive."""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

import urllib3
import urllib3.exceptions
from urllib3.exceptions import HTTPError

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.network import create_ssl_context, find_proxy
from source_opsgenie.api.watchdog import POOLS, Exchange, Watchdog
from source_opsgenie.clock import SuspendDetector
from source_opsgenie.errors import OpsgenieError

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "source-opsgenie"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a response may take, in seconds, and how large it may be, in bytes.

    *connect* bounds opening a connection, *silence* the wait for the first byte and for each next one (a throttled
    request may be delayed instead, docs/opsgenie-api.md#rate-domains), *response* the time from the request to the
    last byte. Late requests are looked for every *interval*. *size* bounds the body, compressed and decompressed: a
    page of 100 alerts, each as long as possible, takes a twentieth of it.
    """

    connect: float = 10.0
    silence: float = 60.0
    response: float = 180.0
    interval: float = 2.0
    size: int = 64 * 2**20


# The failure that each exception of urllib3 means; the first match counts.
URLLIB3_FAILURES: tuple[tuple[type[HTTPError], Failure], ...] = (
    (urllib3.exceptions.ProxyError, Failure.PROXY),
    (urllib3.exceptions.NameResolutionError, Failure.NO_NAME),
    (urllib3.exceptions.ConnectTimeoutError, Failure.NO_CONNECTION),
    (urllib3.exceptions.ReadTimeoutError, Failure.TIMEOUT),
    (urllib3.exceptions.SSLError, Failure.TLS),
    (urllib3.exceptions.DecodeError, Failure.UNDECODABLE),
    (HTTPError, Failure.RESET),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A GET for *path*, or for a complete URL; *headers* are added to those of every request."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """The request as a person would write it, without headers and without the query of a URL."""
        query = f"?{unquote_plus(urlencode(self.params))}" if self.params and not self.is_url else ""
        return f"GET {self.location}{query}"

    @property
    def is_url(self) -> bool:
        """Whether the path is a complete URL."""
        return "://" in self.path

    @property
    def location(self) -> str:
        """The path, or the URL without its query, which may hold a signature."""
        return self.path.partition("?")[0] if self.is_url else self.path


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as received: status, headers by lower-case name, decompressed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[Request], RawResponse]


class PooledTransport:
    """Sends requests to one address over connections that are kept alive; safe to use from any thread.

    *connections* are kept: the caller sends no more requests than that at the same time.
    A watchdog breaks off requests that take too long, and all of them after a suspend or at the end.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connections: int,
        bounds: Bounds = Bounds(),
        suspend_detector: SuspendDetector | None = None,
    ) -> None:
        self._base_url = base_url
        self._bounds = bounds
        self._pools = _create_pools(base_url, connections=connections, bounds=bounds)
        self._api_pool = self._find_api_pool()
        self.watchdog = Watchdog(
            longest=bounds.response,
            interval=bounds.interval,
            reconnect=self._reconnect,
            suspend_detector=suspend_detector,
        )

    def __call__(self, request: Request) -> RawResponse:
        """Send *request* and wait for its complete response; raises Unreachable, WrongHost or MalformedResponse."""
        exchange = self.watchdog.begin()
        try:
            return self._receive(request, exchange)
        except HTTPError as problem:
            failure = Failure.TOO_SLOW if self.watchdog.is_late(exchange) else _failure(problem, exchange)
            raise self._error(request, exchange, failure, detail=type(problem).__name__) from problem
        finally:
            self.watchdog.end(exchange)

    def close(self) -> None:
        """Break off the requests in flight and close all connections."""
        self.watchdog.close()
        self._pools.clear()
        if self._api_pool:
            self._api_pool.close()

    def _receive(self, request: Request, exchange: Exchange) -> RawResponse:
        response = self._send(request)
        headers = {name.lower(): value for name, value in response.headers.iteritems()}
        exchange.status, exchange.request_id = response.status, headers.get("x-request-id", "")
        body = response.read(self._bounds.size + 1)
        if len(body) > self._bounds.size:
            response.close()
            raise self._error(request, exchange, Failure.TOO_LARGE, detail=f"more than {self._bounds.size:,} bytes")
        return RawResponse(response.status, headers, body)

    def _send(self, request: Request) -> urllib3.BaseHTTPResponse:
        query = f"?{urlencode(request.params)}" if request.params else ""
        options: dict[str, Any] = {
            "headers": {**HEADERS, **request.headers},
            "redirect": False,
            "preload_content": False,
        }
        if request.is_url:
            return self._pools.urlopen("GET", request.path + query, **options)
        if self._api_pool is None:
            return self._pools.urlopen("GET", self._base_url + request.path + query, **options)
        return self._api_pool.urlopen("GET", request.path + query, **options)

    def _find_api_pool(self) -> urllib3.HTTPConnectionPool | None:
        """The pool of connections to the API, since a lookup takes a tenth of a request's time.

        None behind a proxy over plain HTTP, which needs complete URLs.
        """
        needs_urls = self._pools.proxy and self._base_url.startswith("http:")
        return None if needs_urls else self._pools.connection_from_url(self._base_url)

    def _reconnect(self) -> None:
        self._pools.clear()
        self._api_pool = self._find_api_pool()

    def _error(self, request: Request, exchange: Exchange, failure: Failure, *, detail: str) -> OpsgenieError:
        host = "" if request.is_url else f" from {self._base_url}"
        request_id = f"; request {exchange.request_id}" if exchange.request_id else ""
        return failure.error(
            f"{request} got no complete response{host}: {failure.description} ({detail}{request_id})",
            path=request.location,
            status=exchange.status,
            request_id=exchange.request_id,
        )


def _failure(problem: HTTPError, exchange: Exchange) -> Failure:
    failure = next(failure for kind, failure in URLLIB3_FAILURES if isinstance(problem, kind))
    if failure is Failure.TLS and any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(problem)):
        return Failure.UNTRUSTED
    # The headers have arrived, so only a part of the body is missing.
    return Failure.TRUNCATED if failure is Failure.RESET and exchange.status is not None else failure


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _create_pools(base_url: str, *, connections: int, bounds: Bounds) -> urllib3.PoolManager:
    context = create_ssl_context(os.environ.get("SSL_CERT_FILE", ""))
    options: dict[str, Any] = {
        "maxsize": connections,
        "block": False,
        # The client retries, and the key must not follow a redirect.
        "retries": False,
        "timeout": urllib3.Timeout(connect=bounds.connect, read=bounds.silence),
        "ssl_context": context,
    }
    manager: urllib3.PoolManager
    if proxy := find_proxy(base_url):
        options |= {"proxy_headers": proxy.headers, "proxy_ssl_context": context}
        manager = urllib3.ProxyManager(proxy.address, **options)
    else:
        manager = urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = POOLS
    return manager
