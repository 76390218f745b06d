"""Incident rules, incident templates and audiences of services."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches

PROPERTIES = {"message", "priority", "stakeholderProperties"}
OPTIONAL = {"description", "tags", "details"}


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with services, some without a team."""
    return Account.seeded(alerts=0, incidents=0, services=40)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("incident-rules", ("id", "order", "conditionMatchType", "conditions", "incidentProperties")),
        ("incident-templates", ("id", "name", "incidentProperties")),
    ],
)
def test_rules_and_templates_have_the_reference_fields(account: Account, path: str, fields: tuple[str, ...]) -> None:
    """Services have rules and templates or none; fields that the SDK omits when empty can be absent."""
    lists = [ApiClient(account).get(f"/v1/services/{service_id}/{path}").rows for service_id in account.services]
    properties = [row["incidentProperties"] for rows in lists for row in rows]

    assert {fields} == {tuple(row) for rows in lists for row in rows}
    assert [] in lists
    assert {frozenset(PROPERTIES), frozenset(PROPERTIES | OPTIONAL)} == {frozenset(row) for row in properties}
    assert len({row["id"] for rows in lists for row in rows}) == sum(map(len, lists))


def test_properties_follow_their_switch(account: Account) -> None:
    """With the switch, listed and single services have the fields that no captured service has."""
    names = {"visibility", "extraProperties"}
    default, switched = ApiClient(account), ApiClient(account, Switches(service_properties=True))
    (listed,) = switched.get("/v1/services", limit=1).rows
    single = switched.get(f"/v1/services/{listed['id']}").body["data"]

    assert set() == names & set(default.get("/v1/services", limit=1).rows[0])
    assert names < set(listed)
    assert listed == single


def test_only_conditions_on_extra_properties_have_a_key(account: Account) -> None:
    """A condition has a key if and only if its field is the extra properties."""
    client = ApiClient(account)
    rules = [row for service in account.services for row in client.get(f"/v1/services/{service}/incident-rules").rows]
    conditions = [condition for rule in rules for condition in rule["conditions"]]

    assert {True, False} == {"key" in condition for condition in conditions}
    assert all(("key" in row) == (row["field"] == "extra-properties") for row in conditions)


def test_audiences_name_existing_teams_and_users(account: Account) -> None:
    """Responders are the service's team, stakeholders are users; without a team both can be empty."""
    client = ApiClient(account)
    audiences = {
        service_id: client.get(f"/v1/services/{service_id}/audience-templates").body["data"]
        for service_id in account.services
    }
    users = {user for row in audiences.values() for part in row.values() for user in part.get("individuals", ())}

    assert set(account.users) > users > set()
    for service_id, audience in audiences.items():
        team_id = account.services[service_id]["teamId"]

        assert ([team_id] if team_id else []) == audience["responder"].get("teams", [])
        assert ["individuals", "conditionMatchType", "conditions"] == list(audience["stakeholder"])


def test_account_templates_are_a_named_or_a_bare_list(account: Account) -> None:
    """The account's templates are a list under a name or, with a switch, a bare list; some name services."""
    named = ApiClient(account).get("/v1/incident-templates").body["data"]
    bare = ApiClient(account, Switches(incident_templates="list")).get("/v1/incident-templates").rows
    services = [service for row in bare for service in row.get("impactedServices", ())]

    assert {"incidentTemplates": bare} == named
    assert len(bare) > len(services) > 0
    assert set(services) < set(account.services)
    assert all({"id", "name"} | PROPERTIES <= set(row) for row in bare)


def test_service_settings_need_plan_and_permission(account: Account) -> None:
    """Without the plan they are a 402; without configuration access, or of another team's service, a 403."""
    essentials = Account.seeded(plan="Essentials")
    first_team = next(iter(account.teams))
    others = [row_id for row_id, row in account.services.items() if row["teamId"] not in (None, first_team)]
    paths = [
        f"/v1/services/{others[0]}/{name}" for name in ("incident-rules", "incident-templates", "audience-templates")
    ]
    client, key = ApiClient(account), account.key_without_configuration_access

    assert {402} == {ApiClient(essentials).get(path).status for path in [*paths, "/v1/incident-templates"]}
    assert {403} == {client.get(path, key=key).status for path in [*paths, "/v1/incident-templates"]}
    assert {403} == {client.get(path, key=account.team_key).status for path in paths}
    assert {404} == {client.get(path.replace(others[0], "none")).status for path in paths}
