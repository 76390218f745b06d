"""The bounds of a response, one by one: connecting, silence, and size."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from opsgenie_simulator import Account, Simulator
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.transport import Bounds, PooledTransport, Request

SHORT, LONG = 0.2, 20.0
SIZE = 1_000


def fetch(url: str, bounds: Bounds, key: str = "none") -> bytes:
    """The body that *url* returns."""
    with closing(PooledTransport(url, connections=1, bounds=bounds)) as transport:
        return transport(Request("/v2/account", headers={"Authorization": f"GenieKey {key}"})).body


@pytest.mark.parametrize("fault", ["late response", "silence"])
def test_silence_has_a_bound_of_its_own(fault: str, simulator: Simulator, account: Account) -> None:
    """A response whose first or next byte does not come is given up long before it takes too long as a whole."""
    simulator.faults.script(fault, route="/v2/account")
    with pytest.raises(Failure.TIMEOUT.kind, match=Failure.TIMEOUT.description):
        fetch(simulator.url, Bounds(silence=SHORT, response=LONG), account.full_key)


def test_a_host_that_ignores_connections_is_given_up() -> None:
    """A host that neither accepts nor refuses a connection is reported as that."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        with pytest.raises(Failure.NO_CONNECTION.kind, match=Failure.NO_CONNECTION.description):
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}", Bounds(connect=SHORT, silence=LONG, response=LONG))


@contextmanager
def serving_bytes(length: int, sent: int) -> Iterator[str]:
    """The URL of one response of *length* bytes of which *sent* are sent."""

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + b"x" * sent)
            # Until the other end closes.
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(LONG)


def test_a_body_that_is_too_large_is_given_up() -> None:
    """A body is given up at the first byte beyond its bound, without waiting for the rest."""
    with (
        serving_bytes(2 * SIZE, SIZE + 1) as url,
        pytest.raises(Failure.TOO_LARGE.kind, match=f"more than {SIZE:,} bytes"),
    ):
        fetch(url, Bounds(silence=SHORT, size=SIZE))


def test_a_body_of_the_largest_size_is_accepted() -> None:
    """A body of exactly as many bytes as its bound is accepted."""
    with serving_bytes(SIZE, SIZE) as url:
        assert b"x" * SIZE == fetch(url, Bounds(silence=SHORT, size=SIZE))
