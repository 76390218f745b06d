"""Whatever its reader does, a run ends promptly by the signal, and has written each line once and completely."""

import fcntl
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from tests.support.leaks import record_output
from tests.support.processes import CONNECTOR, TIMEOUT, Ending, Running, end_promptly, start
from tests.support.verbs import Verbs, catalog

from opsgenie_simulator import Account

if not hasattr(fcntl, "F_SETPIPE_SZ"):
    pytest.skip("only Linux can make a pipe small, and tell that a process waits for it", allow_module_level=True)

SMALL, LARGE = 4096, 2**16
# A signal ends the process in a hundredth of a second, or in a tenth if a line is under way; this machine may be busy.
SECONDS_TO_END = 0.5
VERBS = ("spec", "check", "discover", "read")
# What each verb leaves in a small pipe, so that it has to wait for the reader.
FILLING = b" " * (SMALL - 1) + b"\n"


@dataclass
class Reader:
    """The reader of a pipe: it reads nothing, until it reads everything."""

    run: Running
    descriptor: int

    def wait_until_full(self) -> None:
        """Return once the process waits for this reader."""
        since = time.monotonic()
        while "pipe_write" not in Path(f"/proc/{self.run.process.pid}/wchan").read_text():
            assert self.run.process.poll() is None
            assert time.monotonic() - since < TIMEOUT

    def read_lines(self) -> list[bytes]:
        """Read until the process ends; returns its lines, the last of which is empty if it ended with a line break."""
        with os.fdopen(self.descriptor, "rb") as pipe:
            return record_output(pipe.read()).removeprefix(FILLING).split(b"\n")


Begin = Callable[..., Reader]


@pytest.fixture
def account() -> Account:
    """An account with more alerts than a pipe holds."""
    return Account.seeded(alerts=300, incidents=0)


@pytest.fixture
def begin(source: Verbs) -> Begin:
    """Start a verb that writes into a pipe of *size* bytes, of which *filling* is already there."""
    files = {"config": source.config, "catalog": catalog(["alerts"], "full_refresh")}
    paths = {name: source.file(name, content) for name, content in files.items()}
    needs = {"spec": (), "read": ("config", "catalog")}

    def begin(verb: str, *, size: int = SMALL, filling: bytes = b"") -> Reader:
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, size)
        os.write(writing, filling)
        args = [part for name in needs.get(verb, ("config",)) for part in (f"--{name}", paths[name])]
        run = start(CONNECTOR, verb, *args, folder=source.folder, stdout=writing)
        os.close(writing)
        return Reader(run, reading)

    return begin


def end(reader: Reader, number: int, *, is_read: bool) -> tuple[Ending, list[bytes]]:
    """Send the signal *number* to a process that waits for its *reader*; returns its ending and its lines."""
    reader.wait_until_full()
    since = time.monotonic()
    reader.run.process.send_signal(number)
    lines = reader.read_lines() if is_read else []
    ending = reader.run.wait(since)
    return ending, lines or reader.read_lines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", VERBS)
def test_a_stopped_reader_does_not_delay_the_end(verb: str, number: int, begin: Begin) -> None:
    """A signal ends each verb although no one reads its output, by the signal itself and without a part of a line."""
    outputs = []

    def measure() -> Ending:
        ending, lines = end(begin(verb, filling=FILLING), number, is_read=False)
        outputs.append(lines)
        return ending

    ending = end_promptly(measure, seconds=SECONDS_TO_END)

    assert (-number, "", []) == (ending.exit_code, ending.errors, ending.left)
    assert all([b""] == lines for lines in outputs)


def test_a_slow_reader_gets_the_rest_of_a_line(begin: Begin) -> None:
    """A signal in the middle of a long line ends the process after it, if the reader goes on."""
    ending, (*_, line, rest) = end(begin("discover"), signal.SIGTERM, is_read=True)

    assert (-signal.SIGTERM, b"") == (ending.exit_code, rest)
    assert "CATALOG" == orjson.loads(line)["type"]


@pytest.mark.parametrize("is_read", [False, True])
def test_every_row_is_written_once(is_read: bool, begin: Begin) -> None:
    """A signal while rows wait for the reader leaves complete lines, and none of them twice."""
    ending, lines = end(begin("read", size=LARGE), signal.SIGTERM, is_read=is_read)
    messages = [orjson.loads(line) for line in lines[:-1]]
    ids = [message["record"]["data"]["id"] for message in messages if message["type"] == "RECORD"]

    assert (-signal.SIGTERM, b"") == (ending.exit_code, lines[-1])
    assert len(set(ids)) == len(ids) > 30


@pytest.mark.parametrize("verb", VERBS)
def test_a_closed_pipe_ends_each_verb(verb: str, begin: Begin) -> None:
    """A reader that is gone wants nothing: each verb ends with exit code 1, and without an error."""
    reader = begin(verb)
    os.close(reader.descriptor)
    ending = reader.run.wait(time.monotonic())

    assert (1, "", []) == (ending.exit_code, ending.errors, ending.left)
