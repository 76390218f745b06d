"""Schedules, rotations, overrides, escalations and forwarding rules."""

from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.timestamps import epoch_ms

END = epoch_ms("2026-11-01T00:00:00Z")


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with enough teams for every unusual schedule."""
    return Account.seeded(alerts=0, incidents=0, users=30, teams=12)


def expanded_schedules(account: Account) -> list[dict[str, Any]]:
    """All schedules with their rotations."""
    return ApiClient(account).get("/v2/schedules", expand="rotation").rows


def test_list_has_rotations_only_if_expanded(account: Account) -> None:
    """The list has empty rotations unless expanded; a single schedule always has its rotations."""
    client, rows = ApiClient(account), expanded_schedules(account)
    listed = client.get("/v2/schedules")

    assert ["rotation"] == listed.body["expandable"]
    assert [{**row, "rotations": []} for row in rows] == listed.rows
    assert rows == [client.get(f"/v2/schedules/{row['id']}").body["data"] for row in rows]
    assert rows == [client.get(f"/v2/schedules/{row['name']}", identifierType="name").body["data"] for row in rows]
    assert any(row["rotations"] == [] for row in rows)


def test_single_rotations_name_their_schedule(account: Account) -> None:
    """The list has a schedule's rotations, and a single rotation adds its schedule."""
    client = ApiClient(account)
    for row in expanded_schedules(account):
        path, parent = f"/v2/schedules/{row['id']}/rotations", {name: row[name] for name in ("id", "name", "enabled")}

        assert row["rotations"] == client.get(path).rows
        for rotation in row["rotations"]:
            assert {"_parent": parent, **rotation} == client.get(f"{path}/{rotation['id']}").body["data"]


def test_rotations_vary_as_in_real_accounts(account: Account) -> None:
    """Some begin in 1970; ends and restrictions are null, missing or set; participants are of all types."""
    rotations = [rotation for row in expanded_schedules(account) for rotation in row["rotations"]]
    types = {participant["type"] for rotation in rotations for participant in rotation["participants"]}
    restrictions = [rotation["timeRestriction"] for rotation in rotations if rotation.get("timeRestriction")]

    assert "1970-01-01T00:00:00Z" in {rotation["startDate"] for rotation in rotations}
    for name in ("endDate", "timeRestriction"):
        assert {"set", "null", "missing"} == {
            "missing" if name not in row else "set" if row[name] else "null" for row in rotations
        }
    assert {"user", "team", "escalation", "none"} == types
    assert {"hourly", "daily", "weekly"} == {rotation["type"] for rotation in rotations}
    assert {
        ("time-of-day", "restriction"),
        ("time-of-day", "restrictions"),
        ("weekday-and-time-of-day", "restrictions"),
    } == {tuple(restriction.values())[:1] + tuple(restriction)[1:] for restriction in restrictions}


def test_schedules_and_escalations_name_existing_records(account: Account) -> None:
    """Owners, participants and recipients are teams, users, schedules and escalations of the account."""
    client, rows = ApiClient(account), expanded_schedules(account)
    escalations = client.get("/v2/escalations").rows
    existing = {*account.users, *account.teams, *(row["id"] for row in rows), *(row["id"] for row in escalations)}
    named = {one["id"] for row in rows for each in row["rotations"] for one in each["participants"] if "id" in one}
    named |= {rule["recipient"]["id"] for row in escalations for rule in row["rules"]}
    owners = [row["ownerTeam"] for row in (*rows, *escalations) if "ownerTeam" in row]

    assert named <= existing
    assert {(one["id"], one["name"]) for one in owners} == {(one["id"], one["name"]) for one in account.teams.values()}
    assert len(owners) == len(rows) + len(escalations) - 2


def test_repeat_of_escalations_is_set_null_or_missing(account: Account) -> None:
    """The `repeat` of an escalation is set, null or missing; each escalation is found by id and by name."""
    client = ApiClient(account)
    rows = client.get("/v2/escalations").rows

    assert {"set", "null", "missing"} == {
        "missing" if "repeat" not in row else "set" if row["repeat"] else "null" for row in rows
    }
    assert rows == [client.get(f"/v2/escalations/{row['id']}").body["data"] for row in rows]
    assert rows == [client.get(f"/v2/escalations/{row['name']}", identifierType="name").body["data"] for row in rows]


def test_only_single_overrides_name_their_rotations(account: Account) -> None:
    """The list has the ids of an override's rotations, the single response their names too; some lack a schedule."""
    client = ApiClient(account)
    overrides = []
    for row in expanded_schedules(account):
        path, names = (
            f"/v2/schedules/{row['id']}/overrides",
            {rotation["id"]: rotation["name"] for rotation in row["rotations"]},
        )
        listed = client.get(path).rows
        full = [client.get(f"{path}/{override['alias']}").body["data"] for override in listed]
        overrides += full

        assert listed == [{**each, "rotations": [{"id": part["id"]} for part in each["rotations"]]} for each in full]
        assert all(names[part["id"]] == part["name"] for each in full for part in each["rotations"])
        assert set(account.users) >= {each["user"]["id"] for each in full}
    assert {True, False} == {"_parent" in each for each in overrides}
    assert {True, False} == {bool(each["rotations"]) for each in overrides}
    assert "3025-01-01T00:00:00Z" in {each["endDate"] for each in overrides}


def test_past_overrides_may_be_left_out(account: Account) -> None:
    """A switch limits the list to overrides that have not ended; single overrides are still found."""
    account.clock = lambda: END
    client, strict = ApiClient(account), ApiClient(account, Switches(past_overrides=False))
    paths = [f"/v2/schedules/{row['id']}/overrides" for row in expanded_schedules(account)]
    every = [(path, row) for path in paths for row in client.get(path).rows]
    current = [(path, row) for path in paths for row in strict.get(path).rows]
    ended = [(path, row) for path, row in every if (path, row) not in current]

    assert [(path, row) for path, row in every if epoch_ms(row["endDate"]) > END] == current
    assert ended
    assert {200} == {strict.get(f"{path}/{row['alias']}").status for path, row in ended}


def test_forwarding_rules_name_two_users(account: Account) -> None:
    """Rules are found by id, and by alias if they have one; they name two users of the account."""
    client = ApiClient(account)
    rows = client.get("/v2/forwarding-rules").rows
    with_alias = [row for row in rows if "alias" in row]

    assert 0 < len(with_alias) < len(rows)
    assert rows == [client.get(f"/v2/forwarding-rules/{row['id']}").body["data"] for row in rows]
    assert with_alias == [
        client.get(f"/v2/forwarding-rules/{row['alias'].replace(' ', '%20')}", identifierType="alias").body["data"]
        for row in with_alias
    ]
    assert set(account.users) > {row[name]["id"] for row in rows for name in ("fromUser", "toUser")}


def test_team_key_sees_only_its_teams_schedules(account: Account) -> None:
    """A team's key gets its team's schedules and escalations; others, and forwarding rules, are forbidden."""
    client, key, own = ApiClient(account), account.team_key, next(iter(account.teams))
    for path in ("/v2/schedules", "/v2/escalations", "/v2/schedules/on-calls"):
        ids = [row.get("_parent", row)["id"] for row in client.get(path, key=key).rows]
        every = [row.get("_parent", row)["id"] for row in client.get(path).rows]

        assert 0 < len(ids) < len(every)
        assert set(ids) < set(every)
        if path != "/v2/schedules/on-calls":
            assert {own} == {row["ownerTeam"]["id"] for row in client.get(path, key=key).rows}
            assert {200} == {client.get(f"{path}/{one}", key=key).status for one in ids}
            assert {403} == {client.get(f"{path}/{one}", key=key).status for one in set(every) - set(ids)}
    assert 403 == client.get("/v2/forwarding-rules", key=key).status


def test_missing_schedules_are_not_found(account: Account) -> None:
    """Child records of an unknown schedule are a 404, and so are unknown rotations and overrides."""
    client, schedule_id = ApiClient(account), expanded_schedules(account)[0]["id"]
    names = ("rotations", "overrides", "on-calls", "next-on-calls", "timeline")

    assert {404} == {client.get(f"/v2/schedules/none/{name}").status for name in names}
    assert {404} == {client.get(f"/v2/schedules/{schedule_id}/{name}/none").status for name in names[:2]}
