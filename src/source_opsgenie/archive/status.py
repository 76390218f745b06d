"""`opsgenie-archive status`: what an archive holds, as far as the file alone can say."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import duckdb
import orjson
from rich.table import Table

from source_opsgenie.archive import tables
from source_opsgenie.archive.offline import open_archive
from source_opsgenie.archive.plan import stored_state
from source_opsgenie.archive.progress import format_duration
from source_opsgenie.archive.query import print_table, say
from source_opsgenie.archive.wording import as_typed
from source_opsgenie.clock import format_timestamp
from source_opsgenie.streams import STREAMS, is_incremental

MEGABYTE = 1_000_000
READS_ALL, RESUMES, NEVER_READ = "reads everything", "resumes", "never read"


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """What the file holds of a stream, and what the next sync of it would do.

    *owed* is the number of parts that could not be read and are requested again.
    """

    stream: str
    rows: int
    deleted: int
    owed: int
    is_complete: bool
    synced_at: datetime | None
    proof: str
    next_sync: str


@dataclass(frozen=True, slots=True)
class Status:
    """Whose archive it is, how old, how large and how complete; *never_read* are the streams that were not chosen."""

    file: str
    account: str
    format: int
    created_at: datetime
    size_bytes: int
    last_sync: Mapping[str, Any]
    streams: tuple[StreamStatus, ...]
    never_read: tuple[str, ...]

    @property
    def incomplete(self) -> list[str]:
        """The streams of which a sync did not read everything."""
        return [stream.stream for stream in self.streams if not stream.is_complete]


def read_status(path: Path) -> Status:
    """Read the status of the archive at *path*."""
    with open_archive(path, notify=say) as database:
        return status_of(database, path)


def status_of(database: duckdb.DuckDBPyConnection, path: Path) -> Status:
    """The status of the archive at *path*, which is open."""
    ((written, account, created_at),) = database.execute(
        "SELECT format, account, created_at FROM _archive.file"
    ).fetchall()
    streams = tuple(_read_streams(database))
    return Status(
        file=str(path),
        account=account,
        format=written,
        created_at=created_at,
        size_bytes=path.stat().st_size,
        last_sync=_read_last_sync(database),
        streams=streams,
        never_read=tuple(sorted(STREAMS.keys() - {stream.stream for stream in streams})),
    )


def print_status(status: Status, *, as_json: bool, now: datetime | None = None) -> None:
    """Print *status* for a person, or as JSON."""
    if as_json:
        report = asdict(status) | {"incomplete": status.incomplete}
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC).decode())
        return
    for line in _lines(status, now or datetime.now(UTC).replace(tzinfo=None)):
        click.echo(line)
    print_table(_table(status))
    if status.never_read:
        click.echo(f"\nNever read: {', '.join(status.never_read)}.")
    for stream in status.streams:
        if not stream.is_complete:
            click.echo(f"{stream.stream}: INCOMPLETE. {stream.proof or 'No read of it has ended.'}")


def _read_streams(database: duckdb.DuckDBPyConnection) -> Iterator[StreamStatus]:
    rows = database.execute("SELECT * FROM _archive.streams ORDER BY stream").fetchall()
    columns = [column[0] for column in database.description or ()]
    owed = dict(database.execute("SELECT stream, count(*) FROM _archive.owed GROUP BY stream").fetchall())
    for row in (dict(zip(columns, values, strict=True)) for values in rows):
        counts = f"SELECT count(*), count({tables.DELETED_COLUMN}) FROM {tables.identifier(row['stream'])}"
        ((held, deleted),) = database.execute(counts).fetchall()
        yield StreamStatus(
            stream=row["stream"],
            rows=held,
            deleted=deleted,
            owed=owed.get(row["stream"], 0),
            is_complete=bool(row["is_complete"]),
            synced_at=row["synced_at"],
            proof=as_typed(row["proof"] or ""),
            next_sync=_describe_next(row["stream"], row["state"]),
        )


def _describe_next(name: str, text: str | None) -> str:
    """What the next sync of a stream does, by the stored state; a damaged one leads to a full read."""
    state = stored_state({name: orjson.loads(text)}, STREAMS[name]) if text and name in STREAMS else None
    if state is None:
        return READS_ALL
    if state.read:
        return RESUMES
    if is_incremental(STREAMS[name]) and state.bookmark:
        return f"reads changes since {format_timestamp(state.bookmark)[:16]}"
    return READS_ALL


def _read_last_sync(database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    result = database.execute("FROM _archive.runs ORDER BY started_at DESC LIMIT 1")
    columns = [column[0] for column in result.description or ()]
    return next((dict(zip(columns, row, strict=True)) for row in result.fetchall()), {})


def _lines(status: Status, now: datetime) -> Iterator[str]:
    yield f"{status.file}: the archive of {status.account}, {status.size_bytes / MEGABYTE:,.1f} MB"
    started_at = status.last_sync.get("started_at")
    if not started_at:
        yield "No sync has started yet."
        return
    age = format_duration(max(0.0, (now - started_at).total_seconds()))
    outcome = status.last_sync["outcome"] or "it was killed, or is running"
    yield f"Last sync: {started_at:%Y-%m-%d %H:%M} UTC, {age} ago: {outcome}"


def _table(status: Status) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("stream", "rows", "deleted", "owed", "", "next sync"):
        table.add_column(header, justify="right" if header in {"rows", "deleted", "owed"} else "left", overflow="fold")
    for stream in status.streams:
        end = "complete" if stream.is_complete else "INCOMPLETE"
        counts = (f"{count:,}" for count in (stream.rows, stream.deleted, stream.owed))
        table.add_row(stream.stream, *counts, end, stream.next_sync)
    return table
