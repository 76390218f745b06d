import json
import signal
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.support.archive_command import Command
from tests.support.leaks import wait_for_exit

from opsgenie_simulator import Account, Call, Response, Simulator
from source_opsgenie.parallel import LOOKAHEAD

# The cost of planning and proving the windows of 9,000 alerts, in addition to the pages.
COUNTS = 40
# Parents of a page whose child records are stored before the state says so.
AHEAD = 100
# Two streams whose limits differ, so that they are read side by side; each has 60 pages.
LISTS = {"alerts": "/v2/alerts", "incidents": "/v1/incidents"}
ENOUGH_PAGES = 40
# Rows that were received and wait for their turn to be stored: pages out of order, and the queue.
ON_THE_WAY = LOOKAHEAD + 1_000


class Interruption:
    """Middleware that sends one Ctrl-C to the client's process, before the response to request number *count*.

    Only requests for alerts and their children count, from whatever thread of the simulator.
    """

    def __init__(self, *, count: int) -> None:
        self.count = count
        self.process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def __call__(self, call: Call, respond: Callable[[Call], Response]) -> Response:
        """Respond as usual."""
        if call.path.startswith("/v2/alerts"):
            with self._lock:
                self.count -= 1
                if self.count == 0 and self.process:
                    self.process.send_signal(signal.SIGINT)
        return respond(call)


@pytest.mark.parametrize(("count", "stored"), [(30, 500), (95, 6_000)])
def test_ctrl_c_keeps_what_was_stored(tmp_path: Path, count: int, stored: int) -> None:
    """After Ctrl-C everything stored is kept, and the same command reads the rest."""
    account = Account.seeded(alerts=9_000)
    interruption = Interruption(count=count)
    with Simulator(account, middleware=(interruption,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        interruption.process = archive.begin("--streams", "alerts")
        output, errors = wait_for_exit(interruption.process, timeout=30)
        ((held,),) = archive.query("SELECT count(*) FROM alerts")
        requests = len(simulator.requests)
        archive.sync("--streams", "alerts")

    assert (-signal.SIGINT, archive.notice) == (interruption.process.returncode, errors)
    assert "Stopped: 0 of 1 stream complete. Everything stored so far is kept; run the same command to" in output
    assert stored <= held < len(account.alerts)
    assert set(account.alerts) == {row["id"] for row in archive.rows("alerts")}
    assert len(simulator.requests) - requests < (len(account.alerts) - held) // 98 + COUNTS


def test_ctrl_c_keeps_child_records(tmp_path: Path) -> None:
    """Rows of a stream that takes a request per parent are stored, up to its last state, beside another stream."""
    account = Account.seeded(alerts=600, incidents=600)
    interruption = Interruption(count=450)
    names = "alert_logs,incident_notes"
    with Simulator(account, middleware=(interruption,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        interruption.process = archive.begin("--streams", names)
        output, _ = wait_for_exit(interruption.process, timeout=30)
        parents = archive.query("SELECT count(DISTINCT alert_id) FROM alert_logs")
        plan = json.loads(archive("plan", "--json", "--to", str(archive.path), "--streams", names).stdout)

    assert -signal.SIGINT == interruption.process.returncode
    assert "2 streams complete. Everything stored so far is kept; run the same command to resume." in output
    assert 150 < parents[0][0] < 450
    # How far the other stream got by then depends on the machine.
    (logs,) = [line for line in plan if line["stream"] == "alert_logs"]
    assert "resumes" == logs["note"]
    assert 0 <= logs["rows"] - (len(account.alerts) - parents[0][0]) <= AHEAD


class Ending:
    """Middleware that calls `end` once, when the client has requested ENOUGH_PAGES of each of LISTS."""

    def __init__(self) -> None:
        self.end: Callable[[], object] = lambda: None
        self.pages = dict.fromkeys(LISTS.values(), 0)
        self._lock = threading.Lock()

    def __call__(self, call: Call, respond: Callable[[Call], Response]) -> Response:
        """Respond as usual."""
        if call.path in self.pages and "sort" in call.query:
            with self._lock:
                self.pages[call.path] += 1
                if min(self.pages.values()) == ENOUGH_PAGES:
                    end, self.end = self.end, lambda: None
                    end()
        return respond(call)


@pytest.mark.parametrize("is_revoked", [False, True])
def test_every_lane_keeps_what_it_had_received(tmp_path: Path, is_revoked: bool) -> None:
    """After Ctrl-C, and after the key was revoked, each stream under way keeps its rows, except the newest."""
    account = Account.seeded(alerts=6_000, incidents=6_000)
    keys, key, ending = account.keys, account.full_key, Ending()
    with Simulator(account, middleware=(ending,)) as simulator:
        archive = Command(simulator, key, tmp_path / "acme.duckdb")
        process = archive.begin("--streams", ",".join(LISTS))
        interrupt, revoke = partial(process.send_signal, signal.SIGINT), partial(setattr, account, "keys", ())
        ending.end = revoke if is_revoked else interrupt
        output, errors = wait_for_exit(process, timeout=60)
        received = {name: 100 * ending.pages[path] for name, path in LISTS.items()}
        held = {name: archive.query(f"SELECT count(*) FROM {name}")[0][0] for name in LISTS}
        account.keys = keys
        archive.sync("--streams", ",".join(LISTS))

    assert (3 if is_revoked else -signal.SIGINT) == process.returncode
    assert ("0 of 2 streams complete, 2 not" if is_revoked else "Stopped: 0 of 2 streams complete.") in output + errors
    assert all(received[name] - ON_THE_WAY <= held[name] < 6_000 for name in LISTS), (received, held)
    assert set(account.alerts) == {row["id"] for row in archive.rows("alerts")}
    assert 6_000 == len(archive.rows("incidents"))


def test_ctrl_c_is_a_normal_end(tmp_path: Path) -> None:
    """Streams that were not begun are as complete as they were, and nothing is called incomplete."""
    account = Account.seeded(alerts=30)
    interruption = Interruption(count=-1)
    with Simulator(account, middleware=(interruption,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        archive.sync("--streams", "alerts,alert_notes")
        interruption.count = 1
        interruption.process = archive.begin("--streams", "alerts,alert_notes")
        output, errors = wait_for_exit(interruption.process, timeout=30)
    complete = archive.query("SELECT stream, is_complete FROM _archive.streams ORDER BY stream")

    assert (-signal.SIGINT, archive.notice) == (interruption.process.returncode, errors)
    assert output.startswith("Stopped: 0 of 2 streams complete. Everything stored so far is kept; run the same command")
    assert "INCOMPLETE" not in output
    assert [("alert_notes", True), ("alerts", False)] == complete
