"""Our events, streams and errors in Airbyte's messages, and Airbyte's files in our words."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import airbyte_cdk.models as airbyte
from airbyte_cdk import AirbyteTracedException
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_protocol_dataclasses.models import AirbyteStreamStatusRateLimitedReason

from source_opsgenie.errors import (
    CatalogError,
    Forbidden,
    InvalidInput,
    NotInPlan,
    OpsgenieError,
    StateError,
    Unreachable,
)
from source_opsgenie.reading.events import Checkpoint, Event, Expected, Notice, Proof, Row, Waiting
from source_opsgenie.streams import Stream, is_incremental

# Who must act, in Airbyte's words; whatever is not here is ours to mend.
FAILURE_TYPES: dict[type[OpsgenieError], airbyte.FailureType] = {
    InvalidInput: airbyte.FailureType.config_error,
    Forbidden: airbyte.FailureType.config_error,
    NotInPlan: airbyte.FailureType.config_error,
    Unreachable: airbyte.FailureType.transient_error,
}


def message_of(name: str, event: Event) -> airbyte.AirbyteMessage:
    """What Airbyte is told of one *event* in the read of the stream *name*."""
    match event:
        case Row(record):
            row = airbyte.AirbyteRecordMessage(stream=name, data=record, emitted_at=_now_ms())
            return airbyte.AirbyteMessage(type=airbyte.Type.RECORD, record=row)
        case Checkpoint(state):
            return airbyte.AirbyteMessage(type=airbyte.Type.STATE, state=state_message(name, state.to_mapping()))
        case Waiting(_, seconds):
            return _rate_limited(name, until=_now_ms() + int(seconds * 1000))
        case Expected(total, of) if of == name:
            estimate = airbyte.AirbyteEstimateTraceMessage(name, airbyte.EstimateType.STREAM, row_estimate=total)
            return _trace(airbyte.TraceType.ESTIMATE, estimate=estimate)
        case Expected(total, of):
            text, level = f"{name}: asks {total:,} {of} one by one.", airbyte.Level.INFO
        case Notice(text, is_warning):
            level = airbyte.Level.WARN if is_warning else airbyte.Level.INFO
        case Proof(proven):
            text, level = f"{name}: {proven}.", airbyte.Level.INFO
    return _log(text, level)


def error_message(error: AirbyteTracedException, *, stream: str | None = None) -> airbyte.AirbyteMessage:
    """A TRACE for *error*, with the words for the user and without a stack."""
    trace = airbyte.AirbyteErrorTraceMessage(
        message=str(error),
        internal_message=error.internal_message,
        failure_type=error.failure_type,
        stream_descriptor=airbyte.StreamDescriptor(name=stream) if stream else None,
    )
    return _trace(airbyte.TraceType.ERROR, error=trace)


def described(stream: Stream) -> airbyte.AirbyteStream:
    """The row of the table as a stream of a catalog."""
    incremental = is_incremental(stream)
    modes = [airbyte.SyncMode.full_refresh] + [airbyte.SyncMode.incremental] * incremental
    return airbyte.AirbyteStream(
        name=stream.name,
        json_schema=stream.schema(),
        supported_sync_modes=modes,
        source_defined_cursor=incremental or None,
        default_cursor_field=[stream.cursor] if stream.cursor else None,
        source_defined_primary_key=[[name] for name in stream.key],
        is_resumable=incremental,
    )


def state_message(name: str, blob: Mapping[str, Any] | None) -> airbyte.AirbyteStateMessage:
    """The state *blob* of the stream *name* as a message."""
    stream = airbyte.AirbyteStreamState(
        stream_descriptor=airbyte.StreamDescriptor(name=name), stream_state=airbyte.AirbyteStateBlob(blob or {})
    )
    return airbyte.AirbyteStateMessage(type=airbyte.AirbyteStateType.STREAM, stream=stream)


def as_traced(problem: OpsgenieError) -> AirbyteTracedException:
    """One of our errors as one that the CDK passes on."""
    return AirbyteTracedException(
        internal_message=type(problem).__name__, message=str(problem), failure_type=failure_type(problem)
    )


@contextmanager
def traced() -> Iterator[None]:
    """Turn our errors into ones that the CDK passes on, without a stack."""
    try:
        yield
    except OpsgenieError as problem:
        raise as_traced(problem) from None


def failure_type(problem: OpsgenieError) -> airbyte.FailureType:
    """Who must act on *problem*."""
    matches = (kind for error, kind in FAILURE_TYPES.items() if isinstance(problem, error))
    return next(matches, airbyte.FailureType.system_error)


def object_in(given: Any, error: type[OpsgenieError], *, what: str) -> dict[str, Any]:
    """The JSON object that *what* holds; raises *error* if it holds something else."""
    if isinstance(given, dict):
        return given
    raise error(f"The {what} is no JSON object: write it as {{...}}.")


def catalog_in(given: dict[str, Any], path: str) -> airbyte.ConfiguredAirbyteCatalog:
    """The configured catalog in the JSON of the file *path*; raises CatalogError."""
    try:
        return airbyte.ConfiguredAirbyteCatalogSerializer.load(given)
    except (ValueError, TypeError) as problem:
        raise CatalogError(
            f"The catalog {path} is not a configured Airbyte catalog: make it of what discover prints, each stream "
            f"with a sync_mode and a destination_sync_mode. ({problem})"
        ) from problem


def refuse_doubles(catalog: airbyte.ConfiguredAirbyteCatalog) -> None:
    """Raise a traced CatalogError if a stream is named twice."""
    names = [asked.stream.name for asked in catalog.streams]
    for name in names:
        if names.count(name) > 1:
            raise as_traced(CatalogError(f"The catalog names the stream {name!r} twice: leave one of them out."))


def states_in(given: Any) -> dict[str, Any]:
    """The state of each stream: in messages a stream, in one for all, or as an object of the old form."""
    states = _states_in(given)
    for name, blob in states.items():
        if not isinstance(blob, dict | None):
            raise StateError(f"The state of the stream {name!r} is no JSON object: reset it, and all is read whole.")
    return states


def _states_in(given: Any) -> dict[str, Any]:
    if not given:
        return {}
    match given:
        case {"stream": {"stream_descriptor": {"name": str(name)}, **rest}}:
            return {name: rest.get("stream_state")}
        case {"data": dict(old)} | {"type": "LEGACY", "data": dict(old)}:
            return old
        case {"type": _} | {"global": _}:
            raise StateError("The state is of a kind that this source never wrote: reset it, and all is read whole.")
        case dict():
            return given
        case list():
            return {name: blob for one in given for name, blob in _states_in(one).items()}
    raise StateError("The state is no JSON object and no list of state messages: reset it, and all is read whole.")


def _log(text: str, level: airbyte.Level = airbyte.Level.INFO) -> airbyte.AirbyteMessage:
    return airbyte.AirbyteMessage(type=airbyte.Type.LOG, log=airbyte.AirbyteLogMessage(level=level, message=text))


def _rate_limited(name: str, *, until: int) -> airbyte.AirbyteMessage:
    """That the stream runs, and waits for the account's rate limit *until* a moment in milliseconds."""
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
