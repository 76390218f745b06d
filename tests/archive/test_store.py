import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.leaks import wait_for_exit

from source_opsgenie.api.pacing import Domain
from source_opsgenie.archive import tables
from source_opsgenie.archive.buffer import MAX_BYTES, MAX_ROWS
from source_opsgenie.archive.database import bound_memory
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.writing import ROWS_AT_ONCE, Written, stage
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS, Access, Stream
from source_opsgenie.streams.fields import Field, boolean, list_of_texts, text, timestamp

HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"

BYTES_WRITTEN = Path("/proc/self/io")


def small_stream(*fields: Field) -> Stream:
    """A stream of rows with an id and *fields*."""
    return Stream(
        name="small",
        description="Small.",
        path="/small",
        key=("id",),
        domain=Domain.SEARCH,
        access=Access.ALERTS,
        docs_url="",
        fields=(text("id", "Its id."), *fields),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A new archive, which does not wait for other programs."""
    notices: list[str] = []
    store = Store(tmp_path / "small.duckdb", "acme", notices.append, max_wait_seconds=0.5)
    store.prepare()
    return store


def query(store: Store, sql: str) -> list[tuple[object, ...]]:
    """The result of *sql*, as another program sees it."""
    with duckdb.connect(str(store.path), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_a_sync_that_was_stopped_is_not_called_complete(store: Store) -> None:
    """The record of a sync names the streams that it did not begin."""
    started_at = store.begin_run([small_stream()])
    store.end_run(started_at, requests=1, incomplete=[], not_started=["small"])

    assert [("not started: small",)] == query(store, "SELECT outcome FROM _archive.runs")


def test_rows_are_counted_as_new_or_changed(store: Store) -> None:
    """A row is new, changed or unchanged; if a checkpoint has two rows with the same key, the later one wins."""
    stream = small_stream()
    store.begin_run([stream])
    first = store.write(stream, ['{"id":"a"}', '{"id":"b"}'], state={"version": 1})
    second = store.write(
        stream, ['{"id":"a"}', '{"id":"b","x":1}', '{"id":"c"}', '{"id":"c","x":2}'], state={"version": 2}
    )

    assert (Written(new=2), Written(new=1, changed=1, unchanged=1)) == (first, second)
    assert [('{"id":"a"}',), ('{"id":"b","x":1}',), ('{"id":"c","x":2}',)] == query(
        store, "SELECT _json FROM small ORDER BY id"
    )


def test_rows_and_state_are_stored_together(store: Store) -> None:
    """If the rows cannot be written, the stored state does not change."""
    stream = small_stream()
    store.begin_run([stream])
    store.write(stream, ['{"id":"a"}'], state={"version": 1})
    with pytest.raises(ArchiveError):
        store.write(stream, ['{"id":"b"}', "broken"], state={"version": 2})

    assert [("a",)] == query(store, "SELECT id FROM small")
    assert {"small": {"version": 1}} == store.states()


def test_the_last_row_of_a_key_wins(store: Store) -> None:
    """However far apart two rows with the same key are in a write, the later one is stored."""
    others = [f'{{"id":"{number}"}}' for number in range(3 * ROWS_AT_ONCE)]
    store.begin_run([small_stream()])
    written = store.write(small_stream(), ['{"id":"a"}', *others, '{"id":"a","x":1}'], state={"version": 1})

    assert Written(new=len(others) + 1) == written
    assert [('{"id":"a","x":1}',)] == query(store, "SELECT _json FROM small WHERE id = 'a'")


def test_memory_grows_with_the_rows_of_a_write_only() -> None:
    """DuckDB gets a fixed amount of memory for a normal write, whatever the machine has, and more for a larger one."""
    with duckdb.connect() as database:
        limits = []
        for row_bytes in (0, MAX_BYTES // 2, 10 * MAX_BYTES):
            bound_memory(database, row_bytes=row_bytes)
            limits += database.execute("SELECT current_setting('memory_limit')").fetchall()

    assert [("200.0 MiB",), ("200.0 MiB",), ("1.6 GiB",)] == limits


@pytest.mark.skipif(not BYTES_WRITTEN.exists(), reason="only Linux counts the bytes that a process writes")
def test_rows_are_written_once(store: Store) -> None:
    """A long list takes little more writing than its file is large, however many writes store it."""
    store.begin_run([small_stream()])
    before = bytes_written()
    for start in range(0, 100_000, MAX_ROWS):
        rows = [f'{{"id":"{uuid4()}","text":"{uuid4()}"}}' for _ in range(start, start + MAX_ROWS)]
        store.write(small_stream(), rows, state={"version": start})

    assert bytes_written() - before < 1.3 * store.path.stat().st_size


def test_many_small_writes_do_not_make_the_file_large(store: Store) -> None:
    """A file that many syncs added a few rows to is as large as one that a few syncs filled."""
    store.begin_run([small_stream()])
    sizes = []
    for number in range(30):
        store.write(small_stream(), [f'{{"id":"{number}"}}'], state={"version": number}, is_last=True)
        sizes.append(store.path.stat().st_size)

    assert sizes[-1] <= 1.2 * sizes[4]


def bytes_written() -> int:
    """How many bytes this process has written so far."""
    lines = BYTES_WRITTEN.read_text(encoding="ascii").splitlines()
    return next(int(line.partition(":")[2]) for line in lines if line.startswith("wchar"))


def test_a_later_version_adds_columns(store: Store) -> None:
    """A column that a later version adds is filled from the stored rows, and has its comment."""
    store.begin_run([small_stream()])
    store.write(small_stream(), ['{"id":"a","on":true,"tags":["x"]}', '{"id":"b"}'], state={"version": 1})
    store.begin_run([small_stream(boolean("on", "Whether it is on."), list_of_texts("tags", "Labels."))])

    assert [("a", True, '["x"]'), ("b", None, None)] == query(store, 'SELECT id, "on", tags FROM small ORDER BY id')
    assert [("Whether it is on.",)] == query(
        store, "SELECT comment FROM duckdb_columns() WHERE table_name = 'small' AND column_name = 'on'"
    )


def test_a_later_version_updates_comments(store: Store) -> None:
    """A comment that a later version words differently is replaced."""
    store.begin_run([small_stream(boolean("on", "Whether it is on."))])
    store.begin_run([small_stream(boolean("on", "True if it is on."))])

    assert [("True if it is on.",)] == query(
        store, "SELECT comment FROM duckdb_columns() WHERE table_name = 'small' AND column_name = 'on'"
    )


def test_the_store_waits_for_a_locked_file(tmp_path: Path) -> None:
    """If another program has the file open, a notice says so, and after a while an error names the remedy."""
    notices: list[str] = []
    store = Store(tmp_path / "held.duckdb", "acme", notices.append, max_wait_seconds=0.5)
    store.prepare()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    with pytest.raises(ArchiveError, match=r"another program has it open\. Close it there"):
        store.begin_run([small_stream()])
    wait_for_exit(holder)

    assert [f"Another program has {store.path} open. Waiting up to 0 s."] == notices


@pytest.mark.parametrize("stream", STREAMS.values(), ids=list(STREAMS))
def test_every_stream_has_a_table(stream: Stream) -> None:
    """DuckDB accepts the table and the comments of each stream."""
    with duckdb.connect() as database:
        database.execute(tables.create_table(stream))
        database.execute(tables.comment_on_table(stream))
        columns = database.execute(f"DESCRIBE {stream.name}").fetchall()

    assert [(field.name, field.kind.column) for field in stream.fields] == [
        column[:2] for column in columns[: -len(tables.OWN_COLUMNS)]
    ]


TIMES = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
OFFSETS = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMESTAMPS = st.tuples(TIMES, st.integers(0, 9), OFFSETS)


@settings(deadline=None, max_examples=20)
@given(st.lists(TIMESTAMPS, min_size=1, max_size=50))
def test_timestamps_are_stored_in_utc(timestamps: list[tuple[datetime, int, timezone | None]]) -> None:
    """A text with 0 to 9 fraction digits and `Z` or an offset is stored as UTC, to the microsecond."""
    texts, expected = [], []
    for time, digits, offset in timestamps:
        fraction = f"{time.microsecond:06}000"[:digits]
        local = time.astimezone(offset or UTC)
        zone = "Z" if offset is None else local.isoformat()[-6:]
        texts.append(f"{local:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}{zone}")
        expected.append(time.replace(microsecond=int(f"{fraction:0<6}"[:6]), tzinfo=None))

    assert expected == stored(texts)


def test_any_other_text_is_stored_as_null() -> None:
    """A text that is not a timestamp becomes NULL; the row is kept with its JSON."""
    texts = ["", "epoch", "infinity", "yesterday", "2026-02-30T00:00:00Z", "1593435761", None]

    assert [None] * len(texts) == stored(texts)


def stored(texts: Sequence[str | None]) -> list[datetime | None]:
    """The value of a timestamp column for each of *texts*, in a session with another time zone."""
    stream = small_stream(timestamp("at", "When."))
    rows = [orjson.dumps({"id": f"{number:02}", "at": at}).decode() for number, at in enumerate(texts)]
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'America/New_York'")
        database.execute(tables.create_table(stream))
        stage(database, stream, rows, synced_at=datetime(2026, 1, 1))
        return [at for (at,) in database.execute('SELECT "at" FROM incoming ORDER BY id').fetchall()]
