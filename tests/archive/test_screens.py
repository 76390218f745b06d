"""What is on the screen, or in cron's mail, after a sync: a few lines, and one for each cause."""

import sys
from collections.abc import Callable

import pytest
from tests.support.archive_command import Command
from tests.support.every_stream import account_of
from tests.support.fakes import NOW
from tests.support.terminal import COLUMNS, run_in_terminal

from opsgenie_simulator import Account, Call, Response, Simulator
from source_opsgenie.streams import STREAMS

PROGRAM = (sys.executable, "-c", "from source_opsgenie.archive.cli import main; main()")
SUMMARY = ["Rows", "Cost", "As of", "Query it with"]


@pytest.fixture
def account() -> Account:
    """A small account with rows in every list, whose clock stands still."""
    account = account_of()
    account.clock = lambda: NOW
    return account


def at_a_terminal(archive: Command, *arguments: str) -> list[str]:
    """What a sync leaves on the screen, without the first line, which is about the simulator."""
    program = [*PROGRAM, "sync", "--to", archive.path.name, *arguments]
    code, (notice, *lines) = run_in_terminal(program, archive.environment, folder=archive.path.parent)

    assert (code, archive.notice) == (0, f"{notice}\n"), lines
    assert max(map(len, lines)) <= COLUMNS
    return lines


def test_a_sync_without_news_is_short(archive: Command) -> None:
    """When nothing changed, a sync of everything leaves at most 8 lines at a terminal, and none with --quiet."""
    archive.sync()
    lines = at_a_terminal(archive)
    quiet = archive.sync("--quiet")

    assert f"{len(STREAMS)} of {len(STREAMS)} streams complete" == lines[0]
    assert len(lines) <= 8
    assert [start for start in SUMMARY if any(line.startswith(start) for line in lines)] == SUMMARY
    assert ("", "") == (quiet.stdout, quiet.stderr)


def test_only_the_first_sync_shows_its_plan(archive: Command) -> None:
    """At a terminal, the first sync shows its plan and a line for each stream; a later one shows what has news."""
    first = at_a_terminal(archive, "--streams", "teams,alerts")
    archive.simulator.account.create_alert(message="later")
    second = at_a_terminal(archive, "--streams", "teams,alerts")

    assert "Estimated cost:" == first[0]
    assert {"teams", "alerts"} == {line.partition(": complete")[0] for line in first if ": complete" in line}
    assert ["alerts: complete, 1 new"] == [line[:23] for line in second if ": complete" in line]


def test_one_cause_is_one_line(archive: Command, account: Account) -> None:
    """A key without Configuration Access is one line with the remedy, not one for each of its streams."""
    arguments = ("sync", "--to", str(archive.path))
    result = archive(*arguments, key=account.key_without_configuration_access)
    quiet = archive(*arguments, "--quiet", key=account.key_without_configuration_access)
    headline, cause = result.stderr.splitlines()

    assert headline == f"12 of {len(STREAMS)} streams complete, {len(STREAMS) - 12} not:"
    assert cause.startswith(f"  users, teams, services and {len(STREAMS) - 15} more: Opsgenie returned 403 (")
    assert cause.endswith(" Give it Read and Configuration Access, or leave these streams out with --without.")
    assert 1 == result.stdout.count("INCOMPLETE")
    assert ("", result.stderr) == (quiet.stdout, quiet.stderr)


def test_one_warning_is_shown_once(archive: Command, account: Account) -> None:
    """A warning about several streams is printed for the first, and then names the others."""
    account.plan = "Essentials"
    output = archive.sync("--streams", "incidents,incident_logs,incident_notes,teams").output

    assert 1 == output.count("returned 402")
    assert "\nWarning: the warning about incidents applies to incident_logs, incident_notes, too.\n" in output


def test_a_team_key_is_named(archive: Command, account: Account) -> None:
    """With the key of a team, the summary says that complete means what this team may see."""
    output = archive.sync("--streams", "alerts", key=account.team_key).output

    assert "\nThis is the key of a team: complete means everything that this team may see.\n" in output
    assert "key of a team" not in archive("sync", "--to", f"{archive.path}2", "--streams", "alerts").output


def test_what_was_not_begun_keeps_its_word(archive: Command, account: Account) -> None:
    """After an error that ends a sync, the streams that it did not begin are as complete as they were."""
    names = "incident_templates,incidents,incident_notes"
    archive.sync("--streams", names)

    def revoke(call: Call, respond: Callable[[Call], Response]) -> Response:
        if call.path == "/v1/incidents" and "sort" in call.query:
            account.keys = ()
        return respond(call)

    with Simulator(account, middleware=(revoke,)) as simulator:
        Command(simulator, archive.key, archive.path)("sync", "--to", str(archive.path), "--streams", names)
    complete = archive.query("SELECT stream, is_complete FROM _archive.streams ORDER BY stream")

    assert [("incident_notes", True), ("incident_templates", True), ("incidents", False)] == complete


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--since", "2031-01-01"], "--since 2031-01-01T00:00:00.000Z is in the future"),
        (["--query", "status: open"], "unproven: the alert filters use fields that change"),
    ],
)
def test_messages_use_the_words_that_were_typed(archive: Command, arguments: list[str], words: str) -> None:
    """Messages name the options of the command line, not those of the connector's config."""
    result = archive("sync", "--to", str(archive.path), "--streams", "alerts", "--verbose", *arguments)

    assert words in result.stdout + result.stderr


def test_messages_use_the_words_of_the_config(archive: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An option that was written in the --config file has the name that it has there."""
    config = tmp_path_factory.mktemp("config") / "config.json"
    config.write_text('{"start_date": "2031-01-01"}')
    result = archive("sync", "--to", str(archive.path), "--config", str(config))

    assert "Error: start_date 2031-01-01T00:00:00.000Z is in the future" in result.stderr
