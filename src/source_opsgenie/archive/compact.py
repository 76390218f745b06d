"""`opsgenie-archive compact`: rewrite an archive without the space that many small syncs leave unused."""

import math
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import duckdb
import orjson

from source_opsgenie.archive import schema
from source_opsgenie.archive.database import (
    compacted_path,
    is_read_only,
    open_database,
    storage_options,
    temporary_folder,
    wal_path,
)
from source_opsgenie.archive.lock import exclusive_lock
from source_opsgenie.archive.offline import MAX_WAIT_SECONDS
from source_opsgenie.archive.query import say
from source_opsgenie.archive.tables import identifier, literal
from source_opsgenie.errors import ArchiveError

MEGABYTE = 1_000_000
# What is stored next to each other fills DuckDB's blocks better: with 8,192 rows instead of 2,048, an archive of
# 1,000,000 alerts took 269 MB instead of 541. Larger groups gain little, and take more memory to write.
ROW_GROUP_ROWS = 8_192
MEMORY_LIMIT = "96MB"
# A smaller gain is not worth a new file.
MIN_GAIN = 0.05
# A sync offers a compaction that frees so much of the file.
MIN_OFFERED_GAIN = 0.15
MIN_OFFERED_BYTES = 5 * MEGABYTE
DATABASES = ("archive", "compacted")
# What must be equal before the new file replaces the old one. Each query lists the names in one database.
CATALOG = (
    "SELECT schema_name FROM duckdb_schemas() WHERE database_name = $name AND NOT internal",
    "SELECT schema_name, table_name, comment, tags FROM duckdb_tables() WHERE database_name = $name",
    "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default, comment "
    "FROM duckdb_columns() WHERE database_name = $name AND NOT internal",
    "SELECT schema_name, view_name, sql, comment FROM duckdb_views() WHERE database_name = $name AND NOT internal",
    "SELECT schema_name, function_name, parameters, macro_definition, comment FROM duckdb_functions() "
    "WHERE database_name = $name AND NOT internal",
    "SELECT schema_name, index_name, sql, comment FROM duckdb_indexes() WHERE database_name = $name",
    "SELECT schema_name, table_name, constraint_text FROM duckdb_constraints() WHERE database_name = $name",
    "SELECT schema_name, sequence_name, comment FROM duckdb_sequences() WHERE database_name = $name",
    "SELECT schema_name, type_name, comment FROM duckdb_types() WHERE database_name = $name AND NOT internal",
)


@dataclass(frozen=True, slots=True)
class Compaction:
    """The size of the file before and after, in bytes; equal sizes mean that the file was not changed."""

    file: str
    bytes_before: int
    bytes_after: int
    seconds: float

    @property
    def is_smaller(self) -> bool:
        """Whether the file was replaced."""
        return self.bytes_after < self.bytes_before


def compact(path: Path) -> Compaction:
    """Replace the archive at *path* by a smaller file with the same contents, or change nothing.

    Raises ArchiveError if it is not an archive, if it is in use, or if the new file cannot be written or is not equal.
    """
    if not path.is_file():
        raise ArchiveError(f"{path} does not exist. Use a file that opsgenie-archive sync has written.")
    if is_read_only(path):
        raise ArchiveError(
            f"{path} or its folder is read-only: it was not changed. Allow writing, then run the same command again."
        )
    started = time.monotonic()
    # A link keeps pointing to the file.
    path = path.resolve()
    before = path.stat().st_size
    with exclusive_lock(path):
        copy = compacted_path(path)
        try:
            _write_copy(path, copy)
            after = copy.stat().st_size
            is_worth_it = after <= before * (1 - MIN_GAIN)
            if is_worth_it:
                _replace(path, copy)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be replaced: {error.strerror}. The file is as it was.") from error
        finally:
            for file in (copy, wal_path(copy)):
                file.unlink(missing_ok=True)
    return Compaction(str(path), before, after if is_worth_it else before, round(time.monotonic() - started, 3))


def print_compaction(compaction: Compaction, *, as_json: bool) -> None:
    """Print what a compaction gained, for a person or as JSON."""
    before, after = compaction.bytes_before / MEGABYTE, compaction.bytes_after / MEGABYTE
    if as_json:
        click.echo(orjson.dumps(asdict(compaction), option=orjson.OPT_INDENT_2).decode())
    elif compaction.is_smaller:
        click.echo(f"{compaction.file}: {before:,.1f} MB before, {after:,.1f} MB now")
    else:
        click.echo(f"{compaction.file}: nothing to gain. It takes {before:,.1f} MB and was not changed.")


def worthwhile_bytes(path: Path) -> int:
    """An estimate of how much smaller a compaction would make the file at *path*; 0 if not worth it, or unknown.

    Half or twice as much was seen: row groups of few columns share blocks, and those of wide rows have several.
    """
    try:
        with open_database(path, "READ_ONLY", notify=say, max_wait_seconds=0) as database:
            gain = _unused_bytes(database)
    except ArchiveError:
        return 0
    return gain if gain >= max(MIN_OFFERED_BYTES, MIN_OFFERED_GAIN * path.stat().st_size) else 0


def _unused_bytes(database: duckdb.DuckDBPyConnection) -> int:
    """The free blocks, and one for each row group too many: what a group leaves of its last blocks is not used."""
    ((block_bytes, free),) = database.execute(
        "SELECT block_size, free_blocks FROM pragma_database_size() WHERE database_name = 'archive'"
    ).fetchall()
    large = database.execute(
        "SELECT table_name, estimated_size FROM duckdb_tables() "
        "WHERE database_name = 'archive' AND schema_name = 'main' AND estimated_size > $rows",
        {"rows": ROW_GROUP_ROWS},
    ).fetchall()
    return int(block_bytes) * (int(free) + sum(_excess_row_groups(database, table, rows) for table, rows in large))


def _excess_row_groups(database: duckdb.DuckDBPyConnection, table: str, rows: int) -> int:
    """How many row groups fewer *rows* need in a compacted file."""
    name = literal(f"main.{identifier(table)}")
    ((groups,),) = database.execute(f"SELECT count(DISTINCT row_group_id) FROM pragma_storage_info({name})").fetchall()
    return max(0, int(groups) - math.ceil(rows / ROW_GROUP_ROWS))


def _write_copy(path: Path, copy: Path) -> None:
    """Write everything in the archive at *path* to the new file *copy*, and compare both."""
    if wal_path(path).exists():
        # What a killed program left there belongs to the old file, and must not be applied to the new one.
        with open_database(path, "READ_WRITE", notify=say, max_wait_seconds=MAX_WAIT_SECONDS) as database:
            database.execute("CHECKPOINT")
    with open_database(path, "READ_ONLY", notify=say, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        if schema.read_header(database, path) is None:
            raise ArchiveError(f"{path} is empty. Use a file that opsgenie-archive sync has written.")
        database.execute(f"SET temp_directory = {literal(str(temporary_folder(path)))}")
        database.execute(f"SET memory_limit = '{MEMORY_LIMIT}'; SET threads = 1")
        options = storage_options(row_group_rows=ROW_GROUP_ROWS)
        database.execute(f"ATTACH {literal(str(copy))} AS compacted ({options})")
        database.execute("COPY FROM DATABASE archive TO compacted")
        _compare(database, path)
        database.execute("DETACH compacted")


def _compare(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise ArchiveError unless both databases have the same tables, views, comments and numbers of rows."""
    for query in CATALOG:
        old, new = (database.execute(f"{query} ORDER BY ALL", {"name": name}).fetchall() for name in DATABASES)
        if old != new:
            different = next(iter({*map(str, old)} ^ {*map(str, new)}), "")
            raise _different(path, different)
    tables = database.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'archive'"
    ).fetchall()
    for table in (f"{identifier(of)}.{identifier(name)}" for of, name in tables):
        old, new = (database.execute(f"SELECT count(*) FROM {name}.{table}").fetchall() for name in DATABASES)
        if old != new:
            raise _different(path, table)


def _different(path: Path, what: str) -> ArchiveError:
    return ArchiveError(f"{path} was not replaced: the new file differs from it in {what}. The file is as it was.")


def _replace(path: Path, copy: Path) -> None:
    """Put *copy* in the place of the file at *path*, with its permissions; a power failure leaves one of them."""
    if wal_path(path).exists():
        raise ArchiveError(f"{path} was changed by another program. Close it there, then run the same command again.")
    copy.chmod(path.stat().st_mode)
    _sync_to_disk(copy)
    copy.replace(path)
    if sys.platform != "win32":
        _sync_to_disk(path.parent)


def _sync_to_disk(path: Path) -> None:
    # Windows flushes only files that are open for writing, and no folders.
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
