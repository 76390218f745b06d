"""Repair an archive: from the file itself where possible, else by reading again what Opsgenie still has."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import orjson

from source_opsgenie.api.connection import Connection
from source_opsgenie.archive import digests
from source_opsgenie.archive.digests import Difference
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.records import mark_incomplete
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.summary import Summary
from source_opsgenie.archive.sync import open_for_sync, read_into
from source_opsgenie.archive.verify.checks import check_file
from source_opsgenie.archive.verify.findings import Finding, Kind, count_of
from source_opsgenie.archive.verify.local_repair import keep_readable, let_read_again, readable_rows, repair_locally
from source_opsgenie.archive.writing import write_rows
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.config import Config
from source_opsgenie.reading.search import search_of
from source_opsgenie.reading.spans import read_span
from source_opsgenie.streams import STREAMS, Stream, ancestry

MONTHS = 12
# Rows that Opsgenie does not have are searched for with this many requests, and more where there are more of them.
DELETED_ROW_REQUESTS = 50


def repair(path: Path, display: Display, *, config: Config, is_same_account: bool) -> list[Finding]:
    """Repair the archive at *path*, and read what an interrupted sync or repair left; returns what is lost for good.

    What differs stays recorded as different, or its stream as incomplete, until this was read to its end.
    """
    with open_for_sync(path, display, config=config, is_same_account=is_same_account) as (connection, store):
        with store.reading() as database:
            findings = list(check_file(database, path))
            unreadable = {one.table for one in findings if one.kind is Kind.UNREADABLE} & STREAMS.keys()
            readable = {name: readable_rows(database, STREAMS[name]) for name in unreadable}
        if not findings:
            return []
        with store.transaction() as database:
            for damaged, ranges in readable.items():
                keep_readable(database, STREAMS[damaged], ranges)
            differing = repair_locally(database, [one for one in findings if one.kind.is_difference])
        for name in differing.keys() & {stream.name for stream in STREAMS.values() if stream.search}:
            _read_months(connection, store, display, STREAMS[name], differing[name])
        with store.transaction() as database:
            for name, parts in differing.items():
                let_read_again(database, STREAMS[name], parts)
        streams = _streams_to_read(findings, differing, chosen=store.chosen_streams())
        if not streams:
            return []
        summary = read_into(connection, store, display, streams=streams, deleted_row_requests=DELETED_ROW_REQUESTS)
        return _settle(store, summary, differing)


def _streams_to_read(
    findings: Sequence[Finding], differing: Mapping[str, Sequence[Difference]], *, chosen: Collection[str]
) -> list[Stream]:
    """Those of the *chosen* streams that were damaged or are incomplete, each after those that its rows belong to."""
    is_any = any(one.kind in {Kind.EDITED, Kind.INCOMPLETE} and not one.table for one in findings)
    names = {*differing, *(one.table for one in findings if one.table in STREAMS)}
    damaged = [STREAMS[name] for name in chosen if is_any or name in names]
    return list({stream.name: stream for one in damaged for stream in ancestry(one)}.values())


def _read_months(
    connection: Connection, store: Store, display: Display, stream: Stream, parts: Sequence[Difference]
) -> None:
    """Read the rows that were created in the months *parts* of a searchable stream again, and record these."""
    search = search_of(connection, stream)
    for one in parts:
        if span := _span(one.part):
            display.info(f"{stream.name}: reading the rows of {one.part} again.")
            for rows in read_span(search, *span):
                records = [orjson.dumps(row.record).decode() for row in rows if not row.set_aside]
                with store.transaction() as database, digests.unrecorded(database, stream):
                    write_rows(database, stream, records)
    with store.transaction() as database:
        digests.renew(database, stream, [one.part for one in parts])
        # Marks, and rows that Opsgenie does not have, are found by the read that follows.
        mark_incomplete(database, stream)


def _span(part: str) -> tuple[int, int] | None:
    """The milliseconds of the month *part*; None for another part."""
    year, _, month = part.partition("-")
    if not (year.isdigit() and month.isdigit()):
        return None
    following = int(year) * MONTHS + int(month)
    start, end = (f"{count // MONTHS:04}-{count % MONTHS + 1:02}-01T00:00:00Z" for count in (following - 1, following))
    return parse_timestamp(start), parse_timestamp(end)


def _settle(store: Store, summary: Summary, differing: Mapping[str, Sequence[Difference]]) -> list[Finding]:
    """Record the parts as they are now, where their stream was read to its end; returns the rows that are lost."""
    lost = []
    with store.transaction() as database:
        for stream in (outcome.stream for outcome in summary.outcomes if outcome.is_complete):
            left = digests.count_parts(database, stream)
            parts = differing.get(stream.name, ())
            rows = sum(max(0, one.recorded - left.get(one.part, 0)) for one in parts if one.part != digests.MARKS)
            if rows:
                text = f"{count_of(rows)} that Opsgenie does not have any more."
                lost.append(Finding(Kind.MISSING, stream.name, text))
            digests.renew(database, stream, [one.part for one in parts])
    return lost
