"""Read three rows of each stream with PyAirbyte, and print how long each part took.

It runs in an environment of PyAirbyte's own, with JSON as its argument; each line that begins with a brace is a result.
"""

import json
import resource
import subprocess
import sys
import time
from typing import Any

ROWS = 3


def main() -> None:
    """Read each stream of the argument, with a source of its own."""
    argument = json.loads(sys.argv[1])
    started = time.monotonic()
    import airbyte as ab  # noqa: PLC0415 -- its import is measured

    print_result(seconds=time.monotonic() - started, cpu=cpu_seconds(resource.RUSAGE_SELF))
    # The only way to see each process that PyAirbyte starts, from its start until it has ended.
    subprocess.Popen = Timed  # type: ignore[assignment, misc]
    for stream in argument["streams"]:
        started, used = time.monotonic(), cpu_seconds(resource.RUSAGE_SELF)
        source = ab.get_source("source-opsgenie", local_executable=argument["executable"], config=argument["config"])
        # Without a variable, PyAirbyte would cancel the read before its first row.
        records = source.get_records(stream, limit=ROWS)
        rows = len([dict(row) for row in records])
        del records
        seconds, used = time.monotonic() - started, cpu_seconds(resource.RUSAGE_SELF) - used
        print_result(stream=stream, rows=rows, seconds=seconds, cpu=used, processes=Timed.ended)
        Timed.ended.clear()


def cpu_seconds(whose: int) -> float:
    """The CPU seconds of this process, or of all its children that have ended."""
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def print_result(**values: Any) -> None:
    """Print one line of JSON."""
    print(json.dumps(values), flush=True)


class Timed(subprocess.Popen[Any]):
    """A process that records its verb and how long it ran; one runs at a time."""

    ended: list[dict[str, Any]] = []  # noqa: RUF012 -- those of all processes

    def __init__(self, args: Any, **options: Any) -> None:
        self._verb = args[1]
        self._started, self._cpu = time.monotonic(), cpu_seconds(resource.RUSAGE_CHILDREN)
        super().__init__(args, **options)

    def wait(self, timeout: float | None = None) -> int:
        """Wait as usual, and record the process when it has ended."""
        is_running = self.returncode is None
        code = super().wait(timeout)
        if is_running:
            self._record()
        return code

    def poll(self) -> int | None:
        """Poll as usual, and record the process when it has ended."""
        is_running = self.returncode is None
        code = super().poll()
        if is_running and code is not None:
            self._record()
        return code

    def _record(self) -> None:
        seconds, used = time.monotonic() - self._started, cpu_seconds(resource.RUSAGE_CHILDREN) - self._cpu
        self.ended.append({"verb": self._verb, "seconds": seconds, "cpu": used})


if __name__ == "__main__":
    main()
