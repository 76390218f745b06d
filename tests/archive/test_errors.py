from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Call, Response, Simulator


def test_a_forbidden_stream_leaves_the_others_complete(archive: Command, account: Account) -> None:
    """A key without Configuration Access reads the alerts; the other streams are named, and the exit code is 1."""
    names = "alerts,users,teams"
    result = archive(
        "sync", "--to", str(archive.path), "--streams", names, key=account.key_without_configuration_access
    )

    assert 1 == result.exit_code
    assert result.stderr.startswith("1 of 3 streams complete, 2 not:\n  users, teams: Opsgenie returned 403 (")
    assert "Give it Read and Configuration Access, or leave these streams out with --without." in result.stderr
    assert [("alerts", True), ("teams", False), ("users", False)] == archive.query(
        "SELECT stream, is_complete FROM _archive.streams ORDER BY stream"
    )
    assert len(account.alerts) == len(archive.rows("alerts"))


def test_a_plan_without_incidents_is_not_an_error(archive: Command, account: Account) -> None:
    """A stream that the account's plan lacks is empty and complete, with a warning."""
    account.plan = "Essentials"
    output = archive.sync("--streams", "incidents,services").output

    assert "Warning: incidents is empty" in output


def test_a_key_with_new_permissions_keeps_its_archive(archive: Command, account: Account) -> None:
    """A key that could not read the account's name continues its own file, which then records the name."""
    key = account.key_without_configuration_access
    archive.sync("--streams", "alerts", key=key)
    account.keys = tuple(replace(one, configuration_access=True) for one in account.keys)
    result = archive.sync("--streams", "alerts,teams", key=key)

    assert "2 of 2 streams complete\nRows: 4 new, 0 changed, 0 deleted;" in result.output
    assert [("acme@localhost",)] == archive.query("SELECT account FROM _archive.file")


def test_another_account_is_rejected(archive: Command, tmp_path: Path) -> None:
    """A key of another account is rejected, and the file stays the same byte by byte."""
    archive.sync("--streams", "teams")
    before = archive.path.read_bytes()
    other = Account.seeded(name="umbrella", alerts=1)
    other.keys = (replace(other.keys[0], token="00000000-1111-2222-3333-444444444444"),)
    with Simulator(other) as simulator:
        result = Command(simulator, other.full_key, archive.path)("sync", "--to", str(archive.path))

    assert 1 == result.exit_code
    assert "belongs to acme@localhost, and this key belongs to umbrella@localhost" in result.stderr
    assert (before, [archive.path]) == (archive.path.read_bytes(), list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("full_key", "key_without_configuration_access", "to acme@localhost, and this key cannot read its account's"),
        ("key_without_configuration_access", "another", "to a key that could not read its account's name. Use that"),
    ],
)
def test_a_key_of_an_unknown_account_is_rejected(
    archive: Command, account: Account, first: str, second: str, message: str
) -> None:
    """If the key's account or the file's is unknown, the message says so instead of showing a digest."""
    another = replace(account.keys[1], token="00000000-1111-2222-3333-444444444444")
    account.keys = (*account.keys, another)
    keys = {name: getattr(account, name, another.token) for name in (first, second)}
    archive.sync("--streams", "alerts", key=keys[first])
    result = archive("sync", "--to", str(archive.path), key=keys[second])

    assert 1 == result.exit_code
    assert message in result.stderr
    assert "this key belongs to" not in result.stderr


@pytest.mark.parametrize(
    ("used", "message", "recorded"),
    [
        (("unnamed", "another"), "now belongs to a key that cannot name its account, before to a key", "key "),
        (("unnamed", "new name"), "now belongs to umbrella@localhost, before to a key that", "umbrella@localhost"),
        (("full", "another"), "still belongs to acme@localhost; this key", "acme@localhost"),
        (("full", "new name"), "now belongs to umbrella@localhost, before to acme@localhost.", "umbrella@localhost"),
    ],
)
def test_the_user_can_vouch_for_the_account(
    archive: Command, account: Account, used: tuple[str, str], message: str, recorded: str
) -> None:
    """With --same-account a file under another name or key is resumed, in one line, and needs no flag from then on."""
    first, second = used
    keys = {"full": account.full_key, "unnamed": account.key_without_configuration_access}
    keys |= {"another": "00000000-1111-2222-3333-444444444444", "new name": "00000000-1111-2222-3333-555555555555"}
    archive.sync("--streams", "alerts", key=keys[first])
    account.name = "umbrella" if second == "new name" else account.name
    permissions = {"another": account.keys[1], "new name": account.keys[0]}
    account.keys = (replace(permissions[second], token=keys[second]),)
    rejected = archive("sync", "--to", str(archive.path), "--streams", "alerts", key=keys[second])
    output = archive.sync("--streams", "alerts", "--same-account", key=keys[second]).output
    again = archive.sync("--streams", "alerts", key=keys[second]).output
    ((name,),) = archive.query("SELECT account FROM _archive.file")

    assert (1, True) == (rejected.exit_code, "--same-account" in rejected.stderr)
    assert 1 == sum(message in line for line in output.splitlines())
    assert ["Rows: 0 new, 0 changed, 0 deleted" in text for text in (output, again)] == [True, True]
    assert ["full read" in output, message in again] == [False, False]
    assert name.startswith(recorded)


def _truncate(content: bytearray) -> None:
    del content[len(content) * 2 // 3 :]


def _overwrite(content: bytearray) -> None:
    content[12_288 : 12_288 + 4_096] = b"?" * 4_096


@pytest.mark.parametrize("damage", [_truncate, _overwrite])
def test_a_damaged_file_is_called_damaged(archive: Command, damage: Callable[[bytearray], None]) -> None:
    """A file that lost its end or a part of it is called damaged, with what to do, and stays as it is."""
    archive.sync("--streams", "alerts,teams")
    content = bytearray(archive.path.read_bytes())
    damage(content)
    archive.path.write_bytes(content)
    result = archive("sync", "--to", str(archive.path), "--streams", "alerts,teams")

    assert (1, bytes(content)) == (result.exit_code, archive.path.read_bytes())
    assert "it is damaged. Restore a copy of it" in result.stderr


def _write_text(path: Path) -> None:
    path.write_text("not a database")


def _write_nothing(path: Path) -> None:
    path.touch()


def _write_other_table(path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE other AS SELECT 1")


def _write_newer_format(path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA _archive; CREATE TABLE _archive.file AS SELECT 99 AS format, 'x' AS account")


def _write_no_account(path: Path) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA _archive; CREATE TABLE _archive.file (format INTEGER, account VARCHAR)")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_write_text, "it is not a DuckDB file"),
        (_write_nothing, "it is not a DuckDB file"),
        (_write_other_table, "not an Opsgenie archive"),
        (
            _write_newer_format,
            "was written by a newer opsgenie-archive: it has format 99, and this version reads up to",
        ),
        (_write_no_account, "does not record its account"),
    ],
)
def test_any_other_file_is_rejected(archive: Command, write: Callable[[Path], None], message: str) -> None:
    """A file that is not an archive stays as it is, and the message says what to do."""
    write(archive.path)
    before = archive.path.read_bytes()
    result = archive("sync", "--to", str(archive.path))

    assert (1, before) == (result.exit_code, archive.path.read_bytes())
    assert message in result.stderr
    assert 1 == len(result.stderr.splitlines())


def test_a_folder_is_rejected(archive: Command, tmp_path: Path) -> None:
    """A folder, or a file in a folder that does not exist, is rejected with a remedy."""
    folder, nowhere = (archive("sync", "--to", str(path)) for path in (tmp_path, tmp_path / "no" / "acme.duckdb"))

    assert f"{tmp_path} is not a file. Use a file" in folder.stderr
    assert "does not exist. Create it, or use another file." in nowhere.stderr


def test_the_key_is_in_no_output(archive: Command, account: Account) -> None:
    """Even with --verbose, neither the output nor the file contains the key."""
    complete = archive("sync", "--to", str(archive.path), "--verbose")
    wrong = archive("sync", "--to", str(archive.path), "--verbose", key=account.full_key[:-4] + "beef")

    assert "/v2/alerts" in complete.stderr
    assert account.full_key not in complete.output
    assert account.full_key[:-4] not in wrong.output
    assert account.full_key.encode() not in archive.path.read_bytes()


def test_a_wrong_key_is_one_message(archive: Command) -> None:
    """An error is one message on stderr, without a traceback."""
    result = archive("sync", "--to", str(archive.path), key="00000000-0000-0000-0000-000000000000")

    assert (3, 1, False) == (result.exit_code, len(result.stderr.splitlines()), archive.path.exists())
    assert "Opsgenie does not know this key" in result.stderr
    assert "that --region is the account's own (eu for an account in Europe)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--streams", "alert_log"], "There is no stream 'alert_log'. Did you mean alert_logs"),
        (["--since", "yesterday"], "--since 'yesterday' is not a date"),
        (["--config", "nowhere.json"], "The config nowhere.json cannot be read"),
        (["--region", "mars"], "Invalid value for '--region'"),
        (["--deleted-row-requests", "-1"], "Invalid value for '--deleted-row-requests'"),
    ],
)
def test_invalid_options_are_named(archive: Command, arguments: list[str], message: str) -> None:
    """An invalid option is named, with exit code 2, and no file is created."""
    result = archive("sync", "--to", str(archive.path), *arguments)

    assert (2, False) == (result.exit_code, archive.path.exists())
    assert message in result.stderr


def test_a_missing_key_is_explained(archive: Command) -> None:
    """Without a key, the message says where to create one."""
    result = Command(archive.simulator, "", archive.path)("sync", "--to", str(archive.path))

    assert 2 == result.exit_code
    assert "Set OPSGENIE_API_TOKEN" in result.stderr
    assert "API key management" in result.stderr


def test_the_key_can_come_from_a_file(archive: Command, tmp_path: Path) -> None:
    """A file with the connector's options works as well as the environment."""
    config = tmp_path / "config.json"
    config.write_text(f'{{"api_token": "{archive.key}", "endpoint": "api.opsgenie.com"}}')
    result = Command(archive.simulator, "", archive.path)(
        "sync", "--to", str(archive.path), "--config", str(config), "--streams", "teams"
    )

    assert 0 == result.exit_code


def test_a_revoked_key_ends_the_sync(archive: Command, account: Account) -> None:
    """If the key is revoked during a sync, stderr names the stream that failed, and in one line all that follow."""
    archive.sync("--streams", "teams")

    def revoke(call: Call, respond: Callable[[Call], Response]) -> Response:
        if call.path == "/v1/incidents" and "sort" in call.query:
            account.keys = ()
        return respond(call)

    with Simulator(account, middleware=(revoke,)) as simulator:
        result = Command(simulator, archive.key, archive.path)(
            *("sync", "--to", str(archive.path)),
            *("--streams", "incident_templates,incidents,incident_logs,incident_notes"),
        )

    assert 3 == result.exit_code
    assert result.stderr.startswith("1 of 4 streams complete, 3 not:\n  incidents: ")
    assert "\n  incident_logs, incident_notes: Not started, because the sync ended early.\n" in result.stderr
    assert 1 == result.stderr.count("Not started")
    assert "Traceback" not in result.output


def test_skipping_every_stream_is_rejected(archive: Command) -> None:
    """Options that leave no stream to read are invalid."""
    result = archive("sync", "--to", str(archive.path), "--streams", "teams", "--without", "teams")

    assert 2 == result.exit_code
    assert "leaves no stream to read" in result.stderr


def set_state(archive: Command, state: str) -> None:
    """Replace the state of alerts in the file."""
    with duckdb.connect(str(archive.path)) as database:
        database.execute("UPDATE _archive.streams SET state = ? WHERE stream = 'alerts'", [state])


def test_a_damaged_state_fails_its_stream_only(archive: Command) -> None:
    """A state that cannot be read makes its stream incomplete; the plan and the other streams do not need it."""
    archive.sync("--streams", "alerts,teams")
    set_state(archive, '{"version": 2, "rows": -1}')
    result = archive("sync", "--to", str(archive.path), "--streams", "alerts,teams")

    assert 1 == result.exit_code
    assert "1 of 2 streams complete, 1 not:\n  alerts: The state was not written by this source" in result.stderr


def test_a_state_of_a_development_version_leads_to_one_full_read(archive: Command, account: Account) -> None:
    """A state in an older format is replaced by a full read with a notice, and no row is stored twice."""
    archive.sync("--streams", "alerts")
    set_state(archive, '{"version": 1, "rows": 3, "begun": "2026-01-01T00:00:00.000Z", "finished": false}')
    output = archive.sync("--streams", "alerts").output

    assert "alerts: The state was written by an earlier development version" in output
    assert "1 of 1 stream complete\nRows: 0 new, 0 changed, 0 deleted; 120 in the file" in output
    assert [(len(account.alerts),)] == archive.query("SELECT count(*) FROM alerts")
