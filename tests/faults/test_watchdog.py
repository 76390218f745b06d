"""The watchdog: requests that take too long are broken off, and all of them after a suspend and at the end."""

import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from tests.support.faulty import SHORT_BOUNDS
from tests.support.tunnel import server_context

from opsgenie_simulator import Account, Simulator
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.transport import Bounds, PooledTransport, Request
from source_opsgenie.clock import LONGEST_STALL_SECONDS, SuspendDetector
from source_opsgenie.errors import OpsgenieError, Unreachable

TIMEOUT = 10.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class AlwaysSuspended(SuspendDetector):
    """Reports a suspend at every check."""

    def has_suspended(self) -> bool:
        return True


class Sender:
    """A thread that sends *request*, and the error that it gets."""

    def __init__(self, transport: PooledTransport, request: Request) -> None:
        self._transport, self._request = transport, request
        self.error: OpsgenieError | None = None
        self.thread = threading.Thread(target=self._send)
        self.thread.start()

    def _send(self) -> None:
        try:
            self._transport(self._request)
        except OpsgenieError as error:
            self.error = error


@pytest.fixture
def request_(account: Account) -> Request:
    """A request with a key that may read everything."""
    return Request("/v2/account", headers={"Authorization": f"GenieKey {account.full_key}"})


def test_a_suspend_is_detected() -> None:
    """A wall clock that is ahead of the other clock shows a suspend, and so does a long time between two checks."""
    awake = iter([0.0, 2.0, 4.0, 6.0, 6.0 + 2 * LONGEST_STALL_SECONDS])
    wall = iter([0.0, 2.0, 3600.0, 3602.0, 3602.0 + 2 * LONGEST_STALL_SECONDS])
    detector = SuspendDetector(awake.__next__, wall.__next__)

    assert [False, True, False, True] == [detector.has_suspended() for _ in range(4)]


def test_a_suspend_breaks_off_requests_in_flight(simulator: Simulator, request_: Request) -> None:
    """A request from before a suspend is broken off, and the next one uses a new connection."""
    simulator.faults.script("late response", route="/v2/account")
    bounds, detector = Bounds(interval=60.0), AlwaysSuspended()
    transport = PooledTransport(simulator.url, connections=2, bounds=bounds, suspend_detector=detector)
    with closing(transport):
        sender = Sender(transport, request_)
        while not simulator.requests:
            sender.thread.join(0.01)
        transport.watchdog.check()
        sender.thread.join(TIMEOUT)

        assert isinstance(sender.error, Unreachable)
        assert 200 == transport(request_).status


def test_no_connection_from_before_a_suspend_is_used() -> None:
    """A kept connection is not used again: its other end may be closed, which nothing would show."""
    accepted: list[socket.socket] = []

    def serve() -> None:
        for _ in range(2):
            accepted.append(listener.accept()[0])
            accepted[-1].recv(4096)
            accepted[-1].sendall(OK)

    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url, bounds = f"http://localhost:{listener.getsockname()[1]}", Bounds(silence=2.0, interval=60.0)
        transport = PooledTransport(url, connections=1, bounds=bounds, suspend_detector=AlwaysSuspended())
        with closing(transport):
            transport(Request("/"))
            transport.watchdog.check()
            transport(Request("/"))
        thread.join(TIMEOUT)
        for connection in accepted:
            connection.close()

    assert len(accepted) == 2


def test_closing_the_transport_closes_kept_connections() -> None:
    """A closed transport keeps no connection open, even while the transport is referenced."""
    with socket.create_server(("localhost", 0)) as listener:
        transport = PooledTransport(f"http://localhost:{listener.getsockname()[1]}", connections=1)
        sender = Sender(transport, Request("/"))
        with listener.accept()[0] as connection:
            connection.settimeout(TIMEOUT)
            connection.recv(4096)
            connection.sendall(OK)
            sender.thread.join()
            transport.close()

            assert connection.recv(1) == b""


def test_a_connection_that_opens_too_late_is_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose connection opens after the transport is closed does not wait for its response."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("no_proxy", "localhost")
    with socket.create_server(("localhost", 0)) as listener:
        transport = PooledTransport(f"https://localhost:{listener.getsockname()[1]}", connections=1)
        sender = Sender(transport, Request("/"))
        opened = listener.accept()[0]
        transport.close()
        with server_context(authority, host="localhost").wrap_socket(opened, server_side=True) as connection:
            sender.thread.join(TIMEOUT)

            assert connection.recv(4096).startswith(b"GET /")
            assert sender.error


def test_a_response_that_takes_too_long_is_broken_off(simulator: Simulator, request_: Request) -> None:
    """A response whose bytes keep coming ends all the same."""
    simulator.faults.script("endless body", route="/v2/account")
    transport = PooledTransport(simulator.url, connections=1, bounds=SHORT_BOUNDS)
    with closing(transport), pytest.raises(Failure.TOO_SLOW.kind, match=Failure.TOO_SLOW.description):
        transport(request_)
