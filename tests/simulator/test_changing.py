"""Weather in which the account changes at every request."""

import json
from typing import Any

from opsgenie_simulator import Account, Call, RandomChanges, Simulator


class Reading:
    """A client of a changing account, without a socket."""

    def __init__(self, account: Account, changes: RandomChanges) -> None:
        """Ask *account* with its full key."""
        self.account, self.changes = account, changes
        self._simulator = Simulator(account, middleware=(changes,))

    def get(self, path: str, **query: str) -> Any:
        """What stands under `data`."""
        call = Call("GET", path, query, f"GenieKey {self.account.full_key}")
        return json.loads(self._simulator.respond(call).body)["data"]


def reading(*, seed: int = 1, crowd: int = 0, **numbers: Any) -> Reading:
    """A client of an account whose history has a *crowd* in one millisecond."""
    account = Account.seeded(alerts=300, incidents=40)
    account.clock = lambda: 1_800_000_000_000
    for _ in range(crowd):
        account.create_alert(created_at=1_780_000_000_000)
    return Reading(account, RandomChanges(account, seed=seed, **numbers))


def test_it_changes_as_much_as_is_said() -> None:
    """Over many requests, updates, creations and deletions come near to the numbers asked for."""
    asked = reading(updates=2.0, creations=0.3, deletions=0.1)
    for _ in range(400):
        asked.get("/v2/alerts/count")
    changes = asked.changes

    assert 700 < changes.updated.total() <= 900
    assert 80 < len(changes.created) < 160
    assert 20 < len(changes.deleted) < 60
    assert 300 + len(changes.created) - len(changes.deleted) == len(asked.account.alerts)


def test_it_tells_what_it_did() -> None:
    """Every id that it names was created, updated or deleted, and what it does not name lives as it was."""
    asked = reading()
    before = {alert_id: asked.account.alerts[alert_id] for alert_id in asked.account.alerts}
    for _ in range(50):
        asked.get("/v2/alerts", limit="100")
    after, changes = asked.account.alerts, asked.changes
    differs = {one for one in before if one in after and before[one] != after[one]}

    assert before.keys() | set(changes.created) == after.keys() | set(changes.deleted)
    assert set(changes.updated) - set(changes.deleted) - set(changes.created) == differs
    assert not set(changes.deleted) & set(after)


def test_the_same_seed_changes_the_same() -> None:
    """The same seed and requests give the same changes, and another seed gives others."""

    def deleted(seed: int) -> list[str]:
        asked = reading(seed=seed, deletions=1.0)
        for _ in range(20):
            asked.get("/v2/alerts")
        return asked.changes.deleted

    assert deleted(1) == deleted(1) != deleted(2)


def test_an_answer_is_given_before_the_change() -> None:
    """What is answered is the account as it was when it was asked, and the next answer shows the change."""
    asked = reading(creations=5.0)
    first, second = (asked.get("/v2/alerts/count")["count"] for _ in range(2))
    told = 300 + len(asked.changes.created) - len(asked.changes.deleted)

    assert (300, True) == (first, second != first)
    assert told == len(asked.account.alerts)


def test_rows_of_the_page_just_answered_change() -> None:
    """Of all updates a good part hits the one row that each page shows."""
    asked = reading(creations=0, deletions=0)
    for _ in range(100):
        asked.get("/v2/alerts", limit="1", sort="createdAt", order="asc")
    oldest = next(iter(asked.account.alerts))

    assert asked.changes.updated[oldest] > 50


def test_the_busiest_millisecond_changes() -> None:
    """Of all deletions a good part hits the crowd, however small a share of the account it is."""
    asked = reading(crowd=10, updates=0, creations=0, deletions=1.0)
    for _ in range(30):
        asked.get("/v2/alerts/count")
    crowd = [one for one in asked.changes.deleted if one.endswith("-1780000000000")]

    assert len(crowd) > 3


def test_the_children_of_an_alert_are_requests_too() -> None:
    """Asking for logs lets alerts change, asking for incidents lets incidents change, and users nothing."""
    asked = reading(updates=0, deletions=0, creations=3.0)
    asked.get("/v2/users")
    nothing = list(asked.changes.created)
    asked.get(f"/v2/alerts/{next(iter(asked.account.alerts))}/logs")
    alerts = len(asked.account.alerts)
    asked.get("/v1/incidents")

    assert ([], True, True) == (nothing, alerts > 300, len(asked.account.incidents) > 40)


def test_it_ends() -> None:
    """After so many answers, or once it is stopped, nothing changes any more."""
    asked = reading(until=3, updates=4.0)
    for _ in range(3):
        asked.get("/v2/alerts")
    changed = asked.changes.updated.total()
    asked.get("/v2/alerts")
    other = reading()
    other.changes.stop()
    other.get("/v2/alerts")

    assert changed == asked.changes.updated.total() > 0
    assert not other.changes.updated


def test_an_empty_account_stays_quiet() -> None:
    """Where nothing is, nothing can be updated or deleted, and creating goes on."""
    account = Account()
    asked = Reading(account, RandomChanges(account, updates=3.0, deletions=3.0, creations=0))
    asked.get("/v2/alerts")

    assert (0, []) == (asked.changes.updated.total(), asked.changes.deleted)
