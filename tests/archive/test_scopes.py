"""A sync with a query or a start date does not disturb the state of a sync of everything."""

import duckdb
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account

ALERTS = ("--streams", "alerts,alert_logs")


@pytest.mark.parametrize("narrower", [("--query", "source: *"), ("--since", "2026-10-01")])
def test_each_scope_has_a_state_of_its_own(archive: Command, account: Account, narrower: tuple[str, str]) -> None:
    """After a narrower sync, the next plain one reads changes only, and so does the next narrower one."""
    archive.sync(*ALERTS)
    archive.sync(*ALERTS, *narrower)
    costs = []
    for options in ((), narrower):
        archive.simulator.clear_requests()
        archive.sync(*ALERTS, *options)
        costs.append(len(archive.simulator.requests))

    assert max(costs) <= 8
    assert len(archive.rows("alerts")) == len(account.alerts)


def test_a_query_on_a_full_file_marks_nothing_as_deleted(archive: Command) -> None:
    """The rows that the query does not match are in the file, and are not searched for one by one."""
    archive.sync("--streams", "alerts")
    archive.simulator.clear_requests()
    output = archive.sync("--streams", "alerts", "--query", "tinyId < 20").output

    assert "also holds rows of other queries" in output
    assert len(archive.simulator.requests) < 20
    assert archive.query("SELECT count(*) FROM alerts WHERE _deleted_at IS NOT NULL") == [(0,)]


def test_a_table_that_was_dropped_is_read_again(archive: Command, account: Account) -> None:
    """A table that is made again has no state: everything of it is read, in the same sync."""
    archive.sync(*ALERTS)
    before = archive.query("SELECT count(*) FROM alert_logs")
    with duckdb.connect(str(archive.path)) as database:
        database.execute("DROP TABLE alert_logs CASCADE")
        database.execute("DROP TABLE alerts CASCADE")
    archive.sync(*ALERTS)

    assert archive.query("SELECT count(*) FROM alert_logs") == before
    assert len(archive.rows("alerts")) == len(account.alerts)
