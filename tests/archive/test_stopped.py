import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.archive_command import Command
from tests.support.leaks import ended

from opsgenie_simulator import Account, Call, Response, Simulator

# What planning and proving the windows over 9,000 alerts costs, beside the pages.
COUNTS = 40


class Interruption:
    """Weather in which the process that asks gets a Ctrl-C, once, before its request number *count* is answered."""

    def __init__(self, *, count: int) -> None:
        self.count = count
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, call: Call, answer: Callable[[Call], Response]) -> Response:
        """Answer, as ever."""
        self.count -= call.path.startswith("/v2/alerts")
        if self.count == 0 and self.process:
            self.process.send_signal(signal.SIGINT)
        return answer(call)


@pytest.mark.parametrize(("count", "stored"), [(30, 500), (95, 7_000)])
def test_ctrl_c_is_a_normal_end(tmp_path: Path, count: int, stored: int) -> None:
    """After Ctrl-C what was stored stands, and the same command brings the rest."""
    account = Account.seeded(alerts=9_000)
    interruption = Interruption(count=count)
    with Simulator(account, middleware=(interruption,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        interruption.process = archive.begin("--streams", "alerts")
        output, errors = ended(interruption.process, timeout=30)
        found = archive.query("SELECT count(*) FROM alerts")
        asked = len(simulator.requests)
        archive.sync("--streams", "alerts")

    assert (130, archive.said) == (interruption.process.returncode, errors)
    assert "alerts: NOT WHOLE: stopped; what was stored stands" in output
    assert stored <= found[0][0] < len(account.alerts)
    assert set(account.alerts) == {row["id"] for row in archive.rows("alerts")}
    assert len(simulator.requests) - asked < (len(account.alerts) - found[0][0]) // 98 + COUNTS


def test_ctrl_c_keeps_what_hangs_on_alerts(tmp_path: Path) -> None:
    """What came of a stream that takes a request per alert is stored, as far as a read can go on from it."""
    account = Account.seeded(alerts=600)
    interruption = Interruption(count=450)
    with Simulator(account, middleware=(interruption,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        interruption.process = archive.begin("--streams", "alert_logs")
        ended(interruption.process, timeout=30)
        parents = archive.query("SELECT count(DISTINCT alert_id) FROM alert_logs")
        state = archive.query("SELECT state IS NOT NULL FROM _archive.streams")

    assert 130 == interruption.process.returncode
    assert 150 < parents[0][0] < 450
    assert [(True,)] == state
