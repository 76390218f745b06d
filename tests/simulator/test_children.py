"""Child records of alerts: logs, notes and recipients."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.api_client import ApiClient, query_of

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.timestamps import epoch_ms


@pytest.fixture
def account() -> Account:
    """An account in which some alerts have more than one page of logs."""
    return Account.seeded(alerts=400)


def alert_with_logs(account: Account, *, more_than: int, at_most: int = 1000) -> str:
    """The id of an alert with more than *more_than* and at most *at_most* logs."""
    sizes = ((alert_id, len(account.store.children(alert_id).logs)) for alert_id in account.alerts)
    return next(alert_id for alert_id, size in sizes if more_than < size <= at_most)


def follow_next(client: ApiClient, path: str, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, following the parameters of `next`."""
    page = client.get(path, **query)
    yield page.rows
    while "next" in page.body.get("paging", {}):
        page = client.get(path, **query_of(page.body["paging"]["next"]))
        yield page.rows


def test_logs_have_the_reference_fields(account: Account) -> None:
    """A log entry has text, type, owner, time and cursor; the cursor begins with the milliseconds of its time."""
    rows = ApiClient(account).get(f"/v2/alerts/{alert_with_logs(account, more_than=2)}/logs").rows

    assert {("log", "type", "owner", "createdAt", "offset")} == {tuple(row) for row in rows}
    assert {"alertAction", "alertRecipient", "system"} >= {row["type"] for row in rows}
    for row in rows:
        milliseconds, _, nanoseconds = row["offset"].partition("_")

        assert str(epoch_ms(row["createdAt"])) == milliseconds
        assert (13, 19) == (len(milliseconds), len(nanoseconds))


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 100, 2000])
def test_logs_are_read_to_the_end_by_cursor(account: Account, order: str, limit: int) -> None:
    """Following `next` returns each entry once in the requested order, newest first by default."""
    alert_id = alert_with_logs(account, more_than=100)
    entries = account.store.children(alert_id).logs
    pages = list(follow_next(ApiClient(account), f"/v2/alerts/{alert_id}/logs", order=order, limit=limit))

    assert all(len(page) <= min(limit, 100) for page in pages)
    assert (entries if order == "asc" else entries[::-1]) == [row for page in pages for row in page]
    assert entries[:-21:-1] == ApiClient(account).get(f"/v2/alerts/{alert_id}/logs").rows


def test_cursor_of_any_row_continues_after_it(account: Account) -> None:
    """From the offset of an entry, `next` returns the entries after it and `prev` those right before it."""
    alert_id = alert_with_logs(account, more_than=100)
    entries = account.store.children(alert_id).logs
    client, path, offset = ApiClient(account), f"/v2/alerts/{alert_id}/logs", entries[50]["offset"]

    assert entries[51:61] == client.get(path, offset=offset, order="asc", limit=10).rows
    assert entries[49:39:-1] == client.get(path, offset=offset, order="desc", limit=10).rows
    assert entries[40:50] == client.get(path, offset=offset, order="asc", direction="prev", limit=10).rows
    assert entries[60:50:-1] == client.get(path, offset=offset, order="desc", direction="prev", limit=10).rows


def test_single_entry_is_before_or_after_a_cursor(account: Account) -> None:
    """The only entry of an alert is before or after a cursor by time, in either order."""
    alert = account.create_alert(created_at=1_790_000_000_000)
    client, path = ApiClient(account), f"/v2/alerts/{alert['id']}/logs"
    earlier, later = "1780000000000_1780000000000000000", "1799999999999_1799999999999000000"

    assert [0, 1] == [len(client.get(path, order="asc", offset=offset).rows) for offset in (later, earlier)]
    assert [1, 0] == [len(client.get(path, order="desc", offset=offset).rows) for offset in (later, earlier)]


def test_new_entries_follow_the_last_cursor(account: Account) -> None:
    """From the last cursor, a reader gets only the entries added since."""
    alert_id = alert_with_logs(account, more_than=2)
    last = account.store.children(alert_id).logs[-1]["offset"]
    account.add_log(alert_id, "Escalated", log_type="system")
    account.add_log(alert_id, "Escalated again", log_type="system")
    rows = ApiClient(account).get(f"/v2/alerts/{alert_id}/logs", offset=last, order="asc").rows

    assert ["Escalated", "Escalated again"] == [row["log"] for row in rows]
    assert 2 == len({row["offset"] for row in rows})


def test_single_page_has_no_paging_by_default(account: Account) -> None:
    """If all logs fit on one page, `paging` is absent or, with a switch, has only `first`."""
    path = f"/v2/alerts/{alert_with_logs(account, more_than=0, at_most=20)}/logs"
    present = ApiClient(account, Switches(single_page_paging="present")).get(path).body

    assert "paging" not in ApiClient(account).get(path).body
    assert ["first"] == list(present["paging"])


def test_offset_that_is_not_a_cursor_is_rejected(account: Account) -> None:
    """An offset that is not a cursor is a 422."""
    assert 422 == ApiClient(account).get(f"/v2/alerts/{alert_with_logs(account, more_than=0)}/logs", offset="20").status


def test_notes_are_paged_like_logs(account: Account) -> None:
    """Notes have text, owner, time and cursor, and are paged like logs."""
    alert_id = next(iter(account.alerts))
    for number in range(25):
        account.add_note(alert_id, f"note {number}")
    pages = list(follow_next(ApiClient(account), f"/v2/alerts/{alert_id}/notes", order="asc"))

    assert account.store.children(alert_id).notes == [row for page in pages for row in page]
    assert [20, len(account.store.children(alert_id).notes) - 20] == [len(page) for page in pages]
    assert ["note", "owner", "createdAt", "offset"] == list(pages[0][0])


def test_recipients_are_users_of_the_account(account: Account) -> None:
    """Each recipient is a different user; they include members of a responding team."""
    team = next(iter(account.teams.values()))
    alert = next(row for row in account.alerts.values() if {"id": team["id"]} in row["teams"])
    rows = ApiClient(account).get(f"/v2/alerts/{alert['id']}/recipients").rows
    ids = [row["user"]["id"] for row in rows]

    assert rows
    assert {("user", "state", "method", "createdAt", "updatedAt")} == {tuple(row) for row in rows}
    assert len(ids) == len(set(ids) & set(account.users))
    assert {member["user"]["id"] for member in team["members"]} & set(ids)


def test_updating_an_alert_keeps_its_earlier_logs(account: Account) -> None:
    """Updating an alert adds a log entry and keeps the earlier ones unchanged."""
    alert = next(row for row in account.alerts.values() if row["status"] == "open")
    before = account.store.children(alert["id"]).logs
    account.update_alert(alert["id"], status="closed")
    after = account.store.children(alert["id"]).logs

    assert before == after[: len(before)]
    assert ["Alert closed via API"] == [row["log"] for row in after[len(before) :]]


def test_child_records_of_a_deleted_alert_are_not_found(account: Account) -> None:
    """Logs, notes and recipients of a deleted alert are a 404."""
    alert_id = next(iter(account.alerts))
    account.delete_alert(alert_id)
    client = ApiClient(account)

    assert {404} == {client.get(f"/v2/alerts/{alert_id}/{child}").status for child in ("logs", "notes", "recipients")}


def test_alerts_are_found_by_other_identifiers(account: Account) -> None:
    """An alert is found by its id and tiny id, and by its alias while it is open."""
    client = ApiClient(account)
    alert = next(row for row in account.alerts.values() if row["status"] == "open")
    closed = next(row for row in account.alerts.values() if row["status"] == "closed")
    by_tiny = client.get(f"/v2/alerts/{alert['tinyId']}", identifierType="tiny")
    by_alias = client.get(f"/v2/alerts/{alert['alias'].replace('/', '%2F')}", identifierType="alias")
    closed_by_alias = client.get(f"/v2/alerts/{closed['alias'].replace('/', '%2F')}", identifierType="alias")

    assert alert == by_tiny.body["data"] == by_alias.body["data"]
    assert 404 == closed_by_alias.status
