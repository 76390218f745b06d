"""A proxy on this machine that tunnels every CONNECT, whatever its host, to one simulator that speaks TLS."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import trustme

from opsgenie_simulator import Account, Simulator

PIECE_BYTES = 65536


class Tunnel(socketserver.ThreadingTCPServer):
    """The proxy; `hosts` are those that were asked for through it."""

    def __init__(self, target_url: str) -> None:
        """Listen on any free port, for the way to *target_url*."""
        super().__init__(("localhost", 0), _Way)
        self.target = "localhost", urlsplit(target_url).port
        self.url = f"http://localhost:{self.server_address[1]}"
        self.hosts: list[str] = []


class _Way(socketserver.StreamRequestHandler):
    server: Tunnel

    def handle(self) -> None:
        self.server.hosts.append(self.rfile.readline().split()[1].decode())
        while self.rfile.readline().strip():
            pass
        with socket.create_connection(self.server.target) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(there.recv, self.connection))
            back.start()
            _copy(self.rfile.read1, there)
            back.join()


def _copy(read: Callable[[int], bytes], to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := read(PIECE_BYTES):
            to.sendall(data)
    # Whoever closed first ends both ways.
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_RDWR)


def certified(account: Account, authority: trustme.CA, *, host: str) -> Simulator:
    """A simulator that speaks TLS and says it is *host*, with a certificate by *authority*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return Simulator(account, tls=context)


@contextlib.contextmanager
def tunnel(target: Simulator) -> Iterator[Tunnel]:
    """Stand before *target* for as long as the block lasts."""
    with Tunnel(target.url) as proxy:
        serving = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            serving.join()
