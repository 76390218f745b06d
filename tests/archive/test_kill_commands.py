"""kill -9 during each command that writes: the file opens, `verify` is right about it, and the next run finishes.

With the environment variable KILLS=20, each command is killed 20 times.
"""

import hashlib
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from tests.support.archive_command import Command, by_text
from tests.support.fakes import NOW, Wire, connection_of, rows_in
from tests.support.leaks import wait_for_exit

from opsgenie_simulator import Account, Simulator
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

KILLS = int(os.environ.get("KILLS", "2"))
# The first fifth of each run imports modules.
EARLIEST, LATEST = 0.2, 1.0
NAMES = ("alerts", "alert_notes", "incidents", "users", "teams", "team_members")
CHOSEN = ("--streams", ",".join(NAMES))
COMPLETE, INCOMPLETE, DIFFERENT = 0, 1, 10
# Rows of a searchable stream, of child records and of a list; and rows, JSON, a column and a mark that are wrong.
DAMAGE = """
    DELETE FROM alerts WHERE hash(id) % 3 = 0 AND _deleted_at IS NULL;
    DELETE FROM alert_notes WHERE hash(_json) % 3 = 0;
    DELETE FROM teams;
    UPDATE incidents SET _json = '{"new": 1, ' || _json[2:];
    UPDATE users SET fullName = 'another';
    UPDATE incidents SET _deleted_at = now() WHERE id = (SELECT min(id) FROM incidents);
    INSERT INTO alerts BY NAME SELECT * REPLACE ('invented' AS id) FROM alerts LIMIT 1;
"""
# Free space, and rows of the user's own, so that a compaction takes some time.
GROW = """
    CREATE TABLE filler AS SELECT uuid()::VARCHAR AS id FROM range(120000);
    CHECKPOINT;
    CREATE TABLE own AS SELECT uuid()::VARCHAR AS id FROM range(50000);
    CHECKPOINT;
    DROP TABLE filler;
    CHECKPOINT;
"""


@dataclass
class Killing:
    """Runs *command* with *arguments* again and again, each time as the last one left the file, and kills it.

    `check` gets what `verify` found after each kill. A run that ends before it is killed must have succeeded, and the
    next one starts from the file *original*, or from none.
    """

    command: Command
    arguments: tuple[str, ...]
    check: Callable[[int, dict[str, Any]], None]
    is_finished: Callable[[], None]
    original: Path | None = None
    codes: list[int] = field(default_factory=list)

    def run(self, kills: int, *, seed: int = 0) -> None:
        """Kill it *kills* times, spread over its duration, and let it finish at last."""
        duration = self.finish()
        for seconds in spread(duration, kills, randomness=random.Random(seed)):
            if not self.kill_after(seconds):
                self.reset()
        self.finish()

    def finish(self) -> float:
        """Run it to its end; returns the seconds that it took."""
        started = time.monotonic()
        process = self.command.start(*self.arguments)
        output, errors = wait_for_exit(process)
        seconds = time.monotonic() - started

        assert COMPLETE == process.returncode, output + errors
        self.is_finished()
        self.reset()
        return seconds

    def kill_after(self, seconds: float) -> bool:
        """Kill it after *seconds*; returns whether it still ran."""
        process = self.command.start(*self.arguments)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        output, errors = wait_for_exit(process)
        if process.returncode >= 0:
            assert COMPLETE == process.returncode, output + errors
            self.is_finished()
            return False
        code, report = verify(self.command)
        self.codes.append(code)
        self.check(code, report)
        return True

    def reset(self) -> None:
        """Start over."""
        for path in self.command.path.parent.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if self.original:
            shutil.copy(self.original, self.command.path)


def spread(duration: float, number: int, *, randomness: random.Random) -> list[float]:
    """Random times within *duration*, one in each of as many equal parts of it, in any order."""
    places = [(place + randomness.random()) / number for place in range(number)]
    times = [duration * (EARLIEST + (LATEST - EARLIEST) * place) for place in places]
    return randomness.sample(times, number)


def verify(command: Command) -> tuple[int, dict[str, Any]]:
    """The exit code of `verify`, and its report if the file has anything in it."""
    result = command("verify", str(command.path), "--json")

    assert "Traceback" not in result.output + result.stderr
    return result.exit_code, orjson.loads(result.stdout) if result.stdout else {"findings": []}


@dataclass(frozen=True)
class World:
    """An account, an archive of how it was before, and one of how it is now."""

    simulator: Simulator
    before: Path
    now: Path
    rows: dict[str, list[dict[str, Any]]]

    def command(self, folder: Path, original: Path | None) -> Command:
        """The command, on a copy of *original*."""
        (folder / "archive").mkdir()
        command = Command(self.simulator, self.simulator.account.full_key, folder / "archive" / "acme.duckdb")
        if original:
            shutil.copy(original, command.path)
        return command

    def wrong(self, command: Command) -> set[str]:
        """The streams whose rows are not those of the account."""
        query = "SELECT _json FROM {} WHERE _deleted_at IS NULL"
        held = {name: by_text(orjson.loads(text) for (text,) in command.query(query.format(name))) for name in NAMES}
        return {name for name in NAMES if held[name] != self.rows[name]}

    def check_finished(self, command: Command) -> None:
        """The file is complete, unchanged and right, and nothing else is next to it."""
        assert COMPLETE == verify(command)[0]
        assert set() == self.wrong(command)
        assert [command.path] == list(command.path.parent.iterdir())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small account that changed since it was first archived."""
    account = Account.seeded(seed=7, alerts=60, incidents=6, users=6, teams=3, services=2, integrations=3)
    account.clock = lambda: NOW
    folder = tmp_path_factory.mktemp("kill")
    with Simulator(account) as simulator:
        command = Command(simulator, account.full_key, folder / "now.duckdb")
        command.sync(*CHOSEN)
        shutil.copy(command.path, folder / "before.duckdb")
        change(account)
        command.sync(*CHOSEN)
        connection = connection_of(Wire(account), key=account.full_key)
        rows = {name: by_text(rows_in(Reader(connection).read(STREAMS[name]))) for name in NAMES}
        yield World(simulator, folder / "before.duckdb", command.path, rows)


def change(account: Account) -> None:
    """Create, change and delete some alerts, and change the configuration."""
    first, second, third, *_ = account.alerts
    for alert_id in (first, second):
        account.update_alert(alert_id, message="changed")
        account.add_note(alert_id, "changed", touch=True)
    account.delete_alert(third)
    account.create_alert(message="new")
    account.update_team(next(iter(account.teams)), description="changed")


def changed_copy(path: Path, folder: Path, statements: str) -> Path:
    """A copy of the file at *path*, changed by another program."""
    copy = Path(shutil.copy(path, folder / "original.duckdb"))
    with duckdb.connect(str(copy)) as database:
        database.execute(statements)
    return copy


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_a_killed_sync(world: World, tmp_path: Path, *, is_first: bool) -> None:
    """Nothing differs from what was stored, and a file that is called complete is."""
    original = None if is_first else world.before
    command = world.command(tmp_path, original)

    def check(code: int, report: dict[str, Any]) -> None:
        assert code in {COMPLETE, INCOMPLETE}, report
        assert not is_first or code == INCOMPLETE or not world.wrong(command)

    Killing(
        command, ("sync", "--to", str(command.path), *CHOSEN), check, lambda: world.check_finished(command), original
    ).run(KILLS)


def test_a_killed_repair(world: World, tmp_path: Path) -> None:
    """Every stream that is not as Opsgenie has it is named."""
    original = changed_copy(world.now, tmp_path, DAMAGE)
    command = world.command(tmp_path, original)

    def check(code: int, report: dict[str, Any]) -> None:
        named = {finding["table"] for finding in report["findings"]}
        assert code in {COMPLETE, INCOMPLETE, DIFFERENT}, report
        # The sync that a repair ends with is named as a whole.
        assert "" in named or world.wrong(command) <= named, report

    Killing(
        command, ("verify", str(command.path), "--repair"), check, lambda: world.check_finished(command), original
    ).run(KILLS)


def test_a_killed_compaction(world: World, tmp_path: Path) -> None:
    """The file is as complete as before."""
    original = changed_copy(world.now, tmp_path, GROW)
    command = world.command(tmp_path, original)

    def check(code: int, report: dict[str, Any]) -> None:
        assert COMPLETE == code, report

    Killing(command, ("compact", str(command.path)), check, lambda: world.check_finished(command), original).run(KILLS)


def test_a_killed_export(world: World, tmp_path: Path) -> None:
    """The folder appears complete or not at all, and what is left over is hidden and in nobody's way."""
    command = world.command(tmp_path, world.now)
    target = tmp_path / "exported"

    def check(code: int, report: dict[str, Any]) -> None:
        assert COMPLETE == code, report
        assert not target.exists() or digests(target) == recorded(target)
        shutil.rmtree(target, ignore_errors=True)

    def is_finished() -> None:
        world.check_finished(command)
        assert digests(target) == recorded(target)
        assert {"alerts.csv", "alert_facts.csv"} <= digests(target).keys()
        left = {path.name[0] for path in tmp_path.iterdir()} - {command.path.parent.name[0], target.name[0]}
        assert left <= {"."}
        shutil.rmtree(target)

    arguments = ("export", str(command.path), "--to", str(target), "--tables", "all", "--views", "all")
    Killing(command, arguments, check, is_finished, world.now).run(KILLS)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file in *folder*, but for the list of these."""
    files = (path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def recorded(folder: Path) -> dict[str, str]:
    """The SHA-256 that the folder's list has of each file."""
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}
