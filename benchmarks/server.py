"""A simulator in a separate process, so that it takes no CPU time from the measured program."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import trustme

from opsgenie_simulator import Account, Call, Middleware, RateLimit, Request, Response, Simulator, Switches
from opsgenie_simulator.middleware import Respond

# A million alerts are seeded in about a minute on one core of an old machine.
SEED_TIMEOUT_SECONDS = 600
CALL_TIMEOUT_SECONDS = 120
# Every row of a list begins with this.
ROW_START = b'{"seen":'

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The size of the account, and how it is served; *row_bytes* is added to each alert of a list."""

    alerts: int = 300
    incidents: int = 40
    users: int = 12
    teams: int = 4
    latency_ms: float = 0
    limits: tuple[RateLimit, ...] = ()
    switches: Switches = field(default_factory=Switches)
    row_bytes: int = 0
    certificate: Path | None = None
    remember: int | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A simulator that runs in another process."""

    url: str
    key: str
    _pipe: "Connection[Any, Any]"

    def call(self, function: Callable[..., Result], *args: object) -> Result:
        """Call *function* with the simulator and *args* in its process; it must be importable by name."""
        self._pipe.send((function, args))
        return _receive(self._pipe, timeout=CALL_TIMEOUT_SECONDS)  # type: ignore[no-any-return] # a pipe has no types

    @property
    def requests(self) -> Sequence[Request]:
        """All requests since the start or since `clear_journal`."""
        return self.call(list_requests)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate for localhost and of the authority that signed it, created for one run."""

    certificate: Path
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make programs trust it, whichever library they use."""
        return {"SSL_CERT_FILE": str(self.authority), "REQUESTS_CA_BUNDLE": str(self.authority)}


def create_certificate(folder: Path) -> Certificate:
    """Create a certificate for localhost in *folder*."""
    paths = Certificate(folder / "certificate.pem", folder / "authority.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(paths.authority)
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(paths.certificate)
    return paths


@contextmanager
def serve(options: ServerOptions) -> Iterator[Server]:
    """Serve an account on localhost while the block runs."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run_server, args=(options, there), daemon=True)
    process.start()
    try:
        url, key = _receive(here, timeout=SEED_TIMEOUT_SECONDS)
        yield Server(url, key, here)
    finally:
        here.close()
        process.join()


def list_requests(simulator: Simulator) -> Sequence[Request]:
    """Return the requests in the journal."""
    return simulator.requests


def clear_journal(simulator: Simulator) -> None:
    """Remove all requests from the journal."""
    simulator.clear_requests()


def update_alerts(simulator: Simulator, number: int) -> None:
    """Update the first *number* alerts."""
    for alert_id in list(simulator.account.alerts)[:number]:
        simulator.account.update_alert(alert_id, tags=["touched"])


def _receive(pipe: "Connection[Any, Any]", *, timeout: float) -> Any:
    if not pipe.poll(timeout):
        raise TimeoutError(f"no response from the simulator process within {timeout} s")
    return pipe.recv()


def _run_server(options: ServerOptions, pipe: "Connection[Any, Any]") -> None:
    account = Account.seeded(
        alerts=options.alerts, incidents=options.incidents, users=options.users, teams=options.teams
    )
    domains = ("search", "alert", "incident", "configuration")
    simulator = Simulator(
        account,
        switches=options.switches,
        limits=dict.fromkeys(domains, options.limits) if options.limits else None,
        latency_ms=options.latency_ms,
        middleware=(_widen_rows(options.row_bytes),) if options.row_bytes else (),
        tls=_tls_context(options.certificate) if options.certificate else None,
        request_log_size=options.remember,
    )
    with simulator:
        pipe.send((simulator.url, account.full_key))
        try:
            while True:
                function, args = pipe.recv()
                pipe.send(function(simulator, *args))
        except EOFError:  # the other end is closed
            return


def _tls_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def _widen_rows(row_bytes: int) -> Middleware:
    text = b"The disk is filling up and no one is watching. " * (row_bytes // 40 + 1)
    wide_start = b'{"wide":"' + text[:row_bytes] + b'",' + ROW_START[1:]

    def widen(call: Call, respond: Respond) -> Response:
        response = respond(call)
        return replace(response, body=response.body.replace(ROW_START, wide_start))

    return widen
