"""All records of an account, and the operations that change them."""

import random
import time
from collections.abc import Callable
from threading import RLock

from opsgenie_simulator import children, incident_children
from opsgenie_simulator.children import Children
from opsgenie_simulator.lagging_index import LAGGING_KINDS, LaggingIndex
from opsgenie_simulator.randomness import random_alert_id, random_uuid
from opsgenie_simulator.records import CREATED, Bodies, Body, Record, Table
from opsgenie_simulator.shapes import SHAPES, Identity, build_record
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

# Epoch milliseconds, or ISO 8601 text.
Time = int | str
Clock = Callable[[], int]

MAX_RECIPIENTS = 5
# Alerts created this long before and after an incident belong to it.
AROUND_INCIDENT_MS = (3_600_000, 600_000)
MAX_ALERTS_OF_INCIDENT = 60


def wall_clock() -> int:
    """The machine's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Store:
    """The records of every kind, read and changed under one lock."""

    def __init__(self, rng: random.Random) -> None:
        """Start empty; *rng* generates the ids."""
        self.lock = RLock()
        self.clock: Clock = wall_clock
        self.tables = {kind: Table() for kind in SHAPES}
        self._rng = rng
        self._sequence = 0
        self._numbers = dict.fromkeys(SHAPES, 0)
        self._children: dict[str, Children] = {}
        self._memberships: tuple[int, dict[str, list[str]]] = (-1, {})
        self._lag_ms = 0
        self._lagging: dict[str, LaggingIndex] = {}

    @property
    def index_lag_ms(self) -> int:
        """The delay after which searches, lists and counts of alerts and incidents show a change."""
        return self._lag_ms

    @index_lag_ms.setter
    def index_lag_ms(self, lag_ms: int) -> None:
        with self.lock:
            self._lag_ms = lag_ms
            # A new index starts with the current records: earlier changes do not lag.
            self._lagging = {
                kind: self._lagging.get(kind) or LaggingIndex(self.tables[kind]) for kind in LAGGING_KINDS if lag_ms
            }

    def search_table(self, kind: str) -> Table:
        """The records of one kind as searches see them."""
        index = self._lagging.get(kind)
        return index.as_of(self.clock() - self._lag_ms) if index else self.tables[kind]

    def bodies(self, kind: str) -> Bodies:
        """The records of one kind by id, in full form."""
        return Bodies(self.tables[kind])

    def timestamp_or_now(self, timestamp: Time | None) -> int:
        """The given time in epoch milliseconds, or the current time."""
        return self.clock() if timestamp is None else epoch_ms(timestamp)

    def record(self, kind: str, fields: Body, *, created: int, updated: int) -> Record:
        """Build a new record without adding it to its table."""
        self._sequence += 1
        self._numbers[kind] += 1
        new_id = random_alert_id(self._rng, created) if kind == "alerts" else random_uuid(self._rng)
        identity = Identity(fields.get("id", new_id), self._numbers[kind], created=created, updated=updated)
        return build_record(kind, SHAPES[kind](identity, fields), identity=identity, sequence=self._sequence)

    def new_uuid(self) -> str:
        """An unused id."""
        return random_uuid(self._rng)

    def create(
        self, kind: str, fields: Body, *, created_at: Time | None = None, updated_at: Time | None = None
    ) -> Body:
        """Add a record; fields that are not given have the values of a new record."""
        with self.lock:
            created = self.timestamp_or_now(created_at)
            updated = created if updated_at is None else epoch_ms(updated_at)
            record = self.record(kind, fields, created=created, updated=updated)
            self._put(kind, record)
            return record.body()

    def update(self, kind: str, record_id: str, *, fields: Body, updated_at: Time | None = None) -> Body:
        """Change a record and set its `updatedAt` to now, or to *updated_at*."""
        with self.lock:
            before, updated = self._get(kind, record_id), self.timestamp_or_now(updated_at)
            body = before.body()
            stamp = {"updatedAt": format_timestamp(updated)} if "updatedAt" in body else {}
            identity = Identity(record_id, before.tiny_id, before.created, updated)
            after = SHAPES[kind](identity, body | fields | stamp)
            self._put(kind, build_record(kind, after, identity=identity, sequence=before.sequence))
            return after

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record; a deleted user is removed from all teams."""
        with self.lock:
            self._get(kind, record_id)
            self.tables[kind].remove(record_id)
            self._add_to_index(kind, record_id, None)
            self._children.pop(record_id, None)
            for team_id in self.teams_of_user(record_id) if kind == "users" else ():
                members = self.bodies("teams")[team_id]["members"]
                remaining = [member for member in members if member["user"]["id"] != record_id]
                self.update("teams", team_id, fields={"members": remaining})

    def children(self, parent_id: str) -> Children:
        """The child records of an alert or an incident."""
        with self.lock:
            alert = self.tables["alerts"].get(parent_id)
            parent = (alert or self._get("incidents", parent_id)).body()
            if parent_id in self._children:
                return self._children[parent_id]
            if alert is not None:
                return children.derive_children(parent, self._notified_users(parent)[:MAX_RECIPIENTS])
            alert_ids = self._alerts_around(parent)
            return incident_children.derive_children(parent, self._notified_users(parent), alert_ids=alert_ids)

    def stored_children(self, parent_id: str) -> Children:
        """The child records of an alert or an incident, stored so that they can grow.

        Once stored, they no longer change with their parent.
        """
        with self.lock:
            return self._children.setdefault(parent_id, self.children(parent_id))

    def teams_of_user(self, user_id: str) -> list[str]:
        """The ids of the teams that have the user as a member."""
        with self.lock:
            generation = self.tables["teams"].generation
            if self._memberships[0] != generation:
                self._memberships = (generation, self._read_memberships())
            return self._memberships[1].get(user_id, [])

    def _put(self, kind: str, record: Record) -> None:
        self.tables[kind].put(record)
        self._add_to_index(kind, record.id, record)

    def _add_to_index(self, kind: str, record_id: str, record: Record | None) -> None:
        if kind in self._lagging:
            self._lagging[kind].add(record_id, record, at=self.clock())

    def _get(self, kind: str, record_id: str) -> Record:
        record = self.tables[kind].get(record_id)
        if record is None:
            raise KeyError(record_id)
        return record

    def _read_memberships(self) -> dict[str, list[str]]:
        memberships: dict[str, list[str]] = {}
        for team in self.bodies("teams").values():
            for member in team.get("members", ()):
                memberships.setdefault(member["user"]["id"], []).append(team["id"])
        return memberships

    def _notified_users(self, parent: Body) -> list[Body]:
        # A responder team notifies its members; each user is notified once.
        ids: dict[str, None] = {}
        for responder in parent["responders"]:
            if responder["type"] == "user":
                ids[responder["id"]] = None
            team = self.tables["teams"].get(responder["id"])
            for member in team.body().get("members", ()) if team else ():
                ids[member["user"]["id"]] = None
        users = (self.tables["users"].get(user_id) for user_id in ids)
        return [user.body() for user in users if user is not None]

    def _alerts_around(self, incident: Body) -> list[str]:
        alerts, (before, after) = self.tables["alerts"], AROUND_INCIDENT_MS
        created = epoch_ms(incident["createdAt"])
        first, end = alerts.span(CREATED, low=created - before, high=created + after)
        return [record.id for record in alerts.index(CREATED)[first : min(end, first + MAX_ALERTS_OF_INCIDENT)]]
