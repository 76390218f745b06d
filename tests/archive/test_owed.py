"""What the archive owes: in `_archive.owed` with its reason, requested again by each sync, until it is read."""

from pathlib import Path

import duckdb
import pytest
from tests.support.archive_command import Command, by_text
from tests.support.broken import Broken, one_of_each
from tests.support.every_stream import account_of
from tests.support.fakes import NOW, Wire, connection_of

from opsgenie_simulator import Account
from source_opsgenie.archive.buffer import Buffer
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.progress import Progress
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.transfer import Transfer
from source_opsgenie.errors import Rejected
from source_opsgenie.reading.events import Checkpoint, SetAside
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.state import Scope, State
from source_opsgenie.streams import STREAMS

# Streams whose rows depend on the rules of the broken user.
BELOW = {"user_notification_rule_steps"}


@pytest.fixture
def account() -> Account:
    """A small account with rows in every list."""
    return account_of()


def test_one_bad_object_in_each_stream(archive: Command, account: Account, broken: Broken) -> None:
    """Each costs itself only, is recorded and requested again by each sync; after the cure nothing is missing."""
    victims = one_of_each(account)
    streams = [*victims, *BELOW, "alerts", "alert_notes", "incidents", "users", "maintenances"]
    archive.sync("--streams", ",".join(streams))
    complete = {name: archive.rows(name) for name in streams}
    archive.path.unlink()
    broken.patterns = list(victims.values())
    first, second = (archive("sync", "--to", str(archive.path), "--streams", ",".join(streams)) for _ in range(2))
    owed = archive.query("SELECT stream, part, reason, attempts FROM _archive.owed ORDER BY stream")
    incomplete = {name for (name,) in archive.query("SELECT stream FROM _archive.streams WHERE NOT is_complete")}
    unharmed = set(streams) - victims.keys() - BELOW
    whole = {name: archive.rows(name) for name in unharmed}
    broken.patterns = []
    archive.sync("--streams", ",".join(streams))

    assert (first.exit_code, second.exit_code) == (1, 1)
    assert incomplete == victims.keys() | BELOW
    assert {stream for stream, *_ in owed} == victims.keys() | BELOW
    assert {attempts for *_, attempts in owed} == {2}
    assert all("returned 422" in reason for _, _, reason, _ in owed)
    assert whole == {name: complete[name] for name in unharmed}
    assert archive.query("FROM _archive.owed") == []
    assert {name: archive.rows(name) for name in streams} == complete


def test_what_is_owed_is_recorded_if_the_stream_ends_early(tmp_path: Path) -> None:
    """A part that failed before the last state is in the table; what failed later will be requested anyway."""
    store = Store(tmp_path / "acme.duckdb", "acme", print)
    store.prepare()
    store.begin_run([STREAMS["alert_logs"]])
    transfer = Transfer(
        Progress(Estimate(STREAMS["alert_logs"]), connection_of(Wire(account_of()))), store, Display(), Buffer()
    )
    first, second = (SetAside(Part("alert_logs", (name,)), Rejected(f"{name} is bad")) for name in ("first", "second"))
    state = State(Scope("acme"), owed=(first.part.text,)).begin(NOW)
    for event in (first, Checkpoint(state), second):
        transfer.process(event)
    transfer.keep_covered()
    with duckdb.connect(str(store.path), read_only=True) as database:
        owed = database.execute("SELECT stream, part, reason FROM _archive.owed").fetchall()

    assert owed == [("alert_logs", "alert_logs of first", "first is bad")]


def test_a_row_keeps_the_details_that_it_has(archive: Command, broken: Broken) -> None:
    """Details that fail later do not delete those in the file, and no row of the stream is marked as deleted."""
    archive.sync("--streams", "maintenances")
    before = archive.rows("maintenances")
    broken.patterns = [f"/v1/maintenance/{before[0]['id']}"]
    result = archive("sync", "--to", str(archive.path), "--streams", "maintenances")

    assert result.exit_code == 1
    assert archive.rows("maintenances") == before
    assert archive.query("SELECT count(*) FROM maintenances WHERE _deleted_at IS NOT NULL") == [(0,)]


def test_a_row_that_never_had_details_is_marked(archive: Command, broken: Broken) -> None:
    """A new row without its details is stored as the list returns it, and completed by the next sync that can."""
    archive.sync("--streams", "maintenances")
    ((first,), *_) = archive.query("SELECT id FROM maintenances ORDER BY id")
    archive.path.unlink()
    broken.patterns = [f"/v1/maintenance/{first}"]
    archive("sync", "--to", str(archive.path), "--streams", "maintenances")
    marked = archive.query("SELECT id FROM maintenances WHERE lacks_details")
    broken.patterns = []
    archive.sync("--streams", "maintenances")

    assert marked == [(first,)]
    assert archive.query("SELECT id FROM maintenances WHERE lacks_details") == []
    assert all("lacks_details" not in row for row in archive.rows("maintenances"))


def test_children_of_a_bad_parent_are_not_deleted(archive: Command, account: Account, broken: Broken) -> None:
    """Rows that could not be listed this time stay in the file, unmarked."""
    archive.sync("--streams", "user_contacts")
    before = archive.query("SELECT count(*) FROM user_contacts WHERE _deleted_at IS NULL")
    broken.patterns = [one_of_each(account)["user_contacts"]]
    archive("sync", "--to", str(archive.path), "--streams", "user_contacts")

    assert archive.query("SELECT count(*) FROM user_contacts WHERE _deleted_at IS NULL") == before


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("path", ["/v2/request-limits/?", "/v2/account"])
def test_what_is_not_needed_may_fail(archive: Command, broken: Broken, path: str, status: int) -> None:
    """A sync begins without the rate limits or the account's name, into a new file and into one that has the name."""
    broken.patterns, broken.status = [path], status
    first = archive("sync", "--to", str(archive.path), "--streams", "alerts,teams")
    broken.patterns = []
    second = archive("sync", "--to", str(archive.path), "--streams", "alerts,teams")
    broken.patterns = [path]
    third = archive("sync", "--to", str(archive.path), "--streams", "alerts,teams")

    assert [first.exit_code, second.exit_code, third.exit_code] == [0, 0, 0], third.output + third.stderr
    assert len(archive.rows("alerts")) == 60
    assert "full read" not in third.output


def test_failures_that_are_tolerated(
    archive: Command, account: Account, broken: Broken, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With tolerated_failures a stream is complete, and says what it owes."""
    config = tmp_path_factory.mktemp("config") / "config.json"
    config.write_text('{"tolerated_failures": 1}')
    broken.patterns = [one_of_each(account)["alert_logs"]]
    result = archive("sync", "--to", str(archive.path), "--streams", "alert_logs", "--config", str(config))

    assert result.exit_code == 0
    assert "1 part could not be read" in result.output
    assert by_text(archive.rows("alert_logs"))
    assert archive.query("SELECT stream FROM _archive.owed") == [("alert_logs",)]
