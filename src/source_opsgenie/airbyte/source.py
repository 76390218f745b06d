"""SourceOpsgenie implements Airbyte's verbs: spec, check, discover and read."""

import logging
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import airbyte_cdk.models as airbyte
from airbyte_cdk import AirbyteTracedException, Source
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message

from source_opsgenie.airbyte.catalog import catalog_message
from source_opsgenie.airbyte.permissions import Permissions, check_permissions, count_filtered
from source_opsgenie.airbyte.protocol import (
    Message,
    Records,
    classify_failure,
    convert_errors,
    parse_catalog,
    parse_states,
    reject_duplicates,
    require_object,
    to_error_message,
    to_message,
    to_state_message,
    to_traced_exception,
)
from source_opsgenie.airbyte.spec import spec_message
from source_opsgenie.airbyte.upgrade import upgrade_warning
from source_opsgenie.api.connection import Connection, connect
from source_opsgenie.api.outage import is_fatal
from source_opsgenie.config import Config, read_json
from source_opsgenie.errors import CatalogError, ConfigError, Incomplete, OpsgenieError
from source_opsgenie.options import override_notice
from source_opsgenie.parallel import in_parallel
from source_opsgenie.reading.events import Event, Proof
from source_opsgenie.reading.lanes import Lanes
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Access


class SourceOpsgenie(Source):
    """The Airbyte source: translates each verb and leaves the work to the lower layers."""

    # Config.from_mapping validates every value, with better messages.
    check_config_against_spec = False

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Return the config unchanged: the CDK would write it, including the API key, to *temp_dir*."""
        return config

    @staticmethod
    def read_config(config_path: str) -> dict[str, Any]:
        """Read the config file; raises a traced ConfigError that names the file."""
        with convert_errors():
            content = read_json(config_path, what="config")
            return require_object(content, ConfigError, what=f"config {config_path}")

    @classmethod
    def read_catalog(cls, catalog_path: str) -> airbyte.ConfiguredAirbyteCatalog:
        """Read the configured catalog file; raises a traced CatalogError with the remedy."""
        with convert_errors():
            content = read_json(catalog_path, what="catalog")
            return parse_catalog(require_object(content, CatalogError, what=f"catalog {catalog_path}"), catalog_path)

    @classmethod
    def read_state(cls, state_path: str | None) -> list[airbyte.AirbyteStateMessage]:
        """Read the state file in any form that Airbyte ever used; raises a traced StateError for anything else."""
        with convert_errors():
            content = read_json(state_path, what="state") if state_path else []
            return [to_state_message(name, blob) for name, blob in parse_states(content).items()]

    def spec(self, logger: logging.Logger) -> airbyte.ConnectorSpecification:
        """Return the options that a config can contain."""
        specification: airbyte.ConnectorSpecification = airbyte.ConnectorSpecificationSerializer.load(
            spec_message()["spec"]
        )
        return specification

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> airbyte.AirbyteConnectionStatus:
        """Return whether the key can read any stream, and list what it can and cannot read."""
        notice = ""
        try:
            parsed = Config.from_mapping(config, environment=os.environ)
            notice = override_notice(os.environ, parsed.base_url)
            with connect(parsed) as connection:
                permissions = check_permissions(connection)
                matching = None if Access.ALERTS in permissions.denied else count_filtered(connection)
                status = airbyte.Status.SUCCEEDED if permissions.readable else airbyte.Status.FAILED
                text = _describe_access(connection, permissions)
                if matching is not None:
                    text += f" {matching:,} alerts match alert_query and the filters."
        except OpsgenieError as error:
            status, text = airbyte.Status.FAILED, str(error)
        # PyAirbyte shows the message only if the status is FAILED.
        logger.info(text)
        return airbyte.AirbyteConnectionStatus(status, f"{text} {notice}".rstrip())

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> airbyte.AirbyteCatalog:
        """Return the stream table as a catalog."""
        catalog: airbyte.AirbyteCatalog = airbyte.AirbyteMessageSerializer.load(catalog_message()).catalog
        return catalog

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: airbyte.ConfiguredAirbyteCatalog,
        state: list[airbyte.AirbyteStateMessage] | None = None,
    ) -> Iterator[airbyte.AirbyteMessage]:
        """The messages of `read_together`, with one for each row."""
        for message in self.read_together(logger, config, catalog, state):
            if isinstance(message, Records):
                yield from message.messages()
            else:
                yield message

    def read_together(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: airbyte.ConfiguredAirbyteCatalog,
        state: list[airbyte.AirbyteStateMessage] | None = None,
    ) -> Iterator[Message]:
        """Read the streams of *catalog*: domains side by side, and those of one domain in order.

        A stream that fails does not stop the others. Raises a traced error at the end if any stream failed, because
        the platform trusts only the exit code.
        """
        logging.getLogger("source_opsgenie").setLevel(logger.level)
        reject_duplicates(catalog)
        messages = (message.stream for message in state or [] if message.stream)
        blobs = {message.stream_descriptor.name: message.stream_state for message in messages}
        if warning := upgrade_warning(catalog, blobs):
            logger.warning(warning)
        with convert_errors(), connect(Config.from_mapping(config, environment=os.environ)) as connection:
            if notice := override_notice(os.environ, connection.config.base_url):
                logger.info(notice)
            read = _Read(connection, {configured.stream.name: configured for configured in catalog.streams}, blobs)
            yield from read.messages()
        read.raise_if_failed()


@dataclass(frozen=True, slots=True)
class _Ended:
    """How one stream ended; *is_fatal* if no other stream can be read either."""

    name: str
    error: OpsgenieError | None
    is_fatal: bool


# The messages of one stream.
Messages = Generator[Message, None, _Ended]


class _Read:
    """One run of the verb `read`."""

    def __init__(
        self,
        connection: Connection,
        streams: Mapping[str, airbyte.ConfiguredAirbyteStream],
        blobs: Mapping[str, airbyte.AirbyteStateBlob | None],
    ) -> None:
        self._connection, self._streams, self._blobs = connection, streams, blobs
        self._lanes = Lanes(streams)
        self._failures: dict[str, OpsgenieError] = {}
        self._is_over = False

    def messages(self) -> Iterator[Message]:
        """The messages of all streams, in order within each stream."""
        merged = in_parallel(self._begin(), then=self._end, max_threads=self._lanes.number, size=_size)
        with closing(merged) as found:
            yield from found

    def raise_if_failed(self) -> None:
        """Raise a traced error about the streams that failed, if any."""
        if self._failures:
            # In the order of the catalog, whichever failed first.
            failures = {name: self._failures[name] for name in self._streams if name in self._failures}
            raise _summarize(failures, not_read=self._lanes.pending, requested=len(self._streams))

    def _begin(self) -> list[Messages]:
        return [
            _read_stream(self._connection, self._streams[name], self._blobs.get(name)) for name in self._lanes.begin()
        ]

    def _end(self, ended: _Ended) -> list[Messages]:
        """Record how a stream ended, and begin the next one, unless nothing can be read; other streams find out too."""
        self._lanes.finish(ended.name)
        if ended.error:
            self._failures[ended.name] = ended.error
        self._is_over |= ended.is_fatal
        return [] if self._is_over else self._begin()


def _size(message: Message) -> int:
    return len(message.rows) if isinstance(message, Records) else 1


def _read_stream(
    connection: Connection, configured: airbyte.ConfiguredAirbyteStream, blob: airbyte.AirbyteStateBlob | None
) -> Messages:
    """Yield the messages of one stream, with its statuses; returns the error if it is incomplete."""
    yield status_message(configured.stream, airbyte.AirbyteStreamStatus.STARTED)
    yield status_message(configured.stream, airbyte.AirbyteStreamStatus.RUNNING)
    name = configured.stream.name
    try:
        for event in _read_events(connection, configured, blob):
            if message := to_message(name, event):
                yield message
            if isinstance(event, Proof) and event.lack:
                raise Incomplete(event.lack)
    except OpsgenieError as error:
        yield to_error_message(to_traced_exception(error), stream=name)
        yield status_message(configured.stream, airbyte.AirbyteStreamStatus.INCOMPLETE)
        return _Ended(name, error, is_fatal(error, connection.client))
    yield status_message(configured.stream, airbyte.AirbyteStreamStatus.COMPLETE)
    return _Ended(name, None, is_fatal=False)


def _read_events(
    connection: Connection, configured: airbyte.ConfiguredAirbyteStream, blob: airbyte.AirbyteStateBlob | None
) -> Iterator[Event]:
    name = configured.stream.name
    if name not in STREAMS:
        raise CatalogError(f"There is no stream {name!r}. Run discover to list all streams.")
    return Reader(connection).read(
        STREAMS[name],
        state=vars(blob) if blob else None,
        incremental=configured.sync_mode is airbyte.SyncMode.incremental,
        generation=configured.generation_id,
    )


def _describe_access(connection: Connection, permissions: Permissions) -> str:
    """The message of `check`: the account, what the key can read, what it cannot and why, and a list to paste."""
    kind = "a team API key, which sees only its own team," if connection.is_team_key else "an API key"
    account = f"the account {connection.account_name}" if connection.account_name else "an account that it cannot name"
    denied = [
        f"Cannot read: {', '.join(permissions.streams_in(access))} (needs {access.needs}): {error}"
        for access, error in permissions.denied.items()
    ]
    paste = f"For PyAirbyte: source.select_streams({permissions.readable})" if denied and permissions.readable else ""
    sentences = [
        f"This is {kind} for {account}, at {connection.config.base_url}.",
        f"Can read: {', '.join(permissions.readable) or 'nothing'}.",
        *denied,
        paste,
    ]
    return " ".join(filter(None, sentences))


def _summarize(failures: Mapping[str, OpsgenieError], *, not_read: list[str], requested: int) -> AirbyteTracedException:
    """The closing error: which streams are incomplete, with one reason for each class of error."""
    by_class: dict[type[OpsgenieError], list[str]] = {}
    for name, error in failures.items():
        by_class.setdefault(type(error), []).append(name)
    sentences = [
        # A stream that does not exist is not incomplete.
        str(failures[names[0]]) if kind is CatalogError else f"Incomplete: {', '.join(names)}. {failures[names[0]]}"
        for kind, names in by_class.items()
    ]
    if not_read:
        sentences.append(f"Not read: {', '.join(not_read)}.")
    if requested > len(failures) + len(not_read):
        sentences.append("All other requested streams are complete.")
    return AirbyteTracedException(
        message=" ".join(sentences),
        internal_message="; ".join(f"{kind.__name__}: {', '.join(names)}" for kind, names in by_class.items()),
        failure_type=classify_failure(next(iter(failures.values()))),
    )
