"""Compare an archive with the account: count everything again, and compare rows field by field."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import orjson

from source_opsgenie.api.connection import Connection, connect
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.archive import tables
from source_opsgenie.archive.comparison import Comparison, Deleted, Missing, Unfinished, is_narrower
from source_opsgenie.archive.configuration import changed_fields, key_text
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.parents import draw_parents, is_remembered
from source_opsgenie.archive.plan import stored_state
from source_opsgenie.archive.records import now
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, identifier, literal
from source_opsgenie.archive.verify.findings import Finding, Kind, count_of, list_some
from source_opsgenie.archive.writing import stage
from source_opsgenie.clock import format_timestamp, parse_timestamp
from source_opsgenie.config import Config
from source_opsgenie.errors import ArchiveError, NotInPlan, OpsgenieError
from source_opsgenie.reading.batches import descend, read_batches
from source_opsgenie.reading.events import Batch
from source_opsgenie.reading.query import is_stable, user_query
from source_opsgenie.reading.resume import starting_state
from source_opsgenie.reading.search import search_of
from source_opsgenie.reading.spans import read_span
from source_opsgenie.reading.state import State
from source_opsgenie.streams import STREAMS, Record, SpanPaging, Stream
from source_opsgenie.streams import Kind as FieldKind

PARENTS_AT_ONCE = 500
NAMED = 3
CREATED, UPDATED = "createdAt", "updatedAt"
# Rows of a sample are listed in spans of about one page.
ROWS_IN_SPAN = 100
# Rows that only the file has are searched for with this many requests, and more where there are more of them.
DELETED_ROW_REQUESTS = 50


@dataclass(slots=True)
class OnlineCheck:
    """The comparison of a file with the account of *connection*; a *share* of rows is compared field by field."""

    connection: Connection
    store: Store
    share: float
    rows: int = 0

    def run(self) -> Iterator[Finding]:
        """What is missing or different in the file, and what changed in Opsgenie since its last sync."""
        for name in self.store.chosen_streams():
            stream = STREAMS[name]
            try:
                yield from self._check(stream)
            except ArchiveError:
                raise
            except NotInPlan:
                continue
            except OpsgenieError as error:
                raise_if_it_affects_all(error, self.connection.client)
                yield Finding(Kind.INCOMPLETE, name, f"it could not be compared with Opsgenie: {error}")

    def _check(self, stream: Stream) -> Iterator[Finding]:
        state = stored_state(self.store.states(), stream)
        if not state or not state.bookmark or is_narrower(self.connection):
            yield Finding(Kind.INCOMPLETE, stream.name, "it was not read to its end, or not with this key.")
            return
        until = format_timestamp(state.bookmark)
        # Periods are cut at the time of the read: only their hours could be compared.
        if isinstance(stream.paging, SpanPaging):
            return
        differences = Differences(stream, until)
        if stream.search:
            yield from self._count(differences)
            self._compare_spans(differences)
        elif is_remembered(stream):
            self._compare_children(differences)
        else:
            differences.add(
                self.store, list(read_batches(self.connection, stream, self._beginning(stream))), scope="true"
            )
        self.rows += differences.rows
        yield from differences.findings()

    def _count(self, differences: "Differences") -> Iterator[Finding]:
        """Count the rows of a searchable stream in both, by windows, and name those that only one has."""
        config, stream = self.connection.config, differences.stream
        if not is_stable(user_query(config, stream)):
            return
        comparison = Comparison(
            search_of(self.connection, stream),
            self.store.creation_times(stream),
            partial(self.store.ids_created_between, stream),
            DELETED_ROW_REQUESTS,
            config.start_ms,
        )
        for found in comparison.run():
            match found:
                case Missing(rows):
                    differences.missing |= {row.id: row.created for row in rows}
                case Deleted(ids):
                    differences.deleted |= dict.fromkeys(ids)
                case Unfinished():
                    text = f"Opsgenie counts {count_of(found.missing + found.deleted)} more or fewer than were found."
                    yield Finding(Kind.INCOMPLETE, stream.name, text)

    def _compare_spans(self, differences: "Differences") -> None:
        """Compare the rows of a random share of the spans in which the file has about a page of rows."""
        stream = differences.stream
        search = search_of(self.connection, stream)
        starts = self.store.creation_times(stream)[::ROWS_IN_SPAN]
        spans = list(pairwise([*starts, self.connection.client.date_ms or 0]))
        for start, end in random.sample(spans, math.ceil(self.share * len(spans))):
            rows = [row.record for rows in read_span(search, start, end) for row in rows if not row.set_aside]
            differences.add_rows(
                self.store, rows, scope=f"epoch_ms({CREATED}) >= {start} AND epoch_ms({CREATED}) < {end}"
            )

    def _compare_children(self, differences: "Differences") -> None:
        """Compare the child records of a random share of the parents."""
        stream = differences.stream
        assert stream.parent
        (child,) = stream.parent.ids
        with self.store.reading() as database:
            drawn = draw_parents(database, stream, share=self.share, until=differences.until)
        ids, beginning = list(drawn), self._beginning(stream)
        for some in (ids[at : at + PARENTS_AT_ONCE] for at in range(0, len(ids), PARENTS_AT_ONCE)):
            parents = (Batch([orjson.loads(drawn[one])], beginning) for one in some)
            batches = list(descend(self.connection, stream, [stream], parents))
            scope = f"list_contains([{', '.join(map(literal, some))}], {identifier(child)})"
            differences.add(self.store, batches, scope=scope)

    def _beginning(self, stream: Stream) -> State:
        state, _ = starting_state(self.connection, stream, {}, incremental=False, generation=None)
        return state


@dataclass(slots=True)
class Differences:
    """What differs between the rows of *stream* in the file, as of *until*, and those that Opsgenie has now."""

    stream: Stream
    until: str
    rows: int = 0
    # By key: when they were created; which fields changed, and when; and those that only the file has.
    missing: dict[str, int | None] = field(default_factory=dict)
    changed: list[tuple[str, list[str], int | None]] = field(default_factory=list)
    deleted: dict[str, None] = field(default_factory=dict)

    def add(self, store: Store, batches: Sequence[Batch[Record]], *, scope: str) -> None:
        """Add what *batches* have of the rows that meet the condition *scope*; raises the error of what they lack."""
        if set_aside := [one for batch in batches for one in batch.set_aside]:
            raise set_aside[0].error
        self.add_rows(store, [row for batch in batches for row in batch.rows], scope=scope)

    def add_rows(self, store: Store, records: Sequence[Record], *, scope: str) -> None:
        """Add the *records*, which are all that meet the condition *scope*."""
        self.rows += len(records)
        stream = self.stream
        with store.reading() as database:
            stage(database, stream, [orjson.dumps(record).decode() for record in records], synced_at=now())
            database.execute(tables.match_rows(stream))
            database.execute(tables.find_changed(stream))
            self.missing |= dict(database.execute(_select_missing(stream)).fetchall())
            self.changed += database.execute(_select_changed(stream)).fetchall()
            self.deleted |= dict.fromkeys(key for (key,) in database.execute(_select_deleted(stream, scope)).fetchall())

    def findings(self) -> Iterator[Finding]:
        """A finding for each kind of difference; what happened after the sync is not counted as one."""
        until = parse_timestamp(self.until)
        name = self.stream.name
        for is_later in (False, True):
            later = " since" if is_later else ""
            missing = [
                key for key, created in self.missing.items() if (created is None or created >= until) is is_later
            ]
            if missing:
                kind = Kind.SINCE if is_later else Kind.MISSING
                yield Finding(kind, name, f"{count_of(len(missing))} created{later}: {list_some(missing, most=NAMED)}.")
            changed = [one for one in self.changed if (one[2] is None or one[2] >= until) is is_later]
            if changed:
                kind = Kind.SINCE if is_later else Kind.CHANGED
                fields = sorted({name for _, names, _ in changed for name in names})
                keys = list_some([key for key, _, _ in changed], most=NAMED)
                text = f"{count_of(len(changed))} changed{later} ({list_some(fields)}): {keys}."
                yield Finding(kind, name, text)
        if self.deleted:
            text = f"{count_of(len(self.deleted))} deleted since: {list_some(list(self.deleted), most=NAMED)}."
            yield Finding(Kind.SINCE, name, text)


def check_online(
    path: Path, display: Display, *, config: Config, share: float, is_same_account: bool
) -> tuple[list[Finding], str]:
    """Compare the archive at *path* with its account; returns what was found, and how much was compared, in words."""
    with connect(config) as connection:
        aliases = connection.account_aliases
        store = Store(path, connection.account, display.info, aliases, is_same_account=is_same_account)
        # Raises for the file of another account.
        store.read_header()
        check = OnlineCheck(connection, store, share)
        findings = list(check.run())
        return findings, f"{count_of(check.rows)} compared with Opsgenie in {connection.client.requests:,} requests"


def _select_missing(stream: Stream) -> str:
    keys = ", ".join(map(identifier, stream.key))
    return (
        f"SELECT {key_text(stream, 'incoming')}, {_ms(stream, CREATED)} FROM incoming ANTI JOIN present USING ({keys})"
    )


def _select_changed(stream: Stream) -> str:
    fields = changed_fields(stream, f"held.{JSON_COLUMN}", f"present.{JSON_COLUMN}")
    return f"""
        SELECT {key_text(stream, "present")}, {fields} AS fields, {_ms(stream, UPDATED, "present.")}
        FROM present JOIN {identifier(stream.name)} AS held ON held.rowid = place
        WHERE place IN (SELECT place FROM changed) AND len(fields) > 0
    """


def _select_deleted(stream: Stream, scope: str) -> str:
    return f"""
        SELECT {key_text(stream, "held")} FROM {identifier(stream.name)} AS held
        WHERE {DELETED_COLUMN} IS NULL AND {scope} AND rowid NOT IN (SELECT place FROM present)
    """


def _ms(stream: Stream, name: str, table: str = "") -> str:
    """The milliseconds of the column *name*, NULL where the stream has none."""
    has_time = any(one.name == name and one.kind is FieldKind.TIMESTAMP for one in stream.fields)
    return f"epoch_ms({table}{identifier(name)})" if has_time else "NULL::BIGINT"
