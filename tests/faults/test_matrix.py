"""Fault by stream by kind of request by moment: a read is complete, or loudly incomplete and mended by the next one."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from tests.support.faulty import URLLIB3_FAILURES, Ran, Wireless, connection_over, run

from opsgenie_simulator import Account, Faults, Simulator
from opsgenie_simulator.faults import TRANSIENT, ScriptedFault
from source_opsgenie.api.failures import Failure
from source_opsgenie.streams import STREAMS, Stream

# One fault for each failure that there is; what is too large takes too long for so many cases.
ONE_EACH = {failure: fault for fault, failure in reversed(URLLIB3_FAILURES.items()) if failure is not Failure.TOO_LARGE}
LASTING = [*ONE_EACH.values(), "previous page", "endless next", "huge count"]
# Of the streams that are read alike, the first is tried with each fault, the others with a few at each moment.
A_FEW = 3


def alike(stream: Stream) -> tuple[object, ...]:
    """What the way in which *stream* is read depends on."""
    return stream.paging, stream.search is not None, stream.parent is not None


FIRST = {alike(stream): stream.name for stream in reversed(STREAMS.values())}


def account_for(stream: Stream) -> Account:
    """An account that is right for *stream*, and always the same.

    It has so little that a read takes milliseconds, and so much that a list has three pages, where it is paged.
    What hangs on rows is asked for row by row: those are fewer.
    """
    many = 5 if stream.parent else 230
    account = Account.seeded(alerts=many, incidents=many, users=many, teams=3, services=many, integrations=3)
    account.clock = lambda: 1_800_000_000_000
    return account


def _is_told(ran: Ran) -> bool:
    """Whether it was told that rows are lacking: the plan has none of them, or the rows that they hang on are gone."""
    return (not ran.rows and Failure.NOT_IN_PLAN.remedy in ran.told) or bool(re.search("[1-9] gone", ran.told))


class Case:
    """One stream of an account, read again and again with other faults."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.account = stream, account_for(stream)
        self.requests: Counter[str] = Counter()
        self.whole = self._read(Faults(), requests=self.requests)

    def cells(self) -> Iterator[tuple[str, int]]:
        """Each kind of request that a read makes, at its first, middle and last moment."""
        for route, number in self.requests.items():
            yield from ((route, at) for at in sorted({1, (number + 1) // 2, number}))

    def broken(self, fault: str, route: str, at: int, *, times: int | None) -> list[str]:
        """What goes wrong when the answer *at* on *route*, or all from there on, come with *fault*."""
        faults = Faults()
        ran = self._read(faults, ScriptedFault(fault, route, at=at, times=times))
        mended = self._read(Faults(), state=ran.state)
        rules = {
            "not used": not faults.unused(),
            "fails, though it passes": not (ran.problem and times and fault in TRANSIENT),
            "not whole, without a word": bool(ran.problem) or ran.rows == self.whole.rows or _is_told(ran),
            "does not say what was asked": not ran.problem or re.search("GET |/v", str(ran.problem)) is not None,
            "is not mended": mended.problem is None and ran.rows | mended.rows == self.whole.rows,
        }
        return [f"{fault} at {route} {at}: {rule}: {ran.problem}" for rule, holds in rules.items() if not holds]

    def _read(
        self,
        faults: Faults,
        *scripted: ScriptedFault,
        state: dict[str, object] | None = None,
        requests: Counter[str] | None = None,
    ) -> Ran:
        wireless = Wireless(Simulator(self.account, faults=faults))
        connection = connection_over(wireless, self.account.full_key, max_concurrent_requests=2)
        wireless.routes.clear()
        for one in scripted:
            faults.script(one.fault, route=one.route, at=one.at, times=one.times)
        ran = run(connection, self.stream, state)
        if requests is not None:
            requests.update(wireless.routes)
        return ran


@pytest.mark.parametrize("stream", STREAMS.values(), ids=lambda stream: stream.name)
def test_complete_or_loudly_incomplete(stream: Stream) -> None:
    """Whichever fault comes when: all rows, or an error and a state from which the next read brings the rest."""
    case = Case(stream)
    is_first = FIRST[alike(stream)] == stream.name
    turn = count()
    broken: list[str] = []
    for route, at in case.cells():
        number = next(turn)
        broken += case.broken(TRANSIENT[number % len(TRANSIENT)], route, at, times=1)
        for fault in LASTING if is_first else (LASTING * 2)[number % len(LASTING) :][:A_FEW]:
            broken += case.broken(fault, route, at, times=None)

    assert case.whole.problem is None
    assert case.requests
    assert broken == []
