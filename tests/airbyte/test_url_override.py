"""OPSGENIE_API_URL, forgotten in a shell, must not send a sync somewhere else without a word."""

import pytest
from click.testing import CliRunner
from tests.support.leaks import record_output
from tests.support.verbs import Verbs

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.cli import main

# Nobody listens on port 1 of this machine.
NOBODY = "http://localhost:1"
SAID = "OPSGENIE_API_URL is set, so {} is asked."


def test_a_read_and_a_check_say_so(source: Verbs, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a read tells it once, and the message of a check tells the address."""
    monkeypatch.setenv("OPSGENIE_API_URL", simulator.url)
    elsewhere = source.with_config(endpoint=NOBODY)
    (status,) = elsewhere.check().of_type("CONNECTION_STATUS")

    assert elsewhere.read("teams").logs().count(SAID.format(simulator.url)) == 1
    assert status["connectionStatus"]["message"].endswith(SAID.format(simulator.url))


def test_a_check_that_fails_says_so(source: Verbs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the address is what is wrong, the message names it and where it came from."""
    monkeypatch.setenv("OPSGENIE_API_URL", NOBODY)
    (status,) = source.check().of_type("CONNECTION_STATUS")

    assert status["connectionStatus"]["status"] == "FAILED"
    assert status["connectionStatus"]["message"].endswith(f"then run again. {SAID.format(NOBODY)}")


def test_a_read_without_it_says_nothing(source: Verbs) -> None:
    """The endpoint that the config names is no news."""
    assert "OPSGENIE_API_URL" not in source.read("teams").text


def test_the_archive_says_so(simulator: Simulator, account: Account) -> None:
    """One line on stderr, whatever --region says."""
    environment = {"OPSGENIE_API_TOKEN": account.full_key, "OPSGENIE_API_URL": simulator.url}
    result = CliRunner().invoke(main, ["plan", "--region", "eu", "--streams", "teams"], env=environment)
    record_output(result.output)

    assert (0, f"{SAID.format(simulator.url)}\n") == (result.exit_code, result.stderr)
