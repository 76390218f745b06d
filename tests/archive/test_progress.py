"""The line about a stream under way: how far it is, and what limits its pace."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.fakes import Wire, connection_of

from opsgenie_simulator import Account
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.progress import Overview, Progress, format_duration
from source_opsgenie.streams import STREAMS

STREAM = STREAMS["alerts"]


def wait(connection: Connection) -> None:
    """Send a request whose response takes ten seconds."""
    connection.client.get("/v2/alerts/count", domain=Domain.SEARCH)
    connection.clock.sleep(10.0)


def hurry(connection: Connection) -> None:
    """Send as many requests as a rate limit allows."""
    connection.client.restore_limits({"search/60": 60})
    for _ in range(150):
        connection.client.get("/v2/alerts/count", domain=Domain.SEARCH)


@pytest.mark.parametrize(
    ("work", "seconds_storing", "limit"),
    [
        (wait, 0.0, "limited by the network"),
        (wait, 30.0, "limited by the file"),
        (hurry, 0.0, "limited by the search rate limit"),
    ],
)
def test_the_limit_of_the_pace(work: Callable[[Connection], None], seconds_storing: float, limit: str) -> None:
    """A read is limited by the account's rate limit, by the file if most of the time is spent there, or the network."""
    connection = connection_of(Wire(Account.seeded(alerts=3)))
    progress = Progress(Estimate(STREAM), connection)
    work(connection)
    with progress.storing():
        connection.clock.sleep(seconds_storing)

    assert limit == progress.bottleneck()
    assert f"alerts: 0 rows, {limit}, " in progress.lines()[0]


def test_all_streams_have_a_line() -> None:
    """Each stream under way has a line, and the last one has the requests of all and the time of the busiest domain."""
    connection = connection_of(Wire(Account.seeded(alerts=3)))
    teams, alerts, users, logs = (
        Estimate(STREAMS[name], requests=requests, seconds=seconds)
        for name, requests, seconds in [
            ("teams", 1, 9.0),
            ("alerts", 9, 90.0),
            ("users", 9, 80.0),
            ("alert_logs", 99, 70.0),
        ]
    )
    overview = Overview([teams, alerts, users, logs], connection)
    under_way = [Progress(each, replace(connection, client=connection.client.copy())) for each in (teams, alerts)]
    for progress in under_way:
        overview.begin(progress)
    before = [lines[0].partition(":")[0] for lines in overview.lines()]
    for _ in range(3):
        under_way[0].connection.client.get("/v2/teams", domain=Domain.CONFIGURATION)
    overview.end(under_way[0])
    (alerts_line, *_), (total,) = overview.lines()

    assert ["teams", "alerts", "total"] == before
    assert alerts_line.startswith("alerts: ")
    assert "total: 3 of about 120 requests, 1 min 30 s left" == total
    assert [] == Overview([teams], connection).lines()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (119.7, "2 min 0 s"), (3_599.8, "1 h 0 min"), (200_000.0, "2 d 7 h")],
)
def test_durations_are_rounded_before_they_are_split(seconds: float, text: str) -> None:
    """No duration has 60 seconds or 60 minutes beside its larger unit."""
    assert text == format_duration(seconds)
