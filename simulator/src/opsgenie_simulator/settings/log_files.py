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
# How far a file's date was seen to be off its name (docs/opsgenie-api.md#log-files).
DATE_OFF_MS = 120_000

_NAME = re.compile(r"(\d{4}(?:-\d\d){5})(?:_(\d{3}))?(?:\.json)?")


def names_from(store: Store, moment: int, *, until: int) -> Iterator[str]:
    """The names of all files that begin at *moment* or later, oldest first, and that are full *until* then."""
    shelf, day = store.tables["alerts"], -(-moment // DAY_MS)
    while moments := [*_next(shelf, CREATED, low=day * DAY_MS), *_next(shelf, UPDATED, low=day * DAY_MS)]:
        day = min(moments) // DAY_MS
        if (day + 1) * DAY_MS > until:
            return
        yield f"{marker_of(day * DAY_MS)}.json"
        day += 1


def described(store: Store, name: str) -> Body:
    """A file as the list shows it."""
    date = moment_of(name) + seeded_random(name).randrange(DATE_OFF_MS)
    return {"filename": name, "date": date, "size": len(content(store, name))}


def content(store: Store, name: str) -> bytes:
    """The lines of a file, one for each creation and each last update of an alert, in order of time."""
    low, shelf = moment_of(name), store.tables["alerts"]
    lines = [*_lines(shelf, CREATED, low=low), *_lines(shelf, UPDATED, low=low)]
    return b"".join(line for _, line in sorted(lines))


def marker_of(moment: int) -> str:
    """A moment as markers and file names have it."""
    seconds, milliseconds = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d-%H-%M-%S}_{milliseconds:03d}"


def moment_of(marker: str) -> int:
    """The moment of a marker or a file name; ValueError if it is neither."""
    match = _NAME.fullmatch(marker)
    if match is None:
        message = f"{marker!r} is no marker"
        raise ValueError(message)
    read = datetime.strptime(match[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    return int(read.timestamp()) * 1000 + int(match[2] or 0)


def _next(shelf: Table, field: str, *, low: int) -> Iterator[int]:
    at, end = shelf.span(field, low=low, high=None)
    if at < end:
        yield getattr(shelf.index(field)[at], field)


def _lines(shelf: Table, field: str, *, low: int) -> Iterator[tuple[int, bytes]]:
    first, end = shelf.span(field, low=low, high=low + DAY_MS)
    line = partial(_line, action="Create" if field == CREATED else "Update")
    for record in shelf.index(field)[first:end]:
        moment = getattr(record, field)
        yield moment, line(record.id, date=moment)


def _line(alert_id: str, *, action: str, date: int) -> bytes:
    result = {"alertAction": action, "alertId": alert_id, "user": "System"}
    details = {"_result": result, "alertLogOwner": "System", "alertId": alert_id, "alertLogType": "system"}
    told = {"message": f"[system] {action} via API", "type": "AlertLog", "level": "INFO", "details": details}
    return orjson.dumps({**told, "date": date}) + b"\n"
