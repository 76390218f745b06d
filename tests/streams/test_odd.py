"""What every stream bears: fields that are absent, null or new, and a plan or a key that lacks it."""

from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.streams.test_fields import MOMENTS
from tests.support.every_stream import Altered, account_of, each_stream, events_of, rows_of
from tests.support.fakes import Wire, rows_in

from opsgenie_simulator import Switches
from source_opsgenie.api.transport import Request
from source_opsgenie.errors import Forbidden
from source_opsgenie.reading.events import Notice
from source_opsgenie.streams import STREAMS, Access, Content, KeyPaging, Record, Stream, ancestry

# Names that a read goes by: of rows, of those above them, of pages, and of what says whose row it is.
NEEDED = {
    *(name for stream in STREAMS.values() for name in (*stream.key, *stream.rows.at, stream.cursor)),
    *(stream.paging.next_key for stream in STREAMS.values() if isinstance(stream.paging, KeyPaging)),
    *("data", "id", "createdAt", "updatedAt", "user", "_parent", "count", "totalCount", "paging", "next", "marker"),
    *("date", "name", "rateLimits", "limits", "domain", "limit", "periodInSeconds", "incidentTemplates"),
}


def absent(_: Request, body: Any) -> Any:
    """The same answer without any field that is not needed."""
    return walked(body, lambda fields: {name: value for name, value in fields.items() if name in NEEDED})


def null(_: Request, body: Any) -> Any:
    """The same answer with null in every field that is not needed."""
    return walked(body, lambda fields: {name: value if name in NEEDED else None for name, value in fields.items()})


def extra(_: Request, body: Any) -> Any:
    """The same answer with a new field in every object."""
    return walked(body, lambda fields: fields | {"brandNew": {"since": 2031}})


def walked(value: Any, change: Any) -> Any:
    """The *value* with every object in it changed."""
    if isinstance(value, list):
        return [walked(one, change) for one in value]
    if isinstance(value, dict):
        return change({name: walked(one, change) for name, one in value.items()})
    return value


def keys(stream: Stream, rows: list[Record] | tuple[Record, ...]) -> list[tuple[Any, ...]]:
    """The keys of *rows*, but not what is a digest of the rest of a row."""
    names = [name for name in stream.key if name != stream.rows.digest_field]
    return [tuple(row[name] for name in names) for row in rows]


def holds_no_objects(stream: Stream) -> bool:
    """Whether the answers for *stream* hold ids or a link where its rows should stand."""
    return stream.rows.content in {Content.IDS, Content.FILE_LINK}


@pytest.mark.parametrize("change", [absent, null, extra], ids=lambda one: one.__name__)
@each_stream
def test_rows_bear_what_is_absent_null_or_new(stream: Stream, change: Any) -> None:
    """Every row comes, valid by its schema, whatever of its fields is absent, null or new; what is new is kept."""
    rows = rows_in(events_of(stream, Altered(account_of(), change)))
    validator = Draft7Validator(stream.schema(), format_checker=MOMENTS)
    errors = {f"{error.json_path}: {error.message}" for row in rows for error in validator.iter_errors(row)}

    assert keys(stream, rows_of(stream.name)) == keys(stream, rows)
    assert errors == set()
    assert change is not extra or holds_no_objects(stream) or all("brandNew" in row for row in rows)


@each_stream
def test_a_key_without_configuration_access(stream: Stream) -> None:
    """A key that lacks the right ends the read with the right's name; alerts and incidents are read."""
    wire = Wire(account_of(), Switches(timelines_need_configuration_access=True))
    key = wire.account.key_without_configuration_access
    if stream.access in {Access.ALERTS, Access.INCIDENTS}:
        assert len(rows_in(events_of(stream, wire, key=key))) == len(rows_of(stream.name))
    else:
        with pytest.raises(Forbidden, match="Configuration Access"):
            events_of(stream, wire, key=key)


@each_stream
def test_a_plan_without_the_feature(stream: Stream) -> None:
    """What the plan lacks, or what hangs on it, is empty with a warning; all else is read."""
    account = account_of()
    account.plan = "Free"
    events = events_of(stream, Wire(account))
    warnings = [event for event in events if isinstance(event, Notice) and event.is_warning]
    is_lacking = any(one.access.plans for one in ancestry(stream))

    assert bool(warnings) == is_lacking
    assert len(rows_in(events)) == (0 if is_lacking else len(rows_of(stream.name)))
