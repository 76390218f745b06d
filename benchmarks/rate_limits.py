"""A rate-limited account: how much of its budget the connector uses, and how often it is throttled.

All cases run in parallel, because each spends its time waiting.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import urllib3

from benchmarks.programs import Program, StopAfter
from benchmarks.rate_limit_outcomes import (
    EPISODE_SECONDS,
    HEADINGS,
    PER_MINUTE,
    PER_SECOND,
    SHARE,
    Case,
    Outcome,
    evaluate,
)
from benchmarks.report import Log, Report, format_table
from benchmarks.server import Server, ServerOptions, serve
from opsgenie_simulator import Simulator, Switches

STREAM = "alert_recipients"
LATENCY_MS = 20
SECONDS = {PER_SECOND: 120.0, PER_MINUTE: 300.0}
OTHERS_SHARE = 0.4
# Starting the connector takes more CPU than reading at the pace of these limits.
SECONDS_BETWEEN_STARTS = 4.0

CASES = [
    *(
        Case(limit, model, is_known)
        for limit in (PER_MINUTE, PER_SECOND)
        for model in ("buckets", "rolling")
        for is_known in (True, False)
    ),
    *(
        Case(limit, "buckets", is_known, others_share=OTHERS_SHARE)
        for limit in (PER_MINUTE, PER_SECOND)
        for is_known in (True, False)
    ),
]


def limits(log: Log) -> Report:
    """Run every case."""
    jobs = [partial(run_case, case) for case in CASES]
    log(f"{len(jobs)} cases in parallel, for about seven minutes")
    with ThreadPoolExecutor(len(jobs)) as threads:
        outcomes = list(threads.map(_start_delayed, jobs, range(len(jobs))))
    lines = [
        f"The connector may use {SHARE:.0%} of a limit. 429s within {EPISODE_SECONDS:.0f} s are one episode.",
        "",
        *format_table(HEADINGS, [outcome.row() for outcome in outcomes]),
    ]
    return Report(lines, [target for outcome in outcomes for target in outcome.targets()])


def _start_delayed(job: Callable[[], Outcome], position: int) -> Outcome:
    time.sleep(position * SECONDS_BETWEEN_STARTS)
    return job()


def run_case(case: Case) -> Outcome:
    """Read for the duration of *case*, with another client if it has one."""
    with serve(_server_options(case)) as simulator, _other_client(simulator, case):
        seconds = _read(simulator, SECONDS[case.limit])
        return evaluate(case, simulator.requests, seconds=seconds)


def _server_options(case: Case) -> ServerOptions:
    """An account with more alerts than can be read at the limit within the duration of *case*."""
    switches = Switches(
        limits_model=case.model,  # type: ignore[arg-type] # one of its two values
        limits_readable="yes" if case.is_known else "forbidden",
    )
    alerts = int(case.limit.limit * (SECONDS[case.limit] / case.limit.period_in_sec + 2))
    return ServerOptions(alerts=alerts, latency_ms=LATENCY_MS, limits=(case.limit,), switches=switches)


def _read(simulator: Server, seconds: float) -> float:
    """Read for at most *seconds*; returns how long the read took if it ended earlier."""
    config = {"api_token": simulator.key, "endpoint": simulator.url}
    result = Program().read(STREAM, config=config, stop=StopAfter(seconds=seconds))
    return min(seconds, result.last_row - result.first_row) if result.exit_code == 0 else seconds


@contextmanager
def _send_requests(simulator: Server, *, per_second: float) -> Iterator[None]:
    """Send requests at a constant rate, as another client of the account that ignores every 429."""
    path = f"{simulator.url}/v2/alerts/{simulator.call(_first_alert)}/notes"
    headers, ended = {"Authorization": f"GenieKey {simulator.key}"}, threading.Event()

    def send() -> None:
        pool, due = urllib3.PoolManager(), time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            pool.request("GET", path, headers=headers)
            due += 1 / per_second

    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(send)
        try:
            yield
        finally:
            ended.set()
            sending.result()


def _other_client(simulator: Server, case: Case) -> AbstractContextManager[None]:
    rate = case.others_share * case.limit.limit / case.limit.period_in_sec
    return _send_requests(simulator, per_second=rate) if rate else nullcontext()


def _first_alert(simulator: Simulator) -> str:
    return next(iter(simulator.account.alerts))
