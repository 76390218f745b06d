"""What may stand between a call and its answer: delay, and change at every request."""

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

# Which part of what changes is on the page just answered, and which part is in the busiest millisecond.
ON_THE_PAGE = 0.4
IN_THE_CROWD = 0.2

OK = 200
_KINDS = (("alerts", re.compile(r"/v2/alerts(/|$)")), ("incidents", re.compile(r"/v1/incidents(/|$)")))


class RandomChanges:
    """Weather in which, after every answer about alerts or incidents, some are updated, created and deleted.

    The numbers are means for each answer. Part of the changes hit rows of the page that was just answered, part
    the millisecond in which most were created. The same seed and the same requests give the same changes.

    *updated*, *created* and *deleted* say what was done: ids, and how often each was updated.
    It ends after *until* answers, or with `stop`.
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
        """Prepare to change *account*; nothing happens before the first answer."""
        self.updated: Counter[str] = Counter()
        self.created: list[str] = []
        self.deleted: list[str] = []
        self._account, self._until, self._answers = account, until, 0
        self._means = (updates, creations, deletions)
        self._chance = seeded_random(f"changing {seed}")
        self._crowds: dict[str, list[str]] = {}

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Answer, and then change something."""
        kind = next((kind for kind, path in _KINDS if path.match(call.path)), None)
        if kind is None:
            return respond(call)
        with self._account.store.lock:
            response = respond(call)
            if self._until is None or self._answers < self._until:
                self._answers += 1
                self._change(kind, _ids(response))
            return response

    def stop(self) -> None:
        """Leave the account as it is from now on."""
        self._until = 0

    def _change(self, kind: str, page: list[str]) -> None:
        updates, creations, deletions = (self._times(mean) for mean in self._means)
        for _ in range(creations):
            self.created.append(self._create(kind))
        for alert_or_incident in self._picked(kind, page, times=updates):
            self.updated[alert_or_incident] += 1
            self._update(kind, alert_or_incident)
        for alert_or_incident in self._picked(kind, page, times=deletions):
            self.deleted.append(alert_or_incident)
            self._account.store.delete(kind, alert_or_incident)

    def _create(self, kind: str) -> str:
        create = self._account.create_alert if kind == "alerts" else self._account.create_incident
        return str(create(message=f"Created while it was read, number {len(self.created) + 1}")["id"])

    def _update(self, kind: str, record_id: str) -> None:
        update = self._account.update_alert if kind == "alerts" else self._account.update_incident
        update(record_id, tags=[f"updated-{self.updated.total()}"])

    def _picked(self, kind: str, page: list[str], *, times: int) -> Iterable[str]:
        shelf = self._account.store.tables[kind]
        for _ in range(times):
            record_id = self._pick(kind, page)
            if record_id is not None and shelf.get(record_id) is not None:
                yield record_id
            elif shelf.index(CREATED):
                yield self._chance.choice(shelf.index(CREATED)).id

    def _pick(self, kind: str, page: list[str]) -> str | None:
        # None, or what is gone by now, stands for any other.
        share, crowd = self._chance.random(), self._crowd(kind)
        if share < ON_THE_PAGE:
            return self._chance.choice(page) if page else None
        return self._chance.choice(crowd) if crowd and share < ON_THE_PAGE + IN_THE_CROWD else None

    def _crowd(self, kind: str) -> list[str]:
        if kind not in self._crowds:
            self._crowds[kind] = _busiest(self._account, kind)
        return self._crowds[kind]

    def _times(self, mean: float) -> int:
        # A Poisson number, by Knuth.
        times, product, limit = -1, 1.0, exp(-mean)
        while product >= limit:
            times, product = times + 1, product * self._chance.random()
        return times


def _busiest(account: Account, kind: str) -> list[str]:
    records = account.store.tables[kind].index(CREATED)
    moments = Counter(record.created for record in records)
    crowds = [moment for moment, size in moments.most_common(1) if size > 1]
    return [record.id for record in records if record.created in crowds]


def _ids(response: Response) -> list[str]:
    found = orjson.loads(response.body).get("data") if response.status == OK else None
    rows = found if isinstance(found, list) else [found]
    return [row["id"] for row in rows if isinstance(row, dict) and "id" in row]
