"""What the tests of other programs share: environments of their own, and an account for them to read."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.leaks import record_output

from opsgenie_simulator import Account

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
# Nothing is requested from a registry, and nothing is reported to a vendor.
QUIET = {
    "AIRBYTE_OFFLINE_MODE": "1",
    "DO_NOT_TRACK": "1",
    "NO_LIVE_PROGRESS": "1",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
}
Run = Callable[..., Any]


@pytest.fixture
def account() -> Account:
    """An account of a few rows in every list."""
    return Account.seeded(seed=7, alerts=40, incidents=6, users=6, teams=3, services=3, integrations=3)


def python_of(client: str) -> Path:
    """The interpreter of the environment of *client*; skips the test where it is not installed."""
    python = ROOT / f".venv-{client}" / "bin" / "python"
    if not (python.parents[1] / "installed.json").exists():
        pytest.skip(f"{client} is not installed: run 'make test-clients'")
    return python


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program in the environment of a client, with JSON as its argument, and return the JSON that it prints."""

    def run(client: str, program: Path, **argument: Any) -> Any:
        paths = os.pathsep.join(map(str, (ROOT / "src", ROOT / "examples")))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            **QUIET,
            **{"PYTHONPATH": paths, "HOME": str(tmp_path), "DLT_DATA_DIR": str(tmp_path / "dlt")},
            **{"AIRBYTE_PROJECT_DIR": str(tmp_path), "AIRBYTE_LOGGING_ROOT": str(tmp_path / "logs")},
        }
        done = subprocess.run(
            [python_of(client), program, json.dumps(argument)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        record_output(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run
