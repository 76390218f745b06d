"""What every stream copes with: absent, null and new fields, and a plan or key without access."""

from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.support.every_stream import Altered, account_of, each_stream, events_of, rows_of
from tests.support.fakes import Wire, rows_in
from tests.support.schemas import TIMESTAMPS

from opsgenie_simulator import Switches
from source_opsgenie.api.transport import Request
from source_opsgenie.errors import Forbidden
from source_opsgenie.reading.events import Notice
from source_opsgenie.reading.periods import TIMELINES
from source_opsgenie.streams import STREAMS, Access, Content, KeyPaging, Record, Stream, ancestry

# Fields that a read depends on: of keys, cursors, pages, parents and limits.
NEEDED = {
    *(name for stream in STREAMS.values() for name in (*stream.key, *stream.rows.at, stream.cursor)),
    *(stream.paging.next_key for stream in STREAMS.values() if isinstance(stream.paging, KeyPaging)),
    *("data", "id", "createdAt", "updatedAt", "user", "_parent", "count", "totalCount", "paging", "next", "marker"),
    *("startDate", "endDate", "rotations", "periods"),
    *(f"{name}Timeline" for name in TIMELINES),
    *("date", "name", "rateLimits", "limits", "domain", "limit", "periodInSeconds", "incidentTemplates"),
}


def absent(_: Request, body: Any) -> Any:
    """The same response without the fields that a read does not need."""
    return changed(body, lambda fields: {name: value for name, value in fields.items() if name in NEEDED})


def null(_: Request, body: Any) -> Any:
    """The same response with null in the fields that a read does not need."""
    return changed(body, lambda fields: {name: value if name in NEEDED else None for name, value in fields.items()})


def extra(_: Request, body: Any) -> Any:
    """The same response with a new field in every object."""
    return changed(body, lambda fields: fields | {"brandNew": {"since": 2031}})


def changed(value: Any, change: Any) -> Any:
    """The *value* with every object in it changed."""
    if isinstance(value, list):
        return [changed(one, change) for one in value]
    if isinstance(value, dict):
        return change({name: changed(one, change) for name, one in value.items()})
    return value


def keys(stream: Stream, rows: list[Record] | tuple[Record, ...]) -> list[tuple[Any, ...]]:
    """The keys of *rows*, without digests of the other fields."""
    names = [name for name in stream.key if name != stream.rows.digest_field]
    return [tuple(row[name] for name in names) for row in rows]


def holds_no_objects(stream: Stream) -> bool:
    """Whether the responses for *stream* hold ids or a link in place of its rows."""
    return stream.rows.content in {Content.IDS, Content.FILE_LINK}


@pytest.mark.parametrize("change", [absent, null, extra], ids=lambda one: one.__name__)
@each_stream
def test_fields_may_be_absent_null_or_new(stream: Stream, change: Any) -> None:
    """Every row is emitted and valid, whichever of its fields are absent, null or new; new fields are kept."""
    rows = rows_in(events_of(stream, Altered(account_of(), change)))
    validator = Draft7Validator(stream.schema(), format_checker=TIMESTAMPS)
    errors = {f"{error.json_path}: {error.message}" for row in rows for error in validator.iter_errors(row)}

    assert keys(stream, rows_of(stream.name)) == keys(stream, rows)
    assert errors == set()
    assert change is not extra or holds_no_objects(stream) or all("brandNew" in row for row in rows)


@each_stream
def test_a_key_without_configuration_access(stream: Stream) -> None:
    """A key without Configuration Access ends the read with an error that names it; alerts and incidents are read."""
    wire = Wire(account_of(), Switches(timelines_need_configuration_access=True))
    key = wire.account.key_without_configuration_access
    if stream.access in {Access.ALERTS, Access.INCIDENTS}:
        assert len(rows_in(events_of(stream, wire, key=key))) == len(rows_of(stream.name))
    else:
        with pytest.raises(Forbidden, match="Configuration Access"):
            events_of(stream, wire, key=key)


@each_stream
def test_a_plan_without_the_feature(stream: Stream) -> None:
    """Streams that the plan lacks, and their children, are empty with a warning; all others are read."""
    account = account_of()
    account.plan = "Free"
    events = events_of(stream, Wire(account))
    warnings = [event for event in events if isinstance(event, Notice) and event.is_warning]
    is_lacking = any(one.access.plans for one in ancestry(stream))

    assert bool(warnings) == is_lacking
    assert len(rows_in(events)) == (0 if is_lacking else len(rows_of(stream.name)))
