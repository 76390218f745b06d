import pytest
from tests.support.verbs import Output, Verbs

from opsgenie_simulator import Account, Simulator, Switches

# Nobody listens on port 1 of this machine.
NOBODY = "http://localhost:1"


def status_of(output: Output) -> tuple[str, str]:
    """The status that `check` came to, and its message."""
    (message,) = output.of_type("CONNECTION_STATUS")
    return message["connectionStatus"]["status"], message["connectionStatus"]["message"]


def test_a_key_with_all_rights_succeeds(source: Verbs, simulator: Simulator) -> None:
    """A good key succeeds, the account is named, and seven questions are enough."""
    status, message = status_of(source.check())

    assert status == "SUCCEEDED"
    assert message.startswith(
        f"This is a key for the account acme, at {simulator.url}. Can be read: alerts, alert_logs,"
    )
    assert len(simulator.requests) == 7


def test_a_key_without_configuration_access_names_what_it_cannot_read(source: Verbs, account: Account) -> None:
    """Alerts can be read, so the check succeeds; the message names the rest, the right, and a list to paste."""
    status, message = status_of(source.with_config(api_token=account.key_without_configuration_access).check())

    assert status == "SUCCEEDED"
    assert "incidents, incident_logs, incident_notes, incident_alerts, saved_searches. Cannot be read: " in message
    assert "Cannot be read: users, user_teams, user_forwarding_rules" in message
    assert "account, alert_policies, notification_policies (needs the right Read and Configuration Access)" in message
    assert "source.select_streams(['alerts', 'alert_logs', 'alert_recipients'," in message


def test_a_teams_key_is_told_as_one(source: Verbs, account: Account) -> None:
    """A team's key sees its team without an error: the check says so."""
    status, message = status_of(source.with_config(api_token=account.team_key).check())

    assert status == "SUCCEEDED"
    assert "one team's key, which sees that team only" in message


@pytest.mark.parametrize(
    ("switches", "options", "said"),
    [
        (Switches(), {"api_token": "0badc0de-0000-4000-8000-000000000001"}, "Opsgenie does not know this key"),
        (Switches(), {"api_token": "not-a-key-1"}, "This is not a valid key"),
        (Switches(wrong_region=True), {}, "api.eu.opsgenie.com for an account in Europe"),
        (Switches(), {"endpoint": NOBODY}, "Check the network, the proxy and the endpoint"),
        (Switches(), {"api_token": ""}, "api_token is missing"),
        (Switches(), {"endpoint": "http://api.opsgenie.com"}, "not spoken to over https"),
        (Switches(), {"start_date": "yesterday"}, "start_date 'yesterday' is not a date"),
        (Switches(), {"start_date": "2099-01-01"}, "start_date 2099-01-01T00:00:00.000Z is in the future"),
    ],
)
def test_what_cannot_work_fails_and_says_what_to_do(
    switches: Switches, options: dict[str, str], said: str, source: Verbs, account: Account
) -> None:
    """Each way to get it wrong ends in FAILED, exit code 0, and a message with the remedy."""
    with Simulator(account, switches=switches) as simulator:
        output = source.with_config(**{"endpoint": simulator.url, **options}).check()
    status, message = status_of(output)

    assert status == "FAILED"
    assert said in message
    assert output.exit_code == 0


def test_the_web_address_is_told_from_the_api(source: Verbs, account: Account) -> None:
    """A host that answers with a page for people is not the API, and the message names the hosts that are."""
    with Simulator(account, switches=Switches(host="web")) as simulator:
        status, message = status_of(source.with_config(endpoint=simulator.url).check())

    assert status == "FAILED"
    assert "This is not the Opsgenie API. Set endpoint to api.opsgenie.com or api.eu.opsgenie.com." in message


def test_a_plan_without_incidents_is_named(source: Verbs, account: Account) -> None:
    """What the account's plan lacks is told apart from what the key lacks."""
    account.plan = "Essentials"
    status, message = status_of(source.check())

    assert status == "SUCCEEDED"
    assert (
        "Cannot be read: incidents, incident_logs, incident_notes, incident_alerts (needs the right Read and the"
        in message
    )
