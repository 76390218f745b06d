"""The command line of `source-opsgenie`, as a person, PyAirbyte and the platform type it."""

import subprocess
import sys
from pathlib import Path

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from tests.support.leaks import run_process

from source_opsgenie.airbyte.cli import parse_arguments


def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command says to *arguments*."""
    script = Path(sys.executable).with_name("source-opsgenie")
    return run_process(script, *arguments)


def test_the_help_shows_how_to_use_it() -> None:
    """Examples, the environment and the exit codes stand in it, and no message of the protocol."""
    said = typed("--help")

    assert (0, "") == (said.returncode, said.stderr)
    assert said.stdout.startswith("usage: source-opsgenie")
    assert "source-opsgenie check --config config.json" in said.stdout
    assert all(name in said.stdout for name in ("OPSGENIE_API_URL", "HTTPS_PROXY", "SSL_CERT_FILE"))
    assert all(f"{code}  " in said.stdout for code in (0, 1, 2, 130))


@pytest.mark.parametrize("arguments", [(), ("raed",), ("read",), ("check", "--confg", "config.json")])
def test_wrong_arguments_end_with_2(arguments: tuple[str, ...]) -> None:
    """A verb or a file that is missing or misspelt is told on stderr, with the usage; the output stays empty."""
    said = typed(*arguments)

    assert (2, "") == (said.returncode, said.stdout)
    assert said.stderr.startswith("usage: source-opsgenie")


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
def test_a_platform_may_type_what_the_cdk_takes(line: str) -> None:
    """What the CDK's own entry point understands is understood, and means the same."""
    assert AirbyteEntrypoint.parse_args(line.split()) == parse_arguments(line.split())
