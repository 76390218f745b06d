"""Child records of incidents: logs, notes, timelines and alerts."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.api_client import ApiClient, query_of

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.children import Children
from opsgenie_simulator.timestamps import epoch_ms

GROUPS = {
    "custom", "incident", "responderAlert", "stakeholderUpdate", "statusPage", "iccSessionLifecycle",
    "iccSessionDetails", "integration",
}  # fmt: skip
POSITIONS = ["absent", "null", "empty", "present"]


@pytest.fixture
def account() -> Account:
    """An account whose incidents exceed one page."""
    return Account.seeded(alerts=1200, incidents=60, days=1)


def incident_with(account: Account, name: str, *, more_than: int) -> tuple[str, Children]:
    """An incident with more than *more_than* child records of one kind, and all its child records."""
    incidents = ((incident_id, account.store.children(incident_id)) for incident_id in account.incidents)
    return next((incident_id, rows) for incident_id, rows in incidents if len(getattr(rows, name)) > more_than)


def follow_keys(client: ApiClient, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """The pages of a timeline, up to one without a next key or without entries."""
    while True:
        page = client.get(path, **query).body["data"]
        yield page
        if not page.get("nextOffset") or not page["entries"]:
            return
        query["offset"] = page["nextOffset"]


@pytest.mark.parametrize("child", ["logs", "notes"])
def test_logs_and_notes_are_read_to_the_end_by_cursor(account: Account, child: str) -> None:
    """Following `next` returns each entry of an incident once, newest first by default."""
    incident_id, _ = incident_with(account, "logs", more_than=20)
    for number in range(30):
        account.add_note(incident_id, f"note {number}")
    client, path = ApiClient(account), f"/v1/incidents/{incident_id}/{child}"
    page = client.get(path)
    read = list(page.rows)
    while "next" in page.body["paging"]:
        page = client.get(path, **query_of(page.body["paging"]["next"]))
        read += page.rows

    assert getattr(account.store.children(incident_id), child)[::-1] == read
    assert len(read) > 20


def test_new_entries_follow_the_last_cursor(account: Account) -> None:
    """From the last cursor of an incident's logs or notes, a reader gets only the entries added since."""
    incident_id, before = incident_with(account, "notes", more_than=0)
    account.add_log(incident_id, "Escalated")
    account.add_note(incident_id, "Escalated")

    for child, entries in (("logs", before.logs), ("notes", before.notes)):
        path, last = f"/v1/incidents/{incident_id}/{child}", entries[-1]["offset"]

        assert ["Escalated"] == [row[child[:-1]] for row in ApiClient(account).get(path, order="asc", offset=last).rows]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("position", POSITIONS)
def test_timelines_are_read_to_the_end_by_their_key(account: Account, position: Any, order: str) -> None:
    """Pages of 20 contain every entry once; the switch decides the key of the last page."""
    incident_id, children = incident_with(account, "entries", more_than=40)
    client = ApiClient(account, Switches(last_key=position))
    pages = list(follow_keys(client, f"/v2/incident-timelines/{incident_id}/entries", order=order, limit=500))
    entries = [entry for page in pages for entry in page["entries"]]
    times = [epoch_ms(entry["eventTime"]) for entry in entries]
    ends = {"absent": set(), "null": {None}, "empty": {""}, "present": {pages[-1].get("nextOffset")}}

    assert sorted(entry["id"] for entry in children.entries) == sorted(entry["id"] for entry in entries)
    assert len(entries) == len({entry["id"] for entry in entries})
    assert sorted(times, reverse=order == "desc") == times
    assert {20} == {len(page["entries"]) for page in pages[: len(entries) // 20]}
    assert ends[position] == {pages[-1][name] for name in ("nextOffset",) if name in pages[-1]}
    assert (position == "present") is (pages[-1]["entries"] == [])


def test_timelines_have_the_reference_shape(account: Account) -> None:
    """The id of an entry is its type and a UUID; entries of different types share UUIDs; users and systems act."""
    entries = [entry for incident_id in account.incidents for entry in account.store.children(incident_id).entries]
    fields = {tuple(entry) for entry in entries}
    plain = ("id", "group", "type", "eventTime", "hidden", "actor", "title")
    uuids = {entry["id"].rpartition("_")[2] for entry in entries}

    assert {plain, (*plain, "description")} == fields
    assert GROUPS > {entry["group"] for entry in entries} > {"custom", "incident", "statusPage", "responderAlert"}
    assert {"user", "api"} == {entry["actor"]["type"] for entry in entries}
    assert {True, False} == {entry["hidden"] for entry in entries}
    assert all(entry["id"].startswith(f"{entry['type']}_") for entry in entries)
    assert len(uuids) < len(entries) == len({entry["id"] for entry in entries})
    assert {"IncidentOpened", "IncidentResolved", "IncidentClosed"} < {entry["type"] for entry in entries}


def test_timelines_can_be_filtered(account: Account) -> None:
    """The list can be filtered by group and without hidden entries; each entry can be read on its own."""
    incident_id, children = incident_with(account, "entries", more_than=40)
    client, path = ApiClient(account), f"/v2/incident-timelines/{incident_id}/entries"
    grouped = [entry for page in follow_keys(client, path, group="incident,statusPage") for entry in page["entries"]]
    visible = [entry for page in follow_keys(client, path, discardHidden="true") for entry in page["entries"]]

    assert {"incident", "statusPage"} >= {entry["group"] for entry in grouped} > set()
    assert len([row for row in children.entries if not row["hidden"]]) == len(visible) < len(children.entries)
    assert children.entries[3] == client.get(f"{path}/{children.entries[3]['id']}").body["data"]
    assert 404 == client.get(f"{path}/none").status


def test_new_timeline_entries_come_last(account: Account) -> None:
    """Resolving an incident and adding an entry appends a log entry and two timeline entries."""
    incident_id = next(row_id for row_id, body in account.incidents.items() if body["status"] == "open")
    before = account.store.children(incident_id)
    logs, entries = list(before.logs), list(before.entries)
    account.update_incident(incident_id, status="resolved")
    account.add_timeline_entry(incident_id, "All is well", description="Traffic is back")
    after = account.store.children(incident_id)

    assert (logs, entries) == (after.logs[:-1], after.entries[:-2])
    assert "Incident resolved via API" == after.logs[-1]["log"]
    assert ["IncidentResolved", "CustomUserEntry"] == [entry["type"] for entry in after.entries[-2:]]
    assert "Traffic is back" == after.entries[-1]["description"]["content"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("paging", ["offset", "offset-from-one", "link"])
def test_alert_ids_are_read_to_the_end(account: Account, paging: Any, order: str) -> None:
    """Pages of 25 contain every id of an incident's alerts, with an offset that counts rows or with the link."""
    incident_id, children = incident_with(account, "alert_ids", more_than=51)
    client = ApiClient(account, Switches(alert_ids_paging=paging))
    path = f"/v1/incidents/{incident_id}/associated-alert-ids"
    page = client.get(path, limit=100, order=order)
    read: list[Any] = list(page.rows)

    assert 25 == len(read)
    while len(page.rows) == 25:
        is_linked, number = paging == "link", len(read) + (paging == "offset-from-one")
        query = query_of(page.body["paging"]["next"]) if is_linked else {"offset": number, "limit": 25, "order": order}
        page = client.get(path, **query)
        read += page.rows

    assert (children.alert_ids if order == "asc" else children.alert_ids[::-1]) == read
    assert set(read) < set(account.alerts)


def test_offsets_of_alert_ids_begin_at_one(account: Account) -> None:
    """An offset of zero is rejected, as the vendor's page says."""
    incident_id, _ = incident_with(account, "alert_ids", more_than=0)

    assert 422 == ApiClient(account).get(f"/v1/incidents/{incident_id}/associated-alert-ids", offset=0).status


def test_deleted_alerts_leave_their_incident(account: Account) -> None:
    """An incident's alert ids include alerts added to it and exclude deleted alerts."""
    incident_id, children = incident_with(account, "alert_ids", more_than=2)
    deleted, new = children.alert_ids[-1], account.create_alert()["id"]
    account.add_incident_alert(incident_id, new)
    account.delete_alert(deleted)
    rows: list[Any] = list(ApiClient(account).get(f"/v1/incidents/{incident_id}/associated-alert-ids").rows)

    assert new == rows[0]
    assert deleted not in rows


def test_responder_alerts_are_alerts_of_the_incident(account: Account) -> None:
    """The alerts that notified responders are among the alerts of the incident."""
    for incident_id, body in account.incidents.items():
        rows: list[Any] = list(ApiClient(account).get(f"/v1/incidents/{incident_id}/responder-alert-ids").rows)

        assert len(body["responders"]) >= len(rows)
        assert set(account.store.children(incident_id).alert_ids) >= set(rows)
    assert any(account.store.children(incident_id).responder_alert_ids for incident_id in account.incidents)


@pytest.mark.parametrize("child", ["associated-alert-ids", "responder-alert-ids", "timeline"])
def test_small_limits_may_be_rejected(account: Account, child: str) -> None:
    """A switch makes a limit over the small maximum a 422 instead of clipping it."""
    incident_id = next(iter(account.incidents))
    path = f"/v1/incidents/{incident_id}/{child}"
    path = f"/v2/incident-timelines/{incident_id}/entries" if child == "timeline" else path
    strict = ApiClient(account, Switches(small_limits="rejected"))

    assert 200 == ApiClient(account).get(path, limit=26).status
    assert [200, 422] == [strict.get(path, limit=limit).status for limit in (20, 26)]


def test_timelines_may_need_configuration_access(account: Account) -> None:
    """A switch forbids timelines to keys without configuration access, but not logs."""
    incident_id, key = next(iter(account.incidents)), account.key_without_configuration_access
    path = f"/v2/incident-timelines/{incident_id}/entries"
    strict = ApiClient(account, Switches(timelines_need_configuration_access=True))

    assert 200 == ApiClient(account).get(path, key=key).status
    assert [403, 200] == [strict.get(each, key=key).status for each in (path, f"/v1/incidents/{incident_id}/logs")]


def test_child_records_of_a_deleted_incident_are_not_found(account: Account) -> None:
    """Child records of a deleted incident are a 404; without the plan, they are a 402."""
    incident_id, poor = next(iter(account.incidents)), ApiClient(Account.seeded(plan="Essentials"))
    account.delete_incident(incident_id)
    names = ("logs", "notes", "associated-alert-ids", "responder-alert-ids")
    paths = [f"/v1/incidents/{incident_id}/{name}" for name in names]
    paths.append(f"/v2/incident-timelines/{incident_id}/entries")

    assert {404} == {ApiClient(account).get(path).status for path in paths}
    assert {402} == {poor.get(path).status for path in paths}
