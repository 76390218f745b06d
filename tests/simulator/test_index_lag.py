"""A search index that lags behind changes."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account

NOON = 1_790_000_000_000
LAG_MS = 5_000


class LaggingAccount:
    """An account whose search index lags, and a client of it."""

    def __init__(self) -> None:
        """Start at noon, with a history that is in the index."""
        self.now = NOON
        self.account = Account.seeded(alerts=50, incidents=5, until="2026-09-01T00:00:00Z")
        self.account.clock = lambda: self.now
        self.account.index_lag_ms = LAG_MS
        self.client = ApiClient(self.account)

    def count(self) -> int:
        """The count of alerts that the API returns."""
        count: int = self.client.get("/v2/alerts/count").body["data"]["count"]
        return count


@pytest.fixture
def lagging() -> LaggingAccount:
    """An account whose search index lags."""
    return LaggingAccount()


def test_created_alert_is_listed_late(lagging: LaggingAccount) -> None:
    """Lists, searches and counts include a new alert only after the lag; by its id it is found immediately."""
    created = lagging.account.create_alert(message="Fire")["id"]
    query = {"query": f"createdAt >= {NOON}"}
    before = (lagging.count(), lagging.client.get("/v2/alerts", **query).ids)
    immediate = lagging.client.get(f"/v2/alerts/{created}").status
    lagging.now += LAG_MS - 1
    still = lagging.count()
    lagging.now += 1

    assert ((50, []), 200, 50) == (before, immediate, still)
    assert (51, [created]) == (lagging.count(), lagging.client.get("/v2/alerts", **query).ids)


def test_updated_alert_is_listed_late(lagging: LaggingAccount) -> None:
    """Until the lag is over, lists show the previous version at its old position; by its id it is current."""
    alert_id = next(iter(lagging.account.alerts))
    before = lagging.client.get("/v2/alerts", limit=100, order="asc").rows[0]
    lagging.account.update_alert(alert_id, tags=["new"])
    listed = lagging.client.get("/v2/alerts", limit=100, order="asc").rows[0]
    single = lagging.client.get(f"/v2/alerts/{alert_id}").body["data"]
    lagging.now += LAG_MS
    after = lagging.client.get("/v2/alerts", limit=1, sort="updatedAt").rows[0]

    assert before == listed
    assert ["new"] == single["tags"]
    assert (alert_id, ["new"]) == (after["id"], after["tags"])


def test_deleted_alert_remains_listed_and_counted(lagging: LaggingAccount) -> None:
    """A deleted alert remains in lists and counts until the lag is over; by its id it is a 404 immediately."""
    alert_id = next(iter(lagging.account.alerts))
    lagging.account.delete_alert(alert_id)
    listed = lagging.client.get("/v2/alerts", limit=100).ids
    logs = lagging.client.get(f"/v2/alerts/{alert_id}/logs").status
    counted = lagging.count()
    lagging.now += LAG_MS

    assert (True, 50, 404) == (alert_id in listed, counted, logs)
    assert (False, 49) == (alert_id in lagging.client.get("/v2/alerts", limit=100).ids, lagging.count())


def test_incidents_lag_and_users_do_not(lagging: LaggingAccount) -> None:
    """Incidents are searchable and lag too; lists of users are current."""
    lagging.account.create_incident()
    lagging.account.create_user()
    incidents = lagging.client.get("/v1/incidents").body["totalCount"]
    users = lagging.client.get("/v2/users").body["totalCount"]
    lagging.now += LAG_MS

    assert (5, 13) == (incidents, users)
    assert 6 == lagging.client.get("/v1/incidents").body["totalCount"]


def test_changes_appear_in_order(lagging: LaggingAccount) -> None:
    """An alert that is created, updated and deleted within the lag goes through each state after the lag."""
    created = lagging.account.create_alert()["id"]
    lagging.now += 1
    lagging.account.update_alert(created, tags=["twice"])
    lagging.now += 1
    lagging.account.delete_alert(created)
    lagging.now += LAG_MS - 2
    first = lagging.client.get("/v2/alerts", limit=1, sort="createdAt").rows[0]["tags"]
    lagging.now += 1
    second = lagging.client.get("/v2/alerts", limit=1, sort="createdAt").rows[0]["tags"]
    lagging.now += 1

    assert ([], ["twice"], 50) == (first, second, lagging.count())


def test_lag_can_be_removed(lagging: LaggingAccount) -> None:
    """Without a lag, changes appear immediately, and cached results are not used."""
    lagging.account.create_alert()
    counted = lagging.count()
    lagging.account.index_lag_ms = 0

    assert (50, 51, 0) == (counted, lagging.count(), lagging.account.index_lag_ms)
