"""docs/file-format.md describes the file: every table and column, and how a digest is computed."""

import re
from pathlib import Path

import duckdb
import pytest
from tests.support.answers import Answers
from tests.support.archive_command import Command

from source_opsgenie.archive import attachments, postmortems
from source_opsgenie.archive.schema import FORMAT
from source_opsgenie.archive.tables import OWN_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "file-format.md").read_text(encoding="utf-8")
SECTIONS = {title.strip("`"): text for title, text in re.findall(r"^##+ ([^\n]+)\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)}
(QUERY,) = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
Columns = list[tuple[str, str]]


def documented(section: str) -> Columns:
    """The columns and types in the table of a *section*."""
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", SECTIONS[section], re.M)


def held(database: duckdb.DuckDBPyConnection, table: str) -> Columns:
    """The columns and types of a *table*."""
    return [(name, kind) for name, kind, *_ in database.execute(f"DESCRIBE {table}").fetchall()]


def test_the_records_are_documented(archive: Command) -> None:
    """Every table and view in `_archive` has its columns in the page, in their order, and no other is there."""
    archive.sync("--streams", "teams")
    with duckdb.connect(str(archive.path), read_only=True) as database:
        names = database.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = '_archive'")
        found = {f"_archive.{name}": held(database, f"_archive.{name}") for (name,) in names.fetchall()}

    assert found == {section: documented(section) for section in SECTIONS if section.startswith("_archive.")}


def test_the_columns_of_the_archive_are_documented(archive: Command) -> None:
    """The columns of every stream's table that are not fields of the API are those in the page."""
    archive.sync("--streams", "teams")
    described = documented("The table of a stream")
    with duckdb.connect(str(archive.path), read_only=True) as database:
        names = database.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()

        assert [name for name, _ in described] == list(OWN_COLUMNS)
        for (name,) in names:
            assert described == held(database, name)[-len(described) :], name


@pytest.mark.parametrize(
    ("name", "statement"), [(attachments.NAME, attachments.TABLE), (postmortems.NAME, postmortems.TABLE)]
)
def test_tables_of_files_are_documented(name: str, statement: str) -> None:
    """The tables of attachments and of postmortems have the columns in the page."""
    with duckdb.connect() as database:
        database.execute(statement)

        assert documented(name) == held(database, name)


def test_the_documented_digest_is_the_recorded_one(answers: Answers) -> None:
    """The statement in the page, run by DuckDB alone, computes what the syncs have recorded."""
    (recorded,) = answers.rows("SELECT rows FROM _archive.digests WHERE stream = 'alerts' AND part = '2026-05'")

    assert [(recorded["rows"], True)] == [(row["rows"], row["is_equal"]) for row in answers.rows(QUERY)]


def test_every_format_is_documented() -> None:
    """The page says what changed in each format."""
    formats = re.findall(r"^\| (\d) \|", SECTIONS["Formats"], re.M)

    assert [str(number) for number in range(1, FORMAT + 1)] == formats
