"""Turn timelines by week, as versions before 1.0 stored them, into periods: they may not be readable any more."""

from collections.abc import Iterator

import duckdb
import orjson

from source_opsgenie.archive import tables
from source_opsgenie.archive.records import now
from source_opsgenie.archive.writing import stage
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.periods import Period, join, periods_in, rows
from source_opsgenie.streams import STREAMS, Record

WEEKS = "SELECT schedule_id, list(_json::VARCHAR ORDER BY date) FROM schedule_timelines GROUP BY schedule_id"
# Column of the key of such rows.
KEY = "SELECT 1 FROM duckdb_columns() WHERE table_name = 'schedule_timelines' AND column_name = 'date'"


def convert_weeks(database: duckdb.DuckDBPyConnection) -> None:
    """Replace the table of weeks by one of periods, if the file has it; the next sync reads everything again."""
    if not database.execute(KEY).fetchall():
        return
    stream = STREAMS["schedule_timelines"]
    weeks = database.execute(WEEKS).fetchall()
    database.execute("DROP TABLE schedule_timelines")
    database.execute(tables.create_table(stream))
    database.execute("UPDATE _archive.streams SET state = NULL WHERE stream = ?", [stream.name])
    database.execute("DELETE FROM _archive.parents WHERE stream = ?", [stream.name])
    found = [row for schedule_id, texts in weeks for row in _rows(schedule_id, map(orjson.loads, texts))]
    stage(database, stream, [orjson.dumps(row).decode() for row in found], synced_at=now())
    database.execute(f"INSERT INTO {tables.identifier(stream.name)} BY NAME FROM incoming")


def _rows(schedule_id: str, weeks: Iterator[Record]) -> Iterator[Record]:
    edges: set[int] = set()
    periods: list[Period] = []
    for week in weeks:
        start, end = parse_timestamp(week["startDate"]), parse_timestamp(week["endDate"])
        edges |= {start, end}
        periods += [one for one in periods_in(week, until=end) or () if isinstance(one, Period)]
    yield from ({"schedule_id": schedule_id, **row} for row in rows(join(periods, edges), final_before=0))
