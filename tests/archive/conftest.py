"""The archive's fixture: the command, pointed at the simulator."""

from pathlib import Path

import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Simulator


@pytest.fixture
def archive(simulator: Simulator, account: Account, tmp_path: Path) -> Command:
    """`opsgenie-archive` with a key that has every permission."""
    return Command(simulator, account.full_key, tmp_path / "acme.duckdb")
