"""Each fault in each stream, route and position: a read is complete, or it fails and the next one completes it."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from tests.support.faulty import EXPECTED_FAILURES, DirectTransport, Outcome, connection_over, read_stream

from opsgenie_simulator import Account, Faults, Simulator
from opsgenie_simulator.faults import TRANSIENT, ScriptedFault
from source_opsgenie.api.failures import Failure
from source_opsgenie.streams import STREAMS, Stream

# One fault for each failure; a body that is too large takes too long for this many cases.
ONE_EACH = {
    failure: fault for fault, failure in reversed(EXPECTED_FAILURES.items()) if failure is not Failure.TOO_LARGE
}
LASTING = [*ONE_EACH.values(), "previous page", "endless next", "huge count"]
# Of the streams that are read alike, the first gets each fault, the others a few at each position.
A_FEW = 3


def alike(stream: Stream) -> tuple[object, ...]:
    """The attributes that decide how *stream* is read."""
    return stream.paging, stream.search is not None, stream.parent is not None


FIRST = {alike(stream): stream.name for stream in reversed(STREAMS.values())}


def account_for(stream: Stream) -> Account:
    """A deterministic account for *stream*.

    It is small enough for a read to take milliseconds, and large enough for a paged list to have three pages.
    Child records are requested for each parent, so there are fewer parents.
    """
    many = 5 if stream.parent else 230
    account = Account.seeded(alerts=many, incidents=many, users=many, teams=3, services=many, integrations=3)
    account.clock = lambda: 1_800_000_000_000
    return account


def _reports_missing_rows(outcome: Outcome) -> bool:
    """Whether the messages report missing rows: the plan does not include them, or their parents are deleted."""
    is_not_in_plan = not outcome.rows and Failure.NOT_IN_PLAN.remedy in outcome.messages
    return is_not_in_plan or bool(re.search("[1-9] gone", outcome.messages))


class Case:
    """One stream of an account, read repeatedly with different faults."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.account = stream, account_for(stream)
        self.requests: Counter[str] = Counter()
        self.complete = self._read(Faults(), requests=self.requests)

    def cells(self) -> Iterator[tuple[str, int]]:
        """Each route that a read requests, at its first, middle and last request."""
        for route, number in self.requests.items():
            yield from ((route, at) for at in sorted({1, (number + 1) // 2, number}))

    def broken_rules(self, fault: str, route: str, at: int, *, times: int | None) -> list[str]:
        """The rules that break when the response *at* on *route*, or each from there on, has *fault*."""
        faults, complete = Faults(), self.complete.rows
        outcome = self._read(faults, ScriptedFault(fault, route, at=at, times=times))
        later = self._read(Faults(), state=outcome.state)
        is_explained = outcome.rows == complete or _reports_missing_rows(outcome)
        rules = {
            "the fault is used": not faults.unused(),
            "a passing fault does not fail the read": not (outcome.error and times and fault in TRANSIENT),
            "missing rows are reported": bool(outcome.error) or is_explained,
            "the error names the request": not outcome.error or re.search("GET |/v", str(outcome.error)) is not None,
            "the next read completes it": later.error is None and outcome.rows | later.rows == complete,
        }
        return [
            f"{fault} at {route} {at} breaks: {rule}; {outcome.error}" for rule, holds in rules.items() if not holds
        ]

    def _read(
        self,
        faults: Faults,
        *scripted: ScriptedFault,
        state: dict[str, object] | None = None,
        requests: Counter[str] | None = None,
    ) -> Outcome:
        transport = DirectTransport(Simulator(self.account, faults=faults))
        connection = connection_over(transport, self.account.full_key, max_concurrent_requests=2)
        transport.routes.clear()
        for script in scripted:
            faults.script(script.fault, route=script.route, at=script.at, times=script.times)
        outcome = read_stream(connection, self.stream, state)
        if requests is not None:
            requests.update(transport.routes)
        return outcome


@pytest.mark.parametrize("stream", STREAMS.values(), ids=lambda stream: stream.name)
def test_a_read_is_complete_or_fails(stream: Stream) -> None:
    """Any fault at any position: all rows, or an error and a state from which the next read returns the rest."""
    case = Case(stream)
    is_first = FIRST[alike(stream)] == stream.name
    turn = count()
    broken: list[str] = []
    for route, at in case.cells():
        number = next(turn)
        broken += case.broken_rules(TRANSIENT[number % len(TRANSIENT)], route, at, times=1)
        for fault in LASTING if is_first else (LASTING * 2)[number % len(LASTING) :][:A_FEW]:
            broken += case.broken_rules(fault, route, at, times=None)

    assert case.complete.error is None
    assert case.requests
    assert broken == []
