"""What the archive marks as deleted is deleted, and in the end all of it, whatever changes while it looks."""

from dataclasses import replace

import orjson
import pytest
from tests.support.worlds import DAY_MS, NOW, World

from opsgenie_simulator import Account, Call, RandomChanges
from opsgenie_simulator.messages import Response
from opsgenie_simulator.middleware import Respond
from source_opsgenie.archive.deletions import DeletionScan, Unfinished
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.search import Search
from source_opsgenie.streams import STREAMS


class File:
    """The alerts of an account as an archive holds them, by id, with the moment at which each was created."""

    def __init__(self, account: Account) -> None:
        self.moments: dict[str, int] = {}
        self.sync(account)

    def sync(self, account: Account) -> None:
        """Hold all that is there, beside what was held before."""
        self.moments |= {one: parse_timestamp(alert["createdAt"]) for one, alert in account.alerts.items()}

    def look(self, world: World, *, requests: int = 2_000) -> set[str]:
        """The ids that a search finds gone; they are marked."""
        with world.connected() as connection:
            listing = Search(connection.client, STREAMS["alerts"])
            held = sorted(self.moments.values())
            search = DeletionScan(listing, held, self._between, requests)
            found = {one for part in search.run() if not isinstance(part, Unfinished) for one in part}
        for one in found:
            del self.moments[one]
        return found

    def _between(self, start: int, end: int) -> set[str]:
        return {one for one, moment in self.moments.items() if start <= moment < end}


@pytest.mark.parametrize("lag_ms", [0, 2_000])
@pytest.mark.parametrize("seed", range(3))
def test_only_what_is_gone_is_marked_and_in_the_end_all_of_it(seed: int, lag_ms: int) -> None:
    """While alerts come, move and go at every request, nothing alive is marked; once it is quiet, all are found."""
    account = Account.seeded(alerts=1_500, until=NOW - DAY_MS)
    file = File(account)
    account.index_lag_ms = lag_ms
    for alert_id in list(account.alerts)[::40]:
        account.delete_alert(alert_id)
    changes = RandomChanges(account, seed=seed, deletions=0.5)
    world = World(account, middleware=(changes,))
    first = file.look(world)
    alive = set(account.alerts)
    changes.stop()
    world.now += DAY_MS
    file.sync(account)
    file.look(world)

    assert first
    assert not first & alive
    assert file.moments.keys() == alive
    assert len(changes.deleted) > 10


def test_few_requests_find_nothing_that_is_there() -> None:
    """A search that runs out of requests marks less, never what is there."""
    account = Account.seeded(alerts=1_500, until=NOW - DAY_MS)
    file, world = File(account), World(account)
    deleted = set(list(account.alerts)[::40])
    for alert_id in deleted:
        account.delete_alert(alert_id)

    assert file.look(world, requests=6) <= deleted
    assert file.look(world) <= deleted
    assert file.moments.keys() == set(account.alerts)


def test_what_is_neither_counted_nor_listed_but_answered_is_there() -> None:
    """An alert that the search has lost is asked for by its id, and is not marked while that is answered."""
    account = Account.seeded(alerts=150, until=NOW - DAY_MS)
    file = File(account)
    lost, deleted = list(account.alerts)[:2]
    account.delete_alert(deleted)

    def lose(call: Call, answer: Respond) -> Response:
        response = answer(call)
        body = orjson.loads(response.body)
        if call.path.endswith("/count"):
            body["data"]["count"] -= 1
        elif call.path == "/v2/alerts":
            body["data"] = [row for row in body["data"] if row["id"] != lost]
        return replace(response, body=orjson.dumps(body))

    assert {deleted} == file.look(World(account, middleware=(lose,)))
