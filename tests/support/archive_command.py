"""`opsgenie-archive`, run as a person runs it, and the file that it writes."""

import inspect
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from click.testing import CliRunner, Result

from opsgenie_simulator import Simulator
from source_opsgenie.archive.cli import main
from source_opsgenie.options import override_notice
from tests.support.attached import open_to_read
from tests.support.leaks import find_leaks, record_output

# A test that runs in the background of a shell would inherit that Ctrl-C is ignored.
LISTENING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from source_opsgenie.archive.cli import main; main()"
)
# Before click 8.2, its runner adds stderr to stdout unless it is told not to.
SEPARATELY: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


@dataclass(frozen=True)
class Command:
    """The command with a key in its environment, writing to the file at *path*."""

    simulator: Simulator
    key: str
    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command."""
        return {"OPSGENIE_API_TOKEN": self.key, "OPSGENIE_API_URL": self.simulator.url}

    @property
    def notice(self) -> str:
        """The first line of each run on stderr, which `__call__` removes: the simulator replaces Opsgenie."""
        return override_notice(self.environment, self.simulator.url) + "\n"

    def __call__(self, *arguments: str, key: str | None = None) -> Result:
        """Run it in this process, and check that the key is in nothing that it printed or wrote."""
        result = CliRunner(**SEPARATELY).invoke(
            main, arguments, env=self.environment | ({"OPSGENIE_API_TOKEN": key} if key else {})
        )
        result.stderr_bytes = (result.stderr_bytes or b"").removeprefix(self.notice.encode())
        left = [path for path in self.path.parent.iterdir() if path.name.startswith(self.path.name)]

        printed = [record_output(text) for text in (result.output, result.stderr, str(result.exception))]
        assert [] == find_leaks(key or self.key, *printed, files=left)
        return result

    def sync(self, *arguments: str, key: str | None = None) -> Result:
        """Bring the file up to date, which must succeed."""
        result = self("sync", "--to", str(self.path), *arguments, key=key)

        assert (0, "") == (result.exit_code, result.stderr), result.output
        return result

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a sync in a process of its own."""
        return self.start("sync", "--to", str(self.path), *arguments)

    def start(self, *arguments: str, preamble: str = "") -> subprocess.Popen[str]:
        """Start any command in a process of its own, which runs *preamble* first."""
        program = [sys.executable, "-c", preamble + LISTENING, *arguments]
        return subprocess.Popen(
            program, env=os.environ | self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The result of *sql*, as another program sees it."""
        with open_to_read(self.path) as database:
            return database.execute(sql).fetchall()

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """The rows of *stream* as the API sent them."""
        return by_text(orjson.loads(text) for (text,) in self.query(f"SELECT _json FROM {stream}"))


def by_text(rows: Any) -> list[dict[str, Any]]:
    """The *rows* in an order that does not depend on their source."""
    return sorted(rows, key=lambda row: orjson.dumps(row, option=orjson.OPT_SORT_KEYS))


def paths(requests: Sequence[Any]) -> list[str]:
    """The path of each of *requests*."""
    return [request.path for request in requests]
