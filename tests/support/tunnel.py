"""A proxy on this machine that tunnels every CONNECT, to any host, to one simulator with TLS."""

import select
import socket
import socketserver
import ssl
from contextlib import AbstractContextManager, suppress
from typing import Any
from urllib.parse import urlsplit

import trustme

from opsgenie_simulator import Account, Simulator
from tests.support.loopback import serving

CHUNK_BYTES = 65536


class Tunnel(socketserver.ThreadingTCPServer):
    """The proxy; `hosts` are those requested through it."""

    def __init__(self, target_url: str, secure: ssl.SSLContext | None) -> None:
        """Listen on any free port and tunnel to *target_url*; with *secure*, the proxy itself uses TLS."""
        super().__init__(("localhost", 0), _Connect)
        self.target = "localhost", urlsplit(target_url).port
        self.url = f"{'https' if secure else 'http'}://localhost:{self.server_address[1]}"
        self.hosts: list[str] = []
        self._secure = secure

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, and leave its handshake to the thread that serves it."""
        connection, address = super().get_request()
        if self._secure:
            connection = self._secure.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address


class _Connect(socketserver.StreamRequestHandler):
    # The bytes after the head of the request are for the target.
    rbufsize = 0
    server: Tunnel

    def handle(self) -> None:
        self.server.hosts.append(self.rfile.readline().split()[1].decode())
        while self.rfile.readline().strip():
            pass
        with socket.create_connection(self.server.target) as target, suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(self.connection, target)


def _relay(client: socket.socket, target: socket.socket) -> None:
    """Forward the bytes of either side, until one of them closes."""
    peers = {client: target, target: client}
    while True:
        decrypted = [sock for sock in peers if isinstance(sock, ssl.SSLSocket) and sock.pending()]
        for sock in decrypted or select.select(list(peers), [], [])[0]:
            data = sock.recv(CHUNK_BYTES)
            if not data:
                return
            peers[sock].sendall(data)


def tls_simulator(account: Account, authority: trustme.CA, *, host: str) -> Simulator:
    """A simulator with TLS and a certificate for *host*, issued by *authority*."""
    return Simulator(account, tls=server_context(authority, host=host))


def server_context(authority: trustme.CA, *, host: str) -> ssl.SSLContext:
    """A server's TLS context with a certificate for *host*, issued by *authority*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


def tunnel(target: Simulator, *, secure: ssl.SSLContext | None = None) -> AbstractContextManager[Tunnel]:
    """Run a proxy to *target* for as long as the block lasts."""
    return serving(Tunnel(target.url, secure))
