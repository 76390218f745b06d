"""The archive's fixtures: the command, pointed at the simulator, and an archive of everything."""

from pathlib import Path

import pytest
from tests.support.answers import Answers, archive_everything
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Simulator


@pytest.fixture
def account() -> Account:
    """A small account, the same each time, with two pages of alerts: each of their child records is a request."""
    return Account.seeded(seed=7, alerts=120, incidents=16, users=12, teams=4, services=6, integrations=5)


@pytest.fixture
def archive(simulator: Simulator, account: Account, tmp_path: Path) -> Command:
    """`opsgenie-archive` with a key that has every permission."""
    return Command(simulator, account.full_key, tmp_path / "acme.duckdb")


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """An archive of everything in a small account; do not change it."""
    return archive_everything(tmp_path_factory.mktemp("answers"))
