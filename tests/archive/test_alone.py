"""Two syncs into one file: one goes on, the other is refused, and nothing is lost."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

from tests.support.archive_command import Command
from tests.support.leaks import ended

from opsgenie_simulator import Account, Call, Response, Simulator
from opsgenie_simulator.middleware import Respond
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.errors import ArchiveError

PATIENCE = 30.0
TIMES = 500


def test_a_second_sync_is_refused(tmp_path: Path) -> None:
    """While one is under way another says so at once and asks nothing; the first is whole, and leaves no lock."""
    account = Account.seeded(alerts=3)
    second: list[tuple[int, str, int]] = []

    def meanwhile(call: Call, answer: Respond) -> Response:
        if call.path == "/v2/teams" and not second:
            before = len(simulator.requests)
            other = archive.begin("--streams", "teams")
            watchdog = threading.Timer(PATIENCE, other.kill)
            watchdog.start()
            _, errors = ended(other)
            watchdog.cancel()
            second.append((other.returncode, errors, len(simulator.requests) - before))
        return answer(call)

    with Simulator(account, middleware=(meanwhile,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        first = archive.begin("--streams", "teams")
        output, errors = ended(first, timeout=2 * PATIENCE)

    assert (0, archive.said) == (first.returncode, errors)
    assert "teams: whole" in output
    assert [(1, 0)] == [(code, asked) for code, _, asked in second]
    assert f"Error: Another sync into {archive.path} is under way: let it end" in second[0][1]
    assert len(account.teams) == len(archive.rows("teams"))
    assert [archive.path] == list(tmp_path.iterdir())


def test_no_two_are_alone(tmp_path: Path) -> None:
    """However closely they follow each other, no two hold the lock: one that was just removed is none."""
    inside: list[int] = []
    crowds: set[int] = set()

    def hold() -> None:
        for number in range(TIMES):
            with suppress(ArchiveError), exclusive_lock(tmp_path / "acme.duckdb"):
                inside.append(number)
                os.sched_yield()
                crowds.add(len(inside))
                inside.pop()

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {1} == crowds


def test_a_killed_sync_holds_nothing(tmp_path: Path) -> None:
    """After kill -9 the same command goes on at once, whatever was left beside the file."""
    account = Account.seeded(alerts=3)
    killed: list[int] = []

    def killing(call: Call, answer: Respond) -> Response:
        if call.path == "/v2/teams" and not killed:
            killed.append(first.pid)
            first.send_signal(signal.SIGKILL)
        return answer(call)

    with Simulator(account, middleware=(killing,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        first = archive.begin("--streams", "teams")
        ended(first, timeout=PATIENCE)
        left = {path.name for path in tmp_path.iterdir()}
        archive.sync("--streams", "teams")

    assert -signal.SIGKILL == first.returncode
    assert "acme.duckdb.lock" in left
    assert [archive.path] == list(tmp_path.iterdir())
