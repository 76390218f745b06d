"""Two syncs into one file: one continues, the other is rejected, and nothing is lost."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.support.archive_command import Command
from tests.support.leaks import wait_for_exit

from opsgenie_simulator import Account, Call, Response, Simulator
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.errors import ArchiveError

MAX_SECONDS = 30.0
TIMES = 500


def test_a_second_sync_is_rejected(tmp_path: Path) -> None:
    """A second sync fails immediately and requests nothing; the first completes and leaves no lock file."""
    account = Account.seeded(alerts=3)
    second: list[tuple[int, str, int]] = []

    def sync_meanwhile(call: Call, respond: Callable[[Call], Response]) -> Response:
        if call.path == "/v2/teams" and not second:
            before = len(simulator.requests)
            other = archive.begin("--streams", "teams")
            watchdog = threading.Timer(MAX_SECONDS, other.kill)
            watchdog.start()
            _, errors = wait_for_exit(other)
            watchdog.cancel()
            second.append((other.returncode, errors, len(simulator.requests) - before))
        return respond(call)

    with Simulator(account, middleware=(sync_meanwhile,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        first = archive.begin("--streams", "teams")
        output, errors = wait_for_exit(first, timeout=2 * MAX_SECONDS)

    assert (0, archive.notice) == (first.returncode, errors)
    assert "teams: complete" in output
    assert [(11, 0)] == [(code, requests) for code, _, requests in second]
    assert f"Error: Another sync is writing to {archive.path}. Wait for it" in second[0][1]
    assert len(account.teams) == len(archive.rows("teams"))
    assert [archive.path] == list(tmp_path.iterdir())


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    """However closely syncs follow each other, no two hold the lock, even when its file was just removed."""
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


def test_what_a_killed_sync_left_is_removed(tmp_path: Path) -> None:
    """Rows that a killed sync kept next to the file are removed by the next one, and nothing else is."""
    names = ("acme.duckdb.tmp/duckdb_temp_storage_DEFAULT-0.tmp", "acme.duckdb.tmp", "other.duckdb.tmp/notes.txt")
    for name in (names[0], names[2]):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with exclusive_lock(tmp_path / "acme.duckdb"):
        exist = [(tmp_path / name).exists() for name in names]

    assert [False, False, True] == exist


def test_a_killed_sync_releases_the_lock(tmp_path: Path) -> None:
    """After kill -9 the same command works immediately, although the lock file is left behind."""
    account = Account.seeded(alerts=3)
    killed: list[int] = []

    def kill_first(call: Call, respond: Callable[[Call], Response]) -> Response:
        if call.path == "/v2/teams" and not killed:
            killed.append(first.pid)
            first.send_signal(signal.SIGKILL)
        return respond(call)

    with Simulator(account, middleware=(kill_first,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        first = archive.begin("--streams", "teams")
        wait_for_exit(first, timeout=MAX_SECONDS)
        left = {path.name for path in tmp_path.iterdir()}
        archive.sync("--streams", "teams")

    assert -signal.SIGKILL == first.returncode
    assert "acme.duckdb.lock" in left
    assert [archive.path] == list(tmp_path.iterdir())
