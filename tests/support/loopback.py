"""Servers of the standard library, on this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import TypeVar

Served = TypeVar("Served", bound=BaseServer)
SECONDS_TO_NOTICE_THE_END = 0.01


@contextmanager
def running(server: Served) -> Iterator[Served]:
    """Let *server* answer, from a thread of its own, for as long as the block lasts."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(SECONDS_TO_NOTICE_THE_END,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
