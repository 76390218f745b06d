"""Bad weather: a share of all answers broken by chance is survived; a service that is down is told within a bound."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import pytest
from tests.support.faulty import Wireless, connected, connection_over, run
from tests.support.leaks import heard

from opsgenie_simulator import Account, Call, Faults, Response, Simulator
from opsgenie_simulator.faults import TRANSIENT
from opsgenie_simulator.messages import Delivery
from opsgenie_simulator.middleware import Respond
from source_opsgenie.api.client import ATTEMPTS
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.outage import LONGEST_OUTAGE_SECONDS, is_fatal
from source_opsgenie.api.retry import LONGEST_BACK_OFF
from source_opsgenie.api.transport import PooledTransport, RawResponse, Request, Transport
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.sync import Sync
from source_opsgenie.errors import (
    Forbidden,
    InvalidInput,
    MalformedResponse,
    NotFound,
    OpsgenieError,
    Unauthorized,
    Unreachable,
    WrongHost,
)
from source_opsgenie.streams import STREAMS


class Outage:
    """Weather in which the connection ends before the answer: after so many answers, for so many more."""

    def __init__(self, *, after: int, lasting: int) -> None:
        self.first, self.last, self.number = after + 1, after + lasting, 0

    def __call__(self, call: Call, answer: Respond) -> Response:
        """Answer, or do not."""
        self.number += 1
        is_out = self.first <= self.number <= self.last
        return replace(answer(call), delivery=Delivery(cut=0) if is_out else None)


def whole(account: Account, stream: str) -> set[tuple[str, ...]]:
    """The keys of all rows of *stream*."""
    if stream == "alerts":
        return {(alert_id,) for alert_id in account.alerts}
    return {(alert, log["offset"]) for alert in account.alerts for log in account.store.children(alert).logs}


@pytest.mark.parametrize(("stream", "alerts", "seeds"), [("alerts", 2_000, range(10)), ("alert_logs", 400, range(1))])
def test_fifteen_faults_in_a_hundred_cost_no_row(stream: str, alerts: int, seeds: range) -> None:
    """2,000 alerts, and the logs of 400, are read whole over sockets though every seventh answer comes broken."""
    account = Account.seeded(alerts=alerts)
    happened: Counter[str] = Counter()
    for seed in seeds:
        faults = Faults(seed=seed)
        with Simulator(account, faults=faults) as simulator, connected(simulator) as connection:
            faults.share = 0.15
            ran = run(connection, STREAMS[stream])
        happened += faults.by_chance

        assert ran.problem is None
        assert ran.rows.keys() == whole(account, stream)

    assert happened.total() > 30
    assert len(happened) > len(TRANSIENT) // 2


@pytest.mark.parametrize("fault", ["status 503", "reset before", "HTML as 200"])
def test_a_service_that_is_down_is_told_within_the_bound(fault: str, simulator: Simulator) -> None:
    """One request with its tries, and one question whether anybody is there: no stream after it waits again."""
    with connected(simulator) as connection:
        simulator.faults.share, simulator.faults.among = 1.0, (fault,)
        simulator.clear_requests()
        began = connection.clock.monotonic()
        ran = run(connection, STREAMS["alerts"])
        assert ran.problem
        is_all = is_fatal(ran.problem, connection)
        took = connection.clock.monotonic() - began

    assert isinstance(ran.problem, Unreachable)
    assert is_all
    assert len(simulator.requests) == ATTEMPTS + 1
    assert took < (ATTEMPTS - 1) * LONGEST_BACK_OFF


@pytest.mark.parametrize("problem", [Unauthorized, WrongHost, Forbidden, MalformedResponse, NotFound])
def test_what_spoils_everything(problem: type[OpsgenieError], simulator: Simulator) -> None:
    """Without a key that is known, or the API's own host, nothing else can be read; what a stream lacks is its own."""
    with connected(simulator) as connection:
        assert issubclass(problem, InvalidInput) == is_fatal(problem("so"), connection)


def test_one_path_that_is_down_spoils_nothing_else(simulator: Simulator) -> None:
    """A list that fails for ever leaves the others to be read: somebody is there."""
    with connected(simulator) as connection:
        simulator.faults.script("status 503", route="/v2/teams", times=None)
        ran = run(connection, STREAMS["teams"])

        assert ran.problem
        assert not is_fatal(ran.problem, connection)


def test_whoever_refuses_is_there(simulator: Simulator) -> None:
    """An answer that grants nothing is an answer: what was unreachable before spoils nothing else."""
    with connected(simulator) as connection:
        simulator.faults.script("status 403", route="/v2/request-limits", times=None)

        assert not is_fatal(Unreachable("so"), connection)


def test_the_archive_waits_out_an_outage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When nothing answers, a sync says that it waits, waits, says that it goes on, and ends whole."""
    account = Account.seeded(alerts=900)
    outage = Outage(after=12, lasting=ATTEMPTS + 40)
    with Simulator(account, middleware=(outage,)) as simulator, connected(simulator) as connection:
        result = synced(connection, tmp_path / "acme.duckdb")
    told = heard(capsys.readouterr().out)

    assert [""] == [outcome.problem for outcome in result]
    assert told.index("Nothing answers: waiting") < told.index("It answers again: going on.")
    assert sum(outcome.written.present for outcome in result) >= len(account.alerts)
    assert outage.number > outage.last


def test_the_archive_waits_for_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a network no name can be resolved: a sync waits for that too, and ends whole."""
    account = Account.seeded(alerts=30)
    with closing(PooledTransport("https://api.opsgenie.invalid", connections=1)) as nowhere:
        wireless = Wireless(Simulator(account))
        ways: Iterator[Transport] = chain([wireless] * 4, [nowhere] * (ATTEMPTS + 20), repeat(wireless))

        def changing(request: Request) -> RawResponse:
            return next(ways)(request)

        connection = connection_over(changing, account.full_key)
        (alerts,) = synced(connection, tmp_path / "acme.duckdb")
    told = heard(capsys.readouterr().out)

    assert "" == alerts.problem
    assert len(account.alerts) == alerts.written.present
    assert told.index("Nothing answers: waiting") < told.index("It answers again: going on.")


def test_the_archive_waits_a_bounded_time(tmp_path: Path) -> None:
    """An outage without an end ends the sync within a little more than an hour, and the streams after it are named."""
    outage = Outage(after=5, lasting=10_000)
    account = Account.seeded(alerts=30)
    with Simulator(account, middleware=(outage,)) as simulator, connected(simulator) as connection:
        alerts, logs = synced(connection, tmp_path / "acme.duckdb", "alerts", "alert_logs")

    assert alerts.ends_sync
    assert "no whole answer" in alerts.problem
    assert "not begun" in logs.problem
    assert LONGEST_OUTAGE_SECONDS <= alerts.seconds <= LONGEST_OUTAGE_SECONDS * 1.1


def test_the_archive_does_not_wait_for_one_path(tmp_path: Path, simulator: Simulator) -> None:
    """A list that fails for ever, while the API is there, is given up after a second time in vain."""
    with connected(simulator) as connection:
        simulator.faults.script("status 503", route="/v2/teams", times=None)
        teams, alerts = synced(connection, tmp_path / "acme.duckdb", "teams", "alerts")

    assert "was answered 503" in teams.problem
    assert "" == alerts.problem
    assert 2 * ATTEMPTS == len([one for one in simulator.requests if one.path == "/v2/teams"])


def synced(connection: Connection, path: Path, *streams: str) -> list[Outcome]:
    """What a sync of *streams* over *connection* into the file at *path* comes to."""
    display = Display()
    store = Store(path, connection.account, display.say)
    states = store.prepare()
    estimates = [Estimate(STREAMS[name]) for name in streams or ("alerts",)]
    return Sync(connection, store, display, requests_for_deleted=0).run(estimates, states=states)
