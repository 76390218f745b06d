"""An index that shows changes late."""

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account

NOON = 1_790_000_000_000
LAG_MS = 5_000


class Late:
    """An account at noon whose index is late, and a client of it."""

    def __init__(self) -> None:
        """Begin with a history that the index shows."""
        self.now = NOON
        self.account = Account.seeded(alerts=50, incidents=5, until="2026-09-01T00:00:00Z")
        self.account.clock = lambda: self.now
        self.account.index_lag_ms = LAG_MS
        self.asking = ApiClient(self.account)

    def count(self) -> int:
        """How many alerts are counted."""
        number: int = self.asking.get("/v2/alerts/count").body["data"]["count"]
        return number


@pytest.fixture
def late() -> Late:
    """A late index."""
    return Late()


def test_created_alert_is_listed_late(late: Late) -> None:
    """Neither list, search nor count knows a new alert before the lag is over; by its id it is there at once."""
    created = late.account.create_alert(message="Fire")["id"]
    asked = {"query": f"createdAt >= {NOON}"}
    before = (late.count(), late.asking.get("/v2/alerts", **asked).ids)
    at_once = late.asking.get(f"/v2/alerts/{created}").status
    late.now += LAG_MS - 1
    still = late.count()
    late.now += 1

    assert ((50, []), 200, 50) == (before, at_once, still)
    assert (51, [created]) == (late.count(), late.asking.get("/v2/alerts", **asked).ids)


def test_updated_alert_is_found_late_and_as_it_was(late: Late) -> None:
    """Until the lag is over, the index shows the version before, at its old place; by its id the new one is shown."""
    alert_id = next(iter(late.account.alerts))
    before = late.asking.get("/v2/alerts", limit=100, order="asc").rows[0]
    late.account.update_alert(alert_id, tags=["new"])
    listed = late.asking.get("/v2/alerts", limit=100, order="asc").rows[0]
    single = late.asking.get(f"/v2/alerts/{alert_id}").body["data"]
    late.now += LAG_MS
    after = late.asking.get("/v2/alerts", limit=1, sort="updatedAt").rows[0]

    assert before == listed
    assert ["new"] == single["tags"]
    assert (alert_id, ["new"]) == (after["id"], after["tags"])


def test_deleted_alert_is_listed_and_counted_for_a_while(late: Late) -> None:
    """A deleted alert stays in the index until the lag is over, while its id is answered with 404 at once."""
    alert_id = next(iter(late.account.alerts))
    late.account.delete_alert(alert_id)
    listed = late.asking.get("/v2/alerts", limit=100).ids
    logs = late.asking.get(f"/v2/alerts/{alert_id}/logs").status
    counted = late.count()
    late.now += LAG_MS

    assert (True, 50, 404) == (alert_id in listed, counted, logs)
    assert (False, 49) == (alert_id in late.asking.get("/v2/alerts", limit=100).ids, late.count())


def test_incidents_are_late_and_users_are_not(late: Late) -> None:
    """Incidents are searched too; users are listed as they are."""
    late.account.create_incident()
    late.account.create_user()
    incidents = late.asking.get("/v1/incidents").body["totalCount"]
    users = late.asking.get("/v2/users").body["totalCount"]
    late.now += LAG_MS

    assert (5, 13) == (incidents, users)
    assert 6 == late.asking.get("/v1/incidents").body["totalCount"]


def test_changes_show_in_the_order_they_were_made(late: Late) -> None:
    """An alert that is created, updated and deleted within the lag comes, changes and goes in its own time."""
    created = late.account.create_alert()["id"]
    late.now += 1
    late.account.update_alert(created, tags=["twice"])
    late.now += 1
    late.account.delete_alert(created)
    late.now += LAG_MS - 2
    first = late.asking.get("/v2/alerts", limit=1, sort="createdAt").rows[0]["tags"]
    late.now += 1
    second = late.asking.get("/v2/alerts", limit=1, sort="createdAt").rows[0]["tags"]
    late.now += 1

    assert ([], ["twice"], 50) == (first, second, late.count())


def test_without_a_lag_the_index_is_as_it_was(late: Late) -> None:
    """Once the lag is taken away, everything shows at once, and nothing that was worked out before is shown."""
    late.account.create_alert()
    counted = late.count()
    late.account.index_lag_ms = 0

    assert (50, 51, 0) == (counted, late.count(), late.account.index_lag_ms)
