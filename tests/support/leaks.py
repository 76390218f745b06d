"""Search everything that the suite printed, logged or wrote for keys.

After each test this searches what pytest captured, including the log at every level, and the files in `tmp_path`.
Processes are run or awaited here; any other output that a test takes is handed to `record_output`.
"""

import subprocess
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from opsgenie_simulator import Account

# The key of tests that need no account.
KEY = "5a1b6c3d-0000-4000-8000-0123456789ab"
# That one, and every key of the account of the tests and the demo, which has the same keys at any size.
KEYS = (KEY, *(key.token for key in Account.seeded(alerts=1, incidents=0).keys))
# A test writes these itself, as a user does, or copies them: the simulator's page shows the demo key.
WRITTEN_BY_TESTS = {"config.json", "README.md"}
# The simulator prints the keys that it accepts.
PRINTS_KEYS = "tests/simulator/"
RECORDED: list[str] = []
Text = TypeVar("Text", str, bytes)


def record_output(text: Text) -> Text:
    """Return *text*, which is searched when the test is over."""
    RECORDED.append(text if isinstance(text, str) else text.decode(errors="replace"))
    return text


def run_process(*args: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a process to its end and record its output."""
    completed = subprocess.run(args, capture_output=True, text=True, check=False, **options)
    record_output(completed.stdout + completed.stderr)
    return completed


def wait_for_exit(process: subprocess.Popen[str], *, timeout: float | None = None) -> tuple[str, str]:
    """Wait until *process* ends, and record and return its standard output and standard error."""
    output, errors = process.communicate(timeout=timeout)
    return record_output(output or ""), record_output(errors or "")


def find_leaks(secret: str, *printed: str, files: Iterable[Path] = ()) -> list[str]:
    """Where *secret* is found: in what was *printed*, or in one of *files*; empty if there is no leak."""
    return find_leaks_of([secret], *printed, files=files)


def find_leaks_of(secrets: Iterable[str], *printed: str, files: Iterable[Path] = ()) -> list[str]:
    """Where any of *secrets* is found, as find_leaks; each file is read once."""
    # Anything shorter than a key may be an ordinary word.
    keys = [secret for secret in secrets if len(secret) >= len("a-short-key")]
    places = ["the output" for text in printed if any(key in text for key in keys)]
    return places + [str(path) for path in files if path.is_file() and holds_any(path.read_bytes(), keys)]


def holds_any(content: bytes, keys: Iterable[str]) -> bool:
    """Whether one of *keys* is in *content*."""
    return any(key.encode() in content for key in keys)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail the teardown of a test whose output, log or files hold a key."""
    report = yield
    if report.when == "teardown" and not report.nodeid.startswith(PRINTS_KEYS):
        folder = item.funcargs.get("tmp_path")
        files = folder.rglob("*") if isinstance(folder, Path) else []
        written = [path for path in files if path.name not in WRITTEN_BY_TESTS]
        printed = [*(text for _, text in report.sections), *RECORDED]
        if found := sorted(set(find_leaks_of(KEYS, *printed, files=written))):
            report.outcome, report.longrepr = "failed", f"A key was leaked into {', '.join(found)}."
    if report.when == "teardown":
        RECORDED.clear()
    return report
