"""The shared fixtures: an account, a simulator that serves it, and Airbyte's verbs pointed at it."""

import gc
import importlib
import logging
import pkgutil
from collections.abc import Generator, Iterator
from pathlib import Path

import benchmarks
import pytest
from hypothesis import HealthCheck, settings

import opsgenie_simulator
import source_opsgenie
from opsgenie_simulator import Account, Simulator
from tests.support.broken import Broken
from tests.support.leaks import pytest_runtest_makereport
from tests.support.verbs import Verbs

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]

# This hook searches the output of each test for API keys.
__all__ = ["pytest_runtest_makereport"]

# `make test` draws the same examples each time, on any machine; `make explore` draws new ones. Neither stores any.
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("suite"), derandomize=False, print_blob=True)
settings.load_profile("suite")

# Hypothesis also draws the constants of the modules that are loaded: one test alone loads what all tests do.
for package in (source_opsgenie, opsgenie_simulator, benchmarks):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Pass over what is loaded and collected when garbage is searched for: it stays until the end, and is large."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


# Folders whose tests make thousands of requests, and run no program from start to end.
QUIET = ("api", "reading", "streams", "laws", "simulator")


@pytest.fixture(autouse=True)
def capture_all_levels(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """Capture the log at debug level, so that all of it is searched for API keys."""
    if request.path.parent.name not in QUIET:
        caplog.set_level(logging.DEBUG)


@pytest.fixture
def account() -> Account:
    """A small account, the same each time."""
    return Account.seeded(seed=7, alerts=300, incidents=40, users=12, teams=4, services=6, integrations=5)


@pytest.fixture
def broken() -> Broken:
    """The objects of the account that cannot be read: none, until a test names some."""
    return Broken()


@pytest.fixture
def simulator(account: Account, broken: Broken) -> Iterator[Simulator]:
    """A simulator of the API that serves the account."""
    with Simulator(account, middleware=(broken,)) as simulator:
        yield simulator


@pytest.fixture
def source(simulator: Simulator, account: Account, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Verbs:
    """Airbyte's verbs, with a key that can read everything."""
    return Verbs({"api_token": account.full_key, "endpoint": simulator.url}, tmp_path, capfd)
