"""How incidents come about on a service, and who is told."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches

PROPERTIES = {"message", "priority", "stakeholderProperties"}
OPTIONAL = {"description", "tags", "details"}


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with services of teams and of none."""
    return Account.seeded(alerts=0, incidents=0, services=40)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("incident-rules", ("id", "order", "conditionMatchType", "conditions", "incidentProperties")),
        ("incident-templates", ("id", "name", "incidentProperties")),
    ],
)
def test_rules_and_templates_have_the_reference_fields(account: Account, path: str, fields: tuple[str, ...]) -> None:
    """Services have some rules and templates or none; what the SDK lets out when empty is absent at times."""
    lists = [ApiClient(account).get(f"/v1/services/{one}/{path}").rows for one in account.services]
    properties = [row["incidentProperties"] for rows in lists for row in rows]

    assert {fields} == {tuple(row) for rows in lists for row in rows}
    assert [] in lists
    assert {frozenset(PROPERTIES), frozenset(PROPERTIES | OPTIONAL)} == {frozenset(one) for one in properties}
    assert len({row["id"] for rows in lists for row in rows}) == sum(map(len, lists))


def test_conditions_have_a_key_for_extra_properties_only(account: Account) -> None:
    """A condition has a key only where it looks at extra properties."""
    rules = [
        row for one in account.services for row in ApiClient(account).get(f"/v1/services/{one}/incident-rules").rows
    ]
    conditions = [condition for rule in rules for condition in rule["conditions"]]

    assert {True, False} == {"key" in condition for condition in conditions}
    assert all(("key" in one) == (one["field"] == "extra-properties") for one in conditions)


def test_audiences_name_teams_and_users_that_exist(account: Account) -> None:
    """A service's responders are its team, those told are users of the account; without a team both may be empty."""
    found = {
        one: ApiClient(account).get(f"/v1/services/{one}/audience-templates").body["data"] for one in account.services
    }
    users = {user for one in found.values() for part in one.values() for user in part.get("individuals", ())}

    assert set(account.users) > users > set()
    for service_id, audience in found.items():
        team_id = account.services[service_id]["teamId"]

        assert ([team_id] if team_id else []) == audience["responder"].get("teams", [])
        assert ["individuals", "conditionMatchType", "conditions"] == list(audience["stakeholder"])


def test_account_templates_stand_under_a_name_or_not(account: Account) -> None:
    """The account's templates are a list under a name, or by the switch a bare one; some name services."""
    named = ApiClient(account).get("/v1/incident-templates").body["data"]
    bare = ApiClient(account, Switches(incident_templates="list")).get("/v1/incident-templates").rows
    services = [service for row in bare for service in row.get("impactedServices", ())]

    assert {"incidentTemplates": bare} == named
    assert len(bare) > len(services) > 0
    assert set(services) < set(account.services)
    assert all({"id", "name"} | PROPERTIES <= set(row) for row in bare)


def test_service_settings_need_plan_and_rights(account: Account) -> None:
    """Without the plan they are a 402, without configuration access or for another team's service a 403."""
    poor = Account.seeded(plan="Essentials")
    others = [
        one for one, service in account.services.items() if service["teamId"] not in (None, next(iter(account.teams)))
    ]
    paths = [
        f"/v1/services/{others[0]}/{name}" for name in ("incident-rules", "incident-templates", "audience-templates")
    ]
    asking, key = ApiClient(account), account.key_without_configuration_access

    assert {402} == {ApiClient(poor).get(path).status for path in [*paths, "/v1/incident-templates"]}
    assert {403} == {asking.get(path, key=key).status for path in [*paths, "/v1/incident-templates"]}
    assert {403} == {asking.get(path, key=account.team_key).status for path in paths}
    assert {404} == {asking.get(path.replace(others[0], "none")).status for path in paths}
