"""OPSGENIE_API_URL, forgotten in a shell, must not redirect a sync silently."""

import pytest
from click.testing import CliRunner
from tests.support.archive_command import SEPARATELY
from tests.support.leaks import record_output
from tests.support.verbs import Verbs

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.cli import main

# Nothing listens on port 1 of this machine.
UNREACHABLE = "http://localhost:1"
NOTICE = "OPSGENIE_API_URL is set: requests go to {} instead of the configured endpoint."


def test_read_and_check_report_the_override(
    source: Verbs, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of a read and the message of a check contain the address once."""
    monkeypatch.setenv("OPSGENIE_API_URL", simulator.url)
    elsewhere = source.with_config(endpoint=UNREACHABLE)
    (status,) = elsewhere.check().of_type("CONNECTION_STATUS")

    assert elsewhere.read("teams").logs().count(NOTICE.format(simulator.url)) == 1
    assert status["connectionStatus"]["message"].endswith(NOTICE.format(simulator.url))


def test_a_failed_check_reports_the_override(source: Verbs, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the address is wrong, the message contains it and the variable that set it."""
    monkeypatch.setenv("OPSGENIE_API_URL", UNREACHABLE)
    (status,) = source.check().of_type("CONNECTION_STATUS")

    assert status["connectionStatus"]["status"] == "FAILED"
    assert status["connectionStatus"]["message"].endswith(f"then run again. {NOTICE.format(UNREACHABLE)}")


def test_a_read_without_an_override_reports_nothing(source: Verbs) -> None:
    """The endpoint of the config is not reported."""
    assert "OPSGENIE_API_URL" not in source.read("teams").text


def test_the_archive_reports_the_override(simulator: Simulator, account: Account) -> None:
    """`opsgenie-archive` prints one line on stderr, whatever --region is."""
    environment = {"OPSGENIE_API_TOKEN": account.full_key, "OPSGENIE_API_URL": simulator.url}
    result = CliRunner(**SEPARATELY).invoke(main, ["plan", "--region", "eu", "--streams", "teams"], env=environment)
    record_output(result.output)

    assert (0, f"{NOTICE.format(simulator.url)}\n") == (result.exit_code, result.stderr)
