"""How a run ends: Ctrl-C, SIGTERM and a closed terminal cut nothing in two; output that nobody takes is told once."""

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
    """Somebody wants the run to end; the exit code says who, as a shell would."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = exit_code(number)


def exit_code(number: int) -> int:
    """The exit code of a run that the signal *number* ended."""
    return 128 + number


@dataclass(slots=True)
class SignalDeferral:
    """A block that a signal does not cut in two: Terminated is raised after it, or at once when a second signal comes.

    For the main thread, where signals arrive. Blocks may stand in each other. *last* is the signal that came last.
    """

    depth: int = 0
    asked: int = 0
    last: int = signal.SIGINT

    def __enter__(self) -> None:
        """Put off."""
        self.depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make up for what was put off."""
        self.depth -= 1
        if self.asked and not self.depth:
            number, self.asked = self.asked, 0
            raise Terminated(number)

    def come(self, number: int, _: FrameType | None) -> None:
        """A signal came."""
        self.last = number
        if self.depth and not self.asked:
            self.asked = number
        else:
            self.asked = 0
            raise Terminated(number)


SIGNALS_DEFERRED = SignalDeferral()


@contextmanager
def handle_signals() -> Iterator[None]:
    """For as long as the block lasts, signals raise Terminated; those that are ignored stay so, as under nohup.

    A write that waits for a reader who stands still is given up by Python when a signal comes: of the last line then
    a part is out, and nothing after it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, SIGNALS_DEFERRED.come)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def report_unwritable_output(problem: OSError) -> None:
    """Say on stderr that stdout cannot be written; what is left in its buffer must not fail once more."""
    if sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    # Whoever closed a pipe knows.
    if sys.__stderr__ and not isinstance(problem, BrokenPipeError):
        sys.__stderr__.write(
            f"Error: what is printed cannot be written ({problem.strerror or problem}): mend that, then run again; "
            "it goes on from the last state that was stored.\n"
        )
