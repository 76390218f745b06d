import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.leaks import wait_for_exit

from source_opsgenie.api.pacing import Domain
from source_opsgenie.archive import tables
from source_opsgenie.archive.store import Store, Written
from source_opsgenie.errors import ArchiveError
from source_opsgenie.streams import STREAMS, Access, Stream
from source_opsgenie.streams.fields import Field, flag, list_of_texts, text, timestamp

HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def small_stream(*fields: Field) -> Stream:
    """A stream of rows with an id and *fields*."""
    return Stream(
        name="small",
        description="Small.",
        path="/small",
        key=("id",),
        domain=Domain.SEARCH,
        access=Access.ALERTS,
        page="",
        fields=(text("id", "Names it."), *fields),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An archive of its own, without patience."""
    said: list[str] = []
    store = Store(tmp_path / "small.duckdb", "acme", said.append, patience=0.5)
    store.prepare()
    return store


def query(store: Store, sql: str) -> list[tuple[object, ...]]:
    """What another program sees in the file."""
    with duckdb.connect(str(store.path), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_rows_are_told_apart(store: Store) -> None:
    """A row is new, changed or as it was; of two with the same key in one checkpoint the later one counts."""
    stream = small_stream()
    store.begin([stream])
    first = store.write(stream, ['{"id":"a"}', '{"id":"b"}'], state={"version": 1})
    second = store.write(
        stream, ['{"id":"a"}', '{"id":"b","x":1}', '{"id":"c"}', '{"id":"c","x":2}'], state={"version": 2}
    )

    assert (Written(new=2), Written(new=1, changed=1, unchanged=1)) == (first, second)
    assert [('{"id":"a"}',), ('{"id":"b","x":1}',), ('{"id":"c","x":2}',)] == query(
        store, "SELECT _json FROM small ORDER BY id"
    )


def test_rows_and_state_come_together(store: Store) -> None:
    """If the rows cannot be written, the state stays where it was."""
    stream = small_stream()
    store.begin([stream])
    store.write(stream, ['{"id":"a"}'], state={"version": 1})
    with pytest.raises(ArchiveError):
        store.write(stream, ['{"id":"b"}', "broken"], state={"version": 2})

    assert [("a",)] == query(store, "SELECT id FROM small")
    assert {"small": {"version": 1}} == store.prepare()


def test_a_later_version_adds_columns(store: Store) -> None:
    """A field that gets a column later has it filled from the rows that are there, with the comment."""
    store.begin([small_stream()])
    store.write(small_stream(), ['{"id":"a","on":true,"tags":["x"]}', '{"id":"b"}'], state={"version": 1})
    store.begin([small_stream(flag("on", "Whether it is on."), list_of_texts("tags", "Labels."))])

    assert [("a", True, '["x"]'), ("b", None, None)] == query(store, 'SELECT id, "on", tags FROM small ORDER BY id')
    assert [("Whether it is on.",)] == query(
        store, "SELECT comment FROM duckdb_columns() WHERE table_name = 'small' AND column_name = 'on'"
    )


def test_a_file_that_is_held_is_waited_for(tmp_path: Path) -> None:
    """If another program has the file open, that is said, and after a while it is an error with a remedy."""
    said: list[str] = []
    store = Store(tmp_path / "held.duckdb", "acme", said.append, patience=0.5)
    store.prepare()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    holder.stdout.readline()
    with pytest.raises(ArchiveError, match="another program has it open: close it there"):
        store.begin([small_stream()])
    wait_for_exit(holder)

    assert [f"Another program has {store.path} open: waiting for it, 0 s at most."] == said


@pytest.mark.parametrize("stream", STREAMS.values(), ids=list(STREAMS))
def test_every_stream_has_a_table(stream: Stream) -> None:
    """DuckDB takes the table, and the comments, that are made of each stream."""
    with duckdb.connect() as database:
        database.execute(tables.create(stream))
        database.execute(tables.comment(stream))
        columns = database.execute(f"DESCRIBE {stream.name}").fetchall()

    assert [(one.name, one.kind.column) for one in stream.fields] == [
        column[:2] for column in columns[: -len(tables.OWN_COLUMNS)]
    ]


MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
OFFSETS = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
WRITTEN = st.builds(lambda moment, digits, offset: (moment, digits, offset), MOMENTS, st.integers(0, 9), OFFSETS)


@settings(deadline=None, max_examples=20)
@given(st.lists(WRITTEN, min_size=1, max_size=50))
def test_a_moment_is_stored_in_utc(moments: list[tuple[datetime, int, timezone | None]]) -> None:
    """A text with 0 to 9 digits of a second, `Z` or an offset, becomes that moment, to the microsecond."""
    written, expected = [], []
    for moment, digits, offset in moments:
        fraction = f"{moment.microsecond:06}000"[:digits]
        there = moment.astimezone(offset or UTC)
        zone = "Z" if offset is None else there.isoformat()[-6:]
        written.append(f"{there:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{fraction}{zone}")
        expected.append(moment.replace(microsecond=int(f"{fraction:0<6}"[:6]), tzinfo=None))

    assert expected == stored(written)


def test_what_is_no_moment_is_null() -> None:
    """A text that is no moment gives NULL: the row is kept, and its JSON tells."""
    written = ["", "epoch", "infinity", "yesterday", "2026-02-30T00:00:00Z", "1593435761", None]

    assert [None] * len(written) == stored(written)


def stored(written: Sequence[str | None]) -> list[datetime | None]:
    """What the column of a timestamp holds for each of *written*, whatever the zone of the session."""
    stream = small_stream(timestamp("at", "When."))
    rows = [orjson.dumps({"id": f"{number:02}", "at": one}).decode() for number, one in enumerate(written)]
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'America/New_York'")
        database.execute(tables.stage(stream), {"rows": rows, "synced_at": datetime(2026, 1, 1)})
        return [at for (at,) in database.execute('SELECT "at" FROM incoming ORDER BY id').fetchall()]
