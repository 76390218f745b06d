"""Whatever happened to an archive and its account before, a sync that calls a stream complete is right."""

import random
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.attached import open_to_read
from tests.support.fakes import NOW, Wire, connection_of, rows_in

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.progress import Overview
from source_opsgenie.archive.sync import run_sync
from source_opsgenie.archive.verify.checks import check_file
from source_opsgenie.archive.verify.run import open_unchanged
from source_opsgenie.config import Config
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Record, ancestry

HOUR = 60 * 60 * 1000
NAMES = ("alerts", "alert_notes", "alert_attachments", "incidents", "incident_alerts", "teams", "team_members")
SINCE = "2026-10-20T00:00:00Z"


class Killed(BaseException):
    """Ends a sync without any cleaning up."""


@dataclass(slots=True)
class Interruption(Display):
    """Ends a sync at an event of a given number, by Ctrl-C or by a kill."""

    end: type[BaseException] = KeyboardInterrupt
    events_left: int = 0
    is_quiet: bool = True

    def advance(self, overview: Overview) -> None:  # noqa: ARG002 -- a Display gets it
        """Count an event."""
        self.events_left -= 1
        if self.events_left < 0:
            raise self.end


@dataclass(slots=True)
class History:
    """An account and its archive; each step draws from *randomness*."""

    account: Account
    simulator: Simulator
    path: Path
    randomness: random.Random
    now: int = NOW

    def sync(self, key: str = "", *, display: Display | None = None, **options: str) -> Sequence[Outcome]:
        """Sync some streams, with the full key unless another is given."""
        config = Config.from_mapping(
            {"api_token": key or self.account.full_key} | options,
            environment={"OPSGENIE_API_URL": self.simulator.url},
        )
        drawn = [STREAMS[name] for name in NAMES if self.randomness.random() < 0.8] or [STREAMS["alerts"]]
        # Deleted parents are noticed by a sync of their own stream.
        chosen = list({stream.name: stream for one in drawn for stream in ancestry(one)}.values())
        return run_sync(
            self.path,
            display or Display(is_quiet=True),
            config=config,
            streams=chosen,
            deleted_row_requests=50,
            is_same_account=True,
        ).outcomes

    def sync_everything(self) -> None:
        """What a sync of everything calls complete is as Opsgenie has it."""
        outcomes = self.sync()
        for outcome in outcomes:
            assert outcome.is_complete, outcome
            assert self.rows_in_file(outcome.stream.name) == self.rows_in_account(outcome.stream.name), outcome
        self.check_as_left({outcome.stream.name for outcome in outcomes})

    def sync_since(self) -> None:
        """What a sync since a date calls complete has all that Opsgenie has since."""
        for outcome in self.sync(start_date=SINCE):
            missing = self.rows_in_account(outcome.stream.name, start_date=SINCE) - self.rows_in_file(
                outcome.stream.name
            )
            assert not outcome.is_complete or not missing, outcome

    def sync_a_query(self) -> None:
        """A sync of a query does not disturb what else the file has."""
        self.sync(alert_query="priority: P1")

    def sync_with_the_key_of_a_team(self) -> None:
        """A key that sees less does not disturb what else the file has."""
        self.sync(self.account.team_key)

    def sync_without_configuration(self) -> None:
        """What this key calls complete is as Opsgenie has it."""
        for outcome in self.sync(self.account.key_without_configuration_access):
            if outcome.is_complete:
                assert self.rows_in_file(outcome.stream.name) == self.rows_in_account(outcome.stream.name), outcome

    def stop(self) -> None:
        """Interrupt a sync."""
        self.sync(display=Interruption(events_left=self.randomness.randrange(25)))

    def kill(self) -> None:
        """Kill a sync, of everything or with the key of a team."""
        key = self.randomness.choice([self.account.full_key, self.account.team_key])
        with suppress(Killed):
            self.sync(key, display=Interruption(end=Killed, events_left=self.randomness.randrange(25)))

    def lose_rows(self) -> None:
        """Delete rows from a table of the file, as any program might."""
        self._change_file(f"DELETE FROM {self.randomness.choice(NAMES)} WHERE hash(_json) % 3 = 0")

    def drop_table(self) -> None:
        """Drop a table of the file."""
        self._change_file(f"DROP TABLE {self.randomness.choice(NAMES)} CASCADE")

    def create(self) -> None:
        """Create an alert of the key's team, and one of none."""
        team = next(iter(self.account.teams))
        for teams in ([{"type": "team", "id": team}], []):
            alert = self.account.create_alert(responders=teams, teams=teams)
            self.account.add_note(alert["id"], "created")

    def change(self) -> None:
        """Add a note to an alert, remove an attachment of another, and take an alert from an incident."""
        self.account.add_note(self._any(self.account.alerts), "changed", touch=True)
        self.account.remove_newest(self._any(self.account.alerts), "attachments", touch=True)
        self.account.remove_newest(self._any(self.account.incidents), "alert_ids", touch=True)

    def delete(self) -> None:
        """Delete an alert and an incident; an incident that loses an alert so does not count as updated."""
        associated = {orjson.loads(text)["alert_id"] for text in self.rows_in_account("incident_alerts")}
        self.account.delete_alert(self._any(self.account.alerts.keys() - associated))
        self.account.delete_incident(self._any(self.account.incidents))

    def rows_in_account(self, name: str, **options: str) -> set[bytes]:
        """The rows of a stream as a first read finds them."""
        connection = connection_of(Wire(self.account), key=self.account.full_key, **options)
        return {as_text(row) for row in rows_in(Reader(connection).read(STREAMS[name]))}

    def rows_in_file(self, name: str, condition: str = "_deleted_at IS NULL") -> set[bytes]:
        """The rows of a stream that the file holds, as sent, without those that are marked as deleted."""
        rows: list[tuple[str]] = []
        with open_to_read(self.path) as database, suppress(duckdb.CatalogException):
            rows = database.execute(f"SELECT _json FROM {name} WHERE {condition}").fetchall()
        return {as_text(orjson.loads(text)) for (text,) in rows}

    def check_marks(self) -> None:
        """Nothing that Opsgenie has is marked as deleted."""
        if self.path.exists():
            for name in NAMES:
                assert not self.rows_in_file(name, "_deleted_at IS NOT NULL") & self.rows_in_account(name), name

    def check_as_left(self, names: Container[str]) -> None:
        """The tables of streams that were just read are as the syncs left them, whatever other programs did before."""
        with open_unchanged(self.path) as database:
            found = [one for one in check_file(database, self.path) if one.kind.is_difference and one.table in names]

        assert found == []

    def _change_file(self, statement: str) -> None:
        if self.path.exists():
            with duckdb.connect(str(self.path)) as database, suppress(duckdb.CatalogException):
                database.execute(statement)

    def _any(self, rows: Iterable[str]) -> str:
        return self.randomness.choice(sorted(rows))


STEPS: dict[str, Callable[[History], None]] = {
    step.__name__: step
    for step in (
        History.sync_everything,
        History.sync_since,
        History.sync_a_query,
        History.sync_with_the_key_of_a_team,
        History.sync_without_configuration,
        History.stop,
        History.kill,
        History.lose_rows,
        History.drop_table,
        History.create,
        History.change,
        History.delete,
    )
}


def as_text(row: Record) -> bytes:
    """The same text for equal rows."""
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


@contextmanager
def begin_history(seed: int) -> Iterator[History]:
    """An account without an archive."""
    account = Account.seeded(
        seed=7, alerts=40, incidents=6, users=5, teams=3, services=2, integrations=2, until="2026-10-31"
    )
    for incident, alert in zip(account.incidents, account.alerts, strict=False):
        account.add_incident_alert(incident, alert)
    with Simulator(account) as simulator, TemporaryDirectory() as folder:
        yield History(account, simulator, Path(folder) / "acme.duckdb", random.Random(seed))


@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=3, max_size=8), st.integers(0, 99))
@settings(max_examples=4)
def test_complete_is_true_after_any_history(steps: list[str], seed: int) -> None:
    """After each step and at the end, a stream that is called complete is, and nothing is marked without a reason."""
    with begin_history(seed) as history:
        for step in [*steps, "sync_everything"]:
            history.now += HOUR
            history.account.clock = lambda: history.now
            STEPS[step](history)
            history.check_marks()
