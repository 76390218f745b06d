"""Check an archive without the API: is everything that its syncs stored in it, and nothing else?"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import orjson

from source_opsgenie.archive import attachments, digests, postmortems, tables
from source_opsgenie.archive.database import REMEDIES
from source_opsgenie.archive.digests import MARKS, Difference
from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, OWN_COLUMNS, SYNCED_COLUMN, identifier, literal
from source_opsgenie.archive.verify.findings import Finding, Kind, count_of, list_some
from source_opsgenie.streams import STREAMS, Stream

KEYS_NAMED = 3
OTHER_TABLES = (attachments.NAME, postmortems.NAME)
RECORDS = ("file", "parents", *(name.removeprefix("_archive.") for name in (*digests.RECORDED, *digests.SEALED)))


def _ignore(_: str) -> None:
    """Show no progress."""


def check_file(
    database: duckdb.DuckDBPyConnection, path: Path, *, advance: Callable[[str], None] = _ignore
) -> Iterator[Finding]:
    """Yield what is not as the syncs into the file at *path* left it; `advance` is called with what comes next."""
    found = database.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    if lacking := [name for name in RECORDS if ("_archive", name) not in found]:
        text = f"the records {', '.join(lacking)} are missing from the schema _archive."
        yield Finding(Kind.DAMAGED, "", f"{text} Restore a copy of the file.")
        return
    yield from _guarded("", lambda: _check_records(database))
    held = {name for schema, name in found if schema == "main"}
    for stream in STREAMS.values():
        advance(stream.name)
        yield from _guarded(stream.name, lambda: _check_stream(database, stream, held))  # noqa: B023 -- called at once
    for name in OTHER_TABLES:
        if name in held:
            advance(name)
            yield from _guarded(name, lambda: _check_other(database, name))  # noqa: B023 -- called at once
    if attachments.NAME in held:
        yield from _guarded(attachments.NAME, lambda: _check_attachments(database, path))
    yield from _guarded("", lambda: _check_progress(database))


def _guarded(table: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What *check* finds; an error of DuckDB is a finding, so that all else is checked."""
    try:
        yield from check()
    except duckdb.Error as error:
        message = str(error)
        remedy = next(remedy for part, remedy in REMEDIES if part in message.lower())
        yield Finding(Kind.UNREADABLE, table, f"{remedy} (DuckDB: {message.splitlines()[0]})")


def _check_records(database: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Whether the records of the syncs are those that the last write left."""
    ((seal, account),) = database.execute("SELECT seal, account FROM _archive.file").fetchall()
    if seal != digests.compute_seal(database):
        yield Finding(Kind.EDITED, "", "the records of the syncs in the schema _archive were edited.")
    for table in digests.RECORDED:
        for one in digests.differing_records(database, table):
            yield Finding(_kind(one), table, _describe_records(one))
    states = database.execute("SELECT stream, state FROM _archive.streams WHERE state IS NOT NULL").fetchall()
    for name, text in states:
        state = orjson.loads(text)
        scope = state.get("scope") if isinstance(state, dict) else None
        of = scope.get("account") if isinstance(scope, dict) else None
        if of is not None and of != account:
            yield Finding(Kind.EDITED, name, f"its state belongs to the account {of}, and the file to {account}.")


def _check_stream(database: duckdb.DuckDBPyConnection, stream: Stream, held: set[str]) -> Iterator[Finding]:
    if stream.name not in held:
        yield from _missing_table(database, stream)
        return
    found = tables.column_names(database, identifier(stream.name))
    columns = [name for name in (*(field.name for field in stream.fields), *OWN_COLUMNS) if name not in found]
    if columns:
        text = f"the columns {', '.join(columns)} are missing."
        yield Finding(Kind.DAMAGED, stream.name, text)
    if not {*stream.key, *OWN_COLUMNS, digests.MONTH_COLUMN} & {*columns}:
        yield from _describe(stream, digests.differing_parts(database, stream))
        yield from _check_keys(database, stream)
        yield from _check_parents(database, stream, held)
    if JSON_COLUMN not in columns:
        yield from _check_columns(database, stream, without={*columns})


def _missing_table(database: duckdb.DuckDBPyConnection, stream: Stream) -> Iterator[Finding]:
    query = "SELECT sum(rows) FROM _archive.digests WHERE stream = ? AND part <> ?"
    ((rows,),) = database.execute(query, [stream.name, MARKS]).fetchall()
    if rows or database.execute("SELECT 1 FROM _archive.streams WHERE stream = ?", [stream.name]).fetchall():
        yield Finding(Kind.MISSING, stream.name, f"the table is missing; it had {count_of(int(rows or 0))}.", ("",))


def _describe(stream: Stream, differing: list[Difference]) -> Iterator[Finding]:
    """One finding for each kind of difference, with its months."""
    by_kind: dict[Kind, list[Difference]] = {}
    for one in differing:
        if one.part == MARKS:
            text = f"deletion marks: {one.recorded:,} recorded, {one.held:,} there, not the same."
            yield Finding(Kind.CHANGED, stream.name, text, (MARKS,))
        else:
            by_kind.setdefault(_kind(one), []).append(one)
    for kind, parts in by_kind.items():
        names = tuple(one.part for one in parts)
        months = [_month(one, kind) for one in parts if one.part]
        where = f" Created in {list_some(months)}." if months else ""
        rows = sum(abs(one.recorded - one.held) for one in parts)
        text = {
            Kind.MISSING: f"{rows:,} of {count_of(sum(one.recorded for one in parts))} are missing.",
            Kind.ADDED: f"{count_of(rows)} that no sync stored.",
            Kind.CHANGED: f"among {count_of(sum(one.held for one in parts))}, some are not as they were stored.",
        }[kind]
        yield Finding(kind, stream.name, f"{text}{where}", names)


def _kind(one: Difference) -> Kind:
    if one.held == one.recorded:
        return Kind.CHANGED
    return Kind.MISSING if one.held < one.recorded else Kind.ADDED


def _describe_records(one: Difference) -> str:
    return f"{count_of(one.recorded)} recorded, {one.held:,} there{', not the same' * (one.held == one.recorded)}."


def _month(one: Difference, kind: Kind) -> str:
    return one.part if kind is Kind.CHANGED else f"{one.part} ({abs(one.recorded - one.held):,})"


def _check_keys(database: duckdb.DuckDBPyConnection, stream: Stream) -> Iterator[Finding]:
    key = ", ".join(map(identifier, stream.key))
    query = f"SELECT {_key_text(stream)} FROM {identifier(stream.name)} GROUP BY {key} HAVING count(*) > 1"
    if doubled := [text for (text,) in database.execute(query).fetchall()]:
        text = f"more than one row for {count_of(len(doubled), 'key')}: {list_some(doubled, most=KEYS_NAMED)}."
        yield Finding(Kind.ADDED, stream.name, text)


def _check_columns(database: duckdb.DuckDBPyConnection, stream: Stream, *, without: set[str]) -> Iterator[Finding]:
    """Whether each column has the value that its row's JSON has."""
    fields = [field for field in stream.fields if field.name not in without]
    query = f"FROM ({tables.differing_columns(stream, fields)}) WHERE differing <> ['']"
    ((rows,),) = database.execute(f"SELECT count(*) {query}").fetchall()
    if rows:
        names = database.execute(f"SELECT DISTINCT unnest(differing) AS name {query} ORDER BY name").fetchall()
        keys = database.execute(f"SELECT {_key_text(stream)} {query} LIMIT {KEYS_NAMED}").fetchall()
        columns, examples = [name for (name,) in names], list_some([key for (key,) in keys], most=KEYS_NAMED)
        text = f"{list_some(columns)}: not as in the JSON of {count_of(rows)}, such as {examples}."
        yield Finding(Kind.CHANGED, stream.name, text)


def _check_parents(database: duckdb.DuckDBPyConnection, stream: Stream, held: set[str]) -> Iterator[Finding]:
    """Whether each child record has its parent, unless it was read after the last read of these."""
    columns = {field.name for field in stream.fields}
    if not stream.parent or stream.parent.stream not in held or not stream.parent.ids.keys() <= columns:
        return
    above = STREAMS[stream.parent.stream]
    same = " AND ".join(
        f"above.{identifier(own)} = child.{identifier(name)}" for name, own in stream.parent.ids.items()
    )
    has_parent = " AND ".join(f"coalesce(child.{identifier(name)}, '') <> ''" for name in stream.parent.ids)
    read_before = (
        f"SELECT synced_at FROM _archive.streams WHERE stream = {literal(above.name)} AND is_complete "
        "AND concat(state ->> '$.scope.query', state ->> '$.scope.start_date', state ->> '$.scope.team_key') = ''"
    )
    query = f"""
        SELECT DISTINCT concat_ws(', ', {", ".join(f"child.{identifier(name)}" for name in stream.parent.ids)})
        FROM {identifier(stream.name)} AS child ANTI JOIN {identifier(above.name)} AS above ON {same}
        WHERE {has_parent} AND child.{DELETED_COLUMN} IS NULL AND child.{SYNCED_COLUMN} < ({read_before})
    """
    if lacking := [text for (text,) in database.execute(query).fetchall()]:
        text = f"it has rows of {count_of(len(lacking), 'parent')} not in {above.name}: "
        yield Finding(Kind.MISSING, stream.name, f"{text}{list_some(lacking, most=KEYS_NAMED)}.")


def _check_other(database: duckdb.DuckDBPyConnection, name: str) -> Iterator[Finding]:
    for one in digests.differing_records(database, name):
        yield Finding(_kind(one), name, _describe_records(one))


def _check_attachments(database: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Finding]:
    """Whether the downloaded files are there, with their content."""
    rows = database.execute(f"SELECT DISTINCT path, sha256 FROM {attachments.NAME} WHERE path IS NOT NULL").fetchall()
    missing = [name for name, _ in rows if not (path.parent / name).is_file()]
    changed = [name for name, digest in rows if name not in missing and _sha256(path.parent / name) != digest]
    if missing:
        yield Finding(Kind.MISSING, attachments.NAME, f"{count_of(len(missing), 'file')}: {list_some(missing)}.")
    if changed:
        yield Finding(Kind.CHANGED, attachments.NAME, f"{count_of(len(changed), 'file')}: {list_some(changed)}.")


def _check_progress(database: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """What the last sync left undone, and what is owed."""
    last = database.execute(
        "SELECT started_at, ended_at FROM _archive.runs ORDER BY started_at DESC LIMIT 1"
    ).fetchone()
    if last is None:
        yield Finding(Kind.INCOMPLETE, "", "no sync has started yet.")
    elif last[1] is None:
        yield Finding(Kind.INCOMPLETE, "", f"the sync of {last[0]:%Y-%m-%d %H:%M} UTC was interrupted, or is running.")
    query = "SELECT stream, proof FROM _archive.streams WHERE is_complete IS NOT TRUE ORDER BY stream"
    for name, proof in database.execute(query).fetchall():
        yield Finding(Kind.INCOMPLETE, name, proof or "no read of it has ended.")
    query = "SELECT stream, count(*), min(part), min(reason) FROM _archive.owed GROUP BY stream ORDER BY stream"
    for name, number, part, reason in database.execute(query).fetchall():
        yield Finding(Kind.INCOMPLETE, name, f"{count_of(number, 'part')} owed, such as {part}: {reason}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key_text(stream: Stream) -> str:
    return f"concat_ws('/', {', '.join(map(identifier, stream.key))})"
