"""The archive marks only deleted alerts as deleted, and finds all of them, whatever changes during a scan."""

from dataclasses import replace

import orjson
import pytest
from tests.support.worlds import DAY_MS, NOW, World

from opsgenie_simulator import Account, Call, RandomChanges
from opsgenie_simulator.messages import Response
from opsgenie_simulator.middleware import Respond
from source_opsgenie.archive.comparison import Comparison, Deleted
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.search import Search
from source_opsgenie.streams import STREAMS


class StoredAlerts:
    """The alerts of an archive: the creation time of each, by id."""

    def __init__(self, account: Account) -> None:
        self.created: dict[str, int] = {}
        self.sync(account)

    def sync(self, account: Account) -> None:
        """Add all alerts of *account*, and keep the others."""
        self.created |= {alert_id: parse_timestamp(alert["createdAt"]) for alert_id, alert in account.alerts.items()}

    def remove_deleted(self, world: World, *, requests: int = 2_000) -> set[str]:
        """Scan for deleted alerts and remove them; returns their ids."""
        with world.connect() as connection:
            search = Search(connection.client, STREAMS["alerts"])
            scan = Comparison(search, sorted(self.created.values()), self._ids_between, requests)
            deleted = {alert_id for found in scan.run() if isinstance(found, Deleted) for alert_id in found.ids}
        for alert_id in deleted:
            del self.created[alert_id]
        return deleted

    def _ids_between(self, start: int, end: int) -> set[str]:
        return {alert_id for alert_id, created in self.created.items() if start <= created < end}


@pytest.mark.parametrize("lag_ms", [0, 2_000])
@pytest.mark.parametrize("seed", range(3))
def test_only_deleted_alerts_are_found_and_finally_all(seed: int, lag_ms: int) -> None:
    """While the account changes, no existing alert is marked; after the changes, all deleted ones are found."""
    account = Account.seeded(alerts=1_500, until=NOW - DAY_MS)
    stored = StoredAlerts(account)
    account.index_lag_ms = lag_ms
    for alert_id in list(account.alerts)[::40]:
        account.delete_alert(alert_id)
    changes = RandomChanges(account, seed=seed, deletions=0.5)
    world = World(account, middleware=(changes,))
    first = stored.remove_deleted(world)
    existing = set(account.alerts)
    changes.stop()
    world.now += DAY_MS
    stored.sync(account)
    stored.remove_deleted(world)

    assert first
    assert not first & existing
    assert stored.created.keys() == existing
    assert len(changes.deleted) > 10


def test_a_scan_with_few_requests_marks_no_existing_alert() -> None:
    """A scan that runs out of requests finds fewer deleted alerts, and marks no existing one."""
    account = Account.seeded(alerts=1_500, until=NOW - DAY_MS)
    stored, world = StoredAlerts(account), World(account)
    deleted = set(list(account.alerts)[::40])
    for alert_id in deleted:
        account.delete_alert(alert_id)

    assert stored.remove_deleted(world, requests=6) <= deleted
    assert stored.remove_deleted(world) <= deleted
    assert stored.created.keys() == set(account.alerts)


def test_an_alert_that_only_its_id_finds_is_not_deleted() -> None:
    """An alert that is neither counted nor listed is requested by its id, and not marked if that succeeds."""
    account = Account.seeded(alerts=150, until=NOW - DAY_MS)
    stored = StoredAlerts(account)
    unlisted, deleted = list(account.alerts)[:2]
    account.delete_alert(deleted)

    def hide(call: Call, respond: Respond) -> Response:
        response = respond(call)
        body = orjson.loads(response.body)
        if call.path.endswith("/count"):
            body["data"]["count"] -= 1
        elif call.path == "/v2/alerts":
            body["data"] = [row for row in body["data"] if row["id"] != unlisted]
        return replace(response, body=orjson.dumps(body))

    assert {deleted} == stored.remove_deleted(World(account, middleware=(hide,)))
