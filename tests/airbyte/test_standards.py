"""The CDK's standard tests, on the simulator; acceptance-test-config.yml says which."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

from opsgenie_simulator import Account, Simulator
from source_opsgenie import SourceOpsgenie

pytestmark = [
    pytest.mark.filterwarnings("error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"),
    pytest.mark.usefixtures("address"),
]
CONFIGS = Path(__file__).parents[1] / "data" / "configs"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve the account whose key the config files hold, and name its address in the environment."""
    # Within two days, so that incidents have alerts.
    account = Account.seeded(seed=7, alerts=30, incidents=10, users=5, teams=3, services=3, integrations=3, days=2)
    with Simulator(account) as simulator:
        monkeypatch.setenv("OPSGENIE_API_URL", simulator.url)
        yield


class TestAirbyteStandards(SourceTestSuiteBase):
    """Spec, check, discover and read, as Airbyte expects them of every source."""

    connector = SourceOpsgenie


def test_the_standard_tests_have_scenarios() -> None:
    """Each config file takes part: without scenarios the standard tests would pass by testing nothing."""
    scenarios = {scenario.id for scenario in TestAirbyteStandards.get_scenarios()}

    assert {path.stem for path in CONFIGS.glob("*.json")} == scenarios


def test_the_keys_would_be_noticed_in_the_output() -> None:
    """The search for leaks looks for keys of eight characters and a digit: shorter ones would test nothing."""
    keys = [json.loads(path.read_text())["api_token"] for path in CONFIGS.glob("*.json")]

    assert [key for key in keys if len(key) < 8 or not any(letter.isdigit() for letter in key)] == []
