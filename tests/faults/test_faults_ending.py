"""Ended from outside: at once, with an exit code that tells, and so that the next run goes on from what was put out."""

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from archive.command import LISTENING, Command
from opsgenie_simulator import Account, Call, Response, Simulator
from opsgenie_simulator.messages import Answer
from source_opsgenie.clock import Stopped
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.lookahead import ordered_map
from source_opsgenie.transport import PooledTransport, Request
from verbs import Output, Verbs, catalog

# Two on a quiet machine; other tests run beside this one, and what hangs, hangs for a minute.
SECONDS_TO_END = 5.0
PATIENCE = 30.0
FULL_PIPE_BYTES = 61_441
FULL = Path("/dev/full")
STREAMS = ["alerts", "alert_logs"]


class Stall:
    """Weather that answers nothing any more, from the logs of so many alerts on; *begun* is set then."""

    def __init__(self, *, after: int) -> None:
        self.left, self.begun, self.is_over = after, threading.Event(), False

    def __call__(self, call: Call, answer: Answer) -> Response:
        """Answer, sooner or later."""
        self.left -= call.path.endswith("/logs")
        if self.left >= 0 or self.is_over:
            return answer(call)
        self.begun.set()
        return replace(answer(call), delay_seconds=3600.0)


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
    with Simulator(account, weather=(stall,)) as simulator:
        yield simulator


@pytest.fixture
def archive(simulator: Simulator, account: Account, tmp_path: Path) -> Command:
    """`opsgenie-archive` with a key that may read everything."""
    return Command(simulator, account.full_key, tmp_path / "acme.duckdb")


def begun(source: Verbs, stdout: Any) -> subprocess.Popen[str]:
    """A read by the connector in a process of its own."""
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    program += "from source_opsgenie.run import main; main()"
    asked = source.file("catalog", catalog(STREAMS, "incremental"))
    args = ["read", "--config", source.file("config", source.config), "--catalog", asked]
    return subprocess.Popen([sys.executable, "-c", program, *args], text=True, stdout=stdout, stderr=subprocess.PIPE)


def unread(pipe: IO[str]) -> int:
    """How many bytes wait in *pipe* to be read."""
    found: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
    return found


def ended(process: subprocess.Popen[str], number: int) -> tuple[float, str]:
    """How long *process* goes on after the signal *number*, and what it said on stderr."""
    began = time.monotonic()
    process.send_signal(number)
    process.wait(PATIENCE)
    return time.monotonic() - began, process.communicate()[1]


def test_the_connector_ends_at_once(source: Verbs, stall: Stall, account: Account) -> None:
    """With requests under way it ends at once; its output is whole lines, and its last state fits them."""
    printed = source.folder / "printed"
    with printed.open("w") as output:
        process = begun(source, output)
        assert stall.begun.wait(PATIENCE)
        seconds, errors = ended(process, signal.SIGTERM)
    first = Output(printed.read_text(), process.returncode)
    stall.is_over = True
    second = source.read(*STREAMS, state=first.last_states())
    both = [first, second]

    assert (143, "") == (process.returncode, errors)
    assert seconds < SECONDS_TO_END
    assert set(account.alerts) == {row["id"] for one in both for row in one.records("alerts")}
    assert set(account.alerts) == {row["alert_id"] for one in both for row in one.records("alert_logs")}


def test_nobody_has_to_read_what_is_printed(source: Verbs, stall: Stall) -> None:
    """A reader that stands still does not keep the connector from ending."""
    stall.is_over = True
    process = begun(source, subprocess.PIPE)
    assert process.stdout
    # Until the pipe is full, and the process stands still in the middle of a line.
    while unread(process.stdout) < FULL_PIPE_BYTES:
        assert process.poll() is None
    seconds, errors = ended(process, signal.SIGTERM)

    assert (143, "") == (process.returncode, errors)
    assert seconds < SECONDS_TO_END


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_archive_ends_at_once(number: int, archive: Command, stall: Stall, account: Account) -> None:
    """With requests under way it ends at once, nothing is left beside the file, and the rest comes later."""
    process = archive.begin("--streams", ",".join(STREAMS))
    assert stall.begun.wait(PATIENCE)
    seconds, errors = ended(process, number)
    left = [path.name for path in archive.path.parent.iterdir()]
    stall.is_over = True
    archive.sync("--streams", ",".join(STREAMS))

    assert (128 + number, archive.said) == (process.returncode, errors)
    assert seconds < SECONDS_TO_END
    assert [archive.path.name] == left
    assert set(account.alerts) == {row["alert_id"] for row in archive.rows("alert_logs")}


def test_a_reader_that_goes_away_ends_the_connector(source: Verbs, stall: Stall) -> None:
    """Whoever closes the pipe wants no more: it ends at once, without a word."""
    stall.is_over = True
    process = begun(source, subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()

    assert "" == process.stderr.read()
    assert 1 == process.wait(PATIENCE)
    process.stderr.close()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_is_told_once(source: Verbs, stall: Stall, archive: Command) -> None:
    """On a full disk both commands end with one line that says so, and without a traceback."""
    stall.is_over = True
    with FULL.open("w") as full:
        connector = begun(source, full)
        program = [sys.executable, "-c", LISTENING, "sync", "--to", str(archive.path), "--streams", "teams"]
        copier = subprocess.Popen(
            program, env=os.environ | archive.environment, stdout=full, stderr=subprocess.PIPE, text=True
        )
        errors = [one.communicate(timeout=PATIENCE)[1].removeprefix(archive.said) for one in (connector, copier)]

    assert [1, 1] == [connector.returncode, copier.returncode]
    assert all(one.startswith("Error: what is printed cannot be written (No space") for one in errors)
    assert [1, 1] == [len(one.splitlines()) for one in errors]


def test_a_full_disk_leaves_a_file_that_goes_on(archive: Command, stall: Stall, account: Account) -> None:
    """When the file may not grow, the sync says so and ends; with room again, the same command brings the rest."""
    stall.is_over = True
    archive.sync("--streams", "teams")
    size = archive.path.stat().st_size + 2**14
    program = [sys.executable, "-c", LISTENING, "sync", "--to", str(archive.path), "--streams", "alerts"]
    program[2] = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));" + program[2]
    environment = os.environ | archive.environment
    full = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    archive.sync("--streams", "alerts")

    assert 1 == full.returncode
    assert "the disk is full, or a file may not be so large: make room" in full.stderr
    assert "Traceback" not in full.stderr
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


def test_the_process_waits_for_no_thread() -> None:
    """A thread that looks ahead may hang in a name server for minutes: the interpreter does not wait for it."""
    gate = threading.Event()
    found = ordered_map(lambda _: gate.wait(PATIENCE), range(2), at_once=2)
    before = set(threading.enumerate())
    taking = threading.Thread(target=next, args=(found,))
    taking.start()
    while not (mine := set(threading.enumerate()) - before - {taking}):
        taking.join(0.01)
    gate.set()
    taking.join(PATIENCE)

    assert all(thread.daemon for thread in mine)
