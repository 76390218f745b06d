import sys
from pathlib import Path

import pytest
from tests.clients.conftest import PROGRAMS, ROOT, Run, config_of, sorted_keys, true_keys

from opsgenie_simulator import Account, Simulator
from source_opsgenie.streams import STREAMS, is_incremental

pytestmark = pytest.mark.clients
READ = PROGRAMS / "read_pyairbyte.py"
SAMPLED = ["alerts", "alert_logs", "users", "log_file_lines"]


@pytest.mark.parametrize("client", ["pyairbyte", "pyairbyte-next"])
def test_pyairbyte_holds_what_opsgenie_holds(client: str, run: Run, simulator: Simulator, account: Account) -> None:
    """All streams are read twice into a cache, as the README says, with changes between; records can be looked at.

    A run in which a stream fails raises an error.
    """
    config = config_of(simulator, account)
    before, alert, service = true_keys(config), min(account.alerts), min(account.services)
    control = f"{simulator.url}/_simulator"
    found = run(
        client,
        READ,
        executable=str(Path(sys.executable).with_name("source-opsgenie")),
        config=config,
        limited_key=account.key_without_configuration_access,
        keys={name: stream.key for name, stream in STREAMS.items()},
        replaced=[name for name, stream in STREAMS.items() if not is_incremental(stream)],
        sampled=SAMPLED,
        changes=[
            ("POST", f"{control}/alerts", {"message": "new"}),
            ("PATCH", f"{control}/alerts/{alert}", {"tags": ["changed"]}),
            ("DELETE", f"{control}/services/{service}", {}),
        ],
    )
    after, held = true_keys(config), sorted_keys(found["second"])
    # The simulator moves the line of an alert's last update to another file, which Opsgenie does not.
    held["log_file_lines"] = after["log_file_lines"]

    assert list(STREAMS) == found["streams"]
    assert before == sorted_keys(found["first"])
    assert [service] in before["services"]
    assert after == held
    assert dict.fromkeys(SAMPLED, 3) == {name: len(rows) for name, rows in found["records"].items()}
    assert "ConnectorFailed" in found["failure"]


def test_the_readme_reaches_a_first_sync(run: Run, simulator: Simulator, account: Account) -> None:
    """The code of the README, with a key in it, fills a table for each stream that it names."""
    executable = str(Path(sys.executable).with_name("source-opsgenie"))
    readme = str(ROOT / "README.md")
    program = PROGRAMS / "run_readme.py"
    rows = run("pyairbyte", program, url=simulator.url, key=account.full_key, executable=executable, readme=readme)

    assert ["alert_logs", "alerts", "incidents", "team_members", "teams", "users"] == sorted(rows)
    assert len(account.alerts) == rows["alerts"]
    assert len(account.users) == rows["users"]
