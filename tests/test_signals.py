"""Signals: what they do not interrupt, what a second one does, and which ones are handled."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from source_opsgenie.signals import SIGNALS, SignalDeferral, Terminated, handle_signals
from tests.support.leaks import run_process


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


SIGNALLED = """
import os, signal
from source_opsgenie.signals import end_on_signals, postpone_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)
end_on_signals()
os.kill(os.getpid(), signal.SIGHUP)
print("ignored", flush=True)
with postpone_signals():
    os.kill(os.getpid(), signal.SIGTERM)
    print("postponed", flush=True)
print("never")
"""
FIRST_PROCESS = ("unshare", "--user", "--pid", "--fork")


def test_a_signal_ends_the_process_itself() -> None:
    """The process ends by the signal, after the block that postpones it; a signal that is ignored does nothing."""
    done = run_process(sys.executable, "-c", SIGNALLED)

    assert (-signal.SIGTERM, "ignored\npostponed\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(not shutil.which("unshare"), reason="this system has no unshare")
def test_a_signal_ends_the_first_process_of_a_container() -> None:
    """The system withholds signals from it, so it ends with the exit code that a shell would report."""
    if run_process(*FIRST_PROCESS, "true").returncode:
        pytest.skip("this user may not create a container")
    done = run_process(*FIRST_PROCESS, sys.executable, "-c", SIGNALLED.replace("with postpone_signals()", "if True"))

    assert (128 + signal.SIGTERM, "ignored\n") == (done.returncode, done.stdout)
