"""The account's log files: one for each day on which alerts were created or updated."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import orjson

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import CREATED, UPDATED, Body, Table
from opsgenie_simulator.store import Store

DAY_MS = 86_400_000
# The largest seen difference between a file's date and its name (docs/opsgenie-api.md#log-files).
DATE_OFFSET_MAX_MS = 120_000

_NAME = re.compile(r"(\d{4}(?:-\d\d){5})(?:_(\d{3}))?(?:\.json)?")


def list_names(store: Store, start: int, *, until: int) -> Iterator[str]:
    """Yield the names of files from *start* on, oldest first, that are complete at *until*."""
    table, day = store.tables["alerts"], -(-start // DAY_MS)
    while times := [*_next_time(table, CREATED, low=day * DAY_MS), *_next_time(table, UPDATED, low=day * DAY_MS)]:
        day = min(times) // DAY_MS
        if (day + 1) * DAY_MS > until:
            return
        yield f"{format_marker(day * DAY_MS)}.json"
        day += 1


def describe_file(store: Store, name: str) -> Body:
    """Return the name, date and size that the list shows of a file."""
    date = parse_marker(name) + seeded_random(name).randrange(DATE_OFFSET_MAX_MS)
    return {"filename": name, "date": date, "size": len(file_content(store, name))}


def file_content(store: Store, name: str) -> bytes:
    """Return a file's lines in order of time: each creation and each last update of an alert."""
    low, table = parse_marker(name), store.tables["alerts"]
    lines = [*_lines(table, CREATED, low=low), *_lines(table, UPDATED, low=low)]
    return b"".join(line for _, line in sorted(lines))


def format_marker(time_ms: int) -> str:
    """Format a time as markers and file names have it."""
    seconds, milliseconds = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d-%H-%M-%S}_{milliseconds:03d}"


def parse_marker(marker: str) -> int:
    """Parse the time of a marker or file name; raise ValueError if it is neither."""
    match = _NAME.fullmatch(marker)
    if match is None:
        message = f"{marker!r} is not a marker"
        raise ValueError(message)
    parsed = datetime.strptime(match[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    return int(parsed.timestamp()) * 1000 + int(match[2] or 0)


def _next_time(table: Table, field: str, *, low: int) -> Iterator[int]:
    at, end = table.span(field, low=low, high=None)
    if at < end:
        yield getattr(table.index(field)[at], field)


def _lines(table: Table, field: str, *, low: int) -> Iterator[tuple[int, bytes]]:
    first, end = table.span(field, low=low, high=low + DAY_MS)
    line = partial(_line, action="Create" if field == CREATED else "Update")
    for record in table.index(field)[first:end]:
        date = getattr(record, field)
        yield date, line(record.id, date=date)


def _line(alert_id: str, *, action: str, date: int) -> bytes:
    result = {"alertAction": action, "alertId": alert_id, "user": "System"}
    details = {"_result": result, "alertLogOwner": "System", "alertId": alert_id, "alertLogType": "system"}
    entry = {"message": f"[system] {action} via API", "type": "AlertLog", "level": "INFO", "details": details}
    return orjson.dumps({**entry, "date": date}) + b"\n"
