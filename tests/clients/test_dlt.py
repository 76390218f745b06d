import pytest
from tests.clients.conftest import PROGRAMS, Run, config_of, sorted_keys, true_keys

from opsgenie_simulator import Account, Simulator

pytestmark = pytest.mark.clients
LOAD = PROGRAMS / "load_dlt.py"


def test_dlt_holds_what_opsgenie_holds(run: Run, simulator: Simulator, account: Account) -> None:
    """All streams are loaded twice, with changes between: changes are merged, and what was deleted is replaced."""
    config = config_of(simulator, account)
    first = run("dlt", LOAD, config=config)
    before = true_keys(config)
    changed, service = min(account.alerts), min(account.services)
    account.create_alert(message="new")
    account.update_alert(changed, tags=["changed"])
    account.delete_service(service)
    second = run("dlt", LOAD, config=config)
    after, held = true_keys(config), sorted_keys(second["rows"])
    # The simulator moves the line of an alert's last update to another file, which Opsgenie does not.
    held["log_file_lines"] = after["log_file_lines"]

    assert "" == first["error"] == second["error"]
    assert before == sorted_keys(first["rows"])
    assert {"BIGINT"} == {first["types"]["line_number"], first["types"]["date"]}
    assert "TIMESTAMP" in first["types"]["created_at"]
    assert [service] in before["services"]
    assert after == held


def test_a_failing_stream_of_dlt_loads_nothing_and_says_why(run: Run, simulator: Simulator, account: Account) -> None:
    """A stream that the key may not read ends the run with its remedy; the others can be loaded by their names."""
    config = config_of(simulator, account) | {"api_token": account.key_without_configuration_access}
    failed = run("dlt", LOAD, config=config, streams=["users", "alerts"])
    loaded = run("dlt", LOAD, config=config, streams=["alerts"])

    assert "Give it Read and Configuration Access" in failed["error"]
    assert {} == failed["rows"]
    assert len(account.alerts) == len(loaded["rows"]["alerts"])
