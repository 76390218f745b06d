"""What the file records about its syncs: states by scope, what is owed, and what was proven."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import orjson

from source_opsgenie.archive.digests import differing_counts, renew
from source_opsgenie.errors import ArchiveError
from source_opsgenie.reading.events import SetAside
from source_opsgenie.reading.state import name_scope
from source_opsgenie.streams import Stream


def record_account(database: duckdb.DuckDBPyConnection, account: str, *, key: str | None) -> None:
    """Let the file and all its states belong to *account*, last named by *key*."""
    database.execute("UPDATE _archive.file SET account = ?, key = ?", [account, key])
    for table in ("_archive.streams", "_archive.scopes"):
        for (text,) in database.execute(f"SELECT DISTINCT state FROM {table} WHERE state IS NOT NULL").fetchall():
            state = json.loads(text)
            if isinstance(state, dict) and isinstance(state.get("scope"), dict):
                state["scope"]["account"] = account
                database.execute(f"UPDATE {table} SET state = ? WHERE state = ?", [json.dumps(state), text])


def write_owed(database: duckdb.DuckDBPyConnection, stream: Stream, owed: Sequence[SetAside], *, is_all: bool) -> None:
    """Record what is *owed*; with *is_all*, what else was has been read or was deleted."""
    parts = [str(one.part) for one in owed]
    if is_all:
        others = "DELETE FROM _archive.owed WHERE stream = ? AND part NOT IN (SELECT unnest(?))"
        database.execute(others, [stream.name, parts])
    for part, one in zip(parts, owed, strict=True):
        rows = orjson.dumps(list(one.rows)).decode() if one.rows else None
        known = "UPDATE _archive.owed SET reason = ?, rows = ?, attempts = attempts + 1 WHERE stream = ? AND part = ?"
        if not fetch_number(database, known, [str(one.error), rows, stream.name, part]):
            new = [stream.name, part, str(one.error), now(), 1, rows]
            database.execute("INSERT INTO _archive.owed VALUES (?, ?, ?, ?, ?, ?)", new)


def write_proof(
    database: duckdb.DuckDBPyConnection,
    stream: Stream,
    state: Mapping[str, Any],
    *,
    proof: str,
    is_complete: bool,
    owed: int,
) -> None:
    """Record the *proof* of the sync under way, with the numbers in its last *state*.

    A later proof of the same sync includes the numbers of the earlier one, and replaces it.
    """
    numbers = {**state.get("tally", {}), "owed": owed}
    parents = state.get("parents", {})
    row = {
        "stream": stream.name,
        "scope": scope_name(json.dumps(state)),
        "is_complete": is_complete,
        "as_of": state.get("bookmark"),
        **{
            name: numbers.get(name)
            for name in ("counted", "listed", "deleted", "unlisted", "recent", "uncounted", "owed")
        },
        "parents": parents.get("requested"),
        "parents_deleted": parents.get("deleted"),
        "proof": proof,
    }
    database.execute(
        "DELETE FROM _archive.proofs WHERE stream = ? AND started_at = (SELECT max(started_at) FROM _archive.runs)",
        [stream.name],
    )
    values = ", ".join(f"${name} AS {name}" for name in row)
    database.execute(
        f"INSERT INTO _archive.proofs BY NAME SELECT max(started_at) AS started_at, {values} FROM _archive.runs", row
    )


def complete_until(database: duckdb.DuckDBPyConnection, stream: Stream) -> str | None:
    """The time as of which the file holds everything of *stream*; None if it may lack some."""
    known = "SELECT state FROM _archive.streams WHERE stream = ? AND is_complete AND state IS NOT NULL"
    row = database.execute(known, [stream.name]).fetchone()
    return json.loads(row[0]).get("bookmark") if row and not scope_name(row[0]) else None


def scope_name(text: str) -> str:
    """The scope that a state as JSON *text* covers, in words; a damaged state covers everything."""
    state = json.loads(text)
    scope = state.get("scope") if isinstance(state, dict) else None
    parts = [scope.get(name) if isinstance(scope, dict) else None for name in ("query", "start_date", "team_key")]
    query, start_date, team_key = (part if isinstance(part, str) else "" for part in parts)
    return name_scope(query, start_date, team_key)


def find_lost_rows(database: duckdb.DuckDBPyConnection, streams: Iterable[Stream]) -> Iterator[tuple[Stream, int]]:
    """Those of *streams* whose tables lost rows, with the number of these: no sync removes a row, only marks it.

    Each is reported once, and is incomplete until it was read to its end.
    """
    for stream in streams:
        lacking = [part for part in differing_counts(database, stream) if part.held < part.recorded]
        if lacking:
            renew(database, stream, [part.part for part in lacking])
            mark_incomplete(database, stream)
            yield stream, sum(part.recorded - part.held for part in lacking)


def drop_states(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Drop all states of *stream*: the next sync reads everything again."""
    database.execute("UPDATE _archive.streams SET state = NULL WHERE stream = ?", [stream.name])
    database.execute("DELETE FROM _archive.scopes WHERE stream = ?", [stream.name])
    mark_incomplete(database, stream)


def mark_incomplete(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Record that *stream* may lack rows, until it was read to its end."""
    database.execute("UPDATE _archive.streams SET is_complete = false WHERE stream = ?", [stream.name])


def swap_state(database: duckdb.DuckDBPyConnection, name: str, text: str, *, last: str, scope: str) -> None:
    """Keep the state *text* of the scope *last* aside, and bring back that of *scope*, if there is one."""
    kept = database.execute(
        "SELECT state FROM _archive.scopes WHERE stream = ? AND scope = ?", [name, scope]
    ).fetchone()
    database.execute("DELETE FROM _archive.scopes WHERE stream = ? AND scope IN (?, ?)", [name, last, scope])
    database.execute("INSERT INTO _archive.scopes VALUES (?, ?, ?)", [name, last, text])
    database.execute("UPDATE _archive.streams SET state = ? WHERE stream = ?", [kept[0] if kept else None, name])


def parse_state(stream: str, text: str) -> dict[str, Any]:
    """The state of *stream* in the JSON *text*; raises ArchiveError with the remedy."""
    state = json.loads(text)
    if isinstance(state, dict):
        return state
    raise ArchiveError(
        f"The archive's state of {stream} is invalid. To read the stream in full, run in DuckDB: "
        f"UPDATE _archive.streams SET state = NULL WHERE stream = '{stream}'"
    )


def fetch_number(
    database: duckdb.DuckDBPyConnection, statement: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None
) -> int:
    """The one number that *statement* returns: a count, or the number of rows written."""
    (number,) = database.execute(statement, parameters).fetchone() or (0,)
    return int(number)


def now() -> datetime:
    """The time now in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
