"""SourceOpsgenie: spec, check, discover, read in Airbyte's words; the only file that knows the CDK."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import airbyte_cdk.models as airbyte
from airbyte_cdk import AirbyteTracedException, Source
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message

from source_opsgenie.access import Reach, reach
from source_opsgenie.config import DOCUMENTATION, Config, read_json, specification
from source_opsgenie.connection import Connection, connect
from source_opsgenie.errors import (
    CatalogError,
    ConfigError,
    KeyRefused,
    NotGranted,
    NotInPlan,
    OpsgenieError,
    StateError,
    Unreachable,
    Unusable,
    WrongHost,
)
from source_opsgenie.events import Checkpoint, Counted, Event, Notice, Proof, Row
from source_opsgenie.reader import Reader
from source_opsgenie.streams import STREAMS, Stream, is_incremental

# Who must act, in Airbyte's words; whatever is not here is ours to mend.
FAILURE_TYPES: dict[type[OpsgenieError], airbyte.FailureType] = {
    Unusable: airbyte.FailureType.config_error,
    NotGranted: airbyte.FailureType.config_error,
    NotInPlan: airbyte.FailureType.config_error,
    Unreachable: airbyte.FailureType.transient_error,
}


class SourceOpsgenie(Source):
    """The Airbyte source: each verb translated, all work done elsewhere."""

    # Config.from_mapping looks at every value, and says what to do.
    check_config_against_spec = False

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Take the config as it is: the CDK would write it, key and all, into *temp_dir*."""
        return config

    @staticmethod
    def read_config(config_path: str) -> dict[str, Any]:
        """The config in a file; raises a traced ConfigError that names the file."""
        with _traced():
            return _object(read_json(config_path, what="config"), ConfigError, what=f"config {config_path}")

    @classmethod
    def read_catalog(cls, catalog_path: str) -> airbyte.ConfiguredAirbyteCatalog:
        """The configured catalog in a file; raises a traced CatalogError that says what to do."""
        with _traced():
            given = _object(read_json(catalog_path, what="catalog"), CatalogError, what=f"catalog {catalog_path}")
            return _catalog(given, catalog_path)

    @classmethod
    def read_state(cls, state_path: str | None) -> list[airbyte.AirbyteStateMessage]:
        """The states in a file, of whatever age and form; raises a traced StateError for anything else."""
        with _traced():
            given = read_json(state_path, what="state") if state_path else []
            return [_state(name, blob) for name, blob in _blobs(given).items()]

    def spec(self, logger: logging.Logger) -> airbyte.ConnectorSpecification:
        """What a config may hold."""
        return airbyte.ConnectorSpecification(
            connectionSpecification=specification(),
            documentationUrl=DOCUMENTATION,
            supportsIncremental=True,
            supported_destination_sync_modes=list(airbyte.DestinationSyncMode)[:3],
        )

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> airbyte.AirbyteConnectionStatus:
        """Whether the key reads anything, and in words what it reads and what it does not."""
        try:
            with connect(Config.from_mapping(config, environment=os.environ)) as connection:
                reached = reach(connection)
                status = airbyte.Status.SUCCEEDED if reached.readable else airbyte.Status.FAILED
                return airbyte.AirbyteConnectionStatus(status, _told(connection, reached))
        except OpsgenieError as problem:
            return airbyte.AirbyteConnectionStatus(airbyte.Status.FAILED, str(problem))

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> airbyte.AirbyteCatalog:
        """The table of streams as a catalog."""
        return airbyte.AirbyteCatalog(streams=[_described(stream) for stream in STREAMS.values()])

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: airbyte.ConfiguredAirbyteCatalog,
        state: list[airbyte.AirbyteStateMessage] | None = None,
    ) -> Iterator[airbyte.AirbyteMessage]:
        """Read the streams of *catalog*, one after the other; one that fails does not keep back the next.

        Raises a traced error in the end if any failed: the platform trusts nothing but the exit code.
        """
        logging.getLogger("source_opsgenie").setLevel(logger.level)
        blobs = {one.stream.stream_descriptor.name: one.stream.stream_state for one in state or [] if one.stream}
        failures: dict[str, OpsgenieError] = {}
        _refuse_doubles(catalog)
        with _traced(), connect(Config.from_mapping(config, environment=os.environ)) as connection:
            for asked in catalog.streams:
                name = asked.stream.name
                yield status_message(asked.stream, airbyte.AirbyteStreamStatus.STARTED)
                yield status_message(asked.stream, airbyte.AirbyteStreamStatus.RUNNING)
                try:
                    yield from _messages(Reader(connection), asked, blobs.get(name))
                    yield status_message(asked.stream, airbyte.AirbyteStreamStatus.COMPLETE)
                except OpsgenieError as problem:
                    failures[name] = problem
                    yield error_message(_as_traced(problem), stream=name)
                    yield status_message(asked.stream, airbyte.AirbyteStreamStatus.INCOMPLETE)
                    if isinstance(problem, KeyRefused | WrongHost):
                        break
        if failures:
            raise _summary(failures, of=len(catalog.streams))


def launch(args: list[str]) -> int:
    """Run one verb and print its messages; returns the exit code, 0 only if everything asked for is whole."""
    entrypoint = _Entrypoint(SourceOpsgenie())
    with PRINT_BUFFER:
        try:
            for message in entrypoint.run(entrypoint.parse_args(args)):
                print(message)
        except AirbyteTracedException as error:
            print(AirbyteEntrypoint.airbyte_message_to_string(error_message(error)))
            return 1
    return 0


class _Entrypoint(AirbyteEntrypoint):
    """The CDK's entry point; `check` gets our own words for a bad config, not jsonschema's."""

    @staticmethod
    def validate_connection(source_spec: airbyte.ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Leave it to `check`."""


def error_message(error: AirbyteTracedException, *, stream: str | None = None) -> airbyte.AirbyteMessage:
    """A TRACE for *error*, with the words for the user and without a stack."""
    trace = airbyte.AirbyteErrorTraceMessage(
        message=str(error),
        internal_message=error.internal_message,
        failure_type=error.failure_type,
        stream_descriptor=airbyte.StreamDescriptor(name=stream) if stream else None,
    )
    return _trace(airbyte.TraceType.ERROR, error=trace)


def _messages(
    reader: Reader, asked: airbyte.ConfiguredAirbyteStream, blob: airbyte.AirbyteStateBlob | None
) -> Iterator[airbyte.AirbyteMessage]:
    name = asked.stream.name
    if name not in STREAMS:
        raise CatalogError(f"There is no stream {name!r}: run discover, and take a name from what it prints.")
    events = reader.read(
        STREAMS[name],
        state=vars(blob) if blob else None,
        incremental=asked.sync_mode is airbyte.SyncMode.incremental,
        generation=asked.generation_id,
    )
    for event in events:
        yield _message(name, event)


def _message(name: str, event: Event) -> airbyte.AirbyteMessage:
    match event:
        case Row(record):
            row = airbyte.AirbyteRecordMessage(stream=name, data=record, emitted_at=_now_ms())
            return airbyte.AirbyteMessage(type=airbyte.Type.RECORD, record=row)
        case Checkpoint(state):
            return airbyte.AirbyteMessage(type=airbyte.Type.STATE, state=_state(name, state.to_mapping()))
        case Counted(total, of) if of == name:
            estimate = airbyte.AirbyteEstimateTraceMessage(name, airbyte.EstimateType.STREAM, row_estimate=total)
            return _trace(airbyte.TraceType.ESTIMATE, estimate=estimate)
        case Counted(total, of):
            return _log(f"{name}: asks {total:,} {of} one by one.")
        case Notice(text, is_warning):
            return _log(text, airbyte.Level.WARN if is_warning else airbyte.Level.INFO)
        case Proof(text):
            return _log(f"{name}: {text}.")


def _log(text: str, level: airbyte.Level = airbyte.Level.INFO) -> airbyte.AirbyteMessage:
    return airbyte.AirbyteMessage(type=airbyte.Type.LOG, log=airbyte.AirbyteLogMessage(level=level, message=text))


def _trace(kind: airbyte.TraceType, **content: Any) -> airbyte.AirbyteMessage:
    trace = airbyte.AirbyteTraceMessage(type=kind, emitted_at=_now_ms(), **content)
    return airbyte.AirbyteMessage(type=airbyte.Type.TRACE, trace=trace)


def _state(name: str, blob: Mapping[str, Any] | None) -> airbyte.AirbyteStateMessage:
    stream = airbyte.AirbyteStreamState(
        stream_descriptor=airbyte.StreamDescriptor(name=name), stream_state=airbyte.AirbyteStateBlob(blob or {})
    )
    return airbyte.AirbyteStateMessage(type=airbyte.AirbyteStateType.STREAM, stream=stream)


def _described(stream: Stream) -> airbyte.AirbyteStream:
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


def _told(connection: Connection, reached: Reach) -> str:
    """What `check` says: whose account, what can be read, what cannot and why, and a list to paste."""
    whose = f"the account {connection.account_name}" if connection.account_name else "an account that it may not name"
    closed = [
        f"Cannot be read: {', '.join(reached.streams_in(access))} (needs {access.needs}): {refusal}"
        for access, refusal in reached.closed.items()
    ]
    scope = "one team's key, which sees that team only" if connection.is_team_key else "a key"
    paste = f"In PyAirbyte: source.select_streams({reached.readable})" if closed and reached.readable else ""
    told = [
        f"This is {scope} for {whose}.",
        f"Can be read: {', '.join(reached.readable) or 'nothing'}.",
        *closed,
        paste,
    ]
    return " ".join(filter(None, told))


def _summary(failures: Mapping[str, OpsgenieError], *, of: int) -> AirbyteTracedException:
    reasons = " ".join(f"{name}: {problem}" for name, problem in failures.items())
    worst = next(iter(failures.values()))
    text = f"{len(failures)} of {of} streams are incomplete; the others are whole. {reasons}"
    return AirbyteTracedException(internal_message=text, message=text, failure_type=_failure_type(worst))


def _as_traced(problem: OpsgenieError) -> AirbyteTracedException:
    return AirbyteTracedException(
        internal_message=type(problem).__name__, message=str(problem), failure_type=_failure_type(problem)
    )


def _failure_type(problem: OpsgenieError) -> airbyte.FailureType:
    matches = (kind for error, kind in FAILURE_TYPES.items() if isinstance(problem, error))
    return next(matches, airbyte.FailureType.system_error)


@contextmanager
def _traced() -> Iterator[None]:
    try:
        yield
    except OpsgenieError as problem:
        raise _as_traced(problem) from None


def _object(given: Any, error: type[OpsgenieError], *, what: str) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    raise error(f"The {what} is no JSON object: write it as {{...}}.")


def _catalog(given: dict[str, Any], path: str) -> airbyte.ConfiguredAirbyteCatalog:
    try:
        return airbyte.ConfiguredAirbyteCatalogSerializer.load(given)
    except (ValueError, TypeError) as problem:
        raise CatalogError(
            f"The catalog {path} is not a configured Airbyte catalog: make it of what discover prints, each stream "
            f"with a sync_mode and a destination_sync_mode. ({problem})"
        ) from problem


def _refuse_doubles(catalog: airbyte.ConfiguredAirbyteCatalog) -> None:
    names = [asked.stream.name for asked in catalog.streams]
    for name in names:
        if names.count(name) > 1:
            raise _as_traced(CatalogError(f"The catalog names the stream {name!r} twice: leave one of them out."))


def _blobs(given: Any) -> dict[str, Any]:
    """The state of each stream: in messages a stream, in one for all, or as an object of the old form."""
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
            return {name: blob for one in given for name, blob in _blobs(one).items()}
    raise StateError("The state is no JSON object and no list of state messages: reset it, and all is read whole.")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
