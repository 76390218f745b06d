"""What the tests of other programs share: environments of their own, and an account for them to read."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.leaks import run_process

from opsgenie_simulator import Account, Simulator
from source_opsgenie import Row, read
from source_opsgenie.streams import STREAMS

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
Keys = dict[str, list[list[Any]]]


@pytest.fixture
def account() -> Account:
    """An account of a few rows in every list."""
    return Account.seeded(seed=7, alerts=40, incidents=6, users=6, teams=3, services=3, integrations=3)


def python_of(client: str) -> Path:
    """The interpreter of the environment of *client*; skips the test where it is not installed."""
    python = ROOT / f".venv-{client}" / "bin" / "python"
    if not (python.parents[1] / "installed.json").exists():
        pytest.skip(f"{client} is not installed: run 'make test-clients', which says why if it cannot be")
    return python


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program in the environment of a client, with JSON as its argument, and return the JSON that it prints."""

    def run(client: str, program: Path, *, cwd: Path = tmp_path, **argument: Any) -> Any:
        paths = os.pathsep.join(map(str, (ROOT / "src", ROOT / "examples")))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            **QUIET,
            "PYTHONPATH": paths,
            "HOME": str(tmp_path),
            "DLT_DATA_DIR": str(tmp_path / "dlt"),
            "AIRBYTE_PROJECT_DIR": str(tmp_path),
            "AIRBYTE_LOGGING_ROOT": str(tmp_path / "logs"),
        }
        done = run_process(python_of(client), program, json.dumps(argument), cwd=cwd, env=environment)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def config_of(simulator: Simulator, account: Account) -> dict[str, Any]:
    """A config whose key can read everything."""
    return {"api_token": account.full_key, "endpoint": simulator.url}


def true_keys(config: dict[str, Any]) -> Keys:
    """The keys of every row that the account has now, sorted, by stream; streams without rows are left out."""
    found: Keys = {}
    for event in read(config, full_refresh=True):
        if isinstance(event, Row):
            found.setdefault(event.stream, []).append([event.data[name] for name in STREAMS[event.stream].key])
    return sorted_keys(found)


def sorted_keys(keys: Keys) -> Keys:
    """The same *keys*, in an order and with timestamps in a form that do not depend on the client."""
    plain = {name: [[_without_zone(part) for part in row] for row in rows] for name, rows in keys.items() if rows}
    return {name: sorted(rows, key=str) for name, rows in plain.items()}


def _without_zone(part: Any) -> Any:
    """A timestamp in UTC without its zone and fraction, or anything else as it is."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)?", str(part))
    return f"{found[1]} {found[2]}" if found else part
