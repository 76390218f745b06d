"""The archive's file: rows and the state that belongs to them, stored together."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from source_opsgenie.api.connection import is_identified_by_key
from source_opsgenie.archive import schema, tables
from source_opsgenie.archive.database import is_file, keep_row_groups, open_database
from source_opsgenie.archive.digests import marks_recorded, run_recorded, sealed_transaction
from source_opsgenie.archive.owner import Owner, describe_change
from source_opsgenie.archive.parents import (
    ReadParent,
    children_of,
    find_lost_parents,
    find_unread_parents,
    is_remembered,
    mark_children_deleted,
)
from source_opsgenie.archive.records import (
    complete_until,
    drop_states,
    fetch_number,
    find_lost_rows,
    now,
    parse_state,
    record_account,
    scope_name,
    swap_state,
    write_owed,
    write_proof,
)
from source_opsgenie.archive.writing import Written, write_rows
from source_opsgenie.errors import ArchiveError
from source_opsgenie.reading.events import SetAside
from source_opsgenie.streams import STREAMS, Stream, ancestry, is_incremental

MAX_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Store:
    """The archive of one account; the file is open only during a read or write, so that others can read it.

    *known_as* holds all names of the account: a key that was granted more permissions can know a better one than the
    file, and one that cannot name it any more is accepted if it could before. If another program has the file open,
    `notify` is called, and the store waits up to *max_wait_seconds*. With *is_same_account*, the user vouches for it
    that a file with another name is of this account.
    """

    path: Path
    account: str
    notify: Callable[[str], None]
    known_as: frozenset[str] = frozenset()
    max_wait_seconds: float = MAX_WAIT_SECONDS
    is_same_account: bool = False

    def prepare(self) -> None:
        """Create the file, or upgrade one that an older version wrote.

        Raises ArchiveError, and leaves the file unchanged, if it is not an archive of this account.
        """
        header = self.read_header() if is_file(self.path) else None
        if header is None:
            with self.transaction() as database:
                schema.create(database)
                row = [schema.FORMAT, self.account, now(), self._owner.key]
                database.execute(
                    "INSERT INTO _archive.file (format, account, created_at, key) VALUES (?, ?, ?, ?)", row
                )
            return
        if header.format < schema.FORMAT:
            self.notify(f"Upgrading {self.path} from format {header.format} to {schema.FORMAT}.")
            with self.transaction() as database:
                schema.upgrade(database, written=header.format)
        self._adopt(header)

    def recorded_account(self) -> str:
        """The account that the file belongs to, by name if any key could ever read it."""
        with self.reading() as database:
            ((account,),) = database.execute("SELECT account FROM _archive.file").fetchall()
            return str(account)

    def states(self) -> dict[str, dict[str, Any]]:
        """The stored state of each stream that has one."""
        with self.reading() as database:
            rows = database.execute("SELECT stream, state FROM _archive.streams WHERE state IS NOT NULL").fetchall()
        states = {name: parse_state(name, state) for name, state in rows}
        return {name: state for name, state in states.items() if state}

    def chosen_streams(self) -> list[str]:
        """The names of the streams that were ever chosen, in the order of the table of streams."""
        with self.reading() as database:
            names = {name for (name,) in database.execute("SELECT stream FROM _archive.streams").fetchall()}
        return [name for name in STREAMS if name in names]

    def select_scopes(self, scopes: Mapping[str, str]) -> None:
        """Bring back the state of each stream in its scope of *scopes*, and keep that of its last scope aside.

        The states of a stream whose table lost rows are dropped: everything is read again. A list is read in full
        anyway, and lost child records are found by their parents.
        """
        with self.transaction() as database:
            schema.ensure_tables(database, [])
            chosen = [STREAMS[name] for name in scopes]
            for stream, lost in find_lost_rows(database, chosen):
                rows = "1 row" if lost == 1 else f"{lost:,} rows"
                is_root = is_incremental(stream) and not is_remembered(stream)
                if is_root:
                    drop_states(database, stream)
                again = "Reading everything again." if is_root else "Reading what is missing."
                self.notify(f"{stream.name}: another program deleted {rows} from the file. {again}")
            held = database.execute("SELECT stream, state FROM _archive.streams WHERE state IS NOT NULL").fetchall()
            for name, text in held:
                last = scope_name(text)
                if name in scopes and last != scopes[name]:
                    swap_state(database, name, text, last=last, scope=scopes[name])

    def states_in(self, scopes: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """The state of each stream in its scope of *scopes*, without bringing it back: a sync may be running."""
        with self.reading() as database:
            last = database.execute("SELECT stream, state FROM _archive.streams WHERE state IS NOT NULL").fetchall()
            aside = database.execute("SELECT stream, scope, state FROM _archive.scopes").fetchall()
        texts = {(stream, scope): text for stream, scope, text in aside}
        texts |= {(stream, scope_name(text)): text for stream, text in last}
        chosen = {stream: texts[stream, scope] for stream, scope in scopes.items() if (stream, scope) in texts}
        return {stream: parse_state(stream, text) for stream, text in chosen.items()}

    def other_scopes(self, stream: Stream) -> list[str]:
        """The scopes of earlier syncs of *stream*, in words, but for that of the current one."""
        with self.reading() as database:
            found = database.execute("SELECT scope FROM _archive.scopes WHERE stream = ?", [stream.name]).fetchall()
            return [scope for (scope,) in found]

    def begin_run(self, streams: Iterable[Stream]) -> datetime:
        """Record that a sync of *streams* starts, and create all tables; returns the time that identifies it."""
        started_at = now()
        with self.transaction() as database:
            schema.ensure_tables(database, streams)
            if not is_identified_by_key(self.account):
                database.execute("UPDATE _archive.file SET account = ?, key = ?", [self.account, self._owner.key])
            with run_recorded(database, table="_archive.runs"):
                database.execute("INSERT INTO _archive.runs (started_at) VALUES (?)", [started_at])
        return started_at

    def write(
        self,
        stream: Stream,
        rows: Sequence[str],
        *,
        state: Mapping[str, Any],
        parents: Sequence[ReadParent] = (),
        proof: str = "",
        is_complete: bool = False,
        is_all: bool = False,
        owed: Sequence[SetAside] = (),
        is_last: bool = False,
    ) -> Written:
        """Store *rows*, each as JSON, and the *state* after them in one transaction.

        Stored rows of *parents* that *rows* lack are marked as deleted; with *is_all*, all others are. What is *owed*
        could not be read. The last write of a stream brings its *proof*, and whether it *is_complete*.
        """
        with self.transaction() as database:
            if not is_last:
                keep_row_groups(database)
            written = write_rows(database, stream, rows, parents=parents, is_all=is_all)
            database.execute(
                "UPDATE _archive.streams SET state = ?, synced_at = ?, is_complete = ?, proof = ? WHERE stream = ?",
                [json.dumps(state), now(), is_complete, proof, stream.name],
            )
            write_owed(database, stream, owed, is_all=is_last)
            if is_last:
                with run_recorded(database, table="_archive.proofs"):
                    write_proof(database, stream, state, proof=proof, is_complete=is_complete, owed=len(owed))
        return written

    def creation_times(self, stream: Stream) -> list[int]:
        """When the stored rows that are not deleted were created, in milliseconds and in order."""
        with self.reading() as database:
            return [ms for (ms,) in database.execute(tables.creation_times(stream)).fetchall()]

    def ids_created_between(self, stream: Stream, start: int, end: int) -> set[str]:
        """The ids of the stored rows that are not deleted and were created in [start, end)."""
        with self.reading() as database:
            span = {"start_ms": start, "end_ms": end}
            return {row_id for (row_id,) in database.execute(tables.ids_created_between(stream), span).fetchall()}

    def unread_parents(self, stream: Stream, *, since: int | None, without: Collection[str]) -> list[str]:
        """The parents of *stream* to request, as JSON: the file lacks child records of theirs, or themselves."""
        if not is_remembered(stream):
            return []
        with self.reading() as database:
            unread = find_unread_parents(database, stream, since=since, without=without)
            read_until = complete_until(database, ancestry(stream)[0])
            return unread + (find_lost_parents(database, stream, read_until=read_until) if read_until else [])

    def add_missing(self, stream: Stream, rows: Sequence[str]) -> Written:
        """Store *rows* of *stream* that earlier syncs did not see."""
        with self.transaction() as database:
            return write_rows(database, stream, rows)

    def mark_deleted(self, stream: Stream, ids: Sequence[str]) -> Written:
        """Mark the rows with these *ids* as deleted, and their child records."""
        with self.transaction() as database:
            for child in children_of(stream):
                with marks_recorded(database, child):
                    database.execute(mark_children_deleted(child), {"ids": list(ids), "now": now()})
            with marks_recorded(database, stream):
                marked = fetch_number(database, tables.mark_deleted(stream), {"ids": list(ids), "now": now()})
            return Written(deleted=marked)

    def end_run(
        self, started_at: datetime, *, requests: int, incomplete: Sequence[str], not_started: Sequence[str] = ()
    ) -> dict[str, int]:
        """Record how the sync that began at *started_at* ended; returns the number of rows in each table."""
        parts = {"incomplete": incomplete, "not started": not_started}
        outcome = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts.items() if names) or "complete"
        with self.transaction() as database:
            database.execute("UPDATE _archive.streams SET is_complete = false WHERE stream IN ?", [list(incomplete)])
            with run_recorded(database, table="_archive.runs"):
                database.execute(
                    "UPDATE _archive.runs SET ended_at = ?, requests = ?, outcome = ? WHERE started_at = ?",
                    [now(), requests, outcome, started_at],
                )
            names = [name for (name,) in database.execute("SELECT stream FROM _archive.streams").fetchall()]
            return {name: fetch_number(database, tables.count_rows(name)) for name in names}

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file to change it, completely or not at all."""
        with self._open("READ_WRITE") as database, sealed_transaction(database):
            yield database

    def reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Open the file to read it."""
        return self._open("READ_ONLY")

    def read_header(self) -> schema.Header | None:
        """What the file says about itself, None if its creation was interrupted; raises ArchiveError if not ours."""
        with self.reading() as database:
            header = schema.read_header(database, self.path)
        if header and not self._owner.accepts(header.account, key=header.key):
            raise ArchiveError(f"{self.path} {self._owner.describe_mismatch(header.account)}")
        return header

    def _adopt(self, header: schema.Header) -> None:
        """Record this account in an accepted file that names another one: it was renamed, or its key was replaced."""
        account = self._owner.account_to_record(header.account)
        if self._owner.is_named(header.account) or (account, self._owner.key) == (header.account, header.key):
            return
        with self.transaction() as database:
            record_account(database, account, key=self._owner.key)
        self.notify(f"{self.path} {describe_change(header.account, account)}")

    @property
    def _owner(self) -> Owner:
        return Owner(self.account, self.known_as, self.is_same_account)

    def _open(self, mode: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return open_database(self.path, mode, notify=self.notify, max_wait_seconds=self.max_wait_seconds)
