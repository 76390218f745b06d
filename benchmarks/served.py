"""A simulator in a process of its own, so that it takes no time of the program that is measured."""

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

# A million alerts are seeded within a minute on an old machine's one core.
SEEDED_WITHIN_SECONDS = 600
ANSWERED_WITHIN_SECONDS = 120
# Each row of a list begins like this.
ROW_BEGINS = b'{"seen":'

Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is served: how many records, how late, how limited; *row_bytes* widens each alert in a list by so much."""

    alerts: int = 300
    users: int = 12
    teams: int = 4
    latency_ms: float = 0
    limits: tuple[RateLimit, ...] = ()
    switches: Switches = field(default_factory=Switches)
    row_bytes: int = 0
    certificate: Path | None = None
    remember: int | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator that is up in another process."""

    url: str
    key: str
    _pipe: "Connection[Any, Any]"

    def do(self, function: Callable[..., Answered], *args: object) -> Answered:
        """What *function* returns for the simulator and *args*, over there; both must be found by their names."""
        self._pipe.send((function, args))
        return _received(self._pipe, within=ANSWERED_WITHIN_SECONDS)  # type: ignore[no-any-return] # a pipe has no types

    @property
    def requests(self) -> Sequence[Request]:
        """What was asked so far."""
        return self.do(journal)


@dataclass(frozen=True, slots=True)
class Trust:
    """Files of a certificate for loopback that was made for this run, and of the authority that signed it."""

    certificate: Path
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes programs trust it, whichever library they use."""
        return {"SSL_CERT_FILE": str(self.authority), "REQUESTS_CA_BUNDLE": str(self.authority)}


def trust(folder: Path) -> Trust:
    """Make a certificate for loopback, and keep it in *folder*."""
    made = Trust(folder / "certificate.pem", folder / "authority.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.authority)
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(made.certificate)
    return made


@contextmanager
def served(offer: Offer) -> Iterator[Served]:
    """Serve *offer* on loopback for as long as the block lasts."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(offer, there), daemon=True)
    process.start()
    try:
        url, key = _received(here, within=SEEDED_WITHIN_SECONDS)
        yield Served(url, key, here)
    finally:
        here.close()
        process.join()


def journal(simulator: Simulator) -> Sequence[Request]:
    """Every request so far."""
    return simulator.requests


def forget(simulator: Simulator) -> None:
    """Begin the journal anew."""
    simulator.clear_requests()


def touch(simulator: Simulator, number: int) -> None:
    """Update so many alerts."""
    for alert_id in list(simulator.account.alerts)[:number]:
        simulator.account.update_alert(alert_id, tags=["touched"])


def _received(pipe: "Connection[Any, Any]", *, within: float) -> Any:
    if not pipe.poll(within):
        raise TimeoutError(f"the simulator said nothing for {within} s")
    return pipe.recv()


def _serve(offer: Offer, pipe: "Connection[Any, Any]") -> None:
    account = Account.seeded(alerts=offer.alerts, users=offer.users, teams=offer.teams)
    domains = ("search", "alert", "incident", "configuration")
    simulator = Simulator(
        account,
        switches=offer.switches,
        limits=dict.fromkeys(domains, offer.limits) if offer.limits else None,
        latency_ms=offer.latency_ms,
        middleware=(_widening(offer.row_bytes),) if offer.row_bytes else (),
        tls=_tls(offer.certificate) if offer.certificate else None,
        request_log_size=offer.remember,
    )
    with simulator:
        pipe.send((simulator.url, account.full_key))
        try:
            while True:
                function, args = pipe.recv()
                pipe.send(function(simulator, *args))
        except EOFError:  # the other end is closed
            return


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def _widening(row_bytes: int) -> Middleware:
    text = b"The disk is filling up while nobody looks. " * (row_bytes // 40 + 1)
    wide = b'{"wide":"' + text[:row_bytes] + b'",' + ROW_BEGINS[1:]

    def widened(call: Call, answer: Respond) -> Response:
        response = answer(call)
        return replace(response, body=response.body.replace(ROW_BEGINS, wide))

    return widened
