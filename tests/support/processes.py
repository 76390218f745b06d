"""Both programs in processes of their own: begun, ended from outside, and what is left of them then."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support.leaks import heard

# What hangs, hangs for a minute; what is seen on a quiet machine takes a fourth of a second.
SECONDS_TO_END = 2.0
PATIENCE = 30.0
MEASURES = 3
# A test that runs in the background of a shell would hand on that Ctrl-C is ignored.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from {module} import main
main()
"""
CONNECTOR, ARCHIVE = "source_opsgenie.airbyte.run", "source_opsgenie.archive.cli"


@dataclass(frozen=True)
class Ending:
    """How a process ended: how long after it was to, its exit code, its stderr, and what it left in TMPDIR."""

    seconds: float
    exit_code: int
    errors: str
    left: list[str]


@dataclass(frozen=True)
class Begun:
    """A process under way, with a folder of its own for temporary files; *said* is what it says first in any case."""

    process: subprocess.Popen[str]
    temporary: Path
    said: str

    @property
    def stdout(self) -> IO[str]:
        """The pipe that it prints into."""
        assert self.process.stdout
        return self.process.stdout

    def ended(self, since: float) -> Ending:
        """How it ends, which somebody brought about at the moment *since*."""
        exit_code = self.process.wait(PATIENCE)
        seconds = time.monotonic() - since
        assert self.process.stderr
        with self.process.stderr as errors:
            told = heard(errors.read()).removeprefix(self.said)
        if self.process.stdout:
            self.process.stdout.close()
        return Ending(seconds, exit_code, told, [str(path) for path in self.temporary.rglob("*")])


def begun(
    module: str,
    *args: str,
    folder: Path,
    stdout: Any = subprocess.PIPE,
    largest_file: int = resource.RLIM_INFINITY,
    environment: dict[str, str] | None = None,
    said: str = "",
) -> Begun:
    """The program whose main() is in *module*; no file that it writes grows beyond *largest_file* bytes."""
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
    return Begun(process, temporary, said)


def soon(end: Callable[[], Ending]) -> Ending:
    """What *end* brings about, within SECONDS_TO_END.

    A measure that fails is taken again, twice at most: a busy machine stands still once, what hangs hangs each time.
    """
    for _ in range(MEASURES):
        ending = end()
        if ending.seconds < SECONDS_TO_END:
            return ending
    raise AssertionError(f"it takes {ending.seconds:.1f} s to end")
