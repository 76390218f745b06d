"""End a run on Ctrl-C, SIGTERM or a closed terminal, but never in the middle of a write."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType

# Windows has no SIGHUP.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Terminated(KeyboardInterrupt):
    """A signal ended the run; the exit code names the signal, as in a shell."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = exit_code(number)


def exit_code(number: int) -> int:
    """The exit code of a run that the signal *number* ended."""
    return 128 + number


@dataclass(slots=True)
class SignalDeferral:
    """A block that a signal does not interrupt: Terminated is raised after it, or immediately on a second signal.

    Blocks may be nested. Only for the main thread, which receives the signals. *pending* is the deferred signal,
    *last* the most recent one.
    """

    depth: int = 0
    pending: int = 0
    last: int = signal.SIGINT

    def __enter__(self) -> None:
        """Begin to defer."""
        self.depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise Terminated for the deferred signal, if any."""
        self.depth -= 1
        if self.pending and not self.depth:
            number, self.pending = self.pending, 0
            raise Terminated(number)

    def handle(self, number: int, _: FrameType | None) -> None:
        """Receive a signal: defer it inside a block, otherwise raise Terminated."""
        self.last = number
        if self.depth and not self.pending:
            self.pending = number
        else:
            self.pending = 0
            raise Terminated(number)


SIGNALS_DEFERRED = SignalDeferral()


@contextmanager
def handle_signals() -> Iterator[None]:
    """Raise Terminated for signals within the block; ignored ones stay ignored, as under nohup.

    When a signal interrupts a write to a full pipe, Python gives the write up: the last line is then incomplete, and
    nothing follows it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    handled = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, SIGNALS_DEFERRED.handle)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


def report_unwritable_output(problem: OSError) -> None:
    """Report on stderr that stdout cannot be written, and discard what is left in its buffer."""
    if sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    # A closed pipe was closed on purpose.
    if sys.__stderr__ and not isinstance(problem, BrokenPipeError):
        sys.__stderr__.write(
            f"Error: cannot write to standard output ({problem.strerror or problem}). Fix that and run again, "
            "to resume from the last stored state.\n"
        )
