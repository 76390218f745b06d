"""Open an archive that exists, to answer from it without a key and without the API."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from source_opsgenie.archive import schema, views
from source_opsgenie.archive.database import is_read_only, open_database, wal_path
from source_opsgenie.archive.digests import sealed_transaction
from source_opsgenie.errors import ArchiveError

MAX_WAIT_SECONDS = 60.0
# Views can be named without their schema. No extension is needed to show times with a zone as UTC.
SESSION = f"SET search_path = 'archive.main,archive.{views.SCHEMA}'; SET TimeZone = 'UTC'"


def require_file(path: Path) -> None:
    """Raise ArchiveError unless there is a file at *path*."""
    if not path.is_file():
        raise ArchiveError(f"{path} does not exist. Create the archive with: opsgenie-archive sync --to {path}")


@contextmanager
def open_archive(path: Path, *, notify: Callable[[str], None]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the archive at *path* read-only, after upgrading the tables and views of an older version.

    A file that must not be changed is upgraded in a temporary copy.
    """
    require_file(path)
    with open_database(path, "READ_ONLY", notify=notify, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        written = _read_format(database, path)
        is_current = written == schema.FORMAT and views.is_current(database)
    if not is_current and is_read_only(path):
        notify(f"{path} is read-only and of an older version: reading a temporary copy with the views of this one.")
        with _copied(path) as copy:
            _upgrade(copy, written, notify=notify)
            with _open_current(copy, notify=notify) as database:
                yield database
        return
    if not is_current:
        notify(f"Upgrading the views of {path} to this version.")
        _upgrade(path, written, notify=notify)
    with _open_current(path, notify=notify) as database:
        yield database


@contextmanager
def _open_current(path: Path, *, notify: Callable[[str], None]) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_database(path, "READ_ONLY", notify=notify, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        database.execute(SESSION)
        yield database


def _read_format(database: duckdb.DuckDBPyConnection, path: Path) -> int:
    found = database.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'archive' AND schema_name = '_archive' "
        "AND table_name = 'file'"
    ).fetchall()
    formats = database.execute("SELECT format FROM _archive.file").fetchall() if found else []
    if len(formats) != 1 or not isinstance(formats[0][0], int):
        raise ArchiveError(f"{path} is not an Opsgenie archive. Use a file that opsgenie-archive sync has written.")
    if formats[0][0] > schema.FORMAT:
        raise ArchiveError(f"{path} was written by a newer opsgenie-archive. Upgrade opsgenie-archive.")
    return formats[0][0]


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """A copy of the file at *path*, in a folder that only its owner can read, for the time of the block."""
    with TemporaryDirectory(prefix="opsgenie-archive.") as folder:
        copy = Path(folder, path.name)
        for source, target in ((path, copy), (wal_path(path), wal_path(copy))):
            if source.exists():
                shutil.copyfile(source, target)
        yield copy


def _upgrade(path: Path, written: int, *, notify: Callable[[str], None]) -> None:
    """Upgrade the tables and views of the file at *path* completely, or not at all."""
    with (
        open_database(path, "READ_WRITE", notify=notify, max_wait_seconds=MAX_WAIT_SECONDS) as database,
        sealed_transaction(database),
    ):
        if written < schema.FORMAT:
            schema.upgrade(database, written=written)
        schema.ensure_tables(database, [])
