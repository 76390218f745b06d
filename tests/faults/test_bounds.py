"""The bounds of an answer, each by itself: connected, the first byte and the next, and so many bytes."""

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


def ask(url: str, bounds: Bounds, key: str = "none") -> bytes:
    """What *url* answers."""
    with closing(PooledTransport(url, connections=1, bounds=bounds)) as transport:
        return transport(Request("/v2/account", headers={"Authorization": f"GenieKey {key}"})).body


@pytest.mark.parametrize("fault", ["late response", "silence"])
def test_silence_has_a_bound_of_its_own(fault: str, simulator: Simulator, account: Account) -> None:
    """Long before an answer takes too long, one is given up whose first byte does not come, or whose next."""
    simulator.faults.script(fault, route="/v2/account")
    with pytest.raises(Failure.TIMEOUT.kind, match=Failure.TIMEOUT.what):
        ask(simulator.url, Bounds(silence=SHORT, answer=LONG), account.full_key)


def test_who_does_not_pick_up_is_given_up() -> None:
    """A host that neither takes a connection nor refuses it is told as that."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        with pytest.raises(Failure.NO_CONNECTION.kind, match=Failure.NO_CONNECTION.what):
            ask(f"http://127.0.0.1:{listener.getsockname()[1]}", Bounds(connect=SHORT, silence=LONG, answer=LONG))


@contextmanager
def served(length: int, sent: int) -> Iterator[str]:
    """The address of one answer of *length* bytes of which only so many are *sent*."""

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + b"x" * sent)
            # Until the other end has gone.
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(LONG)


def test_no_more_is_taken_than_may_be() -> None:
    """A body that is too large is given up at the first byte too many: what would follow is not waited for."""
    with (
        served(2 * SIZE, SIZE + 1) as url,
        pytest.raises(Failure.TOO_LARGE.kind, match=f"more than {SIZE:,} bytes"),
    ):
        ask(url, Bounds(silence=SHORT, size=SIZE))


def test_as_much_as_may_be_is_taken() -> None:
    """A body of exactly as many bytes as are allowed is an answer."""
    with served(SIZE, SIZE) as url:
        assert b"x" * SIZE == ask(url, Bounds(silence=SHORT, size=SIZE))
