import pytest
from tests.support.verbs import Verbs

from opsgenie_simulator import Account
from source_opsgenie.streams import STREAMS, Access

SAVED = "Open and urgent"


def status_of(source: Verbs, **options: object) -> tuple[str, str]:
    """The status and the message of `check` with *options*."""
    (message,) = source.with_config(**options).check().of_type("CONNECTION_STATUS")
    return message["connectionStatus"]["status"], message["connectionStatus"]["message"]


def test_filters_narrow_alerts_and_their_children(source: Verbs, account: Account) -> None:
    """Priorities, teams, a status and a saved search are searched for together, and alerts alone are narrowed."""
    team = next(iter(account.teams.values()))
    wanted = {
        alert["id"]
        for alert in account.alerts.values()
        if alert["priority"] in {"P1", "P2"} and {"id": team["id"]} in alert["teams"] and alert["status"] == "closed"
    }
    filters = {"alert_priorities": ["P1", "P2"], "alert_teams": [team["name"]], "alert_status": "closed"}
    output = source.with_config(**filters).read("alerts", "alert_logs", "incidents")

    assert wanted
    assert wanted == {row["id"] for row in output.records("alerts")}
    assert wanted == {row["alert_id"] for row in output.records("alert_logs")}
    assert len(account.incidents) == len(output.records("incidents"))
    assert f"alerts: {len(wanted)} counted, {len(wanted)} read, 0 unexplained; " in output.logs()
    assert "unproven: the alert filters use fields that change" in output.logs()
    assert f"{len(wanted)} alerts match" in status_of(source, **filters)[1]


def test_saved_search_narrows_alerts_until_it_changes(source: Verbs, account: Account) -> None:
    """A saved search is applied by its name; a state with another query leads to a full read."""
    wanted = {
        alert["id"] for alert in account.alerts.values() if alert["status"] == "open" and alert["priority"] == "P1"
    }
    first = source.with_config(alert_saved_search=SAVED).read("alerts")
    second = source.with_config(alert_saved_search=SAVED).read("alerts", state=first.last_states())
    third = source.with_config(alert_saved_search="Disks").read("alerts", state=first.last_states())

    assert wanted
    assert wanted == {row["id"] for row in first.records("alerts")}
    assert [] == second.records("alerts")
    assert "The alert filters changed since the last sync" in third.logs()


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"alert_query": "status = = open"}, "Opsgenie rejects the alert_query and filters of the config"),
        (
            {"alert_teams": ["Paymentz"]},
            "'Paymentz', which is not a team that this key can see. Did you mean Payments?",
        ),
        ({"alert_teams": ["x"]}, "Write the name as Opsgenie shows it."),
        ({"alert_saved_search": "Disk"}, "is not a saved search that this key can see. Did you mean Disks?"),
        ({"alert_saved_search": "x"}, "The key sees: Open and urgent, Mine, Disks."),
        ({"region": "eu"}, "region is not an option. Did you mean endpoint (api.eu.opsgenie.com"),
    ],
)
def test_check_rejects_filters_that_find_nothing(source: Verbs, options: dict[str, object], remedy: str) -> None:
    """A query that Opsgenie rejects, a team or a search that does not exist: FAILED, with what to write instead."""
    status, message = status_of(source, **options)

    assert "FAILED" == status
    assert remedy in message


def test_check_lists_the_streams_as_a_log_line(source: Verbs) -> None:
    """What the key can read is a LOG line too, since PyAirbyte hides the message of a successful check."""
    output = source.check()
    (message,) = output.of_type("CONNECTION_STATUS")

    assert message["connectionStatus"]["message"] in output.logs()


def test_streams_without_permission_are_skipped(source: Verbs, account: Account) -> None:
    """With the option, they are complete and empty, with a warning; once the key may read them, everything is read."""
    limited = source.with_config(api_token=account.key_without_configuration_access, streams_without_permission="skip")
    first = limited.read("alerts", "users", "team_members")
    skipped = [name for name in ("alerts", "users", "team_members") if f"{name} is skipped: " in first.logs()]
    second = source.read("users", state=first.last_states())

    assert 0 == first.exit_code
    assert ["users", "team_members"] == skipped
    assert "users: skipped, since the key may not read it." in first.logs()
    assert len(account.alerts) == len(first.records("alerts"))
    assert [] == first.records("users")
    assert len(account.users) == len(second.records("users"))


def test_a_stream_that_was_read_before_is_not_skipped(source: Verbs, account: Account) -> None:
    """A key that lost a permission is an error: otherwise, its rows would look as if they were deleted."""
    first = source.read("users")
    limited = source.with_config(api_token=account.key_without_configuration_access, streams_without_permission="skip")
    second = limited.read("users", state=first.last_states())

    assert STREAMS["users"].access is Access.CONFIGURATION
    assert 1 == second.exit_code
