import csv
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from tests.support.answers import Answers
from tests.support.archive_command import Command
from tests.support.exports import FORMATS
from tests.support.leaks import record_output
from tests.support.spreadsheets import read_workbook
from tests.support.terminal import run_in_terminal

from source_opsgenie.archive import views
from source_opsgenie.streams import STREAMS

VIEWS = [view.name for view in views.all_views() if view.is_table]
NAMES = [*VIEWS, *STREAMS]
PROGRAM = (sys.executable, "-c", "from source_opsgenie.archive.cli import main; main()")
EVERYTHING = ("--views", "all", "--tables", "all")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx")


def exported(answers: Answers, folder: Path, *arguments: str) -> Path:
    """The folder of an export, which must succeed."""
    result = answers.run("export", "--to", str(folder / "out"), *arguments)

    assert (0, "") == (result.exit_code, result.stderr), result.output
    return folder / "out"


def test_every_view_and_table_has_a_name_of_its_own() -> None:
    """No view is called like a table, since both become files in one folder."""
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_equals_the_archive(answers: Answers, tmp_path: Path, file_format: str) -> None:
    """What an export holds is what the archive holds; a workbook is compared without the tables, which are large."""
    is_workbook = file_format == "xlsx"
    folder = exported(answers, tmp_path, *(() if is_workbook else EVERYTHING), "--format", file_format)
    for compared in FORMATS[file_format](answers, folder, VIEWS if is_workbook else NAMES):
        assert compared.expected == compared.found, compared.view


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_can_be_verified(answers: Answers, tmp_path: Path, file_format: str) -> None:
    """`sha256sum -c` accepts the folder, whose files only the owner can read, and nothing is left beside it."""
    folder = exported(answers, tmp_path, "--format", file_format, "--views", "names,mtta_mttr")
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)

    record_output(done.stdout.decode())

    assert (0, [folder]) == (done.returncode, list(tmp_path.iterdir()))
    assert 0o700 == folder.stat().st_mode & 0o777


def test_a_terminal_shows_a_line_for_each_file(archive: Command, tmp_path: Path) -> None:
    """At a terminal, nothing of the spinner stays between the lines."""
    archive.sync("--streams", "teams")
    program = [*PROGRAM, "export", archive.path.name, "--to", str(tmp_path / "out"), "--format", "xlsx"]
    code, lines = run_in_terminal(program, archive.environment, folder=archive.path.parent)

    assert 0 == code, lines
    assert all(line.startswith("opsgenie.xlsx: ") for line in lines[:-1]), lines
    assert lines[-1].startswith("Wrote ")


def test_no_text_runs_as_a_formula(archive: Command) -> None:
    """In CSV a text that looks like a formula starts with an apostrophe; in a workbook it is a text."""
    for text in FORMULAS:
        archive.simulator.account.create_alert(message=text, source="evil")
    archive.sync("--streams", "alerts")
    for file_format in ("csv", "xlsx"):
        archive("export", str(archive.path), "--to", f"{archive.path}.{file_format}", "--format", file_format)
    with (archive.path.parent / "acme.duckdb.csv" / "alert_facts.csv").open(encoding="utf-8-sig", newline="") as file:
        as_csv = {row["message"] for row in csv.DictReader(file) if row["source"] == "evil"}
    sheet = read_workbook(archive.path.parent / "acme.duckdb.xlsx" / "opsgenie.xlsx")["alert_facts"]

    assert {f"'{text}" for text in FORMULAS} == as_csv
    assert set(FORMULAS) <= {row["message"] for row in sheet.rows} | {"\rx", "\tx"}
    assert not sheet.has_formulas


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--views", "mtta"], "There is no view 'mtta'. Did you mean mtta_mttr"),
        (["--tables", "alert"], "There is no table 'alert'. Did you mean alerts"),
        (["--as", "config", "--format", "csv"], "--as decides what is exported and how."),
        (["--format", "ods"], "Invalid value for '--format'"),
    ],
)
def test_invalid_options_are_named(answers: Answers, tmp_path: Path, arguments: list[str], message: str) -> None:
    """An invalid option is named with exit code 2, and no folder appears."""
    result = answers.run("export", "--to", str(tmp_path / "out"), *arguments)

    assert (2, []) == (result.exit_code, list(tmp_path.iterdir()))
    assert message in result.stderr


def test_a_folder_with_files_is_not_overwritten(answers: Answers, tmp_path: Path) -> None:
    """An export into a folder that is not empty fails with one message and changes nothing; an empty one is filled."""
    folder = exported(answers, tmp_path, "--views", "names")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = answers.run("export", "--to", str(folder))
    nowhere = answers.run("export", "--to", str(tmp_path / "no" / "out"))
    (tmp_path / "empty").mkdir()

    assert (2, before) == (result.exit_code, {path: path.read_bytes() for path in folder.iterdir()})
    assert f"Error: {folder} exists already. Use a new or an empty folder.\n" == result.stderr
    assert f"The folder {tmp_path / 'no'} does not exist." in nowhere.stderr
    assert 0 == answers.run("export", "--to", str(tmp_path / "empty"), "--views", "names").exit_code


def test_a_failed_export_leaves_nothing(archive: Command, tmp_path: Path) -> None:
    """If a view fails on the way, no folder appears and nothing is left."""
    archive.sync("--streams", "teams")
    with duckdb.connect(str(archive.path)) as database:
        database.execute("DROP TABLE alerts")
    before = set(tmp_path.iterdir())
    result = archive("export", str(archive.path), "--to", str(tmp_path / "out"))

    assert 1 == result.exit_code
    assert before == set(tmp_path.iterdir())


def test_the_summary_is_json(answers: Answers, tmp_path: Path) -> None:
    """With --json, the summary lists the files with their rows, and nothing else is printed."""
    result = answers.run("export", "--to", str(tmp_path / "out"), "--views", "names", "--json")
    summary = json.loads(result.stdout)

    assert [{"file": "names.csv", "rows": len(answers.rows("names"))}] == summary["files"]
    assert (str(tmp_path / "out"), None) == (summary["folder"], summary["redacted"])
