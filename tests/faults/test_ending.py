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
from tests.support.processes import ARCHIVE, CONNECTOR, PATIENCE, SECONDS_TO_END, Begun, Ending, begun, soon
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
    """What comes over the simulator."""
    return Stall(after=45)


@pytest.fixture
def account() -> Account:
    """So many alerts that a read is under way for a while."""
    return Account.seeded(alerts=300, incidents=0)


@pytest.fixture
def simulator(account: Account, stall: Stall) -> Iterator[Simulator]:
    """The API, which stalls."""
    with Simulator(account, middleware=(stall,)) as simulator:
        yield simulator


@pytest.fixture
def archive(simulator: Simulator, account: Account, tmp_path: Path) -> Command:
    """`opsgenie-archive` with a key that may read everything."""
    return Command(simulator, account.full_key, tmp_path / "acme.duckdb")


@pytest.fixture
def connector(source: Verbs) -> Callable[..., Begun]:
    """Begins a read by the connector in a process of its own."""
    catalogued = source.file("catalog", catalog(STREAMS, "incremental"))
    args = ["read", "--config", source.file("config", source.config), "--catalog", catalogued]
    return partial(begun, CONNECTOR, *args, folder=source.folder)


@pytest.fixture
def copier(archive: Command) -> Callable[..., Begun]:
    """Begins a sync by the archive in a process of its own."""
    args = ["sync", "--to", str(archive.path), "--streams", ",".join(STREAMS)]
    environment, said = archive.environment, archive.said
    return partial(begun, ARCHIVE, *args, folder=archive.path.parent, environment=environment, said=said)


@pytest.fixture(params=["connector", "copier"])
def program(request: pytest.FixtureRequest) -> Callable[..., Begun]:
    """Begins either."""
    found: Callable[..., Begun] = request.getfixturevalue(request.param)
    return found


def signalled(begin: Callable[[], Begun], stall: Stall, number: int) -> Ending:
    """How a run ends to which the signal *number* comes, while requests are under way."""
    stall.again()
    run = begin()
    assert stall.begun.wait(PATIENCE)
    run.process.send_signal(number)
    return run.ended(time.monotonic())


def unread(pipe: IO[str]) -> int:
    """How many bytes wait in *pipe* to be read."""
    found: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once(number: int, program: Callable[..., Begun], stall: Stall) -> None:
    """With requests under way either program ends at once, without a word or a temporary file."""
    ending = soon(lambda: signalled(partial(program, stdout=subprocess.DEVNULL), stall, number))

    assert (128 + number, "", []) == (ending.exit_code, ending.errors, ending.left)


def test_what_the_connector_printed_fits_its_last_state(
    connector: Callable[..., Begun], source: Verbs, stall: Stall, account: Account
) -> None:
    """After SIGTERM its output is whole lines, and a read from its last state brings the rest."""
    printed = source.folder / "printed"
    with printed.open("w") as output:
        ending = signalled(partial(connector, stdout=output), stall, signal.SIGTERM)
    first = Output(printed.read_text(), ending.exit_code)
    stall.is_over = True
    both = [first, source.read(*STREAMS, state=first.last_states())]

    assert set(account.alerts) == {row["id"] for one in both for row in one.records("alerts")}
    assert set(account.alerts) == {row["alert_id"] for one in both for row in one.records("alert_logs")}


def test_what_the_archive_stored_goes_on(
    copier: Callable[..., Begun], archive: Command, stall: Stall, account: Account
) -> None:
    """After SIGTERM nothing is left beside the file, and the same command brings the rest."""
    signalled(partial(copier, stdout=subprocess.DEVNULL), stall, signal.SIGTERM)
    left = {path.name for path in archive.path.parent.glob(f"{archive.path.name}*")}
    stall.is_over = True
    archive.sync("--streams", ",".join(STREAMS))

    assert {archive.path.name} == left
    assert set(account.alerts) == {row["alert_id"] for row in archive.rows("alert_logs")}


def test_nobody_has_to_read_what_is_printed(connector: Callable[..., Begun], stall: Stall) -> None:
    """A reader that stands still does not keep the connector from ending."""
    stall.is_over = True

    def end() -> Ending:
        run = connector()
        # Until the pipe is full, and the process stands still in the middle of a line.
        while unread(run.stdout) < FULL_PIPE_BYTES:
            assert run.process.poll() is None
        run.process.send_signal(signal.SIGTERM)
        return run.ended(time.monotonic())

    ending = soon(end)

    assert (143, "", []) == (ending.exit_code, ending.errors, ending.left)


def test_a_reader_that_goes_away_ends_it_at_once(program: Callable[..., Begun], stall: Stall) -> None:
    """Whoever closes the pipe wants no more: what is printed next ends either program, without a word."""
    stall.is_over = True

    def end() -> Ending:
        run = program()
        run.stdout.readline()
        run.stdout.close()
        return run.ended(time.monotonic())

    ending = soon(end)

    assert (1, "", []) == (ending.exit_code, ending.errors, ending.left)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_is_told_once(program: Callable[..., Begun], stall: Stall) -> None:
    """On a full disk either program ends with one line that says so, and without a traceback."""
    stall.is_over = True
    with FULL.open("w") as full:
        ending = program(stdout=full).ended(time.monotonic())

    assert (1, 1, []) == (ending.exit_code, len(ending.errors.splitlines()), ending.left)
    assert ending.errors.startswith("Error: what is printed cannot be written (No space")


def test_a_disk_that_is_full_in_the_middle_ends_the_connector(
    connector: Callable[..., Begun], source: Verbs, stall: Stall
) -> None:
    """From the moment on in which its output may not grow, nothing more is read."""
    stall.is_over = True
    size, printed = 100_000, source.folder / "printed"

    def end() -> Ending:
        with printed.open("w") as output:
            run = connector(stdout=output, largest_file=size)
            while printed.stat().st_size < size and run.process.poll() is None:
                stall.begun.wait(0.01)
            return run.ended(time.monotonic())

    ending = soon(end)

    assert (1, size, []) == (ending.exit_code, printed.stat().st_size, ending.left)
    assert ending.errors.startswith("Error: what is printed cannot be written (File too large)")


def test_a_full_disk_leaves_a_file_that_goes_on(
    copier: Callable[..., Begun], archive: Command, stall: Stall, account: Account
) -> None:
    """When the file may not grow, a sync says so and asks nothing more; with room again, the same command goes on."""
    archive.sync("--streams", "teams")
    size = archive.path.stat().st_size + 2**14
    ending = copier(largest_file=size).ended(time.monotonic())
    asked_for_logs = stall.left < stall.after
    stall.is_over = True
    archive.sync("--streams", "alerts")

    assert (1, False, []) == (ending.exit_code, asked_for_logs, ending.left)
    assert "the disk is full, or a file may not be so large: make room" in ending.errors
    assert "Traceback" not in ending.errors
    assert set(account.alerts) == {row["id"] for row in archive.rows("alerts")}


def test_no_thread_waits_on(simulator: Simulator, stall: Stall) -> None:
    """Closing the transport ends the threads that wait for an answer, and the one that looks after them."""
    stall.left = 0
    before = set(threading.enumerate())
    transport = PooledTransport(simulator.url, connections=2)
    request = Request("/v2/alerts/1/logs", headers={"Authorization": f"GenieKey {simulator.account.full_key}"})

    def ask() -> None:
        with contextlib.suppress(OpsgenieError, Stopped):
            transport(request)

    # The third waits until one of the others is answered.
    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    assert stall.begun.wait(PATIENCE)
    transport.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS_TO_END)

    assert set(threading.enumerate()) - before == set()
