"""How a run ends: what is not cut in two, who is not kept waiting, and which signals are heard."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from source_opsgenie.signals import SIGNALS, SignalDeferral, Terminated, handle_signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Whatever a test does, the signals are heard afterwards as before."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_block_is_brought_to_its_end() -> None:
    """A signal within blocks that stand in each other is made up for at the end of the outermost."""
    uncut, done = SignalDeferral(), list[str]()

    def work() -> None:
        with uncut:
            with uncut:
                uncut.come(signal.SIGTERM, None)
                done.append("inner")
            done.append("outer")

    with pytest.raises(Terminated) as caught:
        work()

    assert ["inner", "outer"] == done
    assert (143, signal.SIGTERM) == (caught.value.exit_code, uncut.last)


def test_who_asks_twice_is_not_kept_waiting() -> None:
    """The second signal ends even what is not cut in two, and is made up for once."""
    uncut, done = SignalDeferral(), list[str]()

    def work() -> None:
        with uncut:
            uncut.come(signal.SIGTERM, None)
            uncut.come(signal.SIGINT, None)
            done.append("cut")

    with pytest.raises(Terminated) as caught:
        work()
    with uncut:
        done.append("later")

    assert ["later"] == done
    assert 130 == caught.value.exit_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_heard_while_the_block_lasts(number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and a closed terminal raise Terminated; afterwards they mean what they meant before."""
    signal.signal(number, signal.default_int_handler)
    with pytest.raises(Terminated) as caught, handle_signals():
        os.kill(os.getpid(), number)

    assert 128 + number == caught.value.exit_code
    assert signal.default_int_handler == signal.getsignal(number)


def test_what_is_ignored_stays_so() -> None:
    """Under nohup a closed terminal ends nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with handle_signals():
        os.kill(os.getpid(), signal.SIGHUP)

        assert signal.SIG_IGN == signal.getsignal(signal.SIGHUP)


def test_another_thread_listens_to_nothing() -> None:
    """Signals come to the main thread only: in another, the block runs as it is."""
    ran: list[bool] = []

    def run() -> None:
        with handle_signals():
            ran.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert [True] == ran
