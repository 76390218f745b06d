"""Run either program in a process of its own, end it from outside, and see what it leaves behind."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support.leaks import record_output

# A process that hangs does so for a minute; one that ends takes a quarter of a second on a quiet machine.
SECONDS_TO_END = 2.0
TIMEOUT = 30.0
MEASUREMENTS = 3
# A test in the background of a shell would pass on that Ctrl-C is ignored.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from {module} import main
main()
"""
CONNECTOR, ARCHIVE = "source_opsgenie.airbyte.run", "source_opsgenie.archive.cli"


@dataclass(frozen=True)
class Ending:
    """How a process ended: seconds since it was told to, exit code, stderr, and files left in TMPDIR."""

    seconds: float
    exit_code: int
    errors: str
    left: list[str]


@dataclass(frozen=True)
class Running:
    """A running process with a folder of its own for temporary files; *preamble* is what it always prints first."""

    process: subprocess.Popen[str]
    temporary: Path
    preamble: str

    @property
    def stdout(self) -> IO[str]:
        """The pipe that it prints into."""
        assert self.process.stdout
        return self.process.stdout

    def wait(self, since: float) -> Ending:
        """Wait until it ends, which was caused at the time *since*."""
        exit_code = self.process.wait(TIMEOUT)
        seconds = time.monotonic() - since
        assert self.process.stderr
        with self.process.stderr as errors:
            text = record_output(errors.read()).removeprefix(self.preamble)
        if self.process.stdout:
            self.process.stdout.close()
        return Ending(seconds, exit_code, text, [str(path) for path in self.temporary.rglob("*")])


def start(
    module: str,
    *args: str,
    folder: Path,
    stdout: Any = subprocess.PIPE,
    largest_file: int = resource.RLIM_INFINITY,
    environment: dict[str, str] | None = None,
    preamble: str = "",
) -> Running:
    """Run the main() of *module*; no file that it writes grows beyond *largest_file* bytes."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({largest_file}, {largest_file}))"
    process = subprocess.Popen(
        [sys.executable, "-c", limit + PROGRAM.format(module=module), *args],
        env=os.environ | {"TMPDIR": str(temporary)} | (environment or {}),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Running(process, temporary, preamble)


def end_promptly(end: Callable[[], Ending], *, seconds: float = SECONDS_TO_END) -> Ending:
    """The ending that *end* causes, within *seconds*.

    A failed measurement is repeated, twice at most: a busy machine stalls once, a process that hangs does every time.
    """
    for _ in range(MEASUREMENTS):
        ending = end()
        if ending.seconds < seconds:
            return ending
    raise AssertionError(f"it takes {ending.seconds:.1f} s to end")
