"""Break off requests that take too long, and every request after the machine was suspended."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssltransport import SSLTransport

from source_opsgenie.clock import Stopped, SuspendDetector


@dataclass(eq=False, slots=True)
class Exchange:
    """One request in flight: its start, its socket, and from the headers on its status and Opsgenie's id of it."""

    began: float
    sock: socket.socket | None = None
    status: int | None = None
    request_id: str = ""
    is_broken_off: bool = False

    def use(self, sock: socket.socket | SSLTransport | None) -> None:
        """Remember the socket, or end it if it comes too late; over TLS to a proxy, it lies under a transport."""
        self.sock = sock.socket if isinstance(sock, SSLTransport) else sock
        if self.is_broken_off:
            self.break_off()

    def break_off(self) -> None:
        """End the response while another thread waits for it."""
        self.is_broken_off = True
        if self.sock:
            with contextlib.suppress(OSError):
                # An SSL socket's own shutdown() would hand the reader the encrypted bytes left in it as plain ones.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class Watchdog:
    """A thread that breaks off each exchange after *longest* seconds; it checks every *interval* seconds.

    After the machine was suspended, the other ends of all connections are closed: it calls *reconnect* and breaks off
    every exchange.
    """

    def __init__(
        self,
        *,
        longest: float,
        interval: float,
        reconnect: Callable[[], None],
        suspend_detector: SuspendDetector | None = None,
    ) -> None:
        self._longest, self._interval, self._reconnect = longest, interval, reconnect
        self._suspend_detector = suspend_detector or SuspendDetector()
        self._exchanges: set[Exchange] = set()
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def begin(self) -> Exchange:
        """Watch the request that the calling thread sends next; raises Stopped after `close`."""
        exchange = Exchange(time.monotonic())
        # Before the check, so that `close` misses none.
        self._exchanges.add(exchange)
        if self._closed.is_set():
            self.end(exchange)
            raise Stopped
        _CURRENT.set(exchange)
        return exchange

    def end(self, exchange: Exchange) -> None:
        """Stop watching *exchange*."""
        self._exchanges.discard(exchange)

    def is_late(self, exchange: Exchange) -> bool:
        """Whether *exchange* took too long."""
        return time.monotonic() - exchange.began >= self._longest

    def check(self) -> None:
        """Break off each exchange that takes too long, or all of them if the machine was suspended."""
        if self._suspend_detector.has_suspended():
            self._reconnect()
            self._break_off(lambda _: True)
        else:
            self._break_off(self.is_late)

    def close(self) -> None:
        """Break off every exchange and let no other begin."""
        self._closed.set()
        self._break_off(lambda _: True)

    def _run(self) -> None:
        while not self._closed.wait(self._interval):
            self.check()

    def _break_off(self, is_due: Callable[[Exchange], bool]) -> None:
        for exchange in list(self._exchanges):
            if is_due(exchange):
                exchange.break_off()


_CURRENT: ContextVar[Exchange] = ContextVar("exchange")


class _Connection(HTTPConnection):
    """A connection that reports its socket to the exchange of the calling thread."""

    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        _CURRENT.get().use(self.sock)


class _SecureConnection(HTTPSConnection):
    """The same over TLS."""

    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        _CURRENT.get().use(self.sock)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


# The pools whose connections a Watchdog can break off, by scheme.
POOLS: dict[str, type[urllib3.HTTPConnectionPool]] = {"http": _Pool, "https": _SecurePool}
