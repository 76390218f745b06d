"""`verify` and `verify --repair` where the disk, the folder, another program or the key are in the way."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.support import lockless, permissions
from tests.support.archive_command import Command
from tests.support.leaks import record_output, wait_for_exit

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.archive.schema import FORMAT

NAMES = ("--streams", "teams,users")
DAMAGE = "DELETE FROM teams; UPDATE users SET fullName = 'another'"
FULL = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))\n"
)
READ_ONLY = "from tests.support.permissions import respect_permissions; respect_permissions()\n"
LOCKLESS = f"from tests.support.lockless import reject_locks; reject_locks({errno.ENOLCK})\n"
HOLDER = "import duckdb, sys; database = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def damaged(archive: Command) -> Command:
    """An archive with rows that are missing and changed."""
    archive.sync(*NAMES)
    with duckdb.connect(str(archive.path)) as database:
        database.execute(DAMAGE)
    return archive


def fail(command: Command, *arguments: str, preamble: str = "") -> tuple[int, str]:
    """The exit code and the one message of `verify`, which must leave the file as it was, byte by byte."""
    before, files = command.path.read_bytes(), sorted(command.path.parent.iterdir())
    process = command.start("verify", str(command.path), *arguments, preamble=preamble)
    _, errors = wait_for_exit(process)

    assert "Traceback" not in errors
    assert before == command.path.read_bytes()
    assert files == sorted(command.path.parent.iterdir())
    return process.returncode, errors.removeprefix(command.notice)


@contextmanager
def read_only(*paths: Path) -> Iterator[None]:
    """Let no one write to *paths*."""
    for path in paths:
        path.chmod(0o500)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(0o700)


def test_a_full_disk_stops_a_repair(damaged: Command) -> None:
    """What could not be written is still named afterwards, and the next repair writes it."""
    process = damaged.start("verify", str(damaged.path), "--repair", preamble=FULL)
    _, errors = wait_for_exit(process)

    assert 1 == process.returncode, errors
    assert 1 == len(errors.removeprefix(damaged.notice).splitlines())
    assert "the disk is full, or a file size limit is reached. Free some space" in errors
    assert 10 == damaged("verify", str(damaged.path)).exit_code
    assert 0 == damaged("verify", str(damaged.path), "--repair").exit_code


@pytest.mark.skipif(not permissions.IS_POSSIBLE, reason="permissions do not count for root")
def test_a_read_only_file_is_verified_and_not_repaired(damaged: Command) -> None:
    """To verify takes no permission to write."""
    with read_only(damaged.path, damaged.path.parent):
        verified, _ = fail(damaged, preamble=READ_ONLY)
        code, errors = fail(damaged, "--repair", preamble=READ_ONLY)

    assert (10, 1) == (verified, code), errors
    assert "its permissions do not allow it. Use a file in a folder that you own." in errors


@pytest.mark.skipif(not lockless.IS_POSSIBLE, reason="only the kernel of Linux can reject locks of one process")
def test_a_folder_without_locks_is_not_repaired(damaged: Command) -> None:
    """The message says why, and nothing is requested."""
    requests = len(damaged.simulator.requests)
    code, errors = fail(damaged, "--repair", preamble=LOCKLESS)

    assert (1, requests) == (code, len(damaged.simulator.requests))
    assert f"does not support locks ({os.strerror(errno.ENOLCK)})" in errors


def test_a_sync_is_not_disturbed(damaged: Command) -> None:
    """A repair waits for no sync, and changes nothing under it."""
    with exclusive_lock(damaged.path):
        code, errors = fail(damaged, "--repair")

    assert 11 == code
    assert "Another sync is writing to" in errors


def test_another_account_is_not_asked(damaged: Command) -> None:
    """A key of another account repairs nothing."""
    other = Account.seeded(name="umbrella", alerts=1)
    other.keys = (replace(other.keys[0], token="00000000-1111-2222-3333-444444444444"),)
    with Simulator(other) as simulator:
        code, errors = fail(Command(simulator, other.full_key, damaged.path), "--repair")

    assert 1 == code
    assert "belongs to acme@localhost, and this key belongs to umbrella@localhost" in errors


def test_a_wrong_key_repairs_nothing(damaged: Command) -> None:
    """The exit code says that it is the key."""
    wrong = Command(damaged.simulator, "00000000-0000-0000-0000-000000000000", damaged.path)
    code, errors = fail(wrong, "--repair")

    assert (3, 1) == (code, len(errors.splitlines()))
    assert "Opsgenie does not know this key" in errors


def test_a_newer_file_is_not_repaired(damaged: Command) -> None:
    """A file of a newer version stays as it is."""
    with duckdb.connect(str(damaged.path)) as database:
        database.execute("UPDATE _archive.file SET format = ?", [FORMAT + 1])
    code, errors = fail(damaged, "--repair")

    assert 1 == code
    assert "Upgrade opsgenie-archive." in errors


def test_a_reader_is_no_obstacle_to_verify(damaged: Command) -> None:
    """Another program that reads the file does not keep `verify` from reading it."""
    with duckdb.connect(str(damaged.path), read_only=True):
        code, _ = fail(damaged)

    assert 10 == code


@pytest.mark.parametrize("arguments", [[], ["--repair"]], ids=["verify", "repair"])
def test_a_program_that_holds_the_file_is_named(damaged: Command, arguments: list[str]) -> None:
    """The command says at once what it waits for, and can be stopped."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(damaged.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    process = damaged.start("verify", str(damaged.path), *arguments)
    stream = process.stdout if arguments else process.stderr
    assert stream
    line = next(line for line in stream if line != damaged.notice)
    record_output(holder.communicate()[0])
    wait_for_exit(process)

    assert f"Another program has {damaged.path} open. Waiting up to" in line
    assert process.returncode == (0 if arguments else 10)
