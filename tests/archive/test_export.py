import csv
import json
import sqlite3
import subprocess
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.answers import Answers
from tests.support.archive_command import Command
from tests.support.leaks import record_output
from tests.support.spreadsheets import read_workbook, to_datetime

from source_opsgenie.archive import views
from source_opsgenie.streams import STREAMS

NAMES = [*(view.name for view in views.all_views() if view.is_table), *STREAMS]
EVERYTHING = ("--views", "all", "--tables", "all")
FORMATS = ("csv", "xlsx", "jsonl", "parquet", "sqlite")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx")


def exported(answers: Answers, folder: Path, *arguments: str) -> Path:
    """The folder of an export, which must succeed."""
    result = answers.run("export", "--to", str(folder / "out"), *arguments)

    assert (0, "") == (result.exit_code, result.stderr), result.output
    return folder / "out"


def archived(answers: Answers, name: str) -> list[tuple[Any, ...]]:
    """The rows of a view or table in the archive."""
    return [tuple(row.values()) for row in answers.rows(f"FROM {'' if name in STREAMS else 'report.'}{name}".strip())]


def test_every_view_and_table_has_a_name_of_its_own() -> None:
    """No view is called like a table, since both become files in one folder."""
    assert len(NAMES) == len(set(NAMES))


def test_csv_equals_the_archive(answers: Answers, tmp_path: Path) -> None:
    """Each file starts with a byte order mark and has the rows of its view or table."""
    folder = exported(answers, tmp_path, *EVERYTHING)
    for name in NAMES:
        text = (folder / f"{name}.csv").read_bytes()
        rows = list(csv.reader(text.decode("utf-8-sig").splitlines(keepends=True)))
        with duckdb.connect(str(answers.path), read_only=True) as database:
            relation = f"FROM {'' if name in STREAMS else 'report.'}{name}"
            expected = database.execute(f"SELECT COLUMNS(*)::VARCHAR {relation}").fetchall()

        assert text.startswith(b"\xef\xbb\xbf")
        assert sorted(tuple(value or "" for value in row) for row in expected) == sorted(map(harmless, rows[1:])), name


def harmless(row: list[str]) -> tuple[str, ...]:
    """The *row* without the apostrophes that keep a spreadsheet from running texts."""
    return tuple(value[1:] if value[:1] == "'" and value[1:2] in tuple("=+-@\t\r") else value for value in row)


def test_jsonl_equals_the_archive(answers: Answers, tmp_path: Path) -> None:
    """Each line is a row, in which JSON columns are objects."""
    folder = exported(answers, tmp_path, "--format", "jsonl", "--tables", "alerts,users")
    for name in ("alerts", "users"):
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        stored = answers.rows(f"FROM {name}")

        assert [json.loads(row["_json"]) for row in stored] == [row["_json"] for row in rows]
        assert [row["createdAt"] for row in stored] == [datetime.fromisoformat(row["createdAt"]) for row in rows]


def test_parquet_equals_the_archive(answers: Answers, tmp_path: Path) -> None:
    """Each file has the rows of its view or table, with their types."""
    folder = exported(answers, tmp_path, *EVERYTHING, "--format", "parquet")
    for name in NAMES:
        with duckdb.connect() as database:
            rows = database.execute(f"FROM '{folder / name}.parquet'").fetchall()

        assert sorted(map(str, archived(answers, name))) == sorted(map(str, rows)), name


def test_sqlite_equals_the_archive(answers: Answers, tmp_path: Path) -> None:
    """The database has a table for each view and table, with times as texts."""
    folder = exported(answers, tmp_path, *EVERYTHING, "--format", "sqlite")
    with closing(sqlite3.connect(folder / "opsgenie.sqlite")) as database:
        for name in NAMES:
            rows = database.execute(f'SELECT * FROM "{name}"').fetchall()
            expected = [tuple(str(v) if isinstance(v, date) else v for v in row) for row in archived(answers, name)]

            assert sorted(map(str, [tuple(map(number, row)) for row in expected])) == sorted(map(str, rows)), name


def number(value: Any) -> Any:
    """A boolean as SQLite stores it."""
    return int(value) if isinstance(value, bool) else value


def test_xlsx_equals_the_archive(answers: Answers, tmp_path: Path) -> None:
    """The workbook lists its sheets, and each has typed cells, a frozen header and a filter."""
    folder = exported(answers, tmp_path, "--format", "xlsx")
    sheets = read_workbook(folder / "opsgenie.xlsx")
    contents = sheets.pop("contents")

    assert [view.name for view in views.all_views() if view.is_table] == list(sheets)
    assert list(sheets) == [row["sheet"] for row in contents.rows]
    for name, sheet in sheets.items():
        stored = answers.rows(name)
        times = {column for row in stored for column, value in row.items() if isinstance(value, date)}

        assert (True, False, True) == (sheet.is_frozen, sheet.has_formulas, sheet.filtered.startswith("A1:"))
        assert sorted(str(in_excel(row)) for row in stored) == sorted(str(from_excel(row, times)) for row in sheet.rows)


def in_excel(row: dict[str, Any]) -> list[Any]:
    """The values of *row* with the precision of a spreadsheet."""
    return [shown(value) for value in row.values()]


def shown(value: Any) -> Any:
    """A value as a spreadsheet can hold it: times to the millisecond, dates as times, numbers as floats."""
    if isinstance(value, datetime):
        return to_datetime((value - datetime(1899, 12, 30)).total_seconds() / 86_400)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, bool):
        return value
    return float(value) if isinstance(value, int | float) else (value or None)


def from_excel(row: dict[str, Any], times: set[str]) -> list[Any]:
    """The cells of *row*, with the columns *times* as times."""
    return [to_datetime(cell) if name in times and cell is not None else shown(cell) for name, cell in row.items()]


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_can_be_verified(answers: Answers, tmp_path: Path, file_format: str) -> None:
    """`sha256sum -c` accepts the folder, whose files only the owner can read, and nothing is left beside it."""
    folder = exported(answers, tmp_path, "--format", file_format, "--views", "names,mtta_mttr")
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)

    record_output(done.stdout.decode())

    assert (0, [folder]) == (done.returncode, list(tmp_path.iterdir()))
    assert 0o700 == folder.stat().st_mode & 0o777


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
