"""A row arrives as the API sent it: its nulls, the digits of its numbers, its characters in UTF-8."""

import os
import subprocess
import sys
from collections.abc import Iterator

import orjson
import pytest
from tests.support.leaks import record_output
from tests.support.scripted import Scripted
from tests.support.verbs import Verbs, catalog

from opsgenie_simulator import Account, Simulator

ROW = (
    '{"id":"t1","name":"café 🚒","description":null,"links":{"web":null},"members":[],'
    '"n":[18446744073709551616,-9223372036854775809,0.1234567890123456789,1582288204832000000,1.5]}'
)
LOCALES = {
    "Windows": {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.fixture
def simulator(account: Account) -> Iterator[Simulator]:
    """An API whose only team is ROW."""
    with Simulator(account, middleware=(Scripted({"/v2/teams": f"[{ROW}]"}),)) as simulator:
        yield simulator


def record_of(line: bytes) -> bytes:
    """The row in a message of the type RECORD, unparsed."""
    return line.partition(b'"data":')[2].rpartition(b',"emitted_at":')[0]


def test_a_row_has_its_nulls_and_digits(source: Verbs) -> None:
    """Top-level nulls, integers beyond 64 bits and long decimals are printed as they came."""
    output = source.read("teams")
    (line,) = [line for line in output.text.splitlines() if '"RECORD"' in line]

    assert ROW.encode() == record_of(line.encode())


@pytest.mark.parametrize("locale", LOCALES)
def test_output_is_utf_8_in_every_locale(locale: str, source: Verbs) -> None:
    """What a message holds does not depend on the encoding that the machine prefers."""
    args = [
        "--config",
        source.file("config", source.config),
        "--catalog",
        source.file("catalog", catalog(["teams"], "full_refresh")),
    ]
    completed = subprocess.run(
        [sys.executable, "-c", "from source_opsgenie.airbyte.run import main; main()", "read", *args],
        env=os.environ | LOCALES[locale],
        capture_output=True,
        check=False,
    )
    messages = [orjson.loads(line) for line in record_output(completed.stdout).splitlines()]
    records = [message["record"]["data"]["name"] for message in messages if message["type"] == "RECORD"]

    assert (0, b"", ["café 🚒"]) == (completed.returncode, record_output(completed.stderr), records)
