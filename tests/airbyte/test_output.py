"""Standard output: what other threads add, what a descriptor of another program does, and what follows an error."""

import os
import threading
from collections.abc import Iterator

import pytest

from source_opsgenie.airbyte.output import MOST_BYTES, Output

LINES = [b"%d%s\n" % (number, b"x" * 1000) for number in range(300)]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def read_to_end(reading: int, into: list[bytes]) -> threading.Thread:
    """Read from *reading* in a thread, until the last of LINES arrives."""

    def read() -> None:
        while not into or not into[-1].endswith(LINES[-1]):
            into.append(os.read(reading, MOST_BYTES))

    thread = threading.Thread(target=read)
    thread.start()
    return thread


@pytest.mark.parametrize("is_blocking", [True, False])
def test_lines_arrive_in_order(is_blocking: bool, pipe: tuple[int, int]) -> None:
    """More lines than a pipe holds arrive in order, even if another program made the pipe non-blocking."""
    reading, writing = pipe
    os.set_blocking(writing, is_blocking)
    arrived: list[bytes] = []
    reader, output = read_to_end(reading, arrived), Output(writing)
    for line in LINES:
        output.write_lines([line])
    output.flush()
    reader.join()

    assert b"".join(LINES) == b"".join(arrived)


def test_other_threads_do_not_write(pipe: tuple[int, int]) -> None:
    """A line of another thread waits for the next one of the thread that writes, and keeps its place."""
    reading, writing = pipe
    os.set_blocking(reading, False)
    output = Output(writing)
    output.flush()

    def log() -> None:
        output.write("logged é\n")
        output.flush()

    thread = threading.Thread(target=log)
    thread.start()
    thread.join()
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    output.write_lines([b"written\n"])
    output.flush()

    assert "logged é\nwritten\n".encode() == os.read(reading, MOST_BYTES)


def test_nothing_follows_an_error() -> None:
    """Once a line is lost, every call fails: an output with a gap must not end as if it were complete."""
    reading, writing = os.pipe()
    output = Output(writing)
    os.close(reading)
    output.flush()
    output.write("lost\n")
    with pytest.raises(BrokenPipeError):
        output.flush()
    with pytest.raises(BrokenPipeError):
        output.flush()
    with pytest.raises(BrokenPipeError):
        output.write("late\n")
    os.close(writing)
