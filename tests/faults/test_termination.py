"""A run that a signal ends stops immediately, with a matching exit code, and the next run resumes from its output."""

import contextlib
import fcntl
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

import pytest
from tests.support.archive_command import Command
from tests.support.faulty import Stall
from tests.support.processes import (
    ARCHIVE,
    CONNECTOR,
    SECONDS_TO_END,
    TIMEOUT,
    Ending,
    Running,
    end_promptly,
    start,
)
from tests.support.verbs import Output, Verbs, catalog

from opsgenie_simulator import Account, Simulator
from source_opsgenie.api.transport import PooledTransport, Request
from source_opsgenie.clock import Stopped
from source_opsgenie.errors import OpsgenieError

FULL_PIPE_BYTES = 61_441
FULL = Path("/dev/full")
STREAMS = ["alerts", "alert_logs"]


@pytest.fixture
def stall() -> Stall:
    """Middleware that stops the simulator from responding."""
    return Stall(after=45)


@pytest.fixture
def account() -> Account:
    """An account with enough alerts for a read to take a while."""
    return Account.seeded(alerts=300, incidents=0)


@pytest.fixture
def simulator(account: Account, stall: Stall) -> Iterator[Simulator]:
    """The API, which stalls during a read."""
    with Simulator(account, middleware=(stall,)) as simulator:
        yield simulator


@pytest.fixture
def archive(simulator: Simulator, account: Account, tmp_path: Path) -> Command:
    """`opsgenie-archive` with a key that may read everything."""
    return Command(simulator, account.full_key, tmp_path / "acme.duckdb")


@pytest.fixture
def connector(source: Verbs) -> Callable[..., Running]:
    """Start a read by the connector in a process of its own."""
    catalog_file = source.file("catalog", catalog(STREAMS, "incremental"))
    args = ["read", "--config", source.file("config", source.config), "--catalog", catalog_file]
    return partial(start, CONNECTOR, *args, folder=source.folder)


@pytest.fixture
def copier(archive: Command) -> Callable[..., Running]:
    """Start a sync by the archive in a process of its own."""
    args = ["sync", "--to", str(archive.path), "--streams", ",".join(STREAMS)]
    environment, preamble = archive.environment, archive.notice
    return partial(start, ARCHIVE, *args, folder=archive.path.parent, environment=environment, preamble=preamble)


@pytest.fixture(params=["connector", "copier"])
def program(request: pytest.FixtureRequest) -> Callable[..., Running]:
    """Start either program."""
    program: Callable[..., Running] = request.getfixturevalue(request.param)
    return program


def send_signal(begin: Callable[[], Running], stall: Stall, number: int) -> Ending:
    """Send the signal *number* to a run while requests are in flight."""
    stall.reset()
    run = begin()
    assert stall.begun.wait(TIMEOUT)
    run.process.send_signal(number)
    return run.wait(time.monotonic())


def unread_bytes(pipe: IO[str]) -> int:
    """The number of bytes in *pipe* that are not read yet."""
    number: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
    return number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_promptly(number: int, program: Callable[..., Running], stall: Stall) -> None:
    """With requests in flight either program ends promptly, without output or temporary files."""
    ending = end_promptly(lambda: send_signal(partial(program, stdout=subprocess.DEVNULL), stall, number))

    assert (128 + number, "", []) == (ending.exit_code, ending.errors, ending.left)


def test_the_connector_resumes_from_its_last_state(
    connector: Callable[..., Running], source: Verbs, stall: Stall, account: Account
) -> None:
    """After SIGTERM its output is complete lines, and a read from its last state returns the rest."""
    printed = source.folder / "printed"
    with printed.open("w") as output:
        ending = send_signal(partial(connector, stdout=output), stall, signal.SIGTERM)
    first = Output(printed.read_text(), ending.exit_code)
    stall.is_over = True
    outputs = [first, source.read(*STREAMS, state=first.last_states())]

    assert set(account.alerts) == {row["id"] for output in outputs for row in output.records("alerts")}
    assert set(account.alerts) == {row["alert_id"] for output in outputs for row in output.records("alert_logs")}


def test_the_archive_resumes_from_its_file(
    copier: Callable[..., Running], archive: Command, stall: Stall, account: Account
) -> None:
    """After SIGTERM no other file is left, and the same command stores the rest."""
    send_signal(partial(copier, stdout=subprocess.DEVNULL), stall, signal.SIGTERM)
    left = {path.name for path in archive.path.parent.glob(f"{archive.path.name}*")}
    stall.is_over = True
    archive.sync("--streams", ",".join(STREAMS))

    assert {archive.path.name} == left
    assert set(account.alerts) == {row["alert_id"] for row in archive.rows("alert_logs")}


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_pipe_does_not_delay_the_end(connector: Callable[..., Running], stall: Stall, unbuffered: str) -> None:
    """A signal ends the connector even while no one reads its output, whether Python buffers it or not."""
    stall.is_over = True

    def end() -> Ending:
        run = connector(environment={"PYTHONUNBUFFERED": unbuffered})
        # Until the pipe is full, and the process waits in the middle of a line.
        while unread_bytes(run.stdout) < FULL_PIPE_BYTES:
            assert run.process.poll() is None
        run.process.send_signal(signal.SIGTERM)
        return run.wait(time.monotonic())

    ending = end_promptly(end)

    assert (143, "", []) == (ending.exit_code, ending.errors, ending.left)


def test_a_closed_pipe_ends_a_run_promptly(program: Callable[..., Running], stall: Stall) -> None:
    """A reader that closes the pipe wants no more: the next output ends either program, without an error."""
    stall.is_over = True

    def end() -> Ending:
        run = program()
        run.stdout.readline()
        run.stdout.close()
        return run.wait(time.monotonic())

    ending = end_promptly(end)

    assert (1, "", []) == (ending.exit_code, ending.errors, ending.left)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_unwritable_output_is_reported_once(program: Callable[..., Running], stall: Stall) -> None:
    """On a full disk either program ends with one line, without a traceback."""
    stall.is_over = True
    with FULL.open("w") as full:
        ending = program(stdout=full).wait(time.monotonic())

    assert (1, 1, []) == (ending.exit_code, len(ending.errors.splitlines()), ending.left)
    assert ending.errors.startswith("Error: cannot write to standard output (No space")


def test_a_disk_that_fills_up_ends_the_connector(
    connector: Callable[..., Running], source: Verbs, stall: Stall
) -> None:
    """Once its output cannot grow, nothing more is read."""
    stall.is_over = True
    size, printed = 100_000, source.folder / "printed"

    def end() -> Ending:
        with printed.open("w") as output:
            run = connector(stdout=output, largest_file=size)
            while printed.stat().st_size < size and run.process.poll() is None:
                stall.begun.wait(0.01)
            return run.wait(time.monotonic())

    ending = end_promptly(end)

    assert (1, size, []) == (ending.exit_code, printed.stat().st_size, ending.left)
    assert ending.errors.startswith("Error: cannot write to standard output (File too large)")


def test_a_full_disk_leaves_a_usable_archive(
    copier: Callable[..., Running], archive: Command, stall: Stall, account: Account
) -> None:
    """When the file cannot grow, a sync reports it and stops; with room again, the same command resumes."""
    archive.sync("--streams", "teams")
    size = archive.path.stat().st_size + 2**14
    ending = copier(largest_file=size).wait(time.monotonic())
    requested_logs = stall.left < stall.after
    stall.is_over = True
    archive.sync("--streams", "alerts")

    assert (1, False, []) == (ending.exit_code, requested_logs, ending.left)
    assert "the disk is full, or a file size limit is reached" in ending.errors
    assert "Traceback" not in ending.errors
    assert set(account.alerts) == {row["id"] for row in archive.rows("alerts")}


def test_closing_the_transport_ends_its_threads(simulator: Simulator, stall: Stall) -> None:
    """Closing the transport ends the threads that wait for a response, and the watchdog."""
    stall.left = 0
    before = set(threading.enumerate())
    transport = PooledTransport(simulator.url, connections=2)
    request = Request("/v2/alerts/1/logs", headers={"Authorization": f"GenieKey {simulator.account.full_key}"})

    def send() -> None:
        with contextlib.suppress(OpsgenieError, Stopped):
            transport(request)

    # The third waits for one of the others to complete.
    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert stall.begun.wait(TIMEOUT)
    transport.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS_TO_END)

    assert set(threading.enumerate()) - before == set()
