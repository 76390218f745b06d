"""An archive on a network share without locks: one message, immediately, and no file."""

import errno
import os
import sys
import time
from pathlib import Path

import pytest
from tests.support.archive_command import Command
from tests.support.leaks import run_process
from tests.support.lockless import IS_POSSIBLE

from opsgenie_simulator import Account, Simulator

pytestmark = pytest.mark.skipif(not IS_POSSIBLE, reason="only the kernel of Linux can reject locks of one process")
# DuckDB waits for five minutes if it is another program that holds the lock.
MAX_SECONDS = 60.0
LOCKLESS = "from tests.support.lockless import reject_locks; reject_locks({number})\n"
SYNC = "from source_opsgenie.archive.cli import main; main()"
OPEN = """
from source_opsgenie.archive.store import Store
from source_opsgenie.errors import ArchiveError
import sys
try:
    Store(__import__("pathlib").Path(sys.argv[1]), "acme", print).prepare()
except ArchiveError as error:
    print(error, file=sys.stderr)
"""


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_folder_without_locks_is_named(number: int, tmp_path: Path) -> None:
    """A sync into a folder whose locks fail ends before the first request, and leaves nothing behind."""
    since = time.monotonic()
    with Simulator(Account.seeded(alerts=3)) as simulator:
        archive = Command(simulator, simulator.account.full_key, tmp_path / "acme.duckdb")
        program = LOCKLESS.format(number=number) + SYNC
        environment = os.environ | archive.environment
        done = run_process(sys.executable, "-c", program, "sync", "--to", str(archive.path), env=environment)
        requests = len(simulator.requests)

    assert (1, "", 0) == (done.returncode, done.stdout, requests)
    assert f"Error: The folder of {archive.path} does not support locks ({os.strerror(number)})" in done.stderr
    assert "Use a file on a local disk." in done.stderr
    assert [] == list(tmp_path.iterdir())
    assert time.monotonic() - since < MAX_SECONDS


def test_duckdb_does_not_wait_for_a_lock_that_no_one_holds(tmp_path: Path) -> None:
    """Without our own lock, DuckDB's error is explained in the same way, and not waited out."""
    program = LOCKLESS.format(number=errno.ENOLCK) + OPEN
    done = run_process(sys.executable, "-c", program, tmp_path / "acme.duckdb", timeout=MAX_SECONDS)

    assert "" == done.stdout
    assert "its folder does not support locks. Use a file on a local disk." in done.stderr
