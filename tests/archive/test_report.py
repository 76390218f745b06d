"""What machines read after a sync: JSON on stdout or in a file, and the exit code."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.support.archive_command import Command
from tests.support.broken import Broken, one_of_each
from tests.support.fakes import NOW

from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.cli import CODES
from source_opsgenie.archive.lock import exclusive_lock

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
MINUTE_MS = 60_000


def reported(archive: Command, *arguments: str, key: str | None = None) -> tuple[int, dict[str, Any]]:
    """The exit code of a sync, and its report, which the file and stdout have alike."""
    path = archive.path.with_name("report.json")
    result = archive("sync", "--to", str(archive.path), "--json", "--report", str(path), *arguments, key=key)

    assert path.read_text() == result.stdout
    return result.exit_code, json.loads(result.stdout)


def test_a_complete_sync(archive: Command, account: Account) -> None:
    """The report has the rows of each stream and of all, what they cost, and the time as of which they are complete."""
    minutes = count(NOW, MINUTE_MS)
    account.clock = lambda: next(minutes)
    code, report = reported(archive, "--streams", "teams,alerts")
    teams, alerts = (stream["rows"] for stream in report["streams"])
    requests = len(archive.simulator.requests)
    ((bookmark,),) = archive.query("SELECT min(state->>'bookmark') FROM _archive.streams")

    assert (0, 0, "complete", None) == (code, report["exit_code"], report["status"], report["reason"])
    assert (len(account.teams), len(account.alerts)) == (teams["new"], alerts["held"])
    assert {name: teams[name] + alerts[name] for name in teams} == report["rows"]
    assert (archive.path.stat().st_size, requests) == (report["file_bytes"], report["requests"])
    assert bookmark == report["as_of"] < max(stream["as_of"] for stream in report["streams"])


def test_an_incomplete_sync(account: Account, tmp_path: Path) -> None:
    """The report says which stream is incomplete, why, and how much it owes."""
    broken = Broken([one_of_each(account)["alert_logs"]])
    with Simulator(account, middleware=(broken,)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        code, report = reported(archive, "--streams", "alerts,alert_logs")
    alerts, logs = report["streams"]

    assert (1, 1, "incomplete") == (code, report["exit_code"], report["status"])
    assert ("complete", None, 0) == (alerts["status"], alerts["reason"], alerts["owed"])
    assert ("incomplete", 1, None) == (logs["status"], logs["owed"], logs["as_of"])
    assert "returned 422" in logs["reason"]
    assert report["reason"].startswith("1 of 2 streams complete, 1 not: alert_logs: 1 part could not be read.")


def test_an_error(archive: Command) -> None:
    """An error that ends a sync is reported with the exit code of its kind."""
    wrong = reported(archive, key="00000000-0000-0000-0000-000000000000")
    early = reported(archive, "--since", "2031-01-01")
    with exclusive_lock(archive.path):
        locked = reported(archive)

    assert [3, 2, 11] == [code for code, _ in (wrong, early, locked)]
    assert [3, 2, 11] == [report["exit_code"] for _, report in (wrong, early, locked)]
    assert ["failed"] * 3 == [report["status"] for _, report in (wrong, early, locked)]
    assert "Another sync is writing" in locked[1]["reason"]


def test_an_outage(account: Account, tmp_path: Path) -> None:
    """If Opsgenie cannot be reached, the exit code says so."""
    with Simulator(account) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
    result = archive("sync", "--to", str(archive.path))

    assert 4 == result.exit_code
    assert 1 == len(result.stderr.splitlines())


@pytest.mark.parametrize("name", ["", "no/report.json"])
def test_a_report_that_cannot_be_written(archive: Command, tmp_path: Path, name: str) -> None:
    """A report without a place is an error before anything is read."""
    result = archive("sync", "--to", str(archive.path), "--report", str(tmp_path / name))

    assert (2, []) == (result.exit_code, archive.simulator.requests)
    assert "is not a file in a folder that exists" in result.stderr


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a file that is always full")
@pytest.mark.parametrize("key", [None, "00000000-0000-0000-0000-000000000000"])
def test_a_full_disk(archive: Command, key: str | None) -> None:
    """If the report cannot be written in the end, that is a message of its own, and the exit code is not 0."""
    result = archive("sync", "--to", str(archive.path), "--streams", "teams", "--report", str(FULL), key=key)

    assert 1 == result.exit_code
    assert result.stderr.endswith("Error: The report /dev/full cannot be written: No space left on device.\n")


def test_the_exit_codes_are_documented(archive: Command) -> None:
    """The help and docs/errors.md have every exit code and its meaning."""
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    help_text = archive("sync", "--help").stdout

    for code, meaning in CODES.items():
        assert f"\n| {code} | " in page
        assert f"| {meaning} |\n" in page
        assert f"  {code:<4} {meaning}\n" in help_text
