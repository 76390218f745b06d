"""Many accounts on one machine, each read by its own process: the used share of each limit, and what that costs.

An account is a simulator in a process of its own, and reports its limit. `python -m benchmarks.accounts` runs this part
alone.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import orjson

from benchmarks.domains import SYNC
from benchmarks.programs import Program, RunResult, run
from benchmarks.rate_limit_outcomes import SHARE, THROTTLED
from benchmarks.report import Log, Report, Target, format_table, print_line, ratio
from benchmarks.server import Server, ServerOptions, serve
from opsgenie_simulator import RateLimit

STREAM, OTHER_STREAM = "alert_logs", "alert_recipients"
# One request each, which are spread over about 50 s.
PARENTS = 400
LATENCY_MS = 100
LIMIT = RateLimit(10, 1)
NUMBERS = (1, 5, 10, 20)
# Starting a program takes more CPU time than reading at the pace of this limit.
SECONDS_BETWEEN_STARTS = 1.0
MIN_USED_PERCENT = 95
# Reading so few takes hardly more than the start of a program.
FEW = 5
# Reads an account; returns the number of rows, and what the process took.
Reader = Callable[[Server], tuple[int, RunResult]]
ACCOUNT = ServerOptions(alerts=PARENTS, incidents=0, latency_ms=LATENCY_MS, limits=(LIMIT,))
HEADINGS = ("program", "accounts", "rows/s", "share used %", "least %", "throttled", "CPU s", "core %", "MB", "most MB")
SPLIT_HEADINGS = ("processes of one account", "requests/s", "share used %", "CPU s", "MB")


@dataclass(frozen=True, slots=True)
class Reading:
    """One account, read by one process: what it printed and took, and the requests that Opsgenie saw.

    *seconds* are those from the first request for a parent to the last one.
    """

    rows: int
    run: RunResult
    seconds: float
    successful: int
    throttled: int

    @property
    def used_percent(self) -> float:
        """Successful requests as a percentage of the share of the limit that the process may use."""
        return used_percent(self.successful, self.seconds)

    def core_percent(self, start: float) -> float:
        """CPU time while reading, without the CPU seconds of the *start*, as a percentage of one core."""
        return 100 * ratio(self.run.cpu - start, self.seconds)

    @property
    def peak_mb(self) -> float:
        """The peak memory in MB."""
        return self.run.peak_kb / 1024


def used_percent(requests: int, seconds: float) -> float:
    """*requests* in some *seconds* as a percentage of our share of the limit."""
    return 100 * ratio(requests, seconds * SHARE * LIMIT.limit / LIMIT.period_in_sec)


def accounts(log: Log) -> Report:
    """Read one account with one process and with two, and then several accounts at the same time."""
    split = [[name, *cells] for name, cells in _split_account(log)]
    rows, targets = [], []
    for name, program in PROGRAMS.items():
        start = measure_start(program)
        for number in NUMBERS:
            log(f"{name}: {number} accounts at the same time, for about a minute")
            readings = read_accounts(program, number)
            rows.append([name, number, *summarize(readings, start=start)])
            least = min(reading.used_percent for reading in readings)
            what = f"{name}: share of the limit used, least of {number}"
            targets.append(Target(what, least, MIN_USED_PERCENT, unit="%"))
    lines = [
        f"Each account allows {LIMIT.limit} requests per second in a domain, of which a process may use {SHARE:.0%}, "
        f"and responds after {LATENCY_MS} ms.",
        "",
        *format_table(SPLIT_HEADINGS, split),
        "",
        *format_table(HEADINGS, rows),
    ]
    return Report(lines, targets)


def summarize(readings: Sequence[Reading], *, start: float) -> list[float]:
    """The cells of a row: all rows per second, and the mean and the worst of what each account has.

    *start* is the CPU time of a program that reads next to nothing.
    """
    used = [reading.used_percent for reading in readings]
    peaks = [reading.peak_mb for reading in readings]
    return [
        sum(ratio(reading.rows, reading.seconds) for reading in readings),
        _mean(used),
        min(used),
        sum(reading.throttled for reading in readings),
        _mean([reading.run.cpu for reading in readings]),
        _mean([reading.core_percent(start) for reading in readings]),
        _mean(peaks),
        max(peaks),
    ]


def read_accounts(program: Reader, number: int) -> list[Reading]:
    """Read *number* accounts at the same time, each with a process of its own; every one must succeed."""
    with ExitStack() as stack, ThreadPoolExecutor(number) as threads:
        simulators = [stack.enter_context(serve(ACCOUNT)) for _ in range(number)]
        return list(threads.map(partial(_read_account, program), simulators, range(number)))


def measure_start(program: Reader) -> float:
    """The CPU seconds of *program* for an account of a few alerts."""
    with serve(replace(ACCOUNT, alerts=FEW)) as simulator:
        return _read_account(program, simulator, 0).run.cpu


def _read_account(program: Reader, simulator: Server, position: int) -> Reading:
    time.sleep(position * SECONDS_BETWEEN_STARTS)
    rows, result = program(simulator)
    return _reading(simulator, STREAM, rows=rows, result=result)


def _reading(simulator: Server, *streams: str, rows: int, result: RunResult) -> Reading:
    if result.exit_code:
        raise SystemExit(f"reading {', '.join(streams)} ended with exit code {result.exit_code}: {result.error}")
    requests = [request for request in simulator.requests if request.domain == "alert"]
    times = [request.at for request in requests]
    throttled = sum(request.status == THROTTLED for request in requests)
    return Reading(rows, result, max(times) - min(times), len(requests) - throttled, throttled)


def _split_account(log: Log) -> Iterator[tuple[str, list[float]]]:
    """Two streams of one account: read by one process, and by two that divide its share."""
    log("one account, read by one process and then by two, for four minutes")
    with serve(ACCOUNT) as simulator:
        alone = [_read(simulator, STREAM, OTHER_STREAM)]
        yield "one", _describe_split(simulator, alone)
    with serve(ACCOUNT) as simulator, ThreadPoolExecutor(2) as threads:
        halves = list(threads.map(partial(_read, simulator, share=SHARE / 2), (STREAM, OTHER_STREAM)))
        yield "two, each with half the share", _describe_split(simulator, halves)


def _describe_split(simulator: Server, results: Sequence[tuple[int, RunResult]]) -> list[float]:
    """The cells of a row: what the account allowed, and the resources of all processes together."""
    reading = _reading(simulator, STREAM, OTHER_STREAM, rows=sum(rows for rows, _ in results), result=results[0][1])
    runs = [result for _, result in results]
    per_second = ratio(reading.successful, reading.seconds)
    return [
        per_second,
        reading.used_percent,
        sum(result.cpu for result in runs),
        sum(result.peak_kb for result in runs) / 1024,
    ]


def _mean(values: Sequence[float]) -> float:
    return ratio(sum(values), len(values))


def _read(simulator: Server, *streams: str, share: float = SHARE) -> tuple[int, RunResult]:
    """Read *streams* with `source-opsgenie`; returns the number of rows, too."""
    config = {"api_token": simulator.key, "endpoint": simulator.url, "rate_limit_share": share}
    result = Program().read(*streams, config=config)
    return result.rows, result


def _sync(simulator: Server) -> tuple[int, RunResult]:
    """Sync the stream into a new file with `opsgenie-archive`; returns the number of rows, too."""
    environment = {"OPSGENIE_API_TOKEN": simulator.key, "OPSGENIE_API_URL": simulator.url}
    with tempfile.TemporaryDirectory() as folder:
        file, report = Path(folder, "acme.duckdb"), Path(folder, "report.json")
        result = run([*SYNC, "--to", file, "--streams", STREAM, "--report", report], environment=environment)
        rows = orjson.loads(report.read_bytes())["rows"]["new"] if report.exists() else 0
    return rows, result


PROGRAMS: dict[str, Reader] = {
    "read": lambda simulator: _read(simulator, STREAM),
    "sync": _sync,
}


def main() -> None:
    """Run this benchmark alone, and print its report."""
    for line in accounts(lambda text: print_line(f"  {text}")):
        print_line(line)


if __name__ == "__main__":
    main()
