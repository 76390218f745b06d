"""Convert events, streams and errors to Airbyte messages, and parse Airbyte's catalogs and states."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import airbyte_cdk.models as airbyte
import orjson
from airbyte_cdk import AirbyteTracedException
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_protocol_dataclasses.models import AirbyteStreamStatusRateLimitedReason

from source_opsgenie import errors
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.events import (
    Checkpoint,
    Event,
    Expected,
    Notice,
    Proof,
    ReadParents,
    Rows,
    SetAside,
    Waiting,
)
from source_opsgenie.streams import STREAMS, Record

# Who must act, in Airbyte's terms. Every other error is a system_error: ours to fix.
FAILURE_TYPES: dict[type[OpsgenieError], airbyte.FailureType] = {
    errors.InvalidInput: airbyte.FailureType.config_error,
    errors.Forbidden: airbyte.FailureType.config_error,
    errors.NotInPlan: airbyte.FailureType.config_error,
    errors.Unreachable: airbyte.FailureType.transient_error,
}
RESET = "Reset it to read everything again."


@dataclass(frozen=True, slots=True)
class Records:
    """The RECORD messages of *rows* of one *stream*: a CDK object for each takes as long as writing it."""

    stream: str
    rows: Sequence[Record]
    emitted_at: int

    def messages(self) -> Iterator[airbyte.AirbyteMessage]:
        """A message for each row, as the CDK hands it to a program."""
        for row in self.rows:
            record = airbyte.AirbyteRecordMessage(stream=self.stream, data=row, emitted_at=self.emitted_at)
            yield airbyte.AirbyteMessage(type=airbyte.Type.RECORD, record=record)

    def lines(self) -> list[bytes]:
        """A line for each row, which stays as the API sent it: the CDK's serializer would drop its nulls."""
        record: dict[str, Any] = {"stream": self.stream, "data": None, "emitted_at": self.emitted_at}
        message = {"type": "RECORD", "record": record}
        # Each row takes its place in one and the same message.
        return [orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE) for record["data"] in self.rows]


Message = airbyte.AirbyteMessage | Records


def to_message(name: str, event: Event) -> Message | None:
    """Convert one *event* of the stream *name* to Airbyte messages, of which it has none for parents."""
    match event:
        case Rows(records):
            return Records(name, records, _now_ms())
        case ReadParents():
            return None
        case Checkpoint(state):
            return airbyte.AirbyteMessage(type=airbyte.Type.STATE, state=to_state_message(name, state.to_mapping()))
        case Waiting(_, seconds):
            return _rate_limited(name, until=_now_ms() + int(seconds * 1000))
        case Expected(total, of) if of == name:
            estimate = airbyte.AirbyteEstimateTraceMessage(name, airbyte.EstimateType.STREAM, row_estimate=total)
            return _trace(airbyte.TraceType.ESTIMATE, estimate=estimate)
        case Expected(total, of):
            text, level = f"{name}: reading the child records of {total:,} {of}.", airbyte.Level.INFO
        case Notice(text, is_warning):
            level = airbyte.Level.WARN if is_warning else airbyte.Level.INFO
        case SetAside():
            text, level = f"{name}: set aside, and requested again later: {event}", airbyte.Level.WARN
        case Proof(proven):
            text, level = f"{name}: {proven}.", airbyte.Level.INFO
    return _log(text, level)


def to_lines(message: Message) -> list[bytes]:
    """Convert *message* to lines of JSON in UTF-8."""
    if isinstance(message, Records):
        return message.lines()
    return [AirbyteEntrypoint.airbyte_message_to_string(message).encode() + b"\n"]


def to_error_message(error: AirbyteTracedException, *, stream: str | None = None) -> airbyte.AirbyteMessage:
    """Convert *error* to a TRACE message, without a stack trace."""
    trace = airbyte.AirbyteErrorTraceMessage(
        message=str(error),
        internal_message=error.internal_message,
        failure_type=error.failure_type,
        stream_descriptor=airbyte.StreamDescriptor(name=stream) if stream else None,
    )
    return _trace(airbyte.TraceType.ERROR, error=trace)


def to_state_message(name: str, blob: Mapping[str, Any] | None) -> airbyte.AirbyteStateMessage:
    """Wrap the state *blob* of the stream *name* in a message."""
    stream = airbyte.AirbyteStreamState(
        stream_descriptor=airbyte.StreamDescriptor(name=name), stream_state=airbyte.AirbyteStateBlob(blob or {})
    )
    return airbyte.AirbyteStateMessage(type=airbyte.AirbyteStateType.STREAM, stream=stream)


def to_traced_exception(error: OpsgenieError) -> AirbyteTracedException:
    """Convert *error* to the exception type that the CDK reports."""
    return AirbyteTracedException(
        internal_message=type(error).__name__, message=str(error), failure_type=classify_failure(error)
    )


@contextmanager
def convert_errors() -> Iterator[None]:
    """Convert each OpsgenieError in the block to a traced exception, without a stack trace."""
    try:
        yield
    except OpsgenieError as error:
        raise to_traced_exception(error) from None


def classify_failure(error: OpsgenieError) -> airbyte.FailureType:
    """Return who must act on *error*: the user, time, or us."""
    matches = (kind for error_class, kind in FAILURE_TYPES.items() if isinstance(error, error_class))
    return next(matches, airbyte.FailureType.system_error)


def require_object(value: Any, error_class: type[OpsgenieError], *, what: str) -> dict[str, Any]:
    """Return *value* if it is a JSON object; otherwise raises *error_class*, which names *what*."""
    if isinstance(value, dict):
        return value
    raise error_class(f"The {what} is not a JSON object. Write it as {{...}}.")


def parse_catalog(content: dict[str, Any], path: str) -> airbyte.ConfiguredAirbyteCatalog:
    """Parse the *content* of the catalog file *path*; raises CatalogError."""
    try:
        return airbyte.ConfiguredAirbyteCatalogSerializer.load(content)
    except (ValueError, TypeError) as error:
        raise errors.CatalogError(
            f"The catalog {path} is not a configured Airbyte catalog. Build it from the output of discover: "
            f"each stream needs a sync_mode and a destination_sync_mode. ({error})"
        ) from error


def reject_duplicates(catalog: airbyte.ConfiguredAirbyteCatalog) -> None:
    """Raise a traced CatalogError if *catalog* contains a stream twice."""
    names = [configured.stream.name for configured in catalog.streams]
    for name in names:
        if names.count(name) > 1:
            problem = errors.CatalogError(f"The catalog contains the stream {name!r} twice. Remove one of them.")
            raise to_traced_exception(problem)


def parse_states(content: Any) -> dict[str, Any]:
    """Parse the state of each stream: from one message, complete or unwrapped, a list of these, or the legacy form."""
    states = _parse_states(content)
    for name, blob in states.items():
        if not isinstance(blob, dict | None):
            raise errors.StateError(f"The state of the stream {name!r} is not a JSON object. {RESET}")
    return states


def _parse_states(content: Any) -> dict[str, Any]:
    if not content:
        return {}
    match content:
        case {"state": dict() | list() as message}:
            return _parse_states(message)
        case {"stream": {"stream_descriptor": {"name": str(name)}, **rest}} | {
            "stream_descriptor": {"name": str(name)},
            **rest,
        }:
            return {name: rest.get("stream_state")}
        case {"data": dict(legacy)} | {"type": "LEGACY", "data": dict(legacy)}:
            return legacy
        case {"type": _} | {"global": _}:
            raise errors.StateError(f"The state has a type that this source never writes. {RESET}")
        case dict() if content.keys() & STREAMS.keys():
            return content
        case list():
            return {name: blob for message in content for name, blob in _parse_states(message).items()}
    raise errors.StateError(
        f"The state is neither a state message, nor a list of these, nor an object with the states of streams. {RESET}"
    )


def _log(text: str, level: airbyte.Level) -> airbyte.AirbyteMessage:
    return airbyte.AirbyteMessage(type=airbyte.Type.LOG, log=airbyte.AirbyteLogMessage(level=level, message=text))


def _rate_limited(name: str, *, until: int) -> airbyte.AirbyteMessage:
    """A RUNNING status that reports waiting for the rate limit *until* a time in epoch milliseconds."""
    reason = airbyte.AirbyteStreamStatusReason(
        type=airbyte.AirbyteStreamStatusReasonType.RATE_LIMITED,
        rate_limited=AirbyteStreamStatusRateLimitedReason(quota_reset=until),
    )
    stream = airbyte.StreamDescriptor(name=name)
    return as_airbyte_message(stream, airbyte.AirbyteStreamStatus.RUNNING, [reason])


def _trace(kind: airbyte.TraceType, **content: Any) -> airbyte.AirbyteMessage:
    trace = airbyte.AirbyteTraceMessage(type=kind, emitted_at=_now_ms(), **content)
    return airbyte.AirbyteMessage(type=airbyte.Type.TRACE, trace=trace)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
