"""The fixtures: an account, the simulator that serves it, and Airbyte's verbs pointed at that."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsgenie_simulator import Account, Simulator
from tests.support.leaks import pytest_runtest_makereport
from tests.support.verbs import Verbs

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]

# After each test it is looked for keys in what came out.
__all__ = ["pytest_runtest_makereport"]


# Here no whole run is tested, and thousands of requests are made.
QUIET = ("core", "laws", "contract", "simulator")


@pytest.fixture(autouse=True)
def everything_is_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """What a whole run logs is looked at for keys at every level."""
    if request.path.parent.name not in QUIET:
        caplog.set_level(logging.DEBUG)


@pytest.fixture
def account() -> Account:
    """A small account, the same each time."""
    return Account.seeded(seed=7, alerts=300, incidents=40, users=12, teams=4, services=6, integrations=5)


@pytest.fixture
def simulator(account: Account) -> Iterator[Simulator]:
    """The API, serving that account."""
    with Simulator(account) as simulator:
        yield simulator


@pytest.fixture
def source(simulator: Simulator, account: Account, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Verbs:
    """Airbyte's verbs with a key that may read everything."""
    return Verbs({"api_token": account.full_key, "endpoint": simulator.url}, tmp_path, capfd)
