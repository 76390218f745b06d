"""What hangs on incidents: logs, notes, timelines, and their alerts."""

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
    """An account with incidents that no page holds all of."""
    return Account.seeded(alerts=1200, incidents=60, days=1)


def children(account: Account, name: str, *, more_than: int) -> tuple[str, Children]:
    """An incident with more than so many of something, and all that hangs on it."""
    found = ((one, account.store.children(one)) for one in account.incidents)
    return next((one, children) for one, children in found if len(getattr(children, name)) > more_than)


def walked(asking: ApiClient, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """The pages of a timeline, for as long as a key of a next one comes and entries came."""
    while True:
        page = asking.get(path, **query).body["data"]
        yield page
        if not page.get("nextOffset") or not page["entries"]:
            return
        query["offset"] = page["nextOffset"]


@pytest.mark.parametrize("child", ["logs", "notes"])
def test_logs_and_notes_are_read_to_the_end_by_cursor(account: Account, child: str) -> None:
    """Following `next` brings each line of an incident once, newest first by default."""
    incident_id, _ = children(account, "logs", more_than=20)
    for number in range(30):
        account.add_note(incident_id, f"note {number}")
    asking, path = ApiClient(account), f"/v1/incidents/{incident_id}/{child}"
    page = asking.get(path)
    read = list(page.rows)
    while "next" in page.body["paging"]:
        page = asking.get(path, **query_of(page.body["paging"]["next"]))
        read += page.rows

    assert getattr(account.store.children(incident_id), child)[::-1] == read
    assert len(read) > 20


def test_new_lines_follow_the_last_cursor(account: Account) -> None:
    """A reader that kept the last cursor of an incident's logs or notes gets only what was added since."""
    incident_id, was = children(account, "notes", more_than=0)
    account.add_log(incident_id, "Escalated")
    account.add_note(incident_id, "Escalated")

    for child, lines in (("logs", was.logs), ("notes", was.notes)):
        path, last = f"/v1/incidents/{incident_id}/{child}", lines[-1]["offset"]

        assert ["Escalated"] == [row[child[:-1]] for row in ApiClient(account).get(path, order="asc", offset=last).rows]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("position", POSITIONS)
def test_timelines_are_read_to_the_end_by_their_key(account: Account, position: Any, order: str) -> None:
    """Pages of 20 lead to every entry once; the last page ends as the switch says."""
    incident_id, grown = children(account, "entries", more_than=40)
    asking = ApiClient(account, Switches(last_key=position))
    pages = list(walked(asking, f"/v2/incident-timelines/{incident_id}/entries", order=order, limit=500))
    entries = [entry for page in pages for entry in page["entries"]]
    moments = [epoch_ms(entry["eventTime"]) for entry in entries]
    ends = {"absent": set(), "null": {None}, "empty": {""}, "present": {pages[-1].get("nextOffset")}}

    assert sorted(one["id"] for one in grown.entries) == sorted(one["id"] for one in entries)
    assert len(entries) == len({one["id"] for one in entries})
    assert sorted(moments, reverse=order == "desc") == moments
    assert {20} == {len(page["entries"]) for page in pages[: len(entries) // 20]}
    assert ends[position] == {pages[-1][name] for name in ("nextOffset",) if name in pages[-1]}
    assert (position == "present") is (pages[-1]["entries"] == [])


def test_timelines_have_the_reference_shape(account: Account) -> None:
    """An entry is named by type and UUID; the same UUID occurs under different types; users and systems act."""
    entries = [entry for one in account.incidents for entry in account.store.children(one).entries]
    names = {tuple(entry) for entry in entries}
    plain = ("id", "group", "type", "eventTime", "hidden", "actor", "title")
    uuids = {entry["id"].rpartition("_")[2] for entry in entries}

    assert {plain, (*plain, "description")} == names
    assert GROUPS > {entry["group"] for entry in entries} > {"custom", "incident", "statusPage", "responderAlert"}
    assert {"user", "api"} == {entry["actor"]["type"] for entry in entries}
    assert {True, False} == {entry["hidden"] for entry in entries}
    assert all(entry["id"].startswith(f"{entry['type']}_") for entry in entries)
    assert len(uuids) < len(entries) == len({entry["id"] for entry in entries})
    assert {"IncidentOpened", "IncidentResolved", "IncidentClosed"} < {entry["type"] for entry in entries}


def test_timelines_can_be_narrowed(account: Account) -> None:
    """Groups are picked by name, hidden entries are left out, and an entry answers by itself."""
    incident_id, grown = children(account, "entries", more_than=40)
    asking, path = ApiClient(account), f"/v2/incident-timelines/{incident_id}/entries"
    picked = [one for page in walked(asking, path, group="incident,statusPage") for one in page["entries"]]
    visible = [one for page in walked(asking, path, discardHidden="true") for one in page["entries"]]

    assert {"incident", "statusPage"} >= {one["group"] for one in picked} > set()
    assert len([one for one in grown.entries if not one["hidden"]]) == len(visible) < len(grown.entries)
    assert grown.entries[3] == asking.get(f"{path}/{grown.entries[3]['id']}").body["data"]
    assert 404 == asking.get(f"{path}/none").status


def test_timelines_grow(account: Account) -> None:
    """Resolving an incident and telling something adds a log entry and entries, after those that were there."""
    incident_id = next(one for one, body in account.incidents.items() if body["status"] == "open")
    before = account.store.children(incident_id)
    was = (list(before.logs), list(before.entries))
    account.update_incident(incident_id, status="resolved")
    account.add_timeline_entry(incident_id, "All is well", description="Traffic is back")
    after = account.store.children(incident_id)

    assert was == (after.logs[:-1], after.entries[:-2])
    assert "Incident resolved via API" == after.logs[-1]["log"]
    assert ["IncidentResolved", "CustomUserEntry"] == [entry["type"] for entry in after.entries[-2:]]
    assert "Traffic is back" == after.entries[-1]["description"]["content"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("paging", ["offset", "offset-from-one", "link"])
def test_alert_ids_are_read_to_the_end(account: Account, paging: Any, order: str) -> None:
    """Pages of 25 lead to every id of an incident's alerts, by the number of rows or by the link."""
    incident_id, grown = children(account, "alert_ids", more_than=51)
    asking, path = (
        ApiClient(account, Switches(alert_ids_paging=paging)),
        f"/v1/incidents/{incident_id}/associated-alert-ids",
    )
    page = asking.get(path, limit=100, order=order)
    read: list[Any] = list(page.rows)

    assert 25 == len(read)
    while len(page.rows) == 25:
        is_linked, number = paging == "link", len(read) + (paging == "offset-from-one")
        query = query_of(page.body["paging"]["next"]) if is_linked else {"offset": number, "limit": 25, "order": order}
        page = asking.get(path, **query)
        read += page.rows

    assert (grown.alert_ids if order == "asc" else grown.alert_ids[::-1]) == read
    assert set(read) < set(account.alerts)


def test_alert_ids_begin_at_one(account: Account) -> None:
    """An offset of zero is refused, as the vendor's page says."""
    incident_id, _ = children(account, "alert_ids", more_than=0)

    assert 422 == ApiClient(account).get(f"/v1/incidents/{incident_id}/associated-alert-ids", offset=0).status


def test_deleted_alerts_leave_their_incident(account: Account) -> None:
    """The ids of an incident's alerts are those of alerts that are still there; more can be said to belong to it."""
    incident_id, grown = children(account, "alert_ids", more_than=2)
    gone, new = grown.alert_ids[-1], account.create_alert()["id"]
    account.add_incident_alert(incident_id, new)
    account.delete_alert(gone)
    rows: list[Any] = list(ApiClient(account).get(f"/v1/incidents/{incident_id}/associated-alert-ids").rows)

    assert new == rows[0]
    assert gone not in rows


def test_responder_alerts_are_alerts_of_the_incident(account: Account) -> None:
    """Whoever responds was called by an alert that belongs to the incident too."""
    for one, body in account.incidents.items():
        rows: list[Any] = list(ApiClient(account).get(f"/v1/incidents/{one}/responder-alert-ids").rows)

        assert len(body["responders"]) >= len(rows)
        assert set(account.store.children(one).alert_ids) >= set(rows)
    assert any(account.store.children(one).responder_alert_ids for one in account.incidents)


@pytest.mark.parametrize("child", ["associated-alert-ids", "responder-alert-ids", "timeline"])
def test_small_limits_may_be_refused(account: Account, child: str) -> None:
    """By its switch, a limit over the small maximum is a 422 instead of being clipped."""
    incident_id = next(iter(account.incidents))
    path = f"/v1/incidents/{incident_id}/{child}"
    path = f"/v2/incident-timelines/{incident_id}/entries" if child == "timeline" else path
    refusing = ApiClient(account, Switches(small_limits="rejected"))

    assert 200 == ApiClient(account).get(path, limit=26).status
    assert [200, 422] == [refusing.get(path, limit=limit).status for limit in (20, 26)]


def test_timelines_may_need_configuration_access(account: Account) -> None:
    """By its switch, a timeline is closed to keys without configuration access, while logs stay open."""
    incident_id, key = next(iter(account.incidents)), account.key_without_configuration_access
    path = f"/v2/incident-timelines/{incident_id}/entries"
    gated = ApiClient(account, Switches(timelines_need_configuration_access=True))

    assert 200 == ApiClient(account).get(path, key=key).status
    assert [403, 200] == [gated.get(one, key=key).status for one in (path, f"/v1/incidents/{incident_id}/logs")]


def test_children_of_a_missing_incident_are_missing(account: Account) -> None:
    """Nothing answers for a deleted incident; without the plan, nothing answers at all."""
    incident_id, poor = next(iter(account.incidents)), ApiClient(Account.seeded(plan="Essentials"))
    account.delete_incident(incident_id)
    names = ("logs", "notes", "associated-alert-ids", "responder-alert-ids")
    paths = [f"/v1/incidents/{incident_id}/{name}" for name in names]
    paths.append(f"/v2/incident-timelines/{incident_id}/entries")

    assert {404} == {ApiClient(account).get(path).status for path in paths}
    assert {402} == {poor.get(path).status for path in paths}
