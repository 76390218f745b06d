"""The two files of a comparison: an archive, and another one or a table of another tool; neither is changed."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from source_opsgenie.api.connection import is_identified_by_key
from source_opsgenie.archive.database import attach_other, open_database
from source_opsgenie.archive.owner import OTHERWISE, UNNAMED
from source_opsgenie.archive.query import say
from source_opsgenie.archive.schema import Header, read_header
from source_opsgenie.archive.tables import literal
from source_opsgenie.errors import ArchiveError, ConfigError

MAX_WAIT_SECONDS = 60.0
# DuckDB joins what is larger than this in temporary files.
MEMORY_LIMIT = "300MB"
FIRST_BYTES = 4_096
# The names under which the two files are attached.
FILE, OTHER = "archive", "other"


class Form(Enum):
    """What a file is, by its first bytes, whatever its name is."""

    DUCKDB = "a DuckDB file"
    PARQUET = "a Parquet file"
    GZIP = "a CSV file, compressed"
    CSV = "a CSV file"
    SQLITE = "an SQLite file"
    BINARY = "neither text nor a file of a known form"

    @classmethod
    def of(cls, path: Path) -> "Form":
        """The form of the file at *path*."""
        with path.open("rb") as file:
            start = file.read(FIRST_BYTES)
        if start[8:12] == b"DUCK":
            return cls.DUCKDB
        known = {b"PAR1": cls.PARQUET, b"\x1f\x8b": cls.GZIP, b"SQLite format 3\0": cls.SQLITE}
        found = next((form for magic, form in known.items() if start.startswith(magic)), None)
        return found or (cls.BINARY if b"\0" in start else cls.CSV)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The archive at *path*, and the file at *other*, both attached to *database*.

    *header* and *other_header* are what the archives say about themselves; the latter is None for another tool's file.
    """

    database: duckdb.DuckDBPyConnection
    path: Path
    other: Path
    form: Form
    header: Header
    other_header: Header | None


@contextmanager
def open_inputs(path: Path, other: Path) -> Iterator[Inputs]:
    """Open the archive at *path*, and the file at *other*; older archives are read as they are."""
    for one in (path, other):
        if not one.is_file():
            raise ArchiveError(f"{one} {'is not a file' if one.exists() else 'does not exist'}. Name a file.")
    if path.samefile(other):
        raise ConfigError(f"{path} and {other} are the same file. Name two files.")
    if not other.stat().st_size:
        raise ConfigError(f"{other} is empty. Use a DuckDB, Parquet or CSV file.")
    form = Form.of(other)
    if form in {Form.SQLITE, Form.BINARY}:
        raise ConfigError(f"{other} is {form.value}. Use a DuckDB file, or export the table as CSV or Parquet.")
    other_header = _find_header(other) if form is Form.DUCKDB else None
    with TemporaryDirectory(prefix="compare.") as spill, _open(path) as database:
        header = read_header(database, path)
        if header is None:
            raise ArchiveError(f"{path} is empty. Use a file that opsgenie-archive sync has written.")
        database.execute(f"SET temp_directory = {literal(spill)}; SET memory_limit = '{MEMORY_LIMIT}'")
        database.execute("SET TimeZone = 'UTC'")
        if form is Form.DUCKDB:
            attach_other(database, other, name=OTHER, notify=say, max_wait_seconds=MAX_WAIT_SECONDS)
            # A view finds the tables of the database in use.
            database.execute(f"USE {OTHER}")
        yield Inputs(database, path, other, form, header, other_header)
        if form is Form.DUCKDB:
            database.execute(f"USE {FILE}; DETACH {OTHER}")


def check_accounts(inputs: Inputs) -> None:
    """Raise ArchiveError if two archives are of different accounts."""
    first, second = inputs.header, inputs.other_header
    if second and not {first.account, first.key} & {second.account, second.key} - {None}:
        names = [UNNAMED if is_identified_by_key(one.account) else one.account for one in (second, first)]
        raise ArchiveError(f"{inputs.other} belongs to {names[0]}, and {inputs.path} to {names[1]}; {OTHERWISE}.")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The names of *known* that are similar to *name*, as a question with a space before it; empty if none is."""
    by_lower = {one.lower(): one for one in known}
    similar = [by_lower[one] for one in difflib.get_close_matches(name.lower(), by_lower, n=3)]
    return f" Did you mean {' or '.join(similar)}?" if similar else ""


def _find_header(path: Path) -> Header | None:
    """What the DuckDB file at *path* says about itself, if it is an archive."""
    with _open(path) as database:
        known = "SELECT 1 FROM duckdb_tables() WHERE schema_name = '_archive' AND table_name = 'file'"
        return read_header(database, path) if database.execute(known).fetchall() else None


@contextmanager
def _open(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_database(path, "READ_ONLY", notify=say, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        yield database
