"""The CDK's standard tests against the simulator, as configured in acceptance-test-config.yml."""

import json
import tempfile
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
def address(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Serve the account of the config files' key, and set its address in the environment."""
    # The CDK writes to a folder of one name for all users, to which only the first of them can write.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("standards")))
    # In only two days, so that incidents have alerts.
    account = Account.seeded(seed=7, alerts=30, incidents=10, users=5, teams=3, services=3, integrations=3, days=2)
    with Simulator(account) as simulator:
        monkeypatch.setenv("OPSGENIE_API_URL", simulator.url)
        yield


class TestAirbyteStandards(SourceTestSuiteBase):
    """Spec, check, discover and read, as Airbyte requires them from every source."""

    connector = SourceOpsgenie


def test_every_config_file_is_a_scenario() -> None:
    """Without scenarios the standard tests would pass without testing anything."""
    scenarios = {scenario.id for scenario in TestAirbyteStandards.get_scenarios()}

    assert {path.stem for path in CONFIGS.glob("*.json")} == scenarios


def test_the_keys_are_long_enough_for_the_leak_search() -> None:
    """The standard tests search for leaked keys of at least eight characters with a digit, and ignore others."""
    keys = [json.loads(path.read_text())["api_token"] for path in CONFIGS.glob("*.json")]

    assert [key for key in keys if len(key) < 8 or not any(character.isdigit() for character in key)] == []
