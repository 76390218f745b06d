"""One Opsgenie account: what it holds, its keys, its clock, and everything that can change it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from opsgenie_simulator import lifecycle, seeds
from opsgenie_simulator.children import Children, append_log, append_note
from opsgenie_simulator.incident_children import Step, append_entry
from opsgenie_simulator.keys import Key, issued
from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings import Settings
from opsgenie_simulator.store import Moment, Store
from opsgenie_simulator.timestamps import epoch_ms

Plan = Literal["Free", "Essentials", "Standard", "Enterprise"]
Region = Literal["us", "eu"]
# When the history of an account ends, unless it is said otherwise.
END = "2026-11-01T00:00:00Z"


class Account:
    """An account that a simulator answers for; safe to change while it does."""

    def __init__(self, name: str = "acme", *, seed: int = 7, plan: Plan = "Enterprise", region: Region = "us") -> None:
        """Open an account without records."""
        self.name, self.plan, self.region = name, plan, region
        self.store = Store(seeded_random(f"ids {name} {seed}"))
        self.heartbeats: list[Body] = []
        self.settings = Settings(self.store, until=epoch_ms(END))
        self.keys: tuple[Key, ...] = issued(seeded_random(f"keys {seed}"), ())

    @classmethod
    def seeded(
        cls,
        *,
        seed: int = 7,
        alerts: int = 300,
        incidents: int = 40,
        users: int = 12,
        teams: int = 4,
        services: int = 6,
        integrations: int = 5,
        until: Moment = END,
        days: int = 365,
        name: str = "acme",
        plan: Plan = "Enterprise",
        region: Region = "us",
        extra_fields: bool = False,
    ) -> "Account":
        """Open an account with a history; the same arguments give the same account."""
        account = cls(name, seed=seed, plan=plan, region=region)
        account.heartbeats = seeds.sow(
            account.store,
            seeds.Sizes(users, teams, services, integrations, alerts, incidents),
            span=seeds.Span(seed, until=epoch_ms(until), days=days, name=name),
            extra={"somethingNew": {"seenSince": 2031}} if extra_fields else {},
        )
        account.settings = Settings(account.store, until=epoch_ms(until))
        account.keys = issued(seeded_random(f"keys {seed}"), account.teams)
        return account

    @property
    def clock(self) -> Callable[[], int]:
        """What tells the time, in epoch milliseconds; the `Date` header follows it."""
        return self.store.clock

    @clock.setter
    def clock(self, clock: Callable[[], int]) -> None:
        self.store.clock = clock

    def now(self) -> int:
        """The time by the account's clock, in epoch milliseconds."""
        return self.store.clock()

    @property
    def index_lag_ms(self) -> int:
        """How much later, by the account's clock, searches and counts of alerts and incidents show a change.

        An alert or incident that is asked for by its id, and what hangs on an alert, is up to date at any time.
        """
        return self.store.index_lag_ms

    @index_lag_ms.setter
    def index_lag_ms(self, lag_ms: int) -> None:
        self.store.index_lag_ms = lag_ms

    @property
    def alerts(self) -> Mapping[str, Body]:
        """Alerts by id, in full form."""
        return self.store.bodies("alerts")

    @property
    def incidents(self) -> Mapping[str, Body]:
        """Incidents by id."""
        return self.store.bodies("incidents")

    @property
    def users(self) -> Mapping[str, Body]:
        """Users by id."""
        return self.store.bodies("users")

    @property
    def teams(self) -> Mapping[str, Body]:
        """Teams by id, with their members."""
        return self.store.bodies("teams")

    @property
    def services(self) -> Mapping[str, Body]:
        """Services by id."""
        return self.store.bodies("services")

    @property
    def integrations(self) -> Mapping[str, Body]:
        """Integrations by id."""
        return self.store.bodies("integrations")

    @property
    def full_key(self) -> str:
        """The key with all rights."""
        return self.keys[0].token

    @property
    def key_without_configuration_access(self) -> str:
        """The key that reads alerts and incidents only."""
        return self.keys[1].token

    @property
    def team_key(self) -> str:
        """The key of the first team's integration."""
        return self.keys[2].token

    @property
    def management_key(self) -> str:
        """The key made on the API key management page."""
        return self.keys[3].token

    def create_alert(
        self, *, created_at: Moment | None = None, updated_at: Moment | None = None, **fields: object
    ) -> Body:
        """Add an alert; what *fields* leaves out is as in an alert that nobody has touched."""
        return self.store.create("alerts", fields, created_at=created_at, updated_at=updated_at)

    def update_alert(self, alert_id: str, *, updated_at: Moment | None = None, **fields: object) -> Body:
        """Act on an alert; report, owner and a log entry follow as the service would write them."""
        with self.store.lock:
            before, moment = self.alerts[alert_id], self.store.moment(updated_at)
            elapsed = max(0, moment - epoch_ms(before["createdAt"]))
            acted = lifecycle.acted_on_alert(before, fields, elapsed_ms=elapsed)
            self.add_log(alert_id, lifecycle.log_of(fields), at=moment)
            return self.store.update("alerts", alert_id, fields=acted, updated_at=moment)

    def delete_alert(self, alert_id: str) -> None:
        """Delete an alert with its logs, notes and recipients."""
        self.store.delete("alerts", alert_id)

    def add_log(
        self, parent_id: str, log: str, *, log_type: str = "alertAction", touch: bool = False, at: Moment | None = None
    ) -> None:
        """Add a log entry to an alert or an incident; only with *touch* does its `updatedAt` move."""
        with self._growing(parent_id, touch=touch, at=at) as (grown, moment):
            append_log(grown.logs, log, at=moment, log_type=log_type, owner=lifecycle.ACTOR)

    def add_note(self, parent_id: str, note: str, *, touch: bool = False, at: Moment | None = None) -> None:
        """Add a note to an alert or an incident; only with *touch* does its `updatedAt` move."""
        with self._growing(parent_id, touch=touch, at=at) as (grown, moment):
            append_note(grown.notes, note, at=moment, owner=lifecycle.ACTOR)

    def add_timeline_entry(
        self, incident_id: str, title: str, *, touch: bool = False, at: Moment | None = None, **fields: Any
    ) -> None:
        """Add an entry to an incident's timeline, of a user's own kind unless *fields* say otherwise."""
        with self._growing(incident_id, touch=touch, at=at) as (grown, moment):
            kind = {"group": "custom", "type": "CustomUserEntry", "actor": lifecycle.ACTOR, **fields}
            append_entry(grown.entries, Step(moment, title=title, **kind), uuid=self.store.new_uuid())

    def add_incident_alert(self, incident_id: str, alert_id: str, *, touch: bool = False) -> None:
        """Say of an alert that it belongs to an incident."""
        with self._growing(incident_id, touch=touch, at=None) as (grown, _):
            grown.alert_ids.append(alert_id)

    @contextmanager
    def _growing(self, parent_id: str, *, touch: bool, at: Moment | None) -> Iterator[tuple[Children, int]]:
        with self.store.lock:
            moment = self.store.moment(at)
            yield self.store.own_children(parent_id), moment
            if touch:
                kind = "alerts" if parent_id in self.alerts else "incidents"
                self.store.update(kind, parent_id, fields={}, updated_at=moment)

    def create_incident(
        self, *, created_at: Moment | None = None, updated_at: Moment | None = None, **fields: object
    ) -> Body:
        """Add an incident; what *fields* leaves out is as in a new one."""
        return self.store.create("incidents", fields, created_at=created_at, updated_at=updated_at)

    def update_incident(self, incident_id: str, *, updated_at: Moment | None = None, **fields: object) -> Body:
        """Act on an incident; the end of its impact follows from resolving it."""
        with self.store.lock:
            moment = self.store.moment(updated_at)
            acted = lifecycle.acted_on_incident(self.incidents[incident_id], fields, moment_ms=moment)
            log, told = lifecycle.log_of_incident(fields)
            self.add_log(incident_id, log, log_type="incidentAction", at=moment)
            if told:
                self.add_timeline_entry(incident_id, log, at=moment, group="incident", type=told)
            return self.store.update("incidents", incident_id, fields=acted, updated_at=moment)

    def delete_incident(self, incident_id: str) -> None:
        """Delete an incident."""
        self.store.delete("incidents", incident_id)

    def create_user(self, *, created_at: Moment | None = None, **fields: object) -> Body:
        """Add a user."""
        return self.store.create("users", fields, created_at=created_at)

    def delete_user(self, user_id: str) -> None:
        """Delete a user, who leaves their teams."""
        self.store.delete("users", user_id)

    def create_team(self, **fields: object) -> Body:
        """Add a team."""
        return self.store.create("teams", fields)

    def update_team(self, team_id: str, **fields: object) -> Body:
        """Change a team, its `members` too."""
        return self.store.update("teams", team_id, fields=fields)

    def delete_team(self, team_id: str) -> None:
        """Delete a team."""
        self.store.delete("teams", team_id)

    def create_service(self, **fields: object) -> Body:
        """Add a service."""
        return self.store.create("services", fields)

    def delete_service(self, service_id: str) -> None:
        """Delete a service."""
        self.store.delete("services", service_id)

    def create_integration(self, **fields: object) -> Body:
        """Add an integration."""
        return self.store.create("integrations", fields)

    def delete_integration(self, integration_id: str) -> None:
        """Delete an integration."""
        self.store.delete("integrations", integration_id)
