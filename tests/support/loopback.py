"""Servers of the standard library, on this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)
SHUTDOWN_POLL_SECONDS = 0.01


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Run *server* in another thread for as long as the block lasts."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(SHUTDOWN_POLL_SECONDS,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
