"""An archive of a small account with everything in it, and what its ready views must return."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.records import Body
from source_opsgenie.archive.cli import main
from source_opsgenie.archive.wording import KEY_VARIABLE
from tests.support.archive_command import SEPARATELY, Command
from tests.support.attached import open_to_read
from tests.support.fakes import NOW
from tests.support.leaks import record_output

MINUTE_MS = 60_000
# From when on the archive has who was on call.
ON_CALL_SINCE = "2026-08-01T00:00:00Z"
Row = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """The *account* and the file at *path* that a sync copied it to, with who was on call *on_call_since*."""

    account: Account
    path: Path
    on_call_since: str = ON_CALL_SINCE

    def rows(self, query: str) -> list[Row]:
        """The rows of *query*, or of the view with that name."""
        sql = query if " " in query else f"FROM report.{query}"
        with open_to_read(self.path) as database:
            result = database.execute(sql)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def run(self, verb: str, *arguments: str) -> Result:
        """Run a command on the file, without a key in its environment."""
        result = CliRunner(**SEPARATELY).invoke(main, [verb, str(self.path), *arguments], env={KEY_VARIABLE: None})
        record_output(f"{result.output}{result.stderr}{result.exception}")
        return result

    @property
    def alerts(self) -> list[Body]:
        """All alerts, in full form."""
        return list(self.account.alerts.values())

    @property
    def people(self) -> dict[str | None, str]:
        """The full name of each user by username."""
        return {user["username"]: user["fullName"] or user["username"] for user in self.account.users.values()}

    def team(self, team_id: str) -> str:
        """The name of a team."""
        return str(self.account.teams[team_id]["name"])

    def person(self, name: str | None) -> str | None:
        """The full name of the user with this username; any other *name* as it is."""
        return self.people.get(name, name or None)

    def teams_of(self, alert: Body) -> set[str]:
        """The names of the teams that an alert was routed to."""
        ids = {team["id"] for team in alert["teams"]} | {alert["ownerTeamId"]} - {""}
        return {self.team(team_id) for team_id in ids}


@dataclass(frozen=True)
class Compared:
    """What the *view* must return, and what was *found* in it."""

    view: str
    expected: Any
    found: Any


def archive_everything(folder: Path) -> Answers:
    """Copy an account into a file in *folder*, as the command does."""
    account = create_account(alerts=300, incidents=20, users=12, teams=4, services=6, integrations=5)
    with Simulator(account) as simulator:
        archive = Command(simulator, account.full_key, folder / "acme.duckdb")
        archive.sync("--timeline-since", ON_CALL_SINCE)
        change_and_restore(account, archive)
    settle(archive.path)
    return Answers(account, archive.path)


def create_account(**sizes: Any) -> Account:
    """An account of these *sizes*, with some alerts and incidents that none of its history has."""
    account = Account.seeded(seed=7, **sizes)
    account.clock = lambda: NOW
    first, second, *_ = account.teams
    for number in range(3):
        account.create_alert(
            created_at=f"2026-05-0{number + 1}T10:00:00Z",
            teams=[{"id": first}, {"id": second}],
            responders=[{"type": "team", "id": first}, {"type": "team", "id": second}],
            ownerTeamId=first,
            tags=["shared", "shared"],
            message=f"Order {number} 0123456789abcdef failed",
            status="closed",
            report={"ackTime": 90_000 * (number + 1), "closeTime": 600_000 * (number + 1), "acknowledgedBy": "System"},
        )
    for incident, alert in zip(list(account.incidents)[:5], list(account.alerts)[:5], strict=True):
        account.add_incident_alert(incident, alert)
    account.create_incident(created_at="2026-05-04T10:00:00Z", ownerTeam=first)
    return account


def settle(path: Path) -> None:
    """Let the last sync have ended at the time of the account: what is counted until then is always the same."""
    with duckdb.connect(str(path)) as database:
        database.execute("UPDATE _archive.streams SET synced_at = make_timestamp(?)", [NOW * 1000])


def change_and_restore(account: Account, archive: Command) -> None:
    """Change the configuration for the time of one sync, so that the file has a history and the account as before."""
    team = next(iter(account.teams.values()))
    description, members = team["description"], list(team["members"])
    changed = [members[0] | {"role": "user"}, *members[2:]]
    for fields in ({"description": "Cards", "members": changed}, {"description": description, "members": members}):
        account.update_team(team["id"], **fields)
        archive.sync("--streams", "teams,team_members,schedules,schedule_rotations")


def utc(text: str) -> datetime:
    """A timestamp of the API in UTC, without a zone, as DuckDB returns it."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def month(text: str) -> str:
    """The month of a timestamp of the API, as `2026-05`."""
    return text[:7]


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """The second values of *pairs* by the first ones."""
    found: dict[Any, list[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which a *share* of the sorted *values* lies, interpolated linearly."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def minutes(ms: float) -> float:
    """*ms* in minutes, rounded as the views round."""
    return round(ms / MINUTE_MS, 1)


def union(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """The *spans* in order, with those that touch or overlap joined."""
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    yield from joined
