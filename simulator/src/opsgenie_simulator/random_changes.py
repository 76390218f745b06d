"""Middleware that changes the account at random while it is read."""

import re
from collections import Counter
from collections.abc import Iterable
from math import exp

import orjson

from opsgenie_simulator.account import Account
from opsgenie_simulator.messages import Call, Response
from opsgenie_simulator.middleware import Respond
from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import CREATED

# The share of changes that hit the page just returned, and the share that hit the busiest millisecond.
PAGE_SHARE = 0.4
BUSIEST_SHARE = 0.2

OK = 200
_KINDS = (("alerts", re.compile(r"/v2/alerts(/|$)")), ("incidents", re.compile(r"/v1/incidents(/|$)")))


class RandomChanges:
    """Updates, creates and deletes alerts or incidents after every response about them.

    The numbers are means per response. Some changes hit rows of the page that was just returned, others rows of the
    millisecond in which most records were created. The same seed and the same requests give the same changes.

    *updated*, *created* and *deleted* hold the ids of the changed records; *updated* counts the updates of each.
    The changes end after *until* responses, or with `stop`.
    """

    def __init__(
        self,
        account: Account,
        *,
        seed: int = 1,
        updates: float = 2.0,
        creations: float = 0.3,
        deletions: float = 0.1,
        until: int | None = None,
    ) -> None:
        """Prepare to change *account*; nothing changes before the first response."""
        self.updated: Counter[str] = Counter()
        self.created: list[str] = []
        self.deleted: list[str] = []
        self._account, self._until, self._responses = account, until, 0
        self._means = (updates, creations, deletions)
        self._rng = seeded_random(f"changing {seed}")
        self._busiest_ids: dict[str, list[str]] = {}

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Respond, and then change the account."""
        kind = next((kind for kind, path in _KINDS if path.match(call.path)), None)
        if kind is None:
            return respond(call)
        with self._account.store.lock:
            response = respond(call)
            if self._until is None or self._responses < self._until:
                self._responses += 1
                self._change(kind, _ids(response))
            return response

    def stop(self) -> None:
        """Stop changing the account."""
        self._until = 0

    def _change(self, kind: str, page: list[str]) -> None:
        updates, creations, deletions = (self._poisson(mean) for mean in self._means)
        for _ in range(creations):
            self.created.append(self._create(kind))
        for record_id in self._pick_many(kind, page, number=updates):
            self.updated[record_id] += 1
            self._update(kind, record_id)
        for record_id in self._pick_many(kind, page, number=deletions):
            self.deleted.append(record_id)
            self._account.store.delete(kind, record_id)

    def _create(self, kind: str) -> str:
        create = self._account.create_alert if kind == "alerts" else self._account.create_incident
        return str(create(message=f"Created while it was read, number {len(self.created) + 1}")["id"])

    def _update(self, kind: str, record_id: str) -> None:
        update = self._account.update_alert if kind == "alerts" else self._account.update_incident
        update(record_id, tags=[f"updated-{self.updated.total()}"])

    def _pick_many(self, kind: str, page: list[str], *, number: int) -> Iterable[str]:
        table = self._account.store.tables[kind]
        for _ in range(number):
            record_id = self._pick(kind, page)
            if record_id is not None and table.get(record_id) is not None:
                yield record_id
            elif table.index(CREATED):
                yield self._rng.choice(table.index(CREATED)).id

    def _pick(self, kind: str, page: list[str]) -> str | None:
        # None means any record; so does a record that was deleted since.
        share, busiest = self._rng.random(), self._busiest(kind)
        if share < PAGE_SHARE:
            return self._rng.choice(page) if page else None
        return self._rng.choice(busiest) if busiest and share < PAGE_SHARE + BUSIEST_SHARE else None

    def _busiest(self, kind: str) -> list[str]:
        if kind not in self._busiest_ids:
            self._busiest_ids[kind] = _ids_of_busiest_millisecond(self._account, kind)
        return self._busiest_ids[kind]

    def _poisson(self, mean: float) -> int:
        # Knuth's algorithm for a Poisson-distributed number.
        number, product, limit = -1, 1.0, exp(-mean)
        while product >= limit:
            number, product = number + 1, product * self._rng.random()
        return number


def _ids_of_busiest_millisecond(account: Account, kind: str) -> list[str]:
    records = account.store.tables[kind].index(CREATED)
    sizes = Counter(record.created for record in records)
    busiest = [created for created, size in sizes.most_common(1) if size > 1]
    return [record.id for record in records if record.created in busiest]


def _ids(response: Response) -> list[str]:
    data = orjson.loads(response.body).get("data") if response.status == OK else None
    rows = data if isinstance(data, list) else [data]
    return [row["id"] for row in rows if isinstance(row, dict) and "id" in row]
