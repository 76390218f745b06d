"""Turn rows from JSON into the temporary table `incoming`, a few at a time."""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from source_opsgenie.archive import tables
from source_opsgenie.archive.database import prepare_write
from source_opsgenie.streams import Stream

# Parsing takes several times the memory of the rows that are parsed together.
ROWS_AT_ONCE = 512


def stage(database: duckdb.DuckDBPyConnection, stream: Stream, rows: Sequence[str], *, synced_at: datetime) -> None:
    """Create the temporary table `incoming` from *rows*, each as JSON; the last row of a key wins."""
    prepare_write(database, rows=len(rows), row_bytes=sum(map(len, rows)))
    database.execute(tables.create_incoming(stream))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        parameters = {"rows": rows[start : start + ROWS_AT_ONCE], "synced_at": synced_at}
        database.execute(tables.stage_rows(stream), parameters)
    database.execute(tables.drop_repeated(stream))
