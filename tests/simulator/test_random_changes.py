"""Middleware that changes the account on every request."""

import json
from typing import Any

from opsgenie_simulator import Account, Call, RandomChanges, Simulator


class ChangingClient:
    """A client, without a socket, of an account that changes on every request."""

    def __init__(self, account: Account, changes: RandomChanges) -> None:
        """Send requests to *account* with its full key."""
        self.account, self.changes = account, changes
        self._simulator = Simulator(account, middleware=(changes,))

    def get(self, path: str, **query: str) -> Any:
        """Return the value of `data`."""
        call = Call("GET", path, query, f"GenieKey {self.account.full_key}")
        return json.loads(self._simulator.respond(call).body)["data"]


def changing_client(*, seed: int = 1, crowd: int = 0, **numbers: Any) -> ChangingClient:
    """A client of an account with *crowd* alerts in one millisecond of its history."""
    account = Account.seeded(alerts=300, incidents=40)
    account.clock = lambda: 1_800_000_000_000
    for _ in range(crowd):
        account.create_alert(created_at=1_780_000_000_000)
    return ChangingClient(account, RandomChanges(account, seed=seed, **numbers))


def test_numbers_of_changes_match_their_means() -> None:
    """Over many requests, the numbers of updates, creations and deletions are near their means."""
    client = changing_client(updates=2.0, creations=0.3, deletions=0.1)
    for _ in range(400):
        client.get("/v2/alerts/count")
    changes = client.changes

    assert 700 < changes.updated.total() <= 900
    assert 80 < len(changes.created) < 160
    assert 20 < len(changes.deleted) < 60
    assert 300 + len(changes.created) - len(changes.deleted) == len(client.account.alerts)


def test_changed_ids_are_recorded() -> None:
    """Every recorded id was created, updated or deleted; all other alerts are unchanged."""
    client = changing_client()
    before = {alert_id: client.account.alerts[alert_id] for alert_id in client.account.alerts}
    for _ in range(50):
        client.get("/v2/alerts", limit="100")
    after, changes = client.account.alerts, client.changes
    different = {alert_id for alert_id in before if alert_id in after and before[alert_id] != after[alert_id]}

    assert before.keys() | set(changes.created) == after.keys() | set(changes.deleted)
    assert set(changes.updated) - set(changes.deleted) - set(changes.created) == different
    assert not set(changes.deleted) & set(after)


def test_same_seed_makes_the_same_changes() -> None:
    """The same seed and requests make the same changes; another seed makes others."""

    def deleted(seed: int) -> list[str]:
        client = changing_client(seed=seed, deletions=1.0)
        for _ in range(20):
            client.get("/v2/alerts")
        return client.changes.deleted

    assert deleted(1) == deleted(1) != deleted(2)


def test_account_changes_after_the_response() -> None:
    """A response shows the account as of the request, and the next response shows the change."""
    client = changing_client(creations=5.0)
    first, second = (client.get("/v2/alerts/count")["count"] for _ in range(2))
    expected = 300 + len(client.changes.created) - len(client.changes.deleted)

    assert (300, True) == (first, second != first)
    assert expected == len(client.account.alerts)


def test_rows_of_the_returned_page_change() -> None:
    """A large share of the updates hits the only row of each page."""
    client = changing_client(creations=0, deletions=0)
    for _ in range(100):
        client.get("/v2/alerts", limit="1", sort="createdAt", order="asc")
    oldest = next(iter(client.account.alerts))

    assert client.changes.updated[oldest] > 50


def test_rows_of_the_busiest_millisecond_change() -> None:
    """A large share of the deletions hits the busiest millisecond, however small its share of the account."""
    client = changing_client(crowd=10, updates=0, creations=0, deletions=1.0)
    for _ in range(30):
        client.get("/v2/alerts/count")
    in_crowd = [alert_id for alert_id in client.changes.deleted if alert_id.endswith("-1780000000000")]

    assert len(in_crowd) > 3


def test_requests_for_child_records_change_the_account() -> None:
    """Requests for logs change alerts, requests for incidents change incidents, and those for users nothing."""
    client = changing_client(updates=0, deletions=0, creations=3.0)
    client.get("/v2/users")
    nothing = list(client.changes.created)
    client.get(f"/v2/alerts/{next(iter(client.account.alerts))}/logs")
    alerts = len(client.account.alerts)
    client.get("/v1/incidents")

    assert ([], True, True) == (nothing, alerts > 300, len(client.account.incidents) > 40)


def test_changes_end() -> None:
    """After *until* responses, or after `stop`, nothing changes."""
    client = changing_client(until=3, updates=4.0)
    for _ in range(3):
        client.get("/v2/alerts")
    changed = client.changes.updated.total()
    client.get("/v2/alerts")
    other = changing_client()
    other.changes.stop()
    other.get("/v2/alerts")

    assert changed == client.changes.updated.total() > 0
    assert not other.changes.updated


def test_empty_account_has_nothing_to_change() -> None:
    """In an empty account, nothing is updated or deleted."""
    account = Account()
    client = ChangingClient(account, RandomChanges(account, updates=3.0, deletions=3.0, creations=0))
    client.get("/v2/alerts")

    assert (0, []) == (client.changes.updated.total(), client.changes.deleted)
