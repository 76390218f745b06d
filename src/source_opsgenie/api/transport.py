"""Request in, response out: the only file that opens sockets."""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

import urllib3
import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssltransport import SSLTransport

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.network import proxy_to, trust
from source_opsgenie.clock import Stopped, SuspendDetector
from source_opsgenie.errors import OpsgenieError

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "source-opsgenie"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an answer may take, in seconds, and how long it may be, in bytes.

    *connect* to be connected, *silence* until the first byte and between two (a throttled request may be delayed
    rather than refused, docs/opsgenie-api.md#rate-domains), *answer* from the request to the last byte.
    What takes too long is looked for every *tick*. *size* holds for the body as it comes and unpacked: a page of 100
    alerts, each as long as it may be, takes a twentieth of it.
    """

    connect: float = 10.0
    silence: float = 60.0
    answer: float = 180.0
    tick: float = 2.0
    size: int = 64 * 2**20


# What urllib3 says, in our words; the first that fits.
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
    """A GET for *path*, or for a whole address; *headers* come on top of those that every request has."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """What is asked, as a person would write it, without the headers; the query of an address may sign it."""
        if "://" in self.path:
            return f"GET {self.path.partition('?')[0]}"
        query = f"?{unquote_plus(urlencode(self.params))}" if self.params else ""
        return f"GET {self.path}{query}"


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What came back: the status, the headers by lower-case name, the body unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[Request], RawResponse]


class PooledTransport:
    """Sends requests to one address over connections that are kept alive; any thread may call it.

    So many *connections* are kept: who asks sees to it that no more requests are under way at the same time.

    What takes too long is broken off, and so is everything when the machine slept, or at the end: whoever waits for
    an answer then waits no longer.
    """

    def __init__(
        self, base_url: str, *, connections: int, bounds: Bounds = Bounds(), naps: SuspendDetector | None = None
    ) -> None:
        self._base_url = base_url
        self._bounds = bounds
        self._pool = _pool(base_url, connections=connections, bounds=bounds)
        self._to_api = self._own_pool()
        self._naps = naps or SuspendDetector()
        self._asking: set[_Asking] = set()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="transport", daemon=True).start()

    def __call__(self, request: Request) -> RawResponse:
        """Send *request* and wait for its complete response; raises Unreachable, WrongHost or MalformedResponse."""
        asking = _Asking(time.monotonic())
        self._asking.add(asking)
        _ASKING.set(asking)
        try:
            if self._closed.is_set():
                raise Stopped
            return self._answer(request, asking)
        except HTTPError as problem:
            is_late = time.monotonic() - asking.began >= self._bounds.answer
            failure = Failure.TOO_SLOW if is_late else _failure(problem, asking)
            raise self._failed(request, asking, failure, said=type(problem).__name__) from problem
        finally:
            self._asking.discard(asking)

    def look(self) -> None:
        """Break off each answer that takes too long, and after a nap all of them: nobody is at the other end now."""
        has_napped = self._naps.noticed()
        if has_napped:
            self._pool.clear()
            self._to_api = self._own_pool()
        self._break_off(before=time.monotonic() - (0 if has_napped else self._bounds.answer))

    def close(self) -> None:
        """Close all connections, and break off what is under way."""
        self._closed.set()
        self._pool.clear()
        if self._to_api:
            self._to_api.close()
        self._break_off(before=time.monotonic())

    def _answer(self, request: Request, asking: "_Asking") -> RawResponse:
        response = self._sent(request)
        headers = {name.lower(): value for name, value in response.headers.iteritems()}
        asking.request_id = headers.get("x-request-id", "none")
        body = response.read(self._bounds.size + 1)
        if len(body) > self._bounds.size:
            response.close()
            raise self._failed(request, asking, Failure.TOO_LARGE, said=f"more than {self._bounds.size:,} bytes")
        return RawResponse(response.status, headers, body)

    def _sent(self, request: Request) -> urllib3.BaseHTTPResponse:
        query = f"?{urlencode(request.params)}" if request.params else ""
        how: dict[str, Any] = {"headers": {**HEADERS, **request.headers}, "redirect": False, "preload_content": False}
        if "://" in request.path:
            return self._pool.urlopen("GET", request.path + query, **how)
        if self._to_api is None:
            return self._pool.urlopen("GET", self._base_url + request.path + query, **how)
        return self._to_api.urlopen("GET", request.path + query, **how)

    def _own_pool(self) -> urllib3.HTTPConnectionPool | None:
        """The API's own connections: to look them up by address takes a tenth of a request's time.

        A proxy that is spoken to without TLS wants whole addresses, and has none.
        """
        is_told_whole = self._pool.proxy and self._base_url.startswith("http:")
        return None if is_told_whole else self._pool.connection_from_url(self._base_url)

    def _watch(self) -> None:
        while not self._closed.wait(self._bounds.tick):
            self.look()

    def _break_off(self, *, before: float) -> None:
        for asking in list(self._asking):
            if asking.began <= before:
                asking.break_off()

    def _failed(self, request: Request, asking: "_Asking", failure: Failure, *, said: str) -> OpsgenieError:
        whom = "" if "://" in request.path else f" from {self._base_url}"
        return failure.kind(
            f"{request} got no whole answer{whom}: {failure.what} "
            f"({said}; request {asking.request_id or 'none'}). {failure.remedy}"
        )


@dataclass(eq=False, slots=True)
class _Asking:
    """One request under way: since when, over which socket, and what the API calls it."""

    began: float
    over: socket.socket | None = None
    request_id: str = ""
    is_broken_off: bool = False

    def use(self, over: socket.socket | SSLTransport | None) -> None:
        """Remember the socket, which may come too late; through a proxy that speaks TLS, it is not on top."""
        self.over = over.socket if isinstance(over, SSLTransport) else over
        if self.is_broken_off:
            self.break_off()

    def break_off(self) -> None:
        """End the answer under the thread that waits for it."""
        self.is_broken_off = True
        if self.over:
            with contextlib.suppress(OSError):
                # Not that of an SSL socket, which would hand what is still in it to the reader as if it were plain.
                socket.socket.shutdown(self.over, socket.SHUT_RDWR)


_ASKING: ContextVar[_Asking] = ContextVar("asking")


class _Connection(HTTPConnection):
    """A connection that tells the request under way which socket it uses."""

    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        _ASKING.get().use(self.sock)


class _SecureConnection(HTTPSConnection):
    """The same over TLS."""

    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        _ASKING.get().use(self.sock)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _failure(problem: HTTPError, asking: _Asking) -> Failure:
    found = next(failure for kind, failure in URLLIB3_FAILURES if isinstance(problem, kind))
    if found is Failure.TLS and any(isinstance(one, ssl.SSLCertVerificationError) for one in _causes(problem)):
        return Failure.UNTRUSTED
    # Once the headers are there, so is an answer; but not all of it.
    return Failure.TRUNCATED if found is Failure.RESET and asking.request_id else found


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _pool(base_url: str, *, connections: int, bounds: Bounds) -> urllib3.PoolManager:
    context = trust(os.environ.get("SSL_CERT_FILE", ""))
    options: dict[str, Any] = {
        "maxsize": connections,
        "block": False,
        # Retrying is the client's, and the key must not follow a redirect.
        "retries": False,
        "timeout": urllib3.Timeout(connect=bounds.connect, read=bounds.silence),
        "ssl_context": context,
    }
    manager: urllib3.PoolManager
    if proxy := proxy_to(base_url):
        options |= {"proxy_headers": proxy.headers, "proxy_ssl_context": context}
        manager = urllib3.ProxyManager(proxy.address, **options)
    else:
        manager = urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager
