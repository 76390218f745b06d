"""Compares simulated records with captured ones, field by field."""

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
# Fields that only the response for a single record has, by the API reference: no capture of one was found.
DETAILS = {
    "alerts": {"actions": list, "entity": str, "description": str, "details": dict},
    "teams": {"members": list},
}
# Fields that captured records have only with a value.
OPTIONAL = {
    "alerts": {"integration", "report", "snoozedUntil"},
    "incidents": {"impactEndDate"},
    "teams": {"members"},
}
# Maps whose keys are defined by the account.
FREE_MAPS = {"extraProperties", "details"}


@pytest.fixture(scope="module")
def account() -> Account:
    """An account that is large enough for every field to occur."""
    return Account.seeded(alerts=2000, incidents=200, users=60, teams=6, services=20)


def captured(kind: str) -> list[dict[str, Any]]:
    """The captured objects of a kind."""
    return [json.loads(path.read_text()) for path in sorted((CAPTURED / kind).glob("*.json"))]


def fields(record: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a record with its JSON type, including nested fields."""
    if isinstance(record, dict) and path.rpartition(".")[2] not in FREE_MAPS:
        for name, value in record.items():
            yield from fields(value, f"{path}.{name}".lstrip("."))
    elif isinstance(record, list):
        for value in record:
            yield from fields(value, f"{path}[]")
    if path:
        yield path, type(record).__name__


def listed(account: Account, kind: str) -> list[dict[str, Any]]:
    """All records of a kind, as their list returns them."""
    client = ApiClient(account)
    if kind == "teams":
        return client.get(LISTS[kind]).rows
    return [row for page in client.pages(LISTS[kind], limit=100) for row in page.rows]


@pytest.mark.parametrize("kind", LISTS)
def test_lists_have_only_captured_fields_and_types(account: Account, kind: str) -> None:
    """No list has a field or a type that no captured record has."""
    real = {field for record in captured(kind) for field in fields(record)}
    simulated = {field for record in listed(account, kind) for field in fields(record)}

    assert set() == simulated - real


@pytest.mark.parametrize("kind", LISTS)
def test_every_captured_field_occurs(account: Account, kind: str) -> None:
    """Every captured field occurs in a seeded account, with the same type."""
    real = {field for record in captured(kind) for field in fields(record)}
    simulated = {field for record in listed(account, kind) for field in fields(record)}
    responders = {responder["type"] for alert in listed(account, "alerts") for responder in alert["responders"]}

    assert set() == real - simulated
    assert {"team", "user"} == responders


@pytest.mark.parametrize("kind", LISTS)
def test_fields_are_absent_rather_than_null(account: Account, kind: str) -> None:
    """Only the optional fields of captured records are ever absent, and only a service's team is null."""
    records = listed(account, kind)
    everywhere = set.intersection(*(set(record) for record in records))
    somewhere = {name for record in records for name in record}
    null = {name for record in records for name, value in record.items() if value is None}

    assert OPTIONAL.get(kind, set()) - {"members"} == somewhere - everywhere
    assert ({"teamId"} if kind == "services" else set()) == null


@pytest.mark.parametrize("kind", DETAILS)
def test_single_records_add_the_documented_fields(account: Account, kind: str) -> None:
    """A single record has the fields of its list and those that the reference adds; a team has no links."""
    client = ApiClient(account)
    rows = listed(account, kind)[:-1]
    records = [client.get(f"{LISTS[kind]}/{row['id']}").body["data"] for row in rows]
    added = {
        name: type(record[name]) for row, record in zip(rows, records, strict=True) for name in set(record) - set(row)
    }

    assert DETAILS[kind] == added
    assert ({"links"} if kind == "teams" else set()) == {
        name for row, record in zip(rows, records, strict=True) for name in set(row) - set(record)
    }


def test_alerts_name_records_that_exist(account: Account) -> None:
    """Teams, responders and integrations of alerts exist in the account."""
    alerts = list(account.alerts.values())
    responders = {responder["id"] for alert in alerts for responder in alert["responders"]}
    teams = {team["id"] for alert in alerts for team in alert["teams"]}
    integrations = {alert["integration"]["id"] for alert in alerts if "integration" in alert}

    assert set() == responders - set(account.teams) - set(account.users)
    assert set() == teams - set(account.teams)
    assert set() == integrations - set(account.integrations)


def test_alerts_have_the_unusual_states_of_real_accounts(account: Account) -> None:
    """Few are open; some acknowledgements were withdrawn, some alerts closed without one."""
    alerts = list(account.alerts.values())
    reports = [(alert, alert.get("report", {})) for alert in alerts]
    open_alerts = [alert for alert in alerts if alert["status"] == "open"]
    withdrawn = [alert for alert, report in reports if not alert["acknowledged"] and set(report) == {"ackTime"}]
    unacknowledged = [report for _, report in reports if "acknowledgedBy" not in report and "closeTime" in report]
    untouched = [alert for alert in alerts if epoch_ms(alert["updatedAt"]) - epoch_ms(alert["createdAt"]) == 600_200]
    actors = {report["acknowledgedBy"] for _, report in reports if "acknowledgedBy" in report}

    assert 0.05 <= len(open_alerts) / len(alerts) <= 0.15
    assert withdrawn
    assert any(report["ackTime"] == report["closeTime"] for report in unacknowledged if "ackTime" in report)
    assert untouched
    assert "System" in actors
    assert any("@" in actor for actor in actors)
    assert any("@" not in actor and actor != "System" for actor in actors)


def test_report_has_milliseconds_since_creation(account: Account) -> None:
    """The `updatedAt` of a closed alert is the time in its report at which it was closed."""
    closed = [alert for alert in account.alerts.values() if "closeTime" in alert.get("report", {})]

    assert closed
    for alert in closed:
        closed_at = epoch_ms(alert["createdAt"]) + alert["report"]["closeTime"]

        assert closed_at == epoch_ms(alert["updatedAt"])


def test_history_ends_at_its_end() -> None:
    """No seeded record is created or updated after the end of the history, however busy its last hours are."""
    account = Account.seeded(alerts=2000, incidents=500, days=1)
    end = epoch_ms("2026-11-01T00:00:00Z")
    records = [record for kind in LISTS for record in getattr(account, kind).values()]
    stamps = [
        record[name] for record in records for name in ("createdAt", "updatedAt", "impactEndDate") if name in record
    ]

    assert max(epoch_ms(stamp) for stamp in stamps) < end


def test_timestamps_have_up_to_three_digits_and_no_trailing_zero(account: Account) -> None:
    """Fractions with one, two and three digits occur, and none ends in a zero."""
    stamps = [alert["createdAt"].rstrip("Z").partition(".")[2] for alert in account.alerts.values()]

    assert {0, 1, 2, 3} == {len(fraction) for fraction in stamps} | {0}
    assert not [fraction for fraction in stamps if fraction.endswith("0")]


def test_single_incident_and_service_equal_their_list(account: Account) -> None:
    """A single incident, by either identifier, and a single service have the same fields as in their lists."""
    client = ApiClient(account)
    incident, service = (listed(account, kind)[0] for kind in ("incidents", "services"))

    assert incident == client.get(f"/v1/incidents/{incident['id']}").body["data"]
    assert incident == client.get(f"/v1/incidents/{incident['tinyId']}", identifierType="tiny").body["data"]
    assert service == client.get(f"/v1/services/{service['id']}").body["data"]


def test_single_integration_has_its_team(account: Account) -> None:
    """A single integration has its owner instead of a team's id; without a team it is global."""
    for integration_id, row in account.integrations.items():
        single = ApiClient(account).get(f"/v2/integrations/{integration_id}").body["data"]

        assert (row.get("teamId") or None) == single.get("ownerTeam", {}).get("id")
        assert single["isGlobal"] is not bool(row.get("teamId"))


def test_integrations_without_a_team_have_both_forms(account: Account) -> None:
    """Of the integrations without a team, some have an empty `teamId` and some have none."""
    teams = {row.get("teamId", "missing") for row in account.integrations.values()}

    assert {"", "missing"} < teams


def test_names_do_not_run_out() -> None:
    """Any number of teams, users and services have unique names."""
    account = Account.seeded(alerts=0, incidents=0, users=300, teams=50, services=50)

    assert 50 == len({team["name"] for team in account.teams.values()})
    assert 300 == len({user["username"] for user in account.users.values()})
    assert 50 == len({service["name"] for service in account.services.values()})


def test_same_seed_gives_the_same_account() -> None:
    """The seed determines everything, including ids and keys; another seed gives another account."""
    first, second, other = Account.seeded(seed=7), Account.seeded(seed=7), Account.seeded(seed=8)

    assert dict(first.alerts) == dict(second.alerts)
    assert dict(first.incidents) == dict(second.incidents)
    assert first.keys == second.keys
    assert set(first.alerts).isdisjoint(other.alerts)
    assert first.full_key != other.full_key


def test_account_can_be_empty() -> None:
    """Without records, lists are empty and counts are zero."""
    client = ApiClient(Account.seeded(alerts=0, incidents=0, users=0, teams=0, services=0, integrations=0))

    assert [] == client.get("/v2/alerts").rows
    assert {"count": 0} == client.get("/v2/alerts/count").body["data"]
    assert 0 == client.get("/v1/incidents").body["totalCount"]
    assert [] == client.get("/v2/teams").rows


def test_extra_fields_are_on_every_record() -> None:
    """With *extra_fields*, every list has an unknown field."""
    client = ApiClient(Account.seeded(extra_fields=True))
    lists = [*LISTS.values(), "/v2/integrations"]

    assert all("somethingNew" in row for path in lists for row in client.get(path).rows)
