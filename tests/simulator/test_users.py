"""How users are reached, and what they are in."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account


@pytest.fixture(scope="module")
def asking() -> ApiClient:
    """An account with users who never confirmed their address."""
    return ApiClient(Account.seeded(alerts=0, incidents=0, users=40, teams=8))


def test_contacts_come_whole_and_within_the_user(asking: ApiClient) -> None:
    """A user's contacts are the same in their list, by themselves without their place, and within the user."""
    for one in asking.account.users:
        contacts = asking.get(f"/v2/users/{one}/contacts").rows
        expanded = asking.get(f"/v2/users/{one}", expand="contact").body
        first = asking.get(f"/v2/users/{one}/contacts/{contacts[0]['id']}").body["data"]

        assert ["contact"] == expanded["expandable"]
        assert list(range(len(contacts))) == [one["applyOrder"] for one in contacts]
        assert [one["id"] for one in contacts] == [one["id"] for one in expanded["data"]["userContacts"]]
        assert {name: contacts[0][name] for name in ("id", "method", "to", "status")} == first
        assert "userContacts" not in asking.get(f"/v2/users/{one}").body["data"]


def test_disabled_contacts_say_why(asking: ApiClient) -> None:
    """Addresses are enabled; some telephones are not, and only those have a reason."""
    contacts = [row for one in asking.account.users for row in asking.get(f"/v2/users/{one}/contacts").rows]

    assert {"email", "sms", "voice", "mobile"} == {one["method"] for one in contacts}
    assert {True, False} == {one["status"]["enabled"] for one in contacts}
    assert all(one["status"]["enabled"] is not ("disabledReason" in one["status"]) for one in contacts)


def test_notification_rules_are_listed_in_short(asking: ApiClient) -> None:
    """The list has five fields of each rule, the single answer all; who never confirmed their address has none."""
    for one, user in list(asking.account.users.items())[:12]:
        path = f"/v2/users/{one}/notification-rules"
        rules = asking.get(path).rows
        whole = [asking.get(f"{path}/{rule['id']}").body["data"] for rule in rules]

        assert user["verified"] is bool(rules)
        assert all(["id", "name", "actionType", "order", "enabled"] == list(rule) for rule in rules)
        assert rules == [{name: rule[name] for name in rules[0]} for rule in whole]
        assert [rule["steps"] for rule in whole] == [asking.get(f"{path}/{rule['id']}/steps").rows for rule in rules]


def test_steps_reach_the_users_own_contacts(asking: ApiClient) -> None:
    """Each step names its rule and one of the user's contacts; some rules have no step."""
    sizes = set()
    for one in list(asking.account.users)[:12]:
        contacts = {(row["method"], row["to"]) for row in asking.get(f"/v2/users/{one}/contacts").rows}
        for rule in asking.get(f"/v2/users/{one}/notification-rules").rows:
            steps = asking.get(f"/v2/users/{one}/notification-rules/{rule['id']}/steps").rows
            sizes.add(len(steps))

            assert contacts >= {(step["contact"]["method"], step["contact"]["to"]) for step in steps}
            assert {(rule["id"], rule["name"])} >= {(step["_parent"]["id"], step["_parent"]["name"]) for step in steps}
    assert {0, 1} < sizes


def test_users_know_their_schedules_escalations_and_forwarding(asking: ApiClient) -> None:
    """What a user is in is exactly what names them in the lists of the whole account."""
    schedules = asking.get("/v2/schedules", expand="rotation").rows
    escalations, rules = asking.get("/v2/escalations").rows, asking.get("/v2/forwarding-rules").rows
    found = set()
    for one, user in asking.account.users.items():
        mine = [row for row in schedules if one in str(row["rotations"])]
        called = [row for row in escalations if one in str(row["rules"])]
        gone = [row for row in rules if row["fromUser"]["id"] == one]
        found.add((bool(mine), bool(called), bool(gone)))
        path = f"/v2/users/{user['username']}"

        assert [{name: row[name] for name in ("id", "name", "enabled")} for row in mine] == asking.get(
            f"{path}/schedules"
        ).rows
        assert called == asking.get(f"{path}/escalations").rows
        assert gone == asking.get(f"{path}/forwarding-rules").rows
    assert {(True, True, False), (True, False, False), (False, False, False)} <= found


def test_what_users_have_is_the_accounts_alone(asking: ApiClient) -> None:
    """Without configuration access, and to a team's key, all of it is a 403; of a missing user it is a 404."""
    one = next(iter(asking.account.users))
    names = ("contacts", "notification-rules", "forwarding-rules", "schedules", "escalations")
    keys = (asking.account.key_without_configuration_access, asking.account.team_key)

    assert {403} == {asking.get(f"/v2/users/{one}/{name}", key=key).status for name in names for key in keys}
    assert {404} == {asking.get(f"/v2/users/none/{name}").status for name in names}
    assert {404} == {asking.get(f"/v2/users/{one}/{name}/none").status for name in names[:2]}
