"""End a run on Ctrl-C, SIGTERM or a closed terminal, but never in the middle of a write."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import NoReturn

# Windows has no SIGHUP.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
FIRST_PROCESS = 1
# How long the rest of a line may take after a signal, while no one reads it.
LONGEST_DELAY_SECONDS = 0.1
# How long a run may take to say how it ended.
LONGEST_CLOSING_SECONDS = 1.0


class Terminated(KeyboardInterrupt):
    """A signal ended the run; *number* is the signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def end_on_signals() -> None:
    """Let signals end this process immediately; ignored ones stay ignored, as under nohup."""
    # The system withholds signals from the first process of a container as long as they have the default action.
    action = _end_by_signal if os.getpid() == FIRST_PROCESS else signal.SIG_DFL
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, action)


def end_by_signal(number: int) -> NoReturn:
    """End this process by the signal *number* itself, so that its parent learns the reason; a shell reports 128 + N."""
    signal.signal(number, signal.SIG_DFL)
    _kill(number)


@contextmanager
def postpone_signals() -> Iterator[None]:
    """Let a signal that would end this process end it after the block, or soon, if the block does not end.

    Only the main thread can do that; in another, signals keep their effect.
    """
    numbers = [number for number in SIGNALS if signal.getsignal(number) in (signal.SIG_DFL, _end_by_signal)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    received: list[int] = []

    def postpone(number: int, _: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)
        timer = threading.Timer(LONGEST_DELAY_SECONDS, _kill, [number])
        timer.daemon = True
        timer.start()

    before = {number: signal.signal(number, postpone) for number in numbers}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
        if received:
            end_by_signal(received[0])


def _end_by_signal(number: int, _: FrameType | None) -> None:
    end_by_signal(number)


def _kill(number: int) -> NoReturn:
    if os.name == "posix":
        os.kill(os.getpid(), number)
    # Still here only on Windows, or as the first process of a container.
    os._exit(128 + number)


@dataclass(slots=True)
class SignalDeferral:
    """A block that a signal does not interrupt: Terminated is raised after it, or immediately on a second signal.

    Blocks may be nested. Only for the main thread, which receives the signals. *pending* is the deferred signal,
    *last* the most recent one. *entered* counts the blocks.
    """

    depth: int = 0
    entered: int = 0
    pending: int = 0
    last: int = signal.SIGINT

    def __enter__(self) -> None:
        """Begin to defer."""
        self.depth += 1
        self.entered += 1

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

    A signal is repeated if the block does not end soon: no one may be reading what it still has to say.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_over = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=_repeat, args=(number, is_over), daemon=True).start()
        SIGNALS_DEFERRED.handle(number, frame)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    handled = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        is_over.set()
        for number in handled:
            signal.signal(number, before[number])


def _repeat(number: int, is_over: threading.Event) -> None:
    """Send the signal *number* once more, unless it *is_over* before; not while one thing after another is stored."""
    entered = SIGNALS_DEFERRED.entered
    while not is_over.wait(LONGEST_CLOSING_SECONDS):
        before, entered = entered, SIGNALS_DEFERRED.entered
        if before == entered and not SIGNALS_DEFERRED.depth:
            os.kill(os.getpid(), number)
            return


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
