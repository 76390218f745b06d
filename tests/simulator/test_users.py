"""Contacts and notification rules of users, and what users belong to."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account


@pytest.fixture(scope="module")
def client() -> ApiClient:
    """A client of an account in which some users are unverified."""
    return ApiClient(Account.seeded(alerts=0, incidents=0, users=40, teams=8))


def test_contacts_agree_in_list_single_and_expanded_user(client: ApiClient) -> None:
    """A user's contacts agree in the list, in single responses without `applyOrder`, and in the expanded user."""
    for user_id in client.account.users:
        contacts = client.get(f"/v2/users/{user_id}/contacts").rows
        expanded = client.get(f"/v2/users/{user_id}", expand="contact").body
        first = client.get(f"/v2/users/{user_id}/contacts/{contacts[0]['id']}").body["data"]

        assert ["contact"] == expanded["expandable"]
        assert list(range(len(contacts))) == [contact["applyOrder"] for contact in contacts]
        assert [row["id"] for row in contacts] == [row["id"] for row in expanded["data"]["userContacts"]]
        assert {name: contacts[0][name] for name in ("id", "method", "to", "status")} == first
        assert "userContacts" not in client.get(f"/v2/users/{user_id}").body["data"]


def test_only_disabled_contacts_have_a_reason(client: ApiClient) -> None:
    """Some contacts are disabled, and only those have a reason."""
    contacts = [row for user_id in client.account.users for row in client.get(f"/v2/users/{user_id}/contacts").rows]

    assert {"email", "sms", "voice", "mobile"} == {contact["method"] for contact in contacts}
    assert {True, False} == {contact["status"]["enabled"] for contact in contacts}
    assert all(row["status"]["enabled"] is not ("disabledReason" in row["status"]) for row in contacts)


def test_listed_notification_rules_have_five_fields(client: ApiClient) -> None:
    """The list has five fields of each rule, the single response all; an unverified user has no rules."""
    for user_id, user in list(client.account.users.items())[:12]:
        path = f"/v2/users/{user_id}/notification-rules"
        rules = client.get(path).rows
        full = [client.get(f"{path}/{rule['id']}").body["data"] for rule in rules]

        assert user["verified"] is bool(rules)
        assert all(["id", "name", "actionType", "order", "enabled"] == list(rule) for rule in rules)
        assert rules == [{name: rule[name] for name in rules[0]} for rule in full]
        assert [rule["steps"] for rule in full] == [client.get(f"{path}/{rule['id']}/steps").rows for rule in rules]


def test_steps_notify_the_users_own_contacts(client: ApiClient) -> None:
    """Each step names its rule and one of the user's contacts; some rules have no step."""
    sizes = set()
    for user_id in list(client.account.users)[:12]:
        contacts = {(row["method"], row["to"]) for row in client.get(f"/v2/users/{user_id}/contacts").rows}
        for rule in client.get(f"/v2/users/{user_id}/notification-rules").rows:
            steps = client.get(f"/v2/users/{user_id}/notification-rules/{rule['id']}/steps").rows
            sizes.add(len(steps))

            assert contacts >= {(step["contact"]["method"], step["contact"]["to"]) for step in steps}
            assert {(rule["id"], rule["name"])} >= {(step["_parent"]["id"], step["_parent"]["name"]) for step in steps}
    assert {0, 1} < sizes


def test_users_have_their_schedules_escalations_and_forwarding_rules(client: ApiClient) -> None:
    """A user's schedules, escalations and forwarding rules are those that name the user in the account's lists."""
    schedules = client.get("/v2/schedules", expand="rotation").rows
    escalations, rules = client.get("/v2/escalations").rows, client.get("/v2/forwarding-rules").rows
    combinations = set()
    for user_id, user in client.account.users.items():
        on_call = [row for row in schedules if user_id in str(row["rotations"])]
        escalated = [row for row in escalations if user_id in str(row["rules"])]
        forwarded = [row for row in rules if row["fromUser"]["id"] == user_id]
        combinations.add((bool(on_call), bool(escalated), bool(forwarded)))
        path = f"/v2/users/{user['username']}"

        assert [{name: row[name] for name in ("id", "name", "enabled")} for row in on_call] == client.get(
            f"{path}/schedules"
        ).rows
        assert escalated == client.get(f"{path}/escalations").rows
        assert forwarded == client.get(f"{path}/forwarding-rules").rows
    assert {(True, True, False), (True, False, False), (False, False, False)} <= combinations


def test_user_settings_need_an_account_key(client: ApiClient) -> None:
    """Without configuration access, or with a team's key, they are a 403; of an unknown user, a 404."""
    user_id = next(iter(client.account.users))
    names = ("contacts", "notification-rules", "forwarding-rules", "schedules", "escalations")
    keys = (client.account.key_without_configuration_access, client.account.team_key)

    assert {403} == {client.get(f"/v2/users/{user_id}/{name}", key=key).status for name in names for key in keys}
    assert {404} == {client.get(f"/v2/users/none/{name}").status for name in names}
    assert {404} == {client.get(f"/v2/users/{user_id}/{name}/none").status for name in names[:2]}
