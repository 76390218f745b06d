"""`verify --online` compares an archive with what Opsgenie has now, and says since when they differ."""

import shutil
from pathlib import Path

import duckdb
import pytest
from tests.support.archive_command import Command
from tests.support.broken import Broken
from tests.support.fakes import NOW

from opsgenie_simulator import Account, Simulator

COMPLETE, INCOMPLETE, INVALID, DIFFERENT = 0, 1, 2, 10
HOUR_MS = 3_600_000
EVERYTHING = ("--online", "--sample", "100%")
STREAMS = ("--streams", "alerts,alert_notes,alert_logs,incidents,users,teams,team_members,heartbeats")


def account_at(time: int) -> Account:
    """A small account, the same each time, whose clock stands still."""
    account = Account.seeded(seed=7, alerts=60, incidents=6, users=6, teams=3, services=2, integrations=3)
    account.clock = lambda: time
    return account


@pytest.fixture
def account() -> Account:
    """The account an hour after it was synced."""
    return account_at(NOW + HOUR_MS)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the account was synced into; do not change it."""
    account = account_at(NOW)
    with Simulator(account) as simulator:
        command = Command(simulator, account.full_key, tmp_path_factory.mktemp("online") / "acme.duckdb")
        command.sync(*STREAMS)
    return command.path


@pytest.fixture
def synced(archive: Command, original: Path) -> Command:
    """An archive that was synced an hour ago; since then, anything can happen in Opsgenie."""
    shutil.copy(original, archive.path)
    return archive


def run(command: Command, *arguments: str) -> tuple[int, str]:
    """Compare everything with Opsgenie."""
    result = command("verify", str(command.path), *EVERYTHING, *arguments)
    return result.exit_code, result.output + result.stderr


def test_an_archive_that_is_as_opsgenie_has_it(synced: Command) -> None:
    """Every row is compared, and the file is not written to."""
    before = synced.path.read_bytes()
    code, output = run(synced)

    assert COMPLETE == code, output
    assert " rows compared with Opsgenie in " in output
    assert before == synced.path.read_bytes()


def test_what_happened_since_the_sync(synced: Command, account: Account) -> None:
    """Rows that were created, changed and deleted since are named, and are no fault of the file."""
    first, second, third, *_ = sorted(account.alerts)
    account.create_alert(created_at=NOW + HOUR_MS - 400_000)
    account.add_note(first, "new", touch=True)
    account.delete_alert(second)
    account.heartbeats.pop()
    code, output = run(synced)

    assert INCOMPLETE == code, output
    assert "* since      alerts: 1 row created since: " in output
    assert "* since      alerts: 1 row changed since (updatedAt" in output
    assert f"* since      alerts: 1 row deleted since: {second}." in output
    assert "* since      heartbeats: 1 row deleted since: " in output
    assert third not in output


def test_what_the_file_should_have(synced: Command, account: Account) -> None:
    """A row that was there at the time of the sync, and one that differed then, are differences."""
    account.create_alert(created_at=NOW - 40 * 24 * HOUR_MS, updated_at=NOW - 40 * 24 * HOUR_MS)
    alert = account.alerts[min(account.alerts)]
    account.update_alert(alert["id"], updated_at=alert["updatedAt"], message="other than when it was read")
    code, output = run(synced)

    assert DIFFERENT == code, output
    assert "- missing    alerts: 1 row created: " in output
    assert f"~ changed    alerts: 1 row changed (message): {alert['id']}." in output


def test_child_records_and_lists_are_compared(synced: Command, account: Account) -> None:
    """Notes of alerts that did not change otherwise, and teams."""
    alert = sorted(account.alerts)[0]
    account.add_note(alert, "new", at=NOW + HOUR_MS - 1)
    account.update_team(next(iter(account.teams)), description="Another description")
    code, output = run(synced)

    assert INCOMPLETE == code, output
    assert f"* since      alert_notes: 1 row created since: {alert}/" in output
    assert "* since      teams: 1 row changed since (description): " in output


def test_a_stream_that_cannot_be_compared(synced: Command, broken: Broken) -> None:
    """It is named, and all others are compared."""
    broken.patterns = ["/v2/users/?"]
    code, output = run(synced)

    assert INCOMPLETE == code, output
    assert "? incomplete users: it could not be compared with Opsgenie: " in output


def test_a_sample_costs_less(synced: Command) -> None:
    """Without a sample, only counts and the lists are requested."""
    synced.simulator.clear_requests()
    run(synced)
    everything = len(synced.simulator.requests)
    synced.simulator.clear_requests()
    run(synced, "--sample", "0")

    assert len(synced.simulator.requests) < everything / 2


@pytest.mark.parametrize("share", ["101", "-1%", "half", "nan"])
def test_an_invalid_share_is_rejected(archive: Command, share: str) -> None:
    """The message says which shares there are."""
    result = archive("verify", str(archive.path), "--online", "--sample", share)

    assert INVALID == result.exit_code
    assert f"{share} is not a share from 0% to 100%." in result.stderr


def test_a_key_of_another_account_is_rejected(synced: Command) -> None:
    """The file is compared with nothing else."""
    other = Account.seeded(seed=8, alerts=1, incidents=1, users=1, teams=1, services=1, integrations=1)
    other.name = "other"
    with Simulator(other) as simulator:
        code, output = run(Command(simulator, other.full_key, synced.path))

    assert INCOMPLETE == code
    assert "belongs to acme@localhost" in output


def test_damage_is_found_as_well(synced: Command) -> None:
    """A row that was deleted from the file is missing by its digest, and by the count of Opsgenie."""
    with duckdb.connect(str(synced.path)) as database:
        database.execute("DELETE FROM alerts WHERE id = (SELECT min(id) FROM alerts)")
    code, output = run(synced)

    assert DIFFERENT == code
    assert "- missing    alerts: 1 of " in output
    assert "- missing    alerts: 1 row created: " in output
