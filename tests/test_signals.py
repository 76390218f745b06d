"""Signals: what they do not interrupt, what a second one does, and which ones are handled."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from source_opsgenie.signals import SIGNALS, SignalDeferral, Terminated, handle_signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Restore the signal handlers after each test."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_block_is_not_interrupted() -> None:
    """A signal within nested blocks raises Terminated at the end of the outermost."""
    deferral, done = SignalDeferral(), list[str]()

    def work() -> None:
        with deferral:
            with deferral:
                deferral.handle(signal.SIGTERM, None)
                done.append("inner")
            done.append("outer")

    with pytest.raises(Terminated) as caught:
        work()

    assert ["inner", "outer"] == done
    assert (signal.SIGTERM, signal.SIGTERM) == (caught.value.number, deferral.last)


def test_a_second_signal_interrupts_a_block() -> None:
    """The second signal raises Terminated within the block, and only once."""
    deferral, done = SignalDeferral(), list[str]()

    def work() -> None:
        with deferral:
            deferral.handle(signal.SIGTERM, None)
            deferral.handle(signal.SIGINT, None)
            done.append("interrupted")

    with pytest.raises(Terminated) as caught:
        work()
    with deferral:
        done.append("later")

    assert ["later"] == done
    assert signal.SIGINT == caught.value.number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_handled_within_the_block(number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and a closed terminal raise Terminated; afterwards the earlier handlers are restored."""
    signal.signal(number, signal.default_int_handler)
    with pytest.raises(Terminated) as caught, handle_signals():
        os.kill(os.getpid(), number)

    assert number == caught.value.number
    assert signal.default_int_handler == signal.getsignal(number)


def test_ignored_signals_stay_ignored() -> None:
    """Under nohup a closed terminal does not end the run."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with handle_signals():
        os.kill(os.getpid(), signal.SIGHUP)

        assert signal.SIG_IGN == signal.getsignal(signal.SIGHUP)


def test_another_thread_handles_no_signals() -> None:
    """Only the main thread receives signals; in another, the block runs without handlers."""
    ran: list[bool] = []

    def run() -> None:
        with handle_signals():
            ran.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert [True] == ran
