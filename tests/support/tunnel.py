"""A proxy on this machine that tunnels every CONNECT, whatever its host, to one simulator that speaks TLS."""

import select
import socket
import socketserver
import ssl
from contextlib import AbstractContextManager, suppress
from typing import Any
from urllib.parse import urlsplit

import trustme

from opsgenie_simulator import Account, Simulator
from tests.support.loopback import running

PIECE_BYTES = 65536


class Tunnel(socketserver.ThreadingTCPServer):
    """The proxy; `hosts` are those that were asked for through it."""

    def __init__(self, target_url: str, secure: ssl.SSLContext | None) -> None:
        """Listen on any free port, for the way to *target_url*; with *secure*, the proxy itself speaks TLS."""
        super().__init__(("localhost", 0), _Way)
        self.target = "localhost", urlsplit(target_url).port
        self.url = f"{'https' if secure else 'http'}://localhost:{self.server_address[1]}"
        self.hosts: list[str] = []
        self._secure = secure

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection, whose handshake is left to the thread that serves it."""
        connection, who = super().get_request()
        if self._secure:
            connection = self._secure.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, who


class _Way(socketserver.StreamRequestHandler):
    # What follows the head of the request is not for us.
    rbufsize = 0
    server: Tunnel

    def handle(self) -> None:
        self.server.hosts.append(self.rfile.readline().split()[1].decode())
        while self.rfile.readline().strip():
            pass
        with socket.create_connection(self.server.target) as there, suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(self.connection, there)


def _relay(here: socket.socket, there: socket.socket) -> None:
    """Hand on what comes from either side, until one of them closes."""
    ways = {here: there, there: here}
    while True:
        unpacked = [one for one in ways if isinstance(one, ssl.SSLSocket) and one.pending()]
        for one in unpacked or select.select(list(ways), [], [])[0]:
            data = one.recv(PIECE_BYTES)
            if not data:
                return
            ways[one].sendall(data)


def certified(account: Account, authority: trustme.CA, *, host: str) -> Simulator:
    """A simulator that speaks TLS and says it is *host*, with a certificate by *authority*."""
    return Simulator(account, tls=certificate(authority, host=host))


def certificate(authority: trustme.CA, *, host: str) -> ssl.SSLContext:
    """What a server shows that says it is *host*, signed by *authority*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


def tunnel(target: Simulator, *, secure: ssl.SSLContext | None = None) -> AbstractContextManager[Tunnel]:
    """Stand before *target* for as long as the block lasts."""
    return running(Tunnel(target.url, secure))
