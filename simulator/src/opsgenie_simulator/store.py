"""All records of an account, and the three changes that can be made to them."""

import random
import time
from collections.abc import Callable
from threading import RLock

from opsgenie_simulator import children, incident_children
from opsgenie_simulator.children import Children
from opsgenie_simulator.lagging_index import SEARCHED_LATE, LateIndex
from opsgenie_simulator.randomness import alert_id, random_uuid
from opsgenie_simulator.records import CREATED, Bodies, Body, Record, Table
from opsgenie_simulator.shapes import SHAPES, Birth, recorded
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

Moment = int | str
Clock = Callable[[], int]

RECIPIENTS_AT_MOST = 5
# Alerts that were created so shortly before or after an incident are said to be its own.
AROUND_INCIDENT_MS = (3_600_000, 600_000)
ALERTS_OF_INCIDENT_AT_MOST = 60


def wall_clock() -> int:
    """Epoch milliseconds of this machine."""
    return time.time_ns() // 1_000_000


class Store:
    """Records of every kind, changed and read under one lock."""

    def __init__(self, chance: random.Random) -> None:
        """Begin empty; ids come from *chance*."""
        self.lock = RLock()
        self.clock: Clock = wall_clock
        self.tables = {kind: Table() for kind in SHAPES}
        self._chance = chance
        self._sequence = 0
        self._numbers = dict.fromkeys(SHAPES, 0)
        self._children: dict[str, Children] = {}
        self._memberships: tuple[int, dict[str, list[str]]] = (-1, {})
        self._lag_ms = 0
        self._late: dict[str, LateIndex] = {}

    @property
    def index_lag_ms(self) -> int:
        """How late searches, lists and counts of alerts and incidents show a change."""
        return self._lag_ms

    @index_lag_ms.setter
    def index_lag_ms(self, lag_ms: int) -> None:
        with self.lock:
            self._lag_ms = lag_ms
            # What was changed before there was a lag is shown already.
            late = {kind: self._late.get(kind) or LateIndex(self.tables[kind]) for kind in SEARCHED_LATE if lag_ms}
            self._late = late

    def searched(self, kind: str) -> Table:
        """The records of one kind as searches see them."""
        late = self._late.get(kind)
        return late.shown(self.clock() - self._lag_ms) if late else self.tables[kind]

    def bodies(self, kind: str) -> Bodies:
        """The records of one kind by id, in full form."""
        return Bodies(self.tables[kind])

    def moment(self, given: Moment | None) -> int:
        """A given moment in epoch milliseconds, else now."""
        return self.clock() if given is None else epoch_ms(given)

    def record(self, kind: str, fields: Body, *, created: int, updated: int) -> Record:
        """A new record that is not on its shelf yet."""
        self._sequence += 1
        self._numbers[kind] += 1
        new_id = alert_id(self._chance, created) if kind == "alerts" else random_uuid(self._chance)
        birth = Birth(fields.get("id", new_id), self._numbers[kind], created=created, updated=updated)
        return recorded(kind, SHAPES[kind](birth, fields), birth=birth, sequence=self._sequence)

    def new_uuid(self) -> str:
        """An id that nothing has yet."""
        return random_uuid(self._chance)

    def create(
        self, kind: str, fields: Body, *, created_at: Moment | None = None, updated_at: Moment | None = None
    ) -> Body:
        """Add a record; what *fields* leaves out is as in a record that nobody has touched."""
        with self.lock:
            created = self.moment(created_at)
            updated = created if updated_at is None else epoch_ms(updated_at)
            record = self.record(kind, fields, created=created, updated=updated)
            self._put(kind, record)
            return record.body()

    def update(self, kind: str, record_id: str, *, fields: Body, updated_at: Moment | None = None) -> Body:
        """Change a record and move its `updatedAt` to now, or to *updated_at*."""
        with self.lock:
            before, updated = self._found(kind, record_id), self.moment(updated_at)
            body = before.body()
            stamp = {"updatedAt": format_timestamp(updated)} if "updatedAt" in body else {}
            birth = Birth(record_id, before.tiny_id, before.created, updated)
            after = SHAPES[kind](birth, body | fields | stamp)
            self._put(kind, recorded(kind, after, birth=birth, sequence=before.sequence))
            return after

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record; a deleted user leaves its teams."""
        with self.lock:
            self._found(kind, record_id)
            self.tables[kind].remove(record_id)
            self._note(kind, record_id, None)
            self._children.pop(record_id, None)
            for team_id in self.teams_of_user(record_id) if kind == "users" else ():
                members = self.bodies("teams")[team_id]["members"]
                stayed = [member for member in members if member["user"]["id"] != record_id]
                self.update("teams", team_id, fields={"members": stayed})

    def children(self, parent_id: str) -> Children:
        """What hangs on an alert or an incident, as it is."""
        with self.lock:
            alert = self.tables["alerts"].get(parent_id)
            parent = (alert or self._found("incidents", parent_id)).body()
            if parent_id in self._children:
                return self._children[parent_id]
            if alert is not None:
                return children.derived(parent, self._responding(parent)[:RECIPIENTS_AT_MOST])
            return incident_children.derived(parent, self._responding(parent), alert_ids=self._alerts_around(parent))

    def own_children(self, parent_id: str) -> Children:
        """The same, kept from now on, so that they can grow and do not change with their parent."""
        with self.lock:
            return self._children.setdefault(parent_id, self.children(parent_id))

    def teams_of_user(self, user_id: str) -> list[str]:
        """Ids of the teams that a user is a member of."""
        with self.lock:
            generation = self.tables["teams"].generation
            if self._memberships[0] != generation:
                self._memberships = (generation, self._read_memberships())
            return self._memberships[1].get(user_id, [])

    def _put(self, kind: str, record: Record) -> None:
        self.tables[kind].put(record)
        self._note(kind, record.id, record)

    def _note(self, kind: str, record_id: str, record: Record | None) -> None:
        if kind in self._late:
            self._late[kind].note(record_id, record, at=self.clock())

    def _found(self, kind: str, record_id: str) -> Record:
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

    def _responding(self, parent: Body) -> list[Body]:
        # A responder team notifies its members; nobody is notified twice.
        ids: dict[str, None] = {}
        for responder in parent["responders"]:
            if responder["type"] == "user":
                ids[responder["id"]] = None
            team = self.tables["teams"].get(responder["id"])
            for member in team.body().get("members", ()) if team else ():
                ids[member["user"]["id"]] = None
        found = (self.tables["users"].get(user_id) for user_id in ids)
        return [user.body() for user in found if user is not None]

    def _alerts_around(self, incident: Body) -> list[str]:
        alerts, (before, after) = self.tables["alerts"], AROUND_INCIDENT_MS
        created = epoch_ms(incident["createdAt"])
        first, end = alerts.span(CREATED, low=created - before, high=created + after)
        return [record.id for record in alerts.index(CREATED)[first : min(end, first + ALERTS_OF_INCIDENT_AT_MOST)]]
