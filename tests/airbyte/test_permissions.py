from dataclasses import replace

from tests.support.verbs import Verbs

from opsgenie_simulator import Account, Simulator, Switches
from source_opsgenie.streams import STREAMS, Access

OPEN = {name for name, stream in STREAMS.items() if stream.access in {Access.ALERTS, Access.INCIDENTS}}


def test_without_configuration_access_the_rest_is_read(source: Verbs, account: Account) -> None:
    """A 403 makes its stream INCOMPLETE with the missing permission and exit code 1; the others are complete."""
    with Simulator(account, switches=Switches(timelines_need_configuration_access=True)) as simulator:
        limited = source.with_config(api_token=account.key_without_configuration_access, endpoint=simulator.url)
        output = limited.read()
    last = {name: statuses[-1] for name, statuses in output.statuses().items()}

    assert {name: "COMPLETE" if name in OPEN else "INCOMPLETE" for name in STREAMS} == last
    assert all("Give it Read and Configuration Access" in error["message"] for error in output.errors())
    assert len(output.records("alerts")) == len(account.alerts)
    assert output.exit_code == 1


def test_the_closing_error_has_each_reason_once(source: Verbs, account: Account) -> None:
    """It names every incomplete stream, and a permission that they all lack once; each stream had its own error."""
    limited = source.with_config(api_token=account.key_without_configuration_access)
    *own, last = limited.read("users", "alerts", "teams", "pagers").errors()
    message = last["message"]

    assert message.startswith(f"Incomplete: users, teams. {own[0]['message']} There is no stream 'pagers'")
    assert message.endswith(" All other requested streams are complete.")
    assert message.count("The key lacks a permission") == 1
    assert last["internal_message"] == "Forbidden: users, teams; CatalogError: pagers"


def test_a_wrong_key_ends_the_sync(source: Verbs) -> None:
    """A 401 is for the user to fix: no stream is tried."""
    output = source.with_config(api_token="0badc0de-0000-4000-8000-000000000001").read("alerts", "teams")
    (error,) = output.errors()

    assert "Opsgenie does not know this key" in error["message"]
    assert output.statuses() == {}
    assert output.exit_code == 1


def test_a_stream_outside_the_plan_is_empty_and_complete(source: Verbs, account: Account) -> None:
    """A 402 means that the account cannot have such rows: complete, empty, with a warning."""
    account.plan = "Essentials"
    output = source.read("incidents", "services", "teams")

    assert output.exit_code == 0
    assert output.records("incidents") + output.records("services") == []
    assert "incidents is empty: GET /v1/incidents" in output.logs()


def test_a_stream_that_left_the_plan_is_incomplete(source: Verbs, account: Account) -> None:
    """A 402 for a stream that had rows before means that its history is no longer accessible."""
    first = source.read("incidents")
    account.plan = "Essentials"
    second = source.read("incidents", state=first.last_states())

    assert second.statuses()["incidents"][-1] == "INCOMPLETE"
    assert second.exit_code == 1


def test_a_key_with_new_permissions_resumes(source: Verbs, account: Account) -> None:
    """A key that can now read the account's name keeps its old state: nothing is read again."""
    limited = source.with_config(api_token=account.key_without_configuration_access)
    first = limited.read("alerts")
    account.keys = tuple(replace(key, configuration_access=True) for key in account.keys)
    second = limited.read("alerts", "teams", state=first.last_states())

    assert second.records("alerts") == []
    assert len(second.records("teams")) == len(account.teams)
    assert "acme" in second.last_states()[0]["stream"]["stream_state"]["scope"]["account"]


def test_a_team_key_reads_its_team_and_says_so(source: Verbs, account: Account) -> None:
    """Everything that a team key can see is read, and the closing line claims no more."""
    output = source.with_config(api_token=account.team_key).read("alerts")
    rows = output.records("alerts")

    assert 0 < len(rows) < len(account.alerts)
    assert (
        f"alerts: {len(rows)} counted, {len(rows)} read, 0 unexplained; everything that this team's key"
        in output.logs()
    )
