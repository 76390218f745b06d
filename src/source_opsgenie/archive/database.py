"""Open the archive's file for its owner only, wait while it is locked, and explain DuckDB's errors."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from source_opsgenie.errors import ArchiveError, ArchiveLocked
from source_opsgenie.signals import SIGNALS_DEFERRED

# DuckDB 1.4.3, which PyAirbyte pins, can open this format; an older file is upgraded by the first write.
STORAGE_VERSION = "v1.4.0"
# A write of more rows than a row group goes straight into the file, compressed, instead of into the WAL first; and a
# write of fewer rows compresses at most this many again. DuckDB's own size, 122,880, wrote a first sync four times;
# with 4,096, no write of rows of 9 kB filled a row group, and a first sync wrote ten times its file.
ROW_GROUP_ROWS = 2_048
SECONDS_BETWEEN_ATTEMPTS = 0.2
# Everything needed is built in: DuckDB must not look for extensions on the network.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# What DuckDB may hold in memory while rows are written: at least this, or so many times their size.
MIN_MEMORY_BYTES = 200 << 20
MEMORY_PER_ROW_BYTE = 6
LOCKED = "conflicting lock"
DAMAGED = "it is damaged. Restore a copy of it, or move it away and let a sync create it again."
FULL = "the disk is full, or a file size limit is reached. Free some space, then run the same command again."
# Parts of DuckDB's messages, and what to do about each; the first match counts.
REMEDIES = (
    (LOCKED, "another program has it open. Close it there, then run the same command again."),
    ("could not set lock", "its folder does not support locks. Use a file on a local disk."),
    ("corrupt", DAMAGED),
    ("checksum", DAMAGED),
    ("could not read enough bytes", DAMAGED),
    ("deserializ", DAMAGED),
    ("serialization error", DAMAGED),
    # A file that is called .json.
    ("in-memory database", "it is not a DuckDB file. Use another file, or move this one away."),
    ("not a valid", "it is not a DuckDB file. Use another file, or move this one away."),
    ("newer version", "a newer DuckDB wrote it. Run pip install --upgrade duckdb."),
    ("permission denied", "its permissions do not allow it. Use a file in a folder that you own."),
    ("no space", FULL),
    ("file too large", FULL),
    ("could not write", FULL),
    ("out of memory", "the computer is short of memory. Close other programs, then run the same command again."),
    ("", "everything stored before is kept. Fix the cause, then run the same command again."),
)


def is_file(path: Path) -> bool:
    """Whether *path* exists; raises ArchiveError if no file can be there."""
    if not path.parent.is_dir():
        raise ArchiveError(f"The folder {path.parent} does not exist. Create it, or use another file.")
    if not path.exists():
        return False
    if not path.is_file():
        raise ArchiveError(f"{path} is not a file. Use a file, such as {path / 'acme.duckdb'}.")
    return True


def is_read_only(path: Path) -> bool:
    """Whether the file at *path* must not be changed: its permissions say so, for root too, or its folder does."""
    has_permission = path.stat().st_mode & 0o222 and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return not has_permission


@contextmanager
def open_database(
    path: Path, mode: str, *, notify: Callable[[str], None], max_wait_seconds: float
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach the file at *path*; DuckDB's errors become an ArchiveError with a remedy.

    If another program has the file open, call `notify` once and wait up to *max_wait_seconds*.
    """
    try:
        with _owner_only_umask(), duckdb.connect(config=_settings(path, mode)) as database:
            # DuckDB would print it to stdout, among the rows of a long query.
            database.execute("SET enable_progress_bar = false")
            _attach(database, path, mode, notify=notify, max_wait_seconds=max_wait_seconds)
            # DuckDB would report a Ctrl-C as a failed query.
            with SIGNALS_DEFERRED:
                database.execute("USE archive")
                yield database
                database.execute("USE memory; DETACH archive")
    except duckdb.Error as error:
        raise _explain(path, error) from error


def attach_other(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    name: str,
    notify: Callable[[str], None],
    max_wait_seconds: float,
) -> None:
    """Attach the file at *path* to an open *database* too, read-only and as *name*; errors as in open_database."""
    try:
        _attach(database, path, "READ_ONLY", name=name, notify=notify, max_wait_seconds=max_wait_seconds)
    except duckdb.Error as error:
        raise _explain(path, error) from error


def keep_row_groups(database: duckdb.DuckDBPyConnection) -> None:
    """Do not merge small row groups with their neighbours at the end of this transaction.

    Merging keeps a file of many small writes small, but merging after each write of a long list writes rows again.
    """
    database.execute("SET max_vacuum_tasks = 0")


def bound_memory(database: duckdb.DuckDBPyConnection, *, row_bytes: int) -> None:
    """Bound the memory for a write of rows that take *row_bytes*; what exceeds it goes to a folder next to the file."""
    limit = max(MIN_MEMORY_BYTES, MEMORY_PER_ROW_BYTE * row_bytes)
    # More threads take more memory and more CPU time per row, and the next rows are read in the meantime.
    database.execute(f"SET threads = 1; SET memory_limit = '{limit} bytes'")


def compacted_path(path: Path) -> Path:
    """Where a compaction writes the new file, until it replaces the one at *path*."""
    return path.with_name(f"{path.name}.compact")


def wal_path(path: Path) -> Path:
    """Where DuckDB keeps what it has not yet written to the file at *path*."""
    return path.with_name(f"{path.name}.wal")


def remove_leftovers(path: Path) -> None:
    """Remove what a killed sync or compaction left next to the file at *path*: rows beyond its memory, or a copy."""
    copy = compacted_path(path)
    for file in (copy, wal_path(copy)):
        file.unlink(missing_ok=True)
    folder = temporary_folder(path)
    for file in folder.glob("duckdb_temp_*"):
        file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def temporary_folder(path: Path) -> Path:
    """Where DuckDB puts rows that exceed its memory."""
    return path.with_name(f"{path.name}.tmp")


def _settings(path: Path, mode: str) -> dict[str, str | bool | int | float | list[str]]:
    # DuckDB's own default for the folder is below the working directory.
    return SETTINGS if mode == "READ_ONLY" else SETTINGS | {"temp_directory": str(temporary_folder(path))}


def _attach(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    mode: str,
    *,
    name: str = "archive",
    notify: Callable[[str], None],
    max_wait_seconds: float,
) -> None:
    quoted = str(path).replace("'", "''")
    options = mode if mode == "READ_ONLY" else storage_options()
    deadline = time.monotonic() + max_wait_seconds
    is_notified = False
    while True:
        try:
            with SIGNALS_DEFERRED:
                database.execute(f"ATTACH '{quoted}' AS {name} ({options})")
        except duckdb.IOException as error:
            if LOCKED not in str(error).lower() or time.monotonic() >= deadline:
                raise
            if not is_notified:
                notify(f"Another program has {path} open. Waiting up to {max_wait_seconds:.0f} s.")
            is_notified = True
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
        else:
            return


def storage_options(*, row_group_rows: int = ROW_GROUP_ROWS) -> str:
    """The options to attach a file with that rows are written to."""
    return f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {row_group_rows}"


@contextmanager
def _owner_only_umask() -> Iterator[None]:
    """Let only the owner read new files: the database, and what DuckDB keeps next to it."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _explain(path: Path, error: duckdb.Error) -> ArchiveError:
    message = str(error)
    remedy = next(remedy for part, remedy in REMEDIES if part in message.lower())
    kind = ArchiveLocked if LOCKED in message.lower() else ArchiveError
    return kind(f"{path} cannot be used: {remedy} (DuckDB: {message.splitlines()[0]})")
