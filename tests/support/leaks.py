"""Looks at every byte that the suite printed, logged or wrote, for what nobody may read there.

What pytest captures, the log at every level included, and the files in `tmp_path` are looked at after each test.
A process that a test waits for is waited for here; what else a test takes of the output, it hands to `heard`.
"""

import subprocess
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from opsgenie_simulator import Account

# The key of tests that need no account.
KEY = "5a1b6c3d-0000-4000-8000-0123456789ab"
# It, and every key of the account that tests and the demo use, whose keys are the same for each of its sizes.
KEYS = (KEY, *(key.token for key in Account.seeded(alerts=1, incidents=0).keys))
# A test writes these itself, as a user does, or copies them: the simulator's page shows the demo key.
OURS = {"config.json", "README.md"}
# The simulator prints the keys that it takes.
SPEAKS_OF_KEYS = "tests/simulator/"
HEARD: list[str] = []
Text = TypeVar("Text", str, bytes)


def heard(text: Text) -> Text:
    """The *text*, which is looked at when the test is over."""
    HEARD.append(text if isinstance(text, str) else text.decode(errors="replace"))
    return text


def ran(*args: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a process to its end, and hear what it prints."""
    done = subprocess.run(args, capture_output=True, text=True, check=False, **options)
    heard(done.stdout + done.stderr)
    return done


def ended(process: subprocess.Popen[str], *, timeout: float | None = None) -> tuple[str, str]:
    """Wait until *process* ends, and hear what it printed: its standard output and its standard error."""
    output, errors = process.communicate(timeout=timeout)
    return heard(output or ""), heard(errors or "")


def leaks(secret: str, *printed: str, files: Iterable[Path] = ()) -> list[str]:
    """Where *secret* stands: in what was *printed*, or in one of *files*; nothing if all is well."""
    # What is no key may be an ordinary word.
    if len(secret) < len("a-short-key"):
        return []
    where = ["what was printed" for text in printed if secret in text]
    return where + [str(path) for path in files if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail the end of a test in whose output, log or files a key stands."""
    report = yield
    if report.when == "teardown" and not report.nodeid.startswith(SPEAKS_OF_KEYS):
        folder = item.funcargs.get("tmp_path")
        files = folder.rglob("*") if isinstance(folder, Path) else []
        written = [path for path in files if path.name not in OURS]
        printed = [*(text for _, text in report.sections), *HEARD]
        if found := sorted({where for key in KEYS for where in leaks(key, *printed, files=written)}):
            report.outcome, report.longrepr = "failed", f"A key stands in {', '.join(found)}."
    if report.when == "teardown":
        HEARD.clear()
    return report
