"""Who was on call, in a file: read once, kept, and replaced where months are not over."""

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import orjson
from tests.support.archive_command import Command
from tests.support.fakes import DAY, NOW

from opsgenie_simulator import Account, Simulator, Switches
from source_opsgenie.archive.store import Store
from source_opsgenie.clock import format_timestamp
from source_opsgenie.streams import STREAMS

STREAM = "schedule_timelines"
PERIODS = "SELECT schedule_id, rotation_id, timeline, startDate, recipient ->> '$.id' FROM schedule_timelines"
# The same person, in two rotations: from one week to the next, and over the end of a month.
WEEKS = {"2026-09-28": 7, "2026-10-05": 7}
FORMAT_4 = """
    DROP TABLE _archive.digests;
    ALTER TABLE _archive.file DROP seal;
    DROP TABLE schedule_timelines;
    CREATE TABLE schedule_timelines (schedule_id VARCHAR NOT NULL, date TIMESTAMP NOT NULL, _json JSON NOT NULL);
    UPDATE _archive.file SET format = 4;
    UPDATE _archive.streams SET state = '{"version": 2}';
"""


def timelines(simulator: Simulator) -> list[int]:
    """How many timelines of each schedule were requested since the last call."""
    counts = Counter(request.path for request in simulator.requests if request.path.endswith("/timeline"))
    simulator.clear_requests()
    return sorted(counts.values())


def planned(archive: Command) -> dict[str, Any]:
    """The plan of the next sync of the file."""
    (line,) = orjson.loads(archive("plan", "--json", "--to", str(archive.path), "--streams", STREAM).stdout)
    return {name: line[name] for name in ("rows", "requests", "note")}


def test_history_is_read_once_and_replaced_where_it_may_change(tmp_path: Path) -> None:
    """Three years cost five requests per schedule, and later syncs one; rows of finished months stay as they were.

    Rows of later months that the API no longer has are marked as deleted; of a deleted schedule, all are kept.
    """
    account = Account.seeded(alerts=0, incidents=0, users=6, teams=2, until=format_timestamp(NOW - DAY), days=2)
    account.clock = lambda: NOW
    with Simulator(account, switches=Switches(timeline_years=3)) as simulator:
        archive = Command(simulator, account.full_key, tmp_path / "acme.duckdb")
        first_plan = planned(archive)
        archive.sync("--streams", f"schedules,{STREAM}")
        first, plan, before = timelines(simulator), planned(archive), set(archive.query(PERIODS))
        archive.sync("--streams", STREAM)
        again, unchanged = timelines(simulator), set(archive.query(f"{PERIODS} WHERE _deleted_at IS NULL"))
        team, other = list(account.teams)[:2]
        account.update_team(team, members=account.teams[team]["members"][:1])
        account.delete_team(other)
        account.clock = lambda: NOW + 40 * DAY
        archive.sync("--streams", f"schedules,{STREAM}")
        last, after = timelines(simulator), set(archive.query(f"{PERIODS} WHERE _deleted_at IS NULL"))
        planned_later = archive.query(
            "SELECT count(*) FROM report.on_call_periods AS p JOIN schedules AS s ON s.id = schedule_id "
            "WHERE s._deleted_at IS NOT NULL AND ends_at > s._deleted_at"
        )
    deleted = set(archive.query(f"{PERIODS} WHERE _deleted_at IS NOT NULL"))
    schedules = len(first)

    assert {"rows": schedules, "requests": 3 * schedules + 1, "note": "at least"} == first_plan
    assert {"rows": schedules, "requests": schedules + 1, "note": "changes only"} == plan
    assert max(first) == 5
    assert [1] * schedules == again
    assert set(last) == {1}
    assert unchanged == before
    assert deleted
    assert {row for row in before if format_timestamp_of(row) < "2026-10-01"} <= after
    assert all(format_timestamp_of(row) >= "2026-10-01" for row in deleted)
    assert [(0,)] == planned_later


def format_timestamp_of(row: tuple[Any, ...]) -> str:
    """The start of a period, as text."""
    return str(row[3])


def week(start: str, days: int, person: str) -> str:
    """A timeline of a week, as versions before 1.0 stored it."""
    begins, ends = (f"{day}T00:00:00Z" for day in (start, later(start, days)))
    period = {"startDate": begins, "endDate": ends, "type": "historical", "recipient": {"id": person, "type": "user"}}
    final = {"rotations": [{"id": "r", "name": "First", "periods": [period]}]}
    return orjson.dumps({"startDate": begins, "endDate": ends, "finalTimeline": final}).decode()


def later(day: str, days: int) -> str:
    """The day some *days* later."""
    return format_timestamp(int(duckdb.sql(f"SELECT epoch_ms(DATE '{day}' + {days})").fetchall()[0][0]))[:10]


def test_weeks_of_an_older_file_become_periods(tmp_path: Path) -> None:
    """Timelines by week are joined and cut by months, whether the API still has them or not."""
    store = Store(tmp_path / "acme.duckdb", "acme@localhost", print)
    store.prepare()
    store.begin_run([STREAMS[STREAM]])
    with duckdb.connect(str(store.path)) as database:
        database.execute(FORMAT_4)
        for start, days in WEEKS.items():
            row = ["s", start, week(start, days, "ada")]
            database.execute("INSERT INTO schedule_timelines VALUES (?, ?::TIMESTAMP, ?)", row)
    store.prepare()
    with duckdb.connect(str(store.path), read_only=True) as database:
        found = database.execute(
            "SELECT schedule_id, rotation ->> '$.name', recipient ->> '$.id', startDate::VARCHAR, endDate::VARCHAR, "
            "is_final FROM schedule_timelines ORDER BY startDate"
        ).fetchall()

    assert [
        ("s", "First", "ada", "2026-09-28 00:00:00", "2026-10-01 00:00:00", False),
        ("s", "First", "ada", "2026-10-01 00:00:00", "2026-10-12 00:00:00", False),
    ] == found
    assert {} == store.states()
