import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.clients.conftest import PROGRAMS, ROOT, Run, config_of

from opsgenie_simulator import Account, Simulator

pytestmark = pytest.mark.clients
MATERIALIZE = PROGRAMS / "materialize.py"
NAMES = [f"team{number}" for number in range(10)]


@pytest.fixture
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files with keys, which no program may write into `tmp_path`."""
    return tmp_path_factory.mktemp("accounts")


@pytest.fixture(autouse=True)
def instance(tmp_path: Path) -> None:
    """The settings of Dagster's instance, from the example."""
    shutil.copy(ROOT / "examples" / "dagster.yaml", tmp_path)


def count(archive: Path, table: str) -> int:
    """The rows of *table* in an archive."""
    with duckdb.connect(str(archive), read_only=True) as database:
        ((rows,),) = database.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(rows)


def test_ten_accounts_are_archived_at_once(run: Run, configs: Path, tmp_path: Path) -> None:
    """Each account is a partition with a file of its own; a second run of one reads what changed."""
    sizes: dict[str, Any] = {"incidents": 2, "users": 2, "teams": 1, "services": 1, "integrations": 1}
    accounts = {name: Account.seeded(seed=at, alerts=20 + at, **sizes) for at, name in enumerate(NAMES)}
    folders = {"accounts": str(configs), "archives": str(tmp_path), "instance": str(tmp_path)}
    with ExitStack() as stack:
        for name, account in accounts.items():
            config = config_of(stack.enter_context(Simulator(account)), account)
            (configs / f"{name}.json").write_text(json.dumps(config))
        first = run("dagster", MATERIALIZE, **folders)
        accounts["team3"].create_alert(message="new")
        second = run("dagster", MATERIALIZE, **folders, names=["team3"])
    held = {name: count(tmp_path / f"{name}.duckdb", "alerts") for name in NAMES}

    assert 8 == first["at_once"]
    assert NAMES == list(first["figures"]) == first["scheduled"]
    assert {name: len(account.alerts) for name, account in accounts.items()} == held
    assert all(figures["rows"]["held"] > 20 for figures in first["figures"].values())
    # The alert and its child records.
    assert 1 <= second["figures"]["team3"]["rows"]["new"] < 20


def test_a_failed_account_of_dagster_says_why(
    run: Run, simulator: Simulator, account: Account, configs: Path, tmp_path: Path
) -> None:
    """A wrong key fails its partition only, with the remedy and without another attempt."""
    config = config_of(simulator, account) | {"api_token": "0badc0de-0000-4000-8000-000000000001"}
    (configs / "acme.json").write_text(json.dumps(config))
    done = run("dagster", MATERIALIZE, accounts=str(configs), archives=str(tmp_path), instance=str(tmp_path))

    assert "The sync of acme ended with exit code 3." in done["figures"]["acme"]
    assert "Opsgenie does not know this key" in done["figures"]["acme"]
