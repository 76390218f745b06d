"""End a run on Ctrl-C, SIGTERM or a closed terminal, but never in the middle of a write."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
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
    *last* the most recent one. *on_signal* is called for each.
    """

    depth: int = 0
    pending: int = 0
    last: int = signal.SIGINT
    on_signal: Callable[[], object] | None = None

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
        if self.on_signal:
            self.on_signal()
        if self.depth and not self.pending:
            self.pending = number
        else:
            self.pending = 0
            raise Terminated(number)


SIGNALS_DEFERRED = SignalDeferral()


@contextmanager
def handle_signals() -> Iterator[None]:
    """Raise Terminated for signals within the block; ignored ones stay ignored, as under nohup."""
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


@contextmanager
def discard_unread_output(*, seconds: float) -> Iterator[None]:
    """Discard what no one reads from stdout within *seconds* after a signal that handle_signals() receives.

    Python repeats a write to a full pipe after a signal, until all of it is written: a reader that stopped reading
    would keep the process alive. The last line is then incomplete, and nothing follows it.
    """
    # Windows has no timer that interrupts a write.
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: _discard_output())
    SIGNALS_DEFERRED.on_signal = lambda: signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        SIGNALS_DEFERRED.on_signal = None
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def report_unwritable_output(problem: OSError) -> None:
    """Report on stderr that stdout cannot be written, and discard what is left in its buffer."""
    _discard_output()
    # A closed pipe was closed on purpose.
    if sys.__stderr__ and not isinstance(problem, BrokenPipeError):
        sys.__stderr__.write(
            f"Error: cannot write to standard output ({problem.strerror or problem}). Fix that and run again, "
            "to resume from the last stored state.\n"
        )


def _discard_output() -> None:
    """Lead stdout, with all that is in its buffer, to nowhere."""
    if sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
