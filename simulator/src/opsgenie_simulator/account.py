"""An Opsgenie account: its records, its keys, its clock, and the methods that change it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from opsgenie_simulator import lifecycle, seeds
from opsgenie_simulator.children import Children, append_log, append_note
from opsgenie_simulator.incident_children import TimelineEvent, append_entry
from opsgenie_simulator.keys import Key, issue_keys
from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings import Settings
from opsgenie_simulator.store import Store, Time
from opsgenie_simulator.timestamps import epoch_ms

Plan = Literal["Free", "Essentials", "Standard", "Enterprise"]
Region = Literal["us", "eu"]
# The default end of the history of an account.
HISTORY_END = "2026-11-01T00:00:00Z"


class Account:
    """An account to simulate; it can be changed while the simulator runs."""

    def __init__(self, name: str = "acme", *, seed: int = 7, plan: Plan = "Enterprise", region: Region = "us") -> None:
        self.name, self.plan, self.region = name, plan, region
        self.store = Store(seeded_random(f"ids {name} {seed}"))
        self.heartbeats: list[Body] = []
        self.settings = Settings(self.store, until=epoch_ms(HISTORY_END))
        self.keys: tuple[Key, ...] = issue_keys(seeded_random(f"keys {seed}"), ())

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
        until: Time = HISTORY_END,
        days: int = 365,
        name: str = "acme",
        plan: Plan = "Enterprise",
        region: Region = "us",
        extra_fields: bool = False,
    ) -> "Account":
        """Create an account with a history; the same arguments give the same account."""
        account = cls(name, seed=seed, plan=plan, region=region)
        account.heartbeats = seeds.seed_store(
            account.store,
            seeds.Sizes(users, teams, services, integrations, alerts, incidents),
            history=seeds.History(seed, until=epoch_ms(until), days=days, name=name),
            extra={"somethingNew": {"seenSince": 2031}} if extra_fields else {},
        )
        account.settings = Settings(account.store, until=epoch_ms(until))
        account.keys = issue_keys(seeded_random(f"keys {seed}"), account.teams)
        return account

    @property
    def clock(self) -> Callable[[], int]:
        """The function that returns the time in epoch milliseconds, also for the `Date` header."""
        return self.store.clock

    @clock.setter
    def clock(self, clock: Callable[[], int]) -> None:
        self.store.clock = clock

    def now(self) -> int:
        """The current time of the account's clock, in epoch milliseconds."""
        return self.store.clock()

    @property
    def index_lag_ms(self) -> int:
        """The delay, by the account's clock, after which searches and counts of alerts and incidents show a change.

        Requests by id and child records always return the current values.
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
        """Incidents by id, in full form."""
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
        """The key with all permissions."""
        return self.keys[0].token

    @property
    def key_without_configuration_access(self) -> str:
        """The key that can read only alerts and incidents."""
        return self.keys[1].token

    @property
    def team_key(self) -> str:
        """The key of the first team's integration."""
        return self.keys[2].token

    @property
    def management_key(self) -> str:
        """The key created on the API key management page."""
        return self.keys[3].token

    def create_alert(self, *, created_at: Time | None = None, updated_at: Time | None = None, **fields: object) -> Body:
        """Add an alert; fields that are not given have the values of a new alert."""
        return self.store.create("alerts", fields, created_at=created_at, updated_at=updated_at)

    def update_alert(self, alert_id: str, *, updated_at: Time | None = None, **fields: object) -> Body:
        """Update an alert, with its report, owner and log as the service would write them."""
        with self.store.lock:
            before, time = self.alerts[alert_id], self.store.timestamp_or_now(updated_at)
            elapsed = max(0, time - epoch_ms(before["createdAt"]))
            changes = lifecycle.complete_alert_update(before, fields, elapsed_ms=elapsed)
            self.add_log(alert_id, lifecycle.alert_log_text(fields), at=time)
            return self.store.update("alerts", alert_id, fields=changes, updated_at=time)

    def delete_alert(self, alert_id: str) -> None:
        """Delete an alert with its logs, notes and recipients."""
        self.store.delete("alerts", alert_id)

    def add_log(
        self,
        parent_id: str,
        log: str,
        *,
        log_type: str = "alertAction",
        touch: bool = False,
        at: Time | None = None,
    ) -> None:
        """Add a log entry to an alert or an incident; *touch* also sets its `updatedAt`."""
        with self._children(parent_id, touch=touch, at=at) as (children, time):
            append_log(children.logs, log, at=time, log_type=log_type, owner=lifecycle.ACTOR)

    def add_note(self, parent_id: str, note: str, *, touch: bool = False, at: Time | None = None) -> None:
        """Add a note to an alert or an incident; *touch* also sets its `updatedAt`."""
        with self._children(parent_id, touch=touch, at=at) as (children, time):
            append_note(children.notes, note, at=time, owner=lifecycle.ACTOR)

    def add_timeline_entry(
        self, incident_id: str, title: str, *, touch: bool = False, at: Time | None = None, **fields: Any
    ) -> None:
        """Add an entry to an incident's timeline; by default, a custom entry of a user."""
        with self._children(incident_id, touch=touch, at=at) as (children, time):
            values = {"group": "custom", "type": "CustomUserEntry", "actor": lifecycle.ACTOR, **fields}
            append_entry(children.entries, TimelineEvent(time, title=title, **values), uuid=self.store.new_uuid())

    def add_incident_alert(self, incident_id: str, alert_id: str, *, touch: bool = False) -> None:
        """Associate an alert with an incident."""
        with self._children(incident_id, touch=touch, at=None) as (children, _):
            children.alert_ids.append(alert_id)

    def remove_newest(
        self, parent_id: str, kind: Literal["notes", "recipients", "attachments", "alert_ids"], *, touch: bool = False
    ) -> None:
        """Remove the newest child record of a *kind* from an alert or an incident, if there is one."""
        with self._children(parent_id, touch=touch, at=None) as (children, _):
            del getattr(children, kind)[-1:]

    @contextmanager
    def _children(self, parent_id: str, *, touch: bool, at: Time | None) -> Iterator[tuple[Children, int]]:
        with self.store.lock:
            time = self.store.timestamp_or_now(at)
            yield self.store.stored_children(parent_id), time
            if touch:
                kind = "alerts" if parent_id in self.alerts else "incidents"
                self.store.update(kind, parent_id, fields={}, updated_at=time)

    def create_incident(
        self, *, created_at: Time | None = None, updated_at: Time | None = None, **fields: object
    ) -> Body:
        """Add an incident; fields that are not given have the values of a new incident."""
        return self.store.create("incidents", fields, created_at=created_at, updated_at=updated_at)

    def update_incident(self, incident_id: str, *, updated_at: Time | None = None, **fields: object) -> Body:
        """Update an incident, with its impact end, log and timeline as the service would write them."""
        with self.store.lock:
            time = self.store.timestamp_or_now(updated_at)
            changes = lifecycle.complete_incident_update(self.incidents[incident_id], fields, time_ms=time)
            log, entry_type = lifecycle.incident_log_text(fields), lifecycle.incident_timeline_type(fields)
            self.add_log(incident_id, log, log_type="incidentAction", at=time)
            if entry_type:
                self.add_timeline_entry(incident_id, log, at=time, group="incident", type=entry_type)
            return self.store.update("incidents", incident_id, fields=changes, updated_at=time)

    def delete_incident(self, incident_id: str) -> None:
        """Delete an incident."""
        self.store.delete("incidents", incident_id)

    def create_user(self, *, created_at: Time | None = None, **fields: object) -> Body:
        """Add a user."""
        return self.store.create("users", fields, created_at=created_at)

    def delete_user(self, user_id: str) -> None:
        """Delete a user and remove them from all teams."""
        self.store.delete("users", user_id)

    def create_team(self, **fields: object) -> Body:
        """Add a team."""
        return self.store.create("teams", fields)

    def update_team(self, team_id: str, **fields: object) -> Body:
        """Update a team, including its `members`."""
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
