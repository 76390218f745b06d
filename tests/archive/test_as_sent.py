"""What the archive keeps of a row: all of it in `_json`, and in the columns what fits their types."""

import os
import sys
from pathlib import Path

from tests.support.archive_command import Command
from tests.support.leaks import run_process
from tests.support.scripted import Scripted

from opsgenie_simulator import Account, Simulator

ROW = '{"name":"café 🚒","userCount":18446744073709551616,"plan":{"ratio":0.1234567890123456789,"name":null}}'


def test_the_archive_keeps_every_digit(account: Account, tmp_path: Path) -> None:
    """A number beyond its column is NULL there, a long decimal is rounded, and `_json` has both as they were sent."""
    with Simulator(account, middleware=(Scripted({"/v2/account": ROW}),)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        for _ in range(2):
            archive.sync("--streams", "account")
    stored = archive.query("SELECT userCount, plan ->> 'ratio', _json FROM account")

    assert [(None, "0.12345678901234568", ROW)] == stored


def test_the_archive_prints_in_every_encoding(account: Account, tmp_path: Path) -> None:
    """A path with characters that the terminal cannot show is shown with escapes, and everything is stored."""
    program = "from source_opsgenie.archive.run import main; main()"
    with Simulator(account) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "café🚒.duckdb")
        args = ("sync", "--to", str(archive.path), "--streams", "teams")
        environment = os.environ | archive.environment | {"PYTHONIOENCODING": "ascii"}
        done = run_process(sys.executable, "-c", program, *args, env=environment)

    assert (0, archive.notice) == (done.returncode, done.stderr)
    assert "caf\\xe9\\U0001f692.duckdb" in done.stdout
    assert len(account.teams) == len(archive.rows("teams"))
