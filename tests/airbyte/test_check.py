import pytest
from tests.support.verbs import Output, Verbs

from opsgenie_simulator import Account, Simulator, Switches
from source_opsgenie.streams import STREAMS, Access

# Nothing listens on port 1 of this machine.
UNREACHABLE = "http://localhost:1"


def status_of(output: Output) -> tuple[str, str]:
    """The status and the message of a `check`."""
    (message,) = output.of_type("CONNECTION_STATUS")
    return message["connectionStatus"]["status"], message["connectionStatus"]["message"]


def names_of(*accesses: Access) -> list[str]:
    """The streams that need one of *accesses*."""
    return [name for name, stream in STREAMS.items() if stream.access in accesses]


def test_a_key_with_all_permissions_succeeds(source: Verbs, simulator: Simulator) -> None:
    """The check of a valid key succeeds and names the account, in seven requests."""
    status, message = status_of(source.check())

    assert status == "SUCCEEDED"
    assert message.startswith(f"This is an API key for the account acme, at {simulator.url}. Can read: ")
    assert f" Can read: {', '.join(STREAMS)}." in message
    assert len(simulator.requests) == 7


def test_a_key_without_configuration_access_names_what_it_cannot_read(source: Verbs, account: Account) -> None:
    """Alerts can be read, so the check succeeds; the message has the rest, the permission, and a list to paste."""
    status, message = status_of(source.with_config(api_token=account.key_without_configuration_access).check())
    readable, lacking = names_of(Access.ALERTS, Access.INCIDENTS), ", ".join(names_of(Access.CONFIGURATION))

    assert status == "SUCCEEDED"
    assert f" Can read: {', '.join(readable)}. Cannot read: " in message
    assert f"Cannot read: {lacking} (needs the Read and Configuration Access permissions)" in message
    assert f"source.select_streams({readable})" in message


def test_a_team_key_is_reported(source: Verbs, account: Account) -> None:
    """A team key sees only its team, without an error, so the check says that it is one."""
    status, message = status_of(source.with_config(api_token=account.team_key).check())

    assert status == "SUCCEEDED"
    assert "a team API key, which sees only its own team," in message


@pytest.mark.parametrize(
    ("switches", "options", "remedy"),
    [
        (Switches(), {"api_token": "0badc0de-0000-4000-8000-000000000001"}, "Opsgenie does not know this key"),
        (Switches(), {"api_token": "not-a-key-1"}, "This is not a valid key"),
        (Switches(wrong_region=True), {}, "api.eu.opsgenie.com for an account in Europe"),
        (Switches(), {"endpoint": UNREACHABLE}, "Check the network, the proxy and the endpoint"),
        (Switches(), {"api_token": ""}, "api_token is missing"),
        (Switches(), {"endpoint": "http://api.opsgenie.com"}, "does not use https"),
        (Switches(), {"start_date": "yesterday"}, "start_date 'yesterday' is not a date"),
        (Switches(), {"start_date": "2099-01-01"}, "start_date 2099-01-01T00:00:00.000Z is in the future"),
    ],
)
def test_an_unusable_config_fails_with_the_remedy(
    switches: Switches, options: dict[str, str], remedy: str, source: Verbs, account: Account
) -> None:
    """Each mistake gives FAILED, exit code 0, and a message with the remedy."""
    with Simulator(account, switches=switches) as simulator:
        output = source.with_config(**{"endpoint": simulator.url, **options}).check()
    status, message = status_of(output)

    assert status == "FAILED"
    assert remedy in message
    assert output.exit_code == 0


def test_the_address_of_the_web_application_fails(source: Verbs, account: Account) -> None:
    """A host that responds with HTML is not the API, and the message names the hosts of the API."""
    with Simulator(account, switches=Switches(host="web")) as simulator:
        status, message = status_of(source.with_config(endpoint=simulator.url).check())

    assert status == "FAILED"
    assert "This is not the Opsgenie API. Set endpoint to api.opsgenie.com or api.eu.opsgenie.com." in message


def test_a_plan_without_incidents_is_named(source: Verbs, account: Account) -> None:
    """The message distinguishes what the plan lacks from what the key lacks."""
    account.plan = "Essentials"
    status, message = status_of(source.check())
    lacking = ", ".join(names_of(Access.INCIDENTS))

    assert status == "SUCCEEDED"
    assert f"Cannot read: {lacking} (needs the Read permission and the Standard or Enterprise plan)" in message
