"""Write rows into the table of a stream: stage them, a few at a time, and compare them with what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from source_opsgenie.archive import tables
from source_opsgenie.archive.database import bound_memory
from source_opsgenie.archive.digests import marks_recorded, record_changes
from source_opsgenie.archive.history import keep_versions
from source_opsgenie.archive.parents import (
    ReadParent,
    is_remembered,
    mark_missing_children,
    record_parents,
    stage_parents,
)
from source_opsgenie.archive.records import fetch_number, now
from source_opsgenie.reading.counts import Counts
from source_opsgenie.streams import Stream

# Parsing takes several times the memory of the rows that are parsed together.
ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Written(Counts):
    """How many rows were new, changed, unchanged and deleted."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0

    @property
    def received(self) -> int:
        """How many rows the API sent."""
        return self.new + self.changed + self.unchanged


def write_rows(
    database: duckdb.DuckDBPyConnection,
    stream: Stream,
    rows: Sequence[str],
    *,
    parents: Sequence[ReadParent] = (),
    is_all: bool = False,
) -> Written:
    """Store *rows*, each as JSON, and mark as deleted what they lack.

    With *is_all*, they are the complete list of the stream; else the complete list of each of *parents*.
    """
    if not (rows or parents or is_all):
        return Written()
    stage(database, stream, rows, synced_at=now())
    database.execute(tables.match_rows(stream))
    database.execute(tables.find_changed(stream))
    record_changes(database, stream)
    with marks_recorded(database, stream):
        deleted = fetch_number(database, tables.mark_missing(stream), {"now": now()}) if is_all else 0
        if parents:
            stage_parents(database, stream, parents)
            deleted += fetch_number(database, mark_missing_children(stream), {"now": now()})
        keep_versions(database, stream)
        changed = fetch_number(database, tables.update_changed(stream))
        database.execute(tables.unmark_deleted(stream))
    new = fetch_number(database, tables.insert_new(stream))
    if parents and is_remembered(stream):
        record_parents(database, stream)
    return Written(new, changed, fetch_number(database, "SELECT count(*) FROM present") - changed, deleted)


def stage(database: duckdb.DuckDBPyConnection, stream: Stream, rows: Sequence[str], *, synced_at: datetime) -> None:
    """Create the temporary table `incoming` from *rows*, each as JSON; the last row of a key wins."""
    bound_memory(database, row_bytes=sum(map(len, rows)))
    database.execute(tables.create_incoming(stream))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        parameters = {"rows": rows[start : start + ROWS_AT_ONCE], "synced_at": synced_at}
        database.execute(tables.stage_rows(stream), parameters)
    database.execute(tables.drop_repeated(stream))
