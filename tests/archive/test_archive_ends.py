import shlex
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from archive.command import Command
from leaks import ended, ran
from opsgenie_simulator import Account, Call, Response, Simulator
from source_opsgenie.streams import STREAMS


class Interruption:
    """Weather in which the process that asks gets a Ctrl-C, once, before its request number *count* is answered."""

    def __init__(self, *, count: int) -> None:
        self.count = count
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, call: Call, answer: Callable[[Call], Response]) -> Response:
        """Answer, as ever."""
        self.count -= call.path.startswith("/v2/alerts")
        if self.count == 0 and self.process:
            self.process.send_signal(signal.SIGINT)
        return answer(call)


@pytest.mark.parametrize(("count", "stored"), [(30, 0), (95, 5_000)])
def test_ctrl_c_is_a_normal_end(tmp_path: Path, count: int, stored: int) -> None:
    """After Ctrl-C what was stored stands, and the same command brings the rest."""
    account = Account.seeded(alerts=9_000)
    interruption = Interruption(count=count)
    with Simulator(account, weather=(interruption,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        interruption.process = archive.begin("--streams", "alerts")
        output, errors = ended(interruption.process, timeout=30)
        found = archive.query("SELECT count(*) FROM alerts")
        asked = len(simulator.requests)
        archive.sync("--streams", "alerts")

    assert (130, "") == (interruption.process.returncode, errors)
    assert "alerts: NOT WHOLE: stopped; what was stored stands" in output
    assert stored <= found[0][0] < len(account.alerts)
    assert set(account.alerts) == {row["id"] for row in archive.rows("alerts")}
    assert len(simulator.requests) - asked < asked or not stored


def test_a_stream_that_fails_leaves_the_others_whole(archive: Command, account: Account) -> None:
    """A key without configuration access reads the alerts; the rest is named, and the exit code is 1."""
    names = "alerts,users,teams"
    result = archive(
        "sync", "--to", str(archive.path), "--streams", names, key=account.key_without_configuration_access
    )

    assert 1 == result.exit_code
    assert "users: NOT WHOLE: " in result.output
    assert "Configuration Access" in result.output
    assert [("alerts", True), ("teams", False), ("users", False)] == archive.query(
        "SELECT stream, is_whole FROM _archive.streams ORDER BY stream"
    )
    assert len(account.alerts) == len(archive.rows("alerts"))


def test_a_plan_without_incidents_is_no_failure(archive: Command, account: Account) -> None:
    """What the account's plan does not have is empty and whole, with a warning."""
    account.plan = "Essentials"
    output = archive.sync("--streams", "incidents,services").output

    assert "Warning: incidents is empty" in output


def test_a_key_that_is_granted_more_keeps_its_archive(archive: Command, account: Account) -> None:
    """A key that could not tell the account's name before goes on with its own file, which then has the name."""
    key = account.key_without_configuration_access
    archive.sync("--streams", "alerts", key=key)
    account.keys = tuple(replace(one, configuration_access=True) for one in account.keys)
    result = archive.sync("--streams", "alerts,teams", key=key)

    assert "alerts: whole, 0 new, 0 changed" in result.output
    assert [("acme@localhost",)] == archive.query("SELECT account FROM _archive.file")


def test_another_account_is_refused(archive: Command, tmp_path: Path) -> None:
    """A key of another account is refused, and the file stays as it is, byte by byte."""
    archive.sync("--streams", "teams")
    before = archive.path.read_bytes()
    other = Account.seeded(name="umbrella")
    with Simulator(other) as simulator:
        result = Command(simulator, other.full_key, archive.path)("sync", "--to", str(archive.path))

    assert 1 == result.exit_code
    assert "is the archive of acme@localhost, and this key belongs to umbrella@localhost" in result.stderr
    assert (before, [archive.path]) == (archive.path.read_bytes(), list(tmp_path.iterdir()))


def _nonsense(path: Path) -> None:
    path.write_text("no database")


def _empty(path: Path) -> None:
    path.touch()


def _someone_elses(path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE theirs AS SELECT 1")


def _from_the_future(path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA _archive; CREATE TABLE _archive.file AS SELECT 99 AS format, 'x' AS account")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_nonsense, "it is not a DuckDB file"),
        (_empty, "it is not a DuckDB file"),
        (_someone_elses, "no archive of Opsgenie"),
        (_from_the_future, "written by a newer opsgenie-archive"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(archive: Command, make: object, said: str) -> None:
    """Whatever else is in the file stays there, and the message says what to do."""
    assert callable(make)
    make(archive.path)
    before = archive.path.read_bytes()
    result = archive("sync", "--to", str(archive.path))

    assert (1, before) == (result.exit_code, archive.path.read_bytes())
    assert said in result.stderr
    assert 1 == len(result.stderr.splitlines())


def test_a_folder_is_no_file(archive: Command, tmp_path: Path) -> None:
    """A folder, or a file in a folder that is not there, is refused with a remedy."""
    folder, nowhere = (archive("sync", "--to", str(path)) for path in (tmp_path, tmp_path / "no" / "acme.duckdb"))

    assert f"{tmp_path} is not a file: name a file" in folder.stderr
    assert "does not exist: make it, or name another file." in nowhere.stderr


def test_the_key_is_in_no_output(archive: Command, account: Account) -> None:
    """Not even --verbose shows the key, neither what is printed nor the file."""
    whole = archive("sync", "--to", str(archive.path), "--verbose")
    wrong = archive("sync", "--to", str(archive.path), "--verbose", key=account.full_key[:-4] + "beef")

    assert "/v2/alerts" in whole.stderr
    assert account.full_key not in whole.output
    assert account.full_key[:-4] not in wrong.output
    assert account.full_key.encode() not in archive.path.read_bytes()


def test_a_wrong_key_ends_it_in_one_message(archive: Command) -> None:
    """An error is one message on stderr, without a traceback."""
    result = archive("sync", "--to", str(archive.path), key="00000000-0000-0000-0000-000000000000")

    assert (1, 1, False) == (result.exit_code, len(result.stderr.splitlines()), archive.path.exists())
    assert "Opsgenie does not know this key here" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--streams", "alert_log"], "There is no stream 'alert_log': did you mean alert_logs"),
        (["--since", "yesterday"], "start_date 'yesterday' is not a date"),
        (["--config", "nowhere.json"], "The config nowhere.json cannot be read"),
        (["--region", "mars"], "Invalid value for '--region'"),
    ],
)
def test_wrong_options_are_said(archive: Command, arguments: list[str], said: str) -> None:
    """What cannot be understood is named, with exit code 2, and nothing is made."""
    result = archive("sync", "--to", str(archive.path), *arguments)

    assert (2, False) == (result.exit_code, archive.path.exists())
    assert said in result.stderr


def test_without_a_key_it_says_where_to_get_one(archive: Command) -> None:
    """A missing key is told with the place where keys are made."""
    result = Command(archive.simulator, "", archive.path)("sync", "--to", str(archive.path))

    assert 2 == result.exit_code
    assert "set OPSGENIE_API_TOKEN" in result.stderr
    assert "API key management" in result.stderr


def test_the_key_may_come_from_a_file(archive: Command, tmp_path: Path) -> None:
    """A file with the connector's options serves as well as the environment."""
    config = tmp_path / "config.json"
    config.write_text(f'{{"api_token": "{archive.key}", "endpoint": "api.opsgenie.com"}}')
    result = Command(archive.simulator, "", archive.path)(
        "sync", "--to", str(archive.path), "--config", str(config), "--streams", "teams"
    )

    assert 0 == result.exit_code


def test_the_plan_tells_what_is_expensive(archive: Command, account: Account) -> None:
    """The plan costs a handful of requests, fits 80 columns, and names rows and requests of each stream."""
    for number in range(1_000):
        account.create_alert(message=f"crowd {number}")
    output = archive("plan").output

    assert len(archive.simulator.requests) <= 12
    assert all(name in output for name in STREAMS)
    assert max(map(len, output.splitlines())) <= 80
    assert "of 1,300 alerts" in output
    assert (
        "  --without alert_logs,alert_recipients,alert_details,alert_notes\n  --without alert_attachments\n" in output
    )


def test_the_closing_lines_can_be_pasted(archive: Command) -> None:
    """The line of Python prints rows; the DuckDB shell's holds a query that DuckDB answers."""
    lines = archive.sync("--streams", "teams").output.splitlines()
    python, shell = (shlex.split(line) for line in lines[lines.index("Look into the file:") + 1 :])
    shown = ran(*python).stdout

    assert "Payments" in shown
    assert ["duckdb", "-readonly", str(archive.path)] == shell[:-1]
    assert 4 == len(archive.query(shell[-1]))


def test_a_lost_key_ends_the_sync(archive: Command, account: Account) -> None:
    """When the key is refused in the middle, what was read stands, and what was not is named on stderr."""
    archive.sync("--streams", "teams")

    def revoking(call: Call, answer: Callable[[Call], Response]) -> Response:
        if call.path == "/v1/incidents" and "sort" in call.query:
            account.keys = ()
        return answer(call)

    with Simulator(account, weather=(revoking,)) as simulator:
        result = Command(simulator, archive.key, archive.path)(
            "sync", "--to", str(archive.path), "--streams", "teams,alerts,incidents"
        )

    assert 1 == result.exit_code
    assert "alerts: NOT WHOLE: " in result.stderr
    assert "Traceback" not in result.output


def test_no_stream_left_is_said(archive: Command) -> None:
    """Leaving out all that was asked for is a mistake."""
    result = archive("sync", "--to", str(archive.path), "--streams", "teams", "--without", "teams")

    assert 2 == result.exit_code
    assert "leaves no stream" in result.stderr
