"""Which rows a table of another tool lacks, and which only it has."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from click.testing import Result
from tests.support.answers import Answers

from source_opsgenie.archive.tables import literal

# What the other tool has: alerts since this time, and one that the archive does not know.
SINCE = "2026-03-01"
STRANGER = ("stranger", "2025-12-24T10:00:00Z")


@dataclass(frozen=True)
class Tool:
    """Another tool's folder, with tables of the alerts in the archive of *answers*."""

    answers: Answers
    folder: Path

    def write(self, name: str, select: str = "", options: str = "HEADER") -> Path:
        """A file of the newest alerts, or of what *select* returns."""
        rows = f"SELECT id, createdAt AS createdat FROM archive.alerts WHERE createdAt >= '{SINCE}'"
        stranger = f"SELECT '{STRANGER[0]}', TIMESTAMP '{STRANGER[1]}'"
        chosen, target = select or f"{rows} UNION ALL {stranger}", literal(str(self.folder / name))
        with duckdb.connect() as database:
            database.execute(f"ATTACH '{self.answers.path}' AS archive (READ_ONLY)")
            database.execute(f"COPY ({chosen}) TO {target} ({options})")
        return self.folder / name

    def database(self, *statements: str) -> Path:
        """A DuckDB file of another tool, in which *statements* make the tables."""
        path = self.folder / "warehouse.duckdb"
        with duckdb.connect(str(path)) as database:
            database.execute(f"ATTACH '{self.answers.path}' AS archive (READ_ONLY)")
            for statement in statements:
                database.execute(statement)
        return path

    def compare(self, path: Path, *arguments: str) -> Result:
        """Compare the archive with the file at *path*, without changing either."""
        before = self.answers.path.read_bytes(), path.read_bytes()
        result = self.answers.run("compare", str(path), *arguments)

        assert before == (self.answers.path.read_bytes(), path.read_bytes())
        return result

    def report(self, path: Path, *arguments: str) -> dict[str, Any]:
        """The differences as JSON."""
        return dict(orjson.loads(self.compare(path, *arguments, "--json").stdout))

    @property
    def missing(self) -> set[str]:
        """The ids of the alerts that the other tool lacks."""
        return {alert["id"] for alert in self.answers.alerts if alert["createdAt"] < SINCE}


@pytest.fixture
def tool(answers: Answers, tmp_path: Path) -> Tool:
    """Another tool, with the newest alerts and one that the archive does not know."""
    return Tool(answers, tmp_path)


def ids(report: dict[str, Any], what: str) -> set[str]:
    """The ids of what differs in one way."""
    return {row["id"] for row in report["differences"] if row["what"] == what}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("alerts.csv", "HEADER"),
        ("a.csv", "HEADER, DELIMITER ';', FORCE_QUOTE *"),
        ("a.tsv", "HEADER, DELIMITER '\t', FORMAT csv"),
        ("a.csv.gz", "HEADER, COMPRESSION gzip"),
        ("a.parquet", "FORMAT parquet"),
        ("without_ending", "FORMAT parquet"),
        ("it's [1] *.csv", "HEADER"),
    ],
)
def test_files_of_every_form(tool: Tool, name: str, options: str) -> None:
    """Months, numbers and ids are the same for every form of file, whatever its name."""
    report = tool.report(tool.write(name, options=options))
    months = {month["month"]: (month["missing"], month["extra"]) for month in report["months"]}

    assert tool.missing == ids(report, "missing")
    assert {STRANGER[0]} == ids(report, "extra")
    assert {"missing": len(tool.missing), "extra": 1, "deleted": 0} == report["total"]
    for month, (missing, extra) in months.items():
        created = [alert for alert in tool.answers.alerts if alert["createdAt"][:7] == month]
        assert (len(created) if month < SINCE[:7] else 0, int(month == "2025-12")) == (missing, extra)


def test_a_file_with_a_byte_order_mark(tool: Tool) -> None:
    """A CSV file that a spreadsheet wrote is read like any other."""
    path = tool.write("a.csv", options="HEADER, DELIMITER ';'")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert tool.missing == ids(tool.report(path), "missing")


def test_ids_alone_are_enough(tool: Tool) -> None:
    """A file with one column is compared; what only it has is of no month."""
    path = tool.folder / "ids.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["id", *(alert["id"] for alert in tool.answers.alerts), "x"]).encode()))
    report = tool.report(path)

    assert [{"what": "extra", "month": None, "id": "x"}] == report["differences"]


def test_a_complete_table(tool: Tool) -> None:
    """Nothing differs if the other table has the same ids."""
    path = tool.database("CREATE TABLE alerts AS SELECT id FROM archive.alerts")
    result = tool.compare(path)

    assert (0, "") == (result.exit_code, result.stderr)
    assert (
        result.stdout.splitlines()[-1] == "No difference: alerts has every row of alerts in the archive, and no other."
    )


def test_lines_for_people(tool: Tool) -> None:
    """Months with differences, the first ids and the next step are printed."""
    path = tool.database(
        f"CREATE TABLE alerts AS SELECT id, createdAt FROM archive.alerts WHERE createdAt >= '{SINCE}'",
        "INSERT INTO alerts FROM alerts LIMIT 2",
        "INSERT INTO alerts VALUES ('x', NULL), (NULL, NULL)",
    )
    result = tool.compare(path)
    total, missing = len(tool.answers.alerts), len(tool.missing)
    lines = result.stdout.splitlines()

    assert 10 == result.exit_code
    assert f"alerts: {total} in {tool.answers.path}, {total - missing + 1} in alerts of {path}" == lines[0]
    assert "Rows of alerts that repeat the key of another row: 2." == lines[1]
    assert "Rows of alerts without a key, which were not compared: 1." == lines[2]
    assert ["month", "in", "the", "archive", "-", "missing", "there", "+", "only", "there"] == lines[3].split()[:10]
    assert f" and {missing - 3} more" in result.stdout
    assert "+ only there: x" in lines
    assert f"{missing} of {total} rows are missing there." in result.stdout
    assert f"opsgenie-archive export {tool.answers.path} --to DIR --tables alerts --format parquet" in result.stdout
    assert SINCE[:7] not in result.stdout


def test_all_ids_are_written(tool: Tool) -> None:
    """--to writes every difference as CSV, and the last line names the file."""
    target = tool.folder / "missing.csv"
    result = tool.compare(tool.write("alerts.csv"), "--to", str(target))
    rows = list(csv.DictReader(target.read_text().splitlines()))

    assert tool.missing == {row["id"] for row in rows if row["what"] == "missing"}
    assert f"All keys are in {target}." == result.stdout.splitlines()[-1]


def test_the_files_are_not_overwritten(tool: Tool) -> None:
    """--to cannot name one of the files that are compared."""
    path = tool.write("alerts.csv")
    for one in (path, tool.answers.path):
        result = tool.compare(path, "--to", str(one))

        assert (2, "") == (result.exit_code, result.stdout)
        assert "is one of the files that are compared. Use another file." in result.stderr


def test_child_records_are_matched_by_every_column_of_their_key(tool: Tool) -> None:
    """Names may differ in case and underscores, and numbers may be texts; each column of the key counts."""
    select = "SELECT filename AS \"FileName\", line_number || '.0' AS lineNumber FROM archive.log_file_lines"
    path = tool.database(f"CREATE TABLE log_file_lines AS {select} WHERE line_number > 1")
    report = tool.report(path, "--stream", "log_file_lines")
    first = tool.answers.rows("SELECT count(*) AS n FROM log_file_lines WHERE line_number <= 1")[0]["n"]

    assert {"filename": "FileName", "line_number": "lineNumber"} == report["matched"]
    assert {"missing": first, "extra": 0, "deleted": 0} == report["total"]


def test_a_table_without_a_part_of_the_key(tool: Tool) -> None:
    """The columns of the key that exist are compared, and the others are named."""
    path = tool.database("CREATE TABLE logs AS SELECT alert_id FROM archive.alert_logs")
    result = tool.compare(path, "--table", "logs", "--stream", "alert_logs")

    assert 0 == result.exit_code
    assert "Matched by alert_id only: logs has no offset. Equal values count once." in result.stdout


def test_rows_that_opsgenie_deleted(tool: Tool) -> None:
    """A row that the archive has marked as deleted is not missing, and is named if the other table has it."""
    path = tool.database("CREATE TABLE team_members AS SELECT team_id, user_id FROM archive.team_members OFFSET 1")
    file = tool.folder / "acme.duckdb"
    file.write_bytes(tool.answers.path.read_bytes())
    with duckdb.connect(str(file)) as database:
        database.execute("UPDATE team_members SET _deleted_at = now()::TIMESTAMP WHERE rowid < 2")
    copy = Tool(Answers(tool.answers.account, file), tool.folder)
    total = copy.report(path, "--stream", "team_members")["total"]

    assert {"missing": 0, "extra": 0, "deleted": 1} == total


def test_a_view_reads_its_own_tables(tool: Tool) -> None:
    """A view of the other file is not filled from a table of the archive that has the same name."""
    path = tool.database("CREATE TABLE teams (id VARCHAR)", "CREATE SCHEMA raw; CREATE VIEW raw.mine AS FROM teams")
    report = tool.report(path, "--stream", "teams", "--table", "mine")

    assert len(tool.answers.account.teams) == report["total"]["missing"]


def test_a_table_is_found_by_its_name(tool: Tool) -> None:
    """A name with a schema, in any case, is found; a name that several schemas have must be qualified."""
    path = tool.database(
        "CREATE SCHEMA raw; CREATE VIEW raw.Alerts AS SELECT 1 AS id", "CREATE TABLE alerts AS SELECT 2 AS id"
    )
    several = tool.compare(path)

    assert (2, "") == (several.exit_code, several.stdout)
    assert "has several tables alerts. Name one with --table: main.alerts or raw.Alerts." in several.stderr
    assert {"1"} == ids(tool.report(path, "--table", "RAW.alerts"), "extra")
    assert {"2"} == ids(tool.report(path, "--table", "main.alerts"), "extra")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--table", "alert"), "has no table alert. Did you mean alerts? Name one with --table: alerts, other."),
        (("--stream", "teams"), "has no table teams. Name one with --table: alerts, other."),
        (("--table", "other"), "other has no column id to compare with alerts. Name the column with --id"),
        (("--table", "other", "--id", "alertid"), "other has no column alertid. Did you mean alert_id? Its columns:"),
        (("--stream", "alert"), "There is no stream 'alert'. Did you mean alerts"),
    ],
)
def test_wrong_names(tool: Tool, arguments: tuple[str, ...], message: str) -> None:
    """A table, column or stream that does not exist is one message with what exists."""
    path = tool.database("CREATE TABLE alerts (id VARCHAR)", "CREATE TABLE other (alert_id VARCHAR, message VARCHAR)")
    result = tool.compare(path, *arguments)

    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty. Use a DuckDB, Parquet or CSV file."),
        (b"id\n\xff\xfe\xfa\n", "cannot be read as a CSV file."),
        (b"PAR1 damaged", "cannot be read as a Parquet file."),
        (b"\x1f\x8b damaged", "cannot be read as a CSV file, compressed."),
        (b"SQLite format 3\0 and more", "is an SQLite file. Use a DuckDB file, or export the table as CSV or Parquet."),
        (b"PK\3\4\0\0", "is neither text nor a file of a known form."),
        (b"number,message\n1,x\n", "has no column id to compare with alerts."),
    ],
)
def test_files_that_cannot_be_compared(tool: Tool, content: bytes, message: str) -> None:
    """A file of another form, or a damaged one, is one message."""
    path = tool.folder / "file"
    path.write_bytes(content)
    result = tool.compare(path)

    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr
    assert 1 == result.stderr.count("\n")


def test_a_missing_file(tool: Tool) -> None:
    """A file that does not exist, or a folder, is one message, and nothing is created."""
    missing = tool.answers.run("compare", str(tool.folder / "no.csv"))
    folder = tool.answers.run("compare", str(tool.folder))

    assert (1, 1) == (missing.exit_code, folder.exit_code)
    assert f"Error: {tool.folder / 'no.csv'} does not exist. Name a file.\n" == missing.stderr
    assert f"Error: {tool.folder} is not a file. Name a file.\n" == folder.stderr
    assert [] == list(tool.folder.iterdir())
