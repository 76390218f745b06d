"""Schedules, rotations, overrides, escalations and forwarding rules."""

from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.timestamps import epoch_ms

END = epoch_ms("2026-11-01T00:00:00Z")


@pytest.fixture(scope="module")
def account() -> Account:
    """An account with teams enough for every odd schedule."""
    return Account.seeded(alerts=0, incidents=0, users=30, teams=12)


def expanded(account: Account) -> list[dict[str, Any]]:
    """Every schedule with its rotations."""
    return ApiClient(account).get("/v2/schedules", expand="rotation").rows


def test_rotations_are_left_out_unless_asked_for(account: Account) -> None:
    """The list shows empty rotations unless expanded; a single schedule always has them."""
    asking, rows = ApiClient(account), expanded(account)
    listed = asking.get("/v2/schedules")

    assert ["rotation"] == listed.body["expandable"]
    assert [{**row, "rotations": []} for row in rows] == listed.rows
    assert rows == [asking.get(f"/v2/schedules/{row['id']}").body["data"] for row in rows]
    assert rows == [asking.get(f"/v2/schedules/{row['name']}", identifierType="name").body["data"] for row in rows]
    assert any(row["rotations"] == [] for row in rows)


def test_rotations_answer_by_themselves(account: Account) -> None:
    """A schedule's rotations come as a list, and each by itself with its schedule."""
    asking = ApiClient(account)
    for row in expanded(account):
        path, parent = f"/v2/schedules/{row['id']}/rotations", {name: row[name] for name in ("id", "name", "enabled")}

        assert row["rotations"] == asking.get(path).rows
        for rotation in row["rotations"]:
            assert {"_parent": parent, **rotation} == asking.get(f"{path}/{rotation['id']}").body["data"]


def test_rotations_show_the_odd_states_of_real_accounts(account: Account) -> None:
    """Some begin in 1970; ends and restrictions are null, missing or set; participants are of all types."""
    rotations = [rotation for row in expanded(account) for rotation in row["rotations"]]
    types = {participant["type"] for rotation in rotations for participant in rotation["participants"]}
    restrictions = [rotation["timeRestriction"] for rotation in rotations if rotation.get("timeRestriction")]

    assert "1970-01-01T00:00:00Z" in {rotation["startDate"] for rotation in rotations}
    for name in ("endDate", "timeRestriction"):
        assert {"set", "null", "missing"} == {
            "missing" if name not in one else "set" if one[name] else "null" for one in rotations
        }
    assert {"user", "team", "escalation", "none"} == types
    assert {"hourly", "daily", "weekly"} == {rotation["type"] for rotation in rotations}
    assert {
        ("time-of-day", "restriction"),
        ("time-of-day", "restrictions"),
        ("weekday-and-time-of-day", "restrictions"),
    } == {tuple(restriction.values())[:1] + tuple(restriction)[1:] for restriction in restrictions}


def test_schedules_and_escalations_name_what_exists(account: Account) -> None:
    """Owners, participants and recipients are teams, users, schedules and escalations of the account."""
    asking, rows = ApiClient(account), expanded(account)
    escalations = asking.get("/v2/escalations").rows
    known = {*account.users, *account.teams, *(row["id"] for row in rows), *(row["id"] for row in escalations)}
    named = {one["id"] for row in rows for each in row["rotations"] for one in each["participants"] if "id" in one}
    named |= {rule["recipient"]["id"] for row in escalations for rule in row["rules"]}
    owners = [row["ownerTeam"] for row in (*rows, *escalations) if "ownerTeam" in row]

    assert named <= known
    assert {(one["id"], one["name"]) for one in owners} == {(one["id"], one["name"]) for one in account.teams.values()}
    assert len(owners) == len(rows) + len(escalations) - 2


def test_escalations_repeat_or_do_not(account: Account) -> None:
    """What an escalation repeats is set, null or missing; each is found by id and by name."""
    asking = ApiClient(account)
    rows = asking.get("/v2/escalations").rows

    assert {"set", "null", "missing"} == {
        "missing" if "repeat" not in row else "set" if row["repeat"] else "null" for row in rows
    }
    assert rows == [asking.get(f"/v2/escalations/{row['id']}").body["data"] for row in rows]
    assert rows == [asking.get(f"/v2/escalations/{row['name']}", identifierType="name").body["data"] for row in rows]


def test_overrides_name_their_rotations_only_by_themselves(account: Account) -> None:
    """The list has the ids of an override's rotations, the single answer their names too; some lack their schedule."""
    asking = ApiClient(account)
    overrides = []
    for row in expanded(account):
        path, names = f"/v2/schedules/{row['id']}/overrides", {one["id"]: one["name"] for one in row["rotations"]}
        listed = asking.get(path).rows
        whole = [asking.get(f"{path}/{one['alias']}").body["data"] for one in listed]
        overrides += whole

        assert listed == [{**one, "rotations": [{"id": each["id"]} for each in one["rotations"]]} for one in whole]
        assert all(names[each["id"]] == each["name"] for one in whole for each in one["rotations"])
        assert set(account.users) >= {one["user"]["id"] for one in whole}
    assert {True, False} == {"_parent" in one for one in overrides}
    assert {True, False} == {bool(one["rotations"]) for one in overrides}
    assert "3025-01-01T00:00:00Z" in {one["endDate"] for one in overrides}


def test_past_overrides_may_be_left_out(account: Account) -> None:
    """By its switch, the list has only overrides that have not ended; a single one answers in any case."""
    account.clock = lambda: END
    asking, strict = ApiClient(account), ApiClient(account, Switches(past_overrides=False))
    paths = [f"/v2/schedules/{row['id']}/overrides" for row in expanded(account)]
    every = [(path, one) for path in paths for one in asking.get(path).rows]
    coming = [(path, one) for path in paths for one in strict.get(path).rows]
    ended = [one for one in every if one not in coming]

    assert [one for one in every if epoch_ms(one[1]["endDate"]) > END] == coming
    assert ended
    assert {200} == {strict.get(f"{path}/{one['alias']}").status for path, one in ended}


def test_forwarding_rules_name_two_users(account: Account) -> None:
    """Rules are found by id, and by alias where they have one; they name two users of the account."""
    asking = ApiClient(account)
    rows = asking.get("/v2/forwarding-rules").rows
    aliased = [row for row in rows if "alias" in row]

    assert 0 < len(aliased) < len(rows)
    assert rows == [asking.get(f"/v2/forwarding-rules/{row['id']}").body["data"] for row in rows]
    assert aliased == [
        asking.get(f"/v2/forwarding-rules/{row['alias'].replace(' ', '%20')}", identifierType="alias").body["data"]
        for row in aliased
    ]
    assert set(account.users) > {row[name]["id"] for row in rows for name in ("fromUser", "toUser")}


def test_team_key_sees_its_teams_schedules_only(account: Account) -> None:
    """A team's key gets the schedules and escalations of its team, and is refused the others and forwarding."""
    asking, key, own = ApiClient(account), account.team_key, next(iter(account.teams))
    for path in ("/v2/schedules", "/v2/escalations", "/v2/schedules/on-calls"):
        ids = [row.get("_parent", row)["id"] for row in asking.get(path, key=key).rows]
        every = [row.get("_parent", row)["id"] for row in asking.get(path).rows]

        assert 0 < len(ids) < len(every)
        assert set(ids) < set(every)
        if path != "/v2/schedules/on-calls":
            assert {own} == {row["ownerTeam"]["id"] for row in asking.get(path, key=key).rows}
            assert {200} == {asking.get(f"{path}/{one}", key=key).status for one in ids}
            assert {403} == {asking.get(f"{path}/{one}", key=key).status for one in set(every) - set(ids)}
    assert 403 == asking.get("/v2/forwarding-rules", key=key).status


def test_missing_schedules_are_not_found(account: Account) -> None:
    """Whatever hangs on a missing schedule is a 404, and so is a missing rotation or override."""
    asking, one = ApiClient(account), expanded(account)[0]["id"]
    names = ("rotations", "overrides", "on-calls", "next-on-calls", "timeline")

    assert {404} == {asking.get(f"/v2/schedules/none/{name}").status for name in names}
    assert {404} == {asking.get(f"/v2/schedules/{one}/{name}/none").status for name in names[:2]}
