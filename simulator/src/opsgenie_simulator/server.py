"""The HTTP server: it runs on loopback in its own thread and calls `respond`."""

import asyncio
import contextlib
import errno
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from opsgenie_simulator.account import Account
from opsgenie_simulator.control import PREFIX, respond_to_control
from opsgenie_simulator.faults import Faults
from opsgenie_simulator.limits import Clock, OtherClient, RateLimit
from opsgenie_simulator.messages import Call, Delivery, Request, Response
from opsgenie_simulator.middleware import Middleware, latency, wrap
from opsgenie_simulator.request_log import RequestLog
from opsgenie_simulator.responses import Api, respond
from opsgenie_simulator.switches import Switches

HOST = "localhost"
BACKLOG = 1024
# Compressing a smaller body is not worth the time.
COMPRESS_FROM_BYTES = 1400
COMPRESS_LEVEL = 1
GZIP_WINDOW = 31
PORT_ATTEMPTS = 20
RESET_SECONDS = 0.002


class Simulator:
    """Serves an account over HTTP for the duration of a `with` block."""

    def __init__(
        self,
        account: Account,
        *,
        switches: Switches | None = None,
        limits: Mapping[str, Sequence[RateLimit]] | None = None,
        other_clients: Sequence[OtherClient] = (),
        latency_ms: float = 0,
        middleware: tuple[Middleware, ...] = (),
        faults: Faults | None = None,
        port: int = 0,
        clock: Clock = time.monotonic,
        request_log_size: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare to serve *account*; port 0 takes any free port, and *tls* enables HTTPS."""
        self.account, self._port, self._clock, self._tls = account, port, clock, tls
        self._api = Api(account, switches or Switches(), limits or {}, clock, other_clients)
        self._request_log = RequestLog(request_log_size)
        slow = (latency(latency_ms),) if latency_ms else ()
        self.faults = faults or Faults()
        self.respond = wrap(lambda call: respond(call, self._api), (*slow, self.faults, *middleware))
        # These five are set from start to stop.
        self._listeners: Sequence[socket.socket]
        self._stopping: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._runner: web.ServerRunner

    @property
    def url(self) -> str:
        """The base URL of the API, without a trailing slash."""
        return f"{self._scheme}://{HOST}:{self._port}"

    @property
    def _scheme(self) -> str:
        return "https" if self._tls else "http"

    @property
    def requests(self) -> Sequence[Request]:
        """The requests so far, oldest ipv4, without those to the simulator's own routes."""
        return self._request_log.requests

    def clear_requests(self) -> None:
        """Clear the list of requests."""
        self._request_log.clear()

    @property
    def switches(self) -> Switches:
        """The switches; all but `limits_model` can be changed while the simulator runs."""
        return self._api.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._api.switches = switches

    def start(self) -> Self:
        """Listen and respond in a separate thread; raises OSError if the port is in use."""
        self._listeners = _listen(self._port)
        self._port = self._listeners[0].getsockname()[1]
        # The default loop of Windows cannot stop accepting connections and still serve the accepted ones.
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="opsgenie-simulator", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def stop(self) -> None:
        """Close every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; raise AssertionError if a scripted fault never happened, since it tested nothing."""
        self.stop()
        if kind is None and self.faults.unused():
            raise AssertionError(f"scripted faults that never happened: {self.faults.unused()}")

    async def _open(self) -> None:
        self._stopping = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.5)
        await self._runner.setup()
        for listener in self._listeners:
            await web.SockSite(self._runner, listener, backlog=BACKLOG, ssl_context=self._tls).start()

    async def _shut_down(self) -> None:
        self._stopping.set()
        # aiohttp learns of an accepted connection two turns of the loop later; until then, nothing closes it.
        for listener in self._listeners:
            self._loop.remove_reader(listener)
        for _ in range(2):
            await asyncio.sleep(0)
        await self._runner.cleanup()
        # aiohttp does not track the tasks of lost connections, nor connections whose client never began TLS.
        if remaining := asyncio.all_tasks() - {asyncio.current_task()}:
            _, unfinished = await asyncio.wait(remaining, timeout=1)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        # A socket closes one turn of the loop after its connection.
        await asyncio.sleep(0)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        call = Call(
            method=request.method,
            path=request.rel_url.raw_path,
            query=dict(request.rel_url.query),
            authorization=request.headers.get("Authorization"),
            host=request.headers.get("Host", HOST),
            body=await request.read() if request.can_read_body else b"",
            scheme=self._scheme,
        )
        response = self._respond_and_log(call)
        if response.delay_seconds:
            await self._pause(response.delay_seconds)
        if response.delivery:
            await self._deliver(response, response.delivery, request.transport)
            return web.Response()
        return _encode(response, request.headers.get("Accept-Encoding", ""))

    async def _deliver(self, response: Response, how: Delivery, connection: asyncio.BaseTransport | None) -> None:
        """Write the raw response, possibly incomplete, and close the connection."""
        if not isinstance(connection, asyncio.Transport):
            return
        for piece in _split(_raw_bytes(response), len(response.body), how):
            connection.write(piece)
            if how.pause_seconds:
                await self._pause(how.pause_seconds)
        if how.is_reset:
            # Let the written bytes arrive first: a reset drops them.
            await asyncio.sleep(RESET_SECONDS)
            connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.abort()
        connection.close()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _respond_and_log(self, call: Call) -> Response:
        if call.path.startswith(PREFIX):
            return respond_to_control(call, self.account, request_log=self._request_log, faults=self.faults)
        at = self._clock()
        response = self.respond(call)
        self._request_log.add(call, response, at=at)
        return response


def _raw_bytes(response: Response) -> bytes:
    headers = {"Content-Length": str(len(response.body)), **response.headers}
    lines = [f"HTTP/1.1 {response.status} Fault", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body


def _split(raw: bytes, body_size: int, how: Delivery) -> Iterator[bytes]:
    cut = len(raw) - (body_size + 1) // 2 if how.cut == -1 else how.cut
    head, raw = len(raw) - body_size, raw[:cut]
    if how.pieces == 1:
        yield raw
        return
    yield raw[:head]
    size = max(1, body_size // how.pieces)
    for start in range(head, len(raw), size):
        yield raw[start : start + size]


def _encode(response: Response, accepted_encodings: str) -> web.Response:
    headers, body = dict(response.headers), response.body
    if "gzip" in accepted_encodings and len(body) >= COMPRESS_FROM_BYTES and "Content-Encoding" not in headers:
        compressor = zlib.compressobj(COMPRESS_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        body = compressor.compress(body) + compressor.flush()
        headers["Content-Encoding"] = "gzip"
    return web.Response(status=response.status, body=body, headers=headers)


def _listen(port: int) -> list[socket.socket]:
    # A client may resolve "localhost" to IPv4 or IPv6, so both get the same port where both exist.
    for attempt in range(PORT_ATTEMPTS):
        ipv4 = socket.create_server((HOST, port), backlog=BACKLOG)
        try:
            return [ipv4, *_listen_on_ipv6(ipv4.getsockname()[1])]
        except OSError:
            ipv4.close()
            if port or attempt == PORT_ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _listen_on_ipv6(port: int) -> list[socket.socket]:
    if not socket.has_ipv6:
        return []
    try:
        return [socket.create_server((HOST, port), family=socket.AF_INET6, backlog=BACKLOG)]
    except socket.gaierror:
        return []
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        return []
