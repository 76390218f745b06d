"""Bad middleware: random faults cost no row; a service that is down is reported within a bound."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import pytest
from tests.support.faulty import DirectTransport, connected, connection_over, read_stream
from tests.support.leaks import record_output

from opsgenie_simulator import Account, Call, Faults, Response, Simulator
from opsgenie_simulator.faults import TRANSIENT
from opsgenie_simulator.messages import Delivery
from opsgenie_simulator.middleware import Respond
from source_opsgenie import errors
from source_opsgenie.api.client import ATTEMPTS
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import SUSPICIOUS
from source_opsgenie.api.outage import LONGEST_OUTAGE_SECONDS, PROBE_ATTEMPTS, is_fatal
from source_opsgenie.api.retry import LONGEST_BACK_OFF_SECONDS
from source_opsgenie.api.transport import PooledTransport, RawResponse, Request, Transport
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.sync import Sync
from source_opsgenie.streams import STREAMS


class Outage:
    """Middleware in which connections close without a response: *lasting* times, after the first *after* responses."""

    def __init__(self, *, after: int, lasting: int) -> None:
        self.first, self.last, self.number = after + 1, after + lasting, 0

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Respond, or close the connection."""
        self.number += 1
        is_out = self.first <= self.number <= self.last
        return replace(respond(call), delivery=Delivery(cut=0) if is_out else None)


def keys_of(account: Account, stream: str) -> set[tuple[str, ...]]:
    """The keys of all rows of *stream*."""
    if stream == "alerts":
        return {(alert_id,) for alert_id in account.alerts}
    return {(alert, log["offset"]) for alert in account.alerts for log in account.store.children(alert).logs}


@pytest.mark.parametrize(("stream", "alerts", "seeds"), [("alerts", 2_000, range(10)), ("alert_logs", 400, range(1))])
def test_random_faults_cost_no_row(stream: str, alerts: int, seeds: range) -> None:
    """2,000 alerts, and the logs of 400, are read completely over sockets though 15 % of the responses are broken."""
    account = Account.seeded(alerts=alerts)
    happened: Counter[str] = Counter()
    for seed in seeds:
        faults = Faults(seed=seed)
        with Simulator(account, faults=faults) as simulator, connected(simulator) as connection:
            faults.share = 0.15
            outcome = read_stream(connection, STREAMS[stream])
        happened += faults.by_chance

        assert outcome.error is None
        assert outcome.rows.keys() == keys_of(account, stream)

    assert happened.total() > 30
    assert len(happened) > len(TRANSIENT) // 2


@pytest.mark.parametrize("fault", ["status 503", "reset before", "HTML as 200"])
def test_a_service_that_is_down_is_reported_within_the_bound(fault: str, simulator: Simulator) -> None:
    """It takes the attempts of one request, and a few to find out that no other works; no later stream waits."""
    with connected(simulator) as connection:
        simulator.faults.share, simulator.faults.among = 1.0, (fault,)
        simulator.clear_requests()
        began = connection.clock.monotonic()
        outcome = read_stream(connection, STREAMS["alerts"])
        assert outcome.error
        ends_all = is_fatal(outcome.error, connection.client)
        took = connection.clock.monotonic() - began

    assert isinstance(outcome.error, errors.Unreachable)
    assert ends_all
    assert len(simulator.requests) == ATTEMPTS + 2 * PROBE_ATTEMPTS
    assert took < (ATTEMPTS - 1) * LONGEST_BACK_OFF_SECONDS


@pytest.mark.parametrize("error", SUSPICIOUS)
def test_an_error_of_every_request_is_fatal(error: type[errors.OpsgenieError], simulator: Simulator) -> None:
    """An unauthorized key, another host or an outage ends the run only if a request that worked before fails too."""
    with connected(simulator) as connection:
        assert not is_fatal(error("so"), connection.client)
        simulator.faults.script("status 401", route="/v2/account", times=None)
        assert is_fatal(error("so"), connection.client)


@pytest.mark.parametrize("error", [errors.Forbidden, errors.MalformedResponse, errors.NotFound, errors.Rejected])
def test_which_errors_are_never_fatal(error: type[errors.OpsgenieError], simulator: Simulator) -> None:
    """Other errors end no more than their stream, and nothing is requested to find that out."""
    with connected(simulator) as connection:
        simulator.clear_requests()

        assert not is_fatal(error("so"), connection.client)
        assert not simulator.requests


def test_one_path_that_is_down_is_not_fatal(simulator: Simulator) -> None:
    """A list that always fails does not end the run, since the API is reachable."""
    with connected(simulator) as connection:
        simulator.faults.script("status 503", route="/v2/teams", times=None)
        outcome = read_stream(connection, STREAMS["teams"])

        assert outcome.error
        assert not is_fatal(outcome.error, connection.client)


def test_a_forbidden_request_shows_that_the_api_is_reachable(simulator: Simulator) -> None:
    """A 403 is a response: an unreachable path is then not fatal."""
    with connected(simulator) as connection:
        simulator.faults.script("status 403", route="/v2/account", times=None)

        assert not is_fatal(errors.Unreachable("so"), connection.client)


def test_the_archive_waits_out_an_outage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In an outage a sync reports that it waits, waits, reports that it resumes, and ends complete."""
    account = Account.seeded(alerts=900)
    outage = Outage(after=12, lasting=ATTEMPTS + 40)
    with Simulator(account, middleware=(outage,)) as simulator, connected(simulator) as connection:
        result = synced(connection, tmp_path / "acme.duckdb")
    printed = record_output(capsys.readouterr().out)

    assert [""] == [outcome.error for outcome in result]
    assert printed.index("Cannot reach Opsgenie. Retrying") < printed.index("reachable again. Resuming.")
    assert sum(outcome.written.received for outcome in result) >= len(account.alerts)
    assert outage.number > outage.last


def test_the_archive_waits_for_the_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a network no host name can be resolved: a sync waits for that too, and ends complete."""
    account = Account.seeded(alerts=30)
    with closing(PooledTransport("https://api.opsgenie.invalid", connections=1)) as nowhere:
        direct = DirectTransport(Simulator(account))
        transports: Iterator[Transport] = chain([direct] * 4, [nowhere] * (ATTEMPTS + 20), repeat(direct))

        def changing(request: Request) -> RawResponse:
            return next(transports)(request)

        connection = connection_over(changing, account.full_key)
        (alerts,) = synced(connection, tmp_path / "acme.duckdb")
    printed = record_output(capsys.readouterr().out)

    assert "" == alerts.error
    assert len(account.alerts) == alerts.written.received
    assert printed.index("Cannot reach Opsgenie. Retrying") < printed.index("reachable again. Resuming.")


def test_the_archive_waits_a_bounded_time(tmp_path: Path) -> None:
    """A permanent outage ends the sync after little more than an hour, and later streams are reported as not begun."""
    outage = Outage(after=5, lasting=10_000)
    account = Account.seeded(alerts=30)
    with Simulator(account, middleware=(outage,)) as simulator, connected(simulator) as connection:
        alerts, logs = synced(connection, tmp_path / "acme.duckdb", "alerts", "alert_logs")

    assert alerts.ends_sync
    assert "no complete response" in alerts.error
    assert "Not started" in logs.error
    assert LONGEST_OUTAGE_SECONDS <= alerts.seconds <= LONGEST_OUTAGE_SECONDS * 1.1


def test_the_archive_does_not_wait_for_one_path(tmp_path: Path, simulator: Simulator) -> None:
    """A list that always fails while the API is reachable is given up after its second failure."""
    with connected(simulator) as connection:
        simulator.faults.script("status 503", route="/v2/teams", times=None)
        teams, alerts = synced(connection, tmp_path / "acme.duckdb", "teams", "alerts")

    assert "returned 503" in teams.error
    assert "" == alerts.error
    assert 2 * ATTEMPTS == len([request for request in simulator.requests if request.path == "/v2/teams"])


def test_the_archive_reads_domains_side_by_side(tmp_path: Path) -> None:
    """A sync sends requests of three domains at the same time, and counts those of each stream."""
    direct, lists = DirectTransport(Simulator(Account.seeded(alerts=30))), ["/v2/alerts", "/v1/incidents", "/v2/teams"]
    together = threading.Barrier(len(lists), timeout=10.0)

    def gathering(request: Request) -> RawResponse:
        if request.path in lists:
            lists.remove(request.path)
            together.wait()
        return direct(request)

    connection = connection_over(gathering, direct.simulator.account.full_key)
    requests = connection.client.requests
    result = synced(connection, tmp_path / "acme.duckdb", "alerts", "incidents", "teams", "alert_notes")

    assert ["", "", "", ""] == [outcome.error for outcome in result]
    assert 1 == result[2].requests
    assert connection.client.requests - requests == sum(outcome.requests for outcome in result)


def test_every_domain_resumes_after_an_outage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An outage that ends the streams of several domains is waited out once, and all of them end complete."""
    account = Account.seeded(alerts=900, incidents=700)
    outage = Outage(after=30, lasting=2 * ATTEMPTS + 60)
    with Simulator(account, middleware=(outage,)) as simulator, connected(simulator) as connection:
        result = synced(connection, tmp_path / "acme.duckdb", "alerts", "incidents", "alert_notes")
    printed = record_output(capsys.readouterr().out)

    assert ["", "", ""] == [outcome.error for outcome in result]
    assert outage.number > outage.last
    assert 1 == printed.count("Cannot reach Opsgenie. Retrying") == printed.count("reachable again. Resuming.")
    assert len(account.alerts) <= result[0].written.received
    assert len(account.incidents) <= result[1].written.received


def synced(connection: Connection, path: Path, *streams: str) -> list[Outcome]:
    """The outcomes of a sync of *streams* over *connection* into the file at *path*."""
    display = Display()
    store = Store(path, connection.account, display.info)
    store.prepare()
    estimates = [Estimate(STREAMS[name]) for name in streams or ("alerts",)]
    summary = Sync(connection, store, display, estimates=estimates, states={}, deleted_row_requests=0).run()
    return list(summary.outcomes)
