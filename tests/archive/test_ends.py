from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Call, Response, Simulator


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


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("full_key", "key_without_configuration_access", "of acme@localhost, and this key may not tell whose it is"),
        ("key_without_configuration_access", "another", "of a key that could not tell its account's name: use that"),
    ],
)
def test_a_key_that_cannot_tell_its_account_is_refused_in_words(
    archive: Command, account: Account, first: str, then: str, said: str
) -> None:
    """Where it is not known whether a key is of the file's account, the message says that, and no digest."""
    another = replace(account.keys[1], token="00000000-1111-2222-3333-444444444444")
    account.keys = (*account.keys, another)
    keys = {name: getattr(account, name, another.token) for name in (first, then)}
    archive.sync("--streams", "alerts", key=keys[first])
    result = archive("sync", "--to", str(archive.path), key=keys[then])

    assert 1 == result.exit_code
    assert said in result.stderr
    assert "this key belongs to" not in result.stderr


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


def test_a_lost_key_ends_the_sync(archive: Command, account: Account) -> None:
    """When the key is refused in the middle, what was read stands, and what was not is named on stderr."""
    archive.sync("--streams", "teams")

    def revoking(call: Call, answer: Callable[[Call], Response]) -> Response:
        if call.path == "/v1/incidents" and "sort" in call.query:
            account.keys = ()
        return answer(call)

    with Simulator(account, middleware=(revoking,)) as simulator:
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
