"""A limited account: how much of its budget is used, and how often the connector is refused.

All cases run side by side: each spends its time waiting.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import urllib3

from benchmarks.budget import EPISODE_SECONDS, HEADINGS, PER_MINUTE, PER_SECOND, SHARE, Case, Outcome, outcome
from benchmarks.ran import Program, Until
from benchmarks.report import Report, Target, Tell, table
from benchmarks.served import Offer, Served, forget, served, touch
from opsgenie_simulator import Simulator, Switches

STREAM = "alert_recipients"
LATENCY_MS = 20
SECONDS = {PER_SECOND: 120.0, PER_MINUTE: 300.0}
OTHERS_SHARE = 0.4
# Starting takes more of the machine than reading at such a pace.
SECONDS_BETWEEN_STARTS = 4.0

CASES = [
    *(
        Case(limit, model, is_known)
        for limit in (PER_MINUTE, PER_SECOND)
        for model in ("buckets", "rolling")
        for is_known in (True, False)
    ),
    *(
        Case(limit, "buckets", is_known, others=OTHERS_SHARE)
        for limit in (PER_MINUTE, PER_SECOND)
        for is_known in (True, False)
    ),
]


def limits(tell: Tell) -> Report:
    """Run every case, and a restart with what was learned."""
    again = [Case(limit, "buckets", is_known=False) for limit in (PER_MINUTE, PER_SECOND)]
    jobs = [*(partial(after_restart, case) for case in again), *(partial(outcome_of, case) for case in CASES)]
    tell(f"{len(jobs)} cases side by side, for some seven minutes")
    with ThreadPoolExecutor(len(jobs)) as threads:
        outcomes = list(threads.map(_in_turn, jobs, range(len(jobs))))
    restarted, fresh = outcomes[: len(again)], outcomes[len(again) :]
    lines = [
        f"The connector may use {SHARE:.0%} of a limit. Refusals within {EPISODE_SECONDS:.0f} s are one episode.",
        "",
        *table(HEADINGS, [one.row() for one in fresh]),
        "",
        "A second sync, which was given the state of the first:",
        "",
        *table(HEADINGS, [one.row() for one in restarted]),
    ]
    targets = [target for one in fresh for target in one.targets()]
    targets += [Target(f"{one.case.name}: refused after a restart", one.refused, 0, at_most=True) for one in restarted]
    return Report(lines, targets)


def _in_turn(job: Callable[[], Outcome], place: int) -> Outcome:
    time.sleep(place * SECONDS_BETWEEN_STARTS)
    return job()


def outcome_of(case: Case) -> Outcome:
    """Let the connector read for the case's time, beside others if it says so."""
    with served(_offer(case)) as simulator, _others(simulator, case):
        seconds = _read(simulator, SECONDS[case.limit])
        return outcome(case, simulator.requests, seconds=seconds)


def after_restart(case: Case) -> Outcome:
    """Let it learn in a first sync, change every alert, and look at a second sync that has the first one's state."""
    seconds = SECONDS[case.limit] / 2
    alerts = int(case.limit.limit / case.limit.period_in_sec * seconds * SHARE)
    with served(replace(_offer(case), alerts=alerts)) as simulator:
        first = Program().read(STREAM, config={"api_token": simulator.key, "endpoint": simulator.url})
        simulator.do(touch, alerts)
        time.sleep(case.limit.period_in_sec)  # what the first sync sent shall not be held against the second
        simulator.do(forget)
        seconds = _read(simulator, seconds, state=first.states.values())
        return outcome(case, simulator.requests, seconds=seconds)


def _offer(case: Case) -> Offer:
    """An account with more alerts than the limit lets pass in the time."""
    switches = Switches(
        limits_model=case.model,  # type: ignore[arg-type] # one of its two words
        limits_readable="yes" if case.is_known else "forbidden",
    )
    alerts = int(case.limit.limit * (SECONDS[case.limit] / case.limit.period_in_sec + 2))
    return Offer(alerts=alerts, latency_ms=LATENCY_MS, limits=(case.limit,), switches=switches)


def _read(simulator: Served, seconds: float, *, state: Iterable[Any] = ()) -> float:
    """Let the connector read for so many *seconds*; returns for how many it did, if it came to its end before."""
    config = {"api_token": simulator.key, "endpoint": simulator.url}
    ran = Program().read(STREAM, config=config, state=state, until=Until(seconds=seconds))
    return min(seconds, ran.last_row - ran.first_row) if ran.exit_code == 0 else seconds


@contextmanager
def _asking(simulator: Served, *, per_second: float) -> Iterator[None]:
    """Another client of the same account, which asks steadily and never mind what it is told."""
    path = f"{simulator.url}/v2/alerts/{simulator.do(_an_alert)}/notes"
    headers, ended = {"Authorization": f"GenieKey {simulator.key}"}, threading.Event()

    def ask() -> None:
        pool, at = urllib3.PoolManager(), time.monotonic()
        while not ended.wait(max(0.0, at - time.monotonic())):
            pool.request("GET", path, headers=headers)
            at += 1 / per_second

    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(ask)
        try:
            yield
        finally:
            ended.set()
            asking.result()


def _others(simulator: Served, case: Case) -> AbstractContextManager[None]:
    rate = case.others * case.limit.limit / case.limit.period_in_sec
    return _asking(simulator, per_second=rate) if rate else nullcontext()


def _an_alert(simulator: Simulator) -> str:
    return next(iter(simulator.account.alerts))
