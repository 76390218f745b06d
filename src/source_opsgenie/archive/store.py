"""The archive's file: rows and the state that goes with them, written together."""

import json
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from source_opsgenie.api.connection import is_identified_by_key
from source_opsgenie.archive import tables
from source_opsgenie.archive.database import open_database
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import Stream

FORMAT = 1
PATIENCE_SECONDS = 300.0
META_TABLES = """
    CREATE SCHEMA _archive;
    CREATE TABLE _archive.file (format INTEGER, account VARCHAR, created_at TIMESTAMP);
    CREATE TABLE _archive.streams (stream VARCHAR, state JSON, synced_at TIMESTAMP, is_whole BOOLEAN, proof VARCHAR);
    CREATE TABLE _archive.runs (started_at TIMESTAMP, ended_at TIMESTAMP, requests BIGINT, outcome VARCHAR);
    COMMENT ON TABLE _archive.file IS 'Whose archive this is; another account is refused.';
    COMMENT ON TABLE _archive.streams IS 'Where the next sync goes on, and what the last one proved.';
    COMMENT ON TABLE _archive.runs IS 'Every sync into this file; one without an end was killed.';
"""
COLUMNS = """
    SELECT column_name FROM duckdb_columns()
    WHERE database_name = 'archive' AND schema_name = 'main' AND table_name = ?
"""


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows were not there, were there in another version, or as they are; and how many are gone."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def present(self) -> int:
        """How many rows came."""
        return self.new + self.changed + self.unchanged

    def __add__(self, other: "Written") -> "Written":
        """Both together."""
        return Written(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.gone + other.gone,
        )


@dataclass(frozen=True, slots=True)
class Store:
    """One account's archive. It is opened for each write and closed again, so that others can look between.

    *known_as* are all names of the account: a key that is granted more may tell a better one than is in the file.
    If another program has it open, `say` is told, and the file waited for, for *patience* seconds at most.
    """

    path: Path
    account: str
    say: Callable[[str], None]
    known_as: frozenset[str] = frozenset()
    patience: float = PATIENCE_SECONDS

    def prepare(self) -> dict[str, dict[str, Any]]:
        """Make the file, or see that it is this account's archive; returns the state of each stream that has one.

        Raises ArchiveError where the file cannot be ours, and harms none.
        """
        if self._is_there():
            with self._opened("READ_ONLY") as database:
                if not self._is_empty(database):
                    self._refuse_others(database)
                    return dict(_states(database))
        with self._transaction() as database:
            database.execute(META_TABLES)
            database.execute("INSERT INTO _archive.file VALUES (?, ?, ?)", [FORMAT, self.account, _now()])
        return {}

    def begin(self, streams: Iterable[Stream]) -> datetime:
        """Note that a sync of *streams* begins, and see that each has its table; the moment names the sync."""
        started_at = _now()
        with self._transaction() as database:
            for stream in streams:
                _see_to_table(database, stream)
            database.execute("UPDATE _archive.file SET account = ?", [self.account])
            database.execute("INSERT INTO _archive.runs (started_at) VALUES (?)", [started_at])
        return started_at

    def write(
        self,
        stream: Stream,
        rows: Sequence[str],
        *,
        state: Mapping[str, Any],
        proof: str = "",
        is_whole: bool = False,
        is_all: bool = False,
    ) -> Written:
        """Store *rows*, each as JSON, and the *state* after them: both become visible together, or neither.

        The *proof* comes with the last of them, and with it whether the stream *is_whole*. *is_all* says that these
        are all rows that there are: others in the file are marked as gone.
        """
        with self._transaction() as database:
            written = _write_rows(database, stream, rows, is_all=is_all) if rows or is_all else Written()
            said = [json.dumps(state), _now(), is_whole, proof, stream.name]
            database.execute(
                "UPDATE _archive.streams SET state = ?, synced_at = ?, is_whole = ?, proof = ? WHERE stream = ?", said
            )
        return written

    def moments(self, stream: Stream) -> list[int]:
        """When the rows of *stream* in the file that are not gone were created, in milliseconds and in order."""
        with self._opened("READ_ONLY") as database:
            return [moment for (moment,) in database.execute(tables.moments(stream)).fetchall()]

    def ids_between(self, stream: Stream, start: int, end: int) -> set[str]:
        """The ids of the rows of *stream* in the file that are not gone and were created in [start, end)."""
        with self._opened("READ_ONLY") as database:
            found = database.execute(tables.ids_between(stream), {"start": start, "until": end}).fetchall()
            return {row_id for (row_id,) in found}

    def mark_gone(self, stream: Stream, ids: Sequence[str]) -> Written:
        """Mark the rows of *stream* with these *ids* as gone."""
        with self._transaction() as database:
            return Written(gone=_number(database, tables.mark(stream), {"ids": list(ids), "now": _now()}))

    def end(self, started_at: datetime, *, requests: int, not_whole: Sequence[str]) -> dict[str, int]:
        """Note how the sync that began at *started_at* ended; returns how many rows each stream has in the file."""
        outcome = f"not whole: {', '.join(not_whole)}" if not_whole else "whole"
        with self._transaction() as database:
            database.execute("UPDATE _archive.streams SET is_whole = false WHERE stream IN ?", [list(not_whole)])
            database.execute(
                "UPDATE _archive.runs SET ended_at = ?, requests = ?, outcome = ? WHERE started_at = ?",
                [_now(), requests, outcome, started_at],
            )
            names = [name for (name,) in database.execute("SELECT stream FROM _archive.streams").fetchall()]
            return {name: _number(database, tables.count(name)) for name in names}

    def _is_there(self) -> bool:
        """Whether there is a file to look into; raises ArchiveError where there can be none."""
        if not self.path.parent.is_dir():
            raise ArchiveError(f"The folder {self.path.parent} does not exist: make it, or name another file.")
        if not self.path.exists():
            return False
        if not stat.S_ISREG(self.path.stat().st_mode):
            raise ArchiveError(f"{self.path} is not a file: name a file, such as {self.path / 'acme.duckdb'}.")
        return True

    def _is_empty(self, database: duckdb.DuckDBPyConnection) -> bool:
        """Whether nothing is in the file, as when its making was cut off."""
        names = database.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        if names and ("_archive", "file") not in names:
            raise ArchiveError(f"{self.path} is a DuckDB file, but no archive of Opsgenie: name another file.")
        return not names

    def _refuse_others(self, database: duckdb.DuckDBPyConnection) -> None:
        for written_by, account in database.execute("SELECT format, account FROM _archive.file").fetchall():
            if not isinstance(written_by, int) or written_by > FORMAT:
                raise ArchiveError(f"{self.path} was written by a newer opsgenie-archive: upgrade this one.")
            if account not in {self.account, *self.known_as}:
                raise ArchiveError(f"{self.path} {_not_ours(account, self.account)}")

    def _opened(self, mode: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return open_database(self.path, mode, say=self.say, patience=self.patience)

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._opened("READ_WRITE") as database:
            database.execute("BEGIN")
            yield database
            database.execute("COMMIT")


def _not_ours(theirs: str, ours: str) -> str:
    """Why a file that is the archive of *theirs* is refused to a key of *ours*, and what to do."""
    if is_identified_by_key(theirs):
        return "is the archive of a key that could not tell its account's name: use that key, or name another file."
    if is_identified_by_key(ours):
        return (
            f"is the archive of {theirs}, and this key may not tell whose it is, since it lacks the right "
            "Configuration Access: use a key of that account that has it, or name another file."
        )
    return (
        f"is the archive of {theirs}, and this key belongs to {ours}: name another file, or use a key of that account."
    )


def _see_to_table(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Make the table of *stream*, or give it the columns that are new since it was made."""
    held = {name for (name,) in database.execute(COLUMNS, [stream.name]).fetchall()}
    added = [one for one in stream.fields if one.name not in held]
    if not held:
        database.execute(tables.create(stream))
        database.execute("INSERT INTO _archive.streams (stream, is_whole) VALUES (?, false)", [stream.name])
    elif added:
        database.execute(tables.add(stream, added))
    if added:
        database.execute(tables.comment(stream))


def _write_rows(database: duckdb.DuckDBPyConnection, stream: Stream, rows: Sequence[str], *, is_all: bool) -> Written:
    database.execute(tables.stage(stream), {"rows": rows, "synced_at": _now()})
    database.execute(tables.match(stream))
    gone = _number(database, tables.mark_missing(stream), {"now": _now()}) if is_all else 0
    changed = _number(database, tables.update(stream))
    database.execute(tables.bring_back(stream))
    new = _number(database, tables.insert(stream))
    return Written(new, changed, _number(database, "SELECT count(*) FROM present") - changed, gone)


def _states(database: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in database.execute("SELECT stream, state FROM _archive.streams").fetchall():
        found = json.loads(state) if state else {}
        if not isinstance(found, dict):
            raise ArchiveError(
                f"The archive's state of {name} is not one that was written here: set _archive.streams.state to NULL "
                "for it, and it is read whole."
            )
        if found:
            yield name, found


def _number(database: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, Any] | None = None) -> int:
    """The number that *statement* answers: a count, or how many rows it wrote."""
    (number,) = database.execute(statement, values).fetchone() or (0,)
    return int(number)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
