"""The command line of `source-opsgenie`, as users, PyAirbyte and the platform call it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from tests.support.leaks import run_process
from tests.support.verbs import Verbs, catalog

from opsgenie_simulator import Account
from source_opsgenie.airbyte.cli import parse_arguments


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with *arguments*."""
    script = Path(sys.executable).with_name("source-opsgenie")
    return run_process(script, *arguments, env=os.environ | environment, encoding="utf-8")


def test_help_has_examples_environment_and_exit_codes() -> None:
    """`--help` prints the usage text and no protocol message."""
    done = run("--help")

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("usage: source-opsgenie")
    assert "source-opsgenie check --config config.json" in done.stdout
    assert all(name in done.stdout for name in ("OPSGENIE_API_URL", "HTTPS_PROXY", "SSL_CERT_FILE"))
    assert all(f"{code}  " in done.stdout for code in (0, 1, 2, 130))


@pytest.mark.parametrize("arguments", [(), ("raed",), ("read",), ("check", "--confg", "config.json")])
def test_invalid_arguments_exit_with_2(arguments: tuple[str, ...]) -> None:
    """A missing or misspelt verb or file prints the usage on stderr and nothing on stdout."""
    done = run(*arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("usage: source-opsgenie")


@pytest.mark.parametrize(
    "line",
    [
        "spec",
        "spec --debug",
        "check --config c.json",
        "check --config c.json --manifest-path m.yaml --components-path c.py",
        "discover --debug --config c.json",
        "discover --config=c.json --manifest-path m.yaml",
        "read --config c.json --catalog k.json",
        "read --debug --config c.json --catalog k.json --state s.json --components-path c.py",
    ],
)
def test_arguments_are_parsed_as_by_the_cdk(line: str) -> None:
    """Every command line of the CDK's own entry point is accepted, with the same result."""
    assert AirbyteEntrypoint.parse_args(line.split()) == parse_arguments(line.split())


def test_messages_are_utf_8_in_any_locale(source: Verbs, account: Account) -> None:
    """A text that the locale cannot express is in the messages all the same."""
    account.create_alert(message="Zürich is down 🔥")
    files = (
        "--config",
        source.file("config", source.config),
        "--catalog",
        source.file("catalog", catalog(["alerts"], "full_refresh")),
    )
    done = run("read", *files, PYTHONIOENCODING="ascii")

    assert (0, "") == (done.returncode, done.stderr)
    assert "Zürich is down 🔥" in done.stdout
