"""Simulated records against the captured ones, field for field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account
from opsgenie_simulator.timestamps import epoch_ms

CAPTURED = Path(__file__).parents[1] / "data" / "captured"
LISTS = {
    "alerts": "/v2/alerts",
    "incidents": "/v1/incidents",
    "users": "/v2/users",
    "teams": "/v2/teams",
    "services": "/v1/services",
}
# What the single answer adds, by the API reference: no capture of one was found.
DETAILS = {
    "alerts": {"actions": list, "entity": str, "description": str, "details": dict},
    "teams": {"members": list},
}
# Seen in records only where they have a value.
ABSENT_AT_TIMES = {
    "alerts": {"integration", "report", "snoozedUntil"},
    "incidents": {"impactEndDate"},
    "teams": {"members"},
}
# Free maps, whose keys are the account's own.
FREE = {"extraProperties", "details"}


@pytest.fixture(scope="module")
def account() -> Account:
    """An account that is large enough for everything to occur."""
    return Account.seeded(alerts=2000, incidents=200, users=60, teams=6, services=20)


def captured(kind: str) -> list[dict[str, Any]]:
    """The captured objects of a kind."""
    return [json.loads(path.read_text()) for path in sorted((CAPTURED / kind).glob("*.json"))]


def fields(record: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a record with its JSON type, fields within fields too."""
    if isinstance(record, dict) and path.rpartition(".")[2] not in FREE:
        for name, value in record.items():
            yield from fields(value, f"{path}.{name}".lstrip("."))
    elif isinstance(record, list):
        for value in record:
            yield from fields(value, f"{path}[]")
    if path:
        yield path, type(record).__name__


def listed(account: Account, kind: str) -> list[dict[str, Any]]:
    """Every record of a kind as the list shows it."""
    asking = ApiClient(account)
    if kind == "teams":
        return asking.get(LISTS[kind]).rows
    return [row for page in asking.pages(LISTS[kind], limit=100) for row in page.rows]


@pytest.mark.parametrize("kind", LISTS)
def test_lists_hold_only_captured_fields_of_the_captured_types(account: Account, kind: str) -> None:
    """No list shows a field, or a type of one, that no real answer showed."""
    real = {field for record in captured(kind) for field in fields(record)}
    simulated = {field for record in listed(account, kind) for field in fields(record)}

    assert set() == simulated - real


@pytest.mark.parametrize("kind", LISTS)
def test_every_captured_field_occurs(account: Account, kind: str) -> None:
    """Whatever a real answer showed, a seeded account shows somewhere, in the same type."""
    real = {field for record in captured(kind) for field in fields(record)}
    simulated = {field for record in listed(account, kind) for field in fields(record)}
    responders = {
        record_responder["type"] for one in listed(account, "alerts") for record_responder in one["responders"]
    }

    assert set() == real - simulated
    assert {"team", "user"} == responders


@pytest.mark.parametrize("kind", LISTS)
def test_fields_are_absent_rather_than_null(account: Account, kind: str) -> None:
    """Only the fields that real records lack at times are lacking at times, and only a service's team is null."""
    records = listed(account, kind)
    everywhere = set.intersection(*(set(record) for record in records))
    somewhere = {name for record in records for name in record}
    null = {name for record in records for name, value in record.items() if value is None}

    assert ABSENT_AT_TIMES.get(kind, set()) - {"members"} == somewhere - everywhere
    assert ({"teamId"} if kind == "services" else set()) == null


@pytest.mark.parametrize("kind", DETAILS)
def test_single_answers_add_what_the_reference_says(account: Account, kind: str) -> None:
    """The single answer has the list's fields and those that the reference adds; a team's lacks the links."""
    asking = ApiClient(account)
    rows = listed(account, kind)[:-1]
    whole = [asking.get(f"{LISTS[kind]}/{row['id']}").body["data"] for row in rows]
    added = {
        name: type(record[name]) for row, record in zip(rows, whole, strict=True) for name in set(record) - set(row)
    }

    assert DETAILS[kind] == added
    assert ({"links"} if kind == "teams" else set()) == {
        name for row, record in zip(rows, whole, strict=True) for name in set(row) - set(record)
    }


def test_alerts_name_records_that_exist(account: Account) -> None:
    """Teams, responders and integrations of alerts are those of the account."""
    alerts = list(account.alerts.values())
    named = {responder["id"] for alert in alerts for responder in alert["responders"]}
    teams = {team["id"] for alert in alerts for team in alert["teams"]}
    integrations = {alert["integration"]["id"] for alert in alerts if "integration" in alert}

    assert set() == named - set(account.teams) - set(account.users)
    assert set() == teams - set(account.teams)
    assert set() == integrations - set(account.integrations)


def test_alerts_show_the_odd_states_of_real_accounts(account: Account) -> None:
    """Open ones are few; some were acknowledged and taken back, some closed without an acknowledgement."""
    alerts = list(account.alerts.values())
    reports = [(alert, alert.get("report", {})) for alert in alerts]
    is_open = [alert for alert in alerts if alert["status"] == "open"]
    taken_back = [one for one, report in reports if not one["acknowledged"] and set(report) == {"ackTime"}]
    unasked = [one for one, report in reports if "acknowledgedBy" not in report and "closeTime" in report]
    untouched = [one for one in alerts if epoch_ms(one["updatedAt"]) - epoch_ms(one["createdAt"]) == 600_200]
    actors = {report["acknowledgedBy"] for _, report in reports if "acknowledgedBy" in report}

    assert 0.05 <= len(is_open) / len(alerts) <= 0.15
    assert taken_back
    assert any(one["report"]["ackTime"] == one["report"]["closeTime"] for one in unasked if "ackTime" in one["report"])
    assert untouched
    assert "System" in actors
    assert any("@" in actor for actor in actors)
    assert any("@" not in actor and actor != "System" for actor in actors)


def test_report_tells_milliseconds_since_creation(account: Account) -> None:
    """A closed alert was updated when its report says that it was closed."""
    closed = [alert for alert in account.alerts.values() if "closeTime" in alert.get("report", {})]

    assert closed
    for alert in closed:
        ended = epoch_ms(alert["createdAt"]) + alert["report"]["closeTime"]

        assert ended == epoch_ms(alert["updatedAt"])


def test_nothing_happens_after_the_end() -> None:
    """No seeded record was created or updated after the end of the history, however crowded its last hours are."""
    account = Account.seeded(alerts=2000, incidents=500, days=1)
    end = epoch_ms("2026-11-01T00:00:00Z")
    records = [record for kind in LISTS for record in getattr(account, kind).values()]
    stamps = [
        record[name] for record in records for name in ("createdAt", "updatedAt", "impactEndDate") if name in record
    ]

    assert max(epoch_ms(stamp) for stamp in stamps) < end


def test_timestamps_have_up_to_three_digits_and_no_trailing_zero(account: Account) -> None:
    """Every number of fraction digits from none to three occurs, and none ends in a zero."""
    stamps = [alert["createdAt"].rstrip("Z").partition(".")[2] for alert in account.alerts.values()]

    assert {0, 1, 2, 3} == {len(fraction) for fraction in stamps} | {0}
    assert not [fraction for fraction in stamps if fraction.endswith("0")]


def test_single_incident_and_service_are_as_listed(account: Account) -> None:
    """The single answer of an incident, by either identifier, and of a service adds nothing to the list's."""
    asking = ApiClient(account)
    incident, service = (listed(account, kind)[0] for kind in ("incidents", "services"))

    assert incident == asking.get(f"/v1/incidents/{incident['id']}").body["data"]
    assert incident == asking.get(f"/v1/incidents/{incident['tinyId']}", identifierType="tiny").body["data"]
    assert service == asking.get(f"/v1/services/{service['id']}").body["data"]


def test_single_integration_names_its_team(account: Account) -> None:
    """An integration by itself has its owner instead of a team's id; without a team it is global."""
    whole = {one: ApiClient(account).get(f"/v2/integrations/{one}").body["data"] for one in account.integrations}

    for integration_id, listed_one in account.integrations.items():
        assert (listed_one.get("teamId") or None) == whole[integration_id].get("ownerTeam", {}).get("id")
        assert whole[integration_id]["isGlobal"] is not bool(listed_one.get("teamId"))


def test_integrations_without_a_team_say_so_in_both_ways(account: Account) -> None:
    """Of the integrations of no team, some have an empty team and some have none."""
    teams = {one.get("teamId", "missing") for one in account.integrations.values()}

    assert {"", "missing"} < teams


def test_names_do_not_run_out() -> None:
    """Any number of teams, users and services have names of their own."""
    account = Account.seeded(alerts=0, incidents=0, users=300, teams=50, services=50)

    assert 50 == len({team["name"] for team in account.teams.values()})
    assert 300 == len({user["username"] for user in account.users.values()})
    assert 50 == len({service["name"] for service in account.services.values()})


def test_same_seed_gives_the_same_account() -> None:
    """Seeds decide everything, ids and keys included; another seed gives another account."""
    one, again, other = Account.seeded(seed=7), Account.seeded(seed=7), Account.seeded(seed=8)

    assert dict(one.alerts) == dict(again.alerts)
    assert dict(one.incidents) == dict(again.incidents)
    assert one.keys == again.keys
    assert set(one.alerts).isdisjoint(other.alerts)
    assert one.full_key != other.full_key


def test_account_may_be_empty() -> None:
    """Without records, lists are empty and counts are zero."""
    asking = ApiClient(Account.seeded(alerts=0, incidents=0, users=0, teams=0, services=0, integrations=0))

    assert [] == asking.get("/v2/alerts").rows
    assert {"count": 0} == asking.get("/v2/alerts/count").body["data"]
    assert 0 == asking.get("/v1/incidents").body["totalCount"]
    assert [] == asking.get("/v2/teams").rows


def test_extra_fields_are_on_every_record() -> None:
    """With *extra_fields*, every list shows a field that nobody knows."""
    asking = ApiClient(Account.seeded(extra_fields=True))
    lists = [*LISTS.values(), "/v2/integrations"]

    assert all("somethingNew" in row for path in lists for row in asking.get(path).rows)
