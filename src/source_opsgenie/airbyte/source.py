"""SourceOpsgenie: spec, check, discover, read in Airbyte's words; with protocol.py all that knows the CDK."""

import logging
import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

import airbyte_cdk.models as airbyte
from airbyte_cdk import AirbyteTracedException, Source
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message

from source_opsgenie.airbyte.permissions import Permissions, check_permissions
from source_opsgenie.airbyte.protocol import (
    as_traced,
    catalog_in,
    described,
    error_message,
    failure_type,
    message_of,
    object_in,
    refuse_doubles,
    state_message,
    states_in,
    traced,
)
from source_opsgenie.api.connection import Connection, connect
from source_opsgenie.api.outage import is_fatal
from source_opsgenie.config import DOCUMENTATION, Config, read_json, specification
from source_opsgenie.errors import (
    CatalogError,
    ConfigError,
    OpsgenieError,
)
from source_opsgenie.options import override_notice
from source_opsgenie.reading.reader import Reader
from source_opsgenie.signals import SIGNALS_DEFERRED
from source_opsgenie.streams import STREAMS


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
        with traced():
            return object_in(read_json(config_path, what="config"), ConfigError, what=f"config {config_path}")

    @classmethod
    def read_catalog(cls, catalog_path: str) -> airbyte.ConfiguredAirbyteCatalog:
        """The configured catalog in a file; raises a traced CatalogError that says what to do."""
        with traced():
            given = object_in(read_json(catalog_path, what="catalog"), CatalogError, what=f"catalog {catalog_path}")
            return catalog_in(given, catalog_path)

    @classmethod
    def read_state(cls, state_path: str | None) -> list[airbyte.AirbyteStateMessage]:
        """The states in a file, of whatever age and form; raises a traced StateError for anything else."""
        with traced():
            given = read_json(state_path, what="state") if state_path else []
            return [state_message(name, blob) for name, blob in states_in(given).items()]

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
        stands_in = ""
        try:
            asked = Config.from_mapping(config, environment=os.environ)
            stands_in = override_notice(os.environ, asked.base_url)
            with connect(asked) as connection:
                reached = check_permissions(connection)
                status = airbyte.Status.SUCCEEDED if reached.readable else airbyte.Status.FAILED
                return airbyte.AirbyteConnectionStatus(status, f"{_told(connection, reached)} {stands_in}".rstrip())
        except OpsgenieError as problem:
            return airbyte.AirbyteConnectionStatus(airbyte.Status.FAILED, f"{problem} {stands_in}".rstrip())

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> airbyte.AirbyteCatalog:
        """The table of streams as a catalog."""
        return airbyte.AirbyteCatalog(streams=[described(stream) for stream in STREAMS.values()])

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
        names = [asked.stream.name for asked in catalog.streams]
        failures: dict[str, OpsgenieError] = {}
        refuse_doubles(catalog)
        with traced(), connect(Config.from_mapping(config, environment=os.environ)) as connection:
            if stands_in := override_notice(os.environ, connection.config.base_url):
                logger.info(stands_in)
            for asked in catalog.streams:
                name = asked.stream.name
                yield status_message(asked.stream, airbyte.AirbyteStreamStatus.STARTED)
                yield status_message(asked.stream, airbyte.AirbyteStreamStatus.RUNNING)
                try:
                    yield from _messages(Reader(connection), asked, blobs.get(name))
                    yield status_message(asked.stream, airbyte.AirbyteStreamStatus.COMPLETE)
                except OpsgenieError as problem:
                    failures[name] = problem
                    yield error_message(as_traced(problem), stream=name)
                    yield status_message(asked.stream, airbyte.AirbyteStreamStatus.INCOMPLETE)
                    if is_fatal(problem, connection):
                        break
        if failures:
            raise _summary(failures, asked=names, not_read=names[names.index(name) + 1 :])


def launch(arguments: Namespace) -> int:
    """Run one verb and print its messages; returns the exit code, 0 only if everything asked for is whole."""
    entrypoint = _Entrypoint(SourceOpsgenie())
    with PRINT_BUFFER:
        try:
            for message in entrypoint.run(arguments):
                # One write a message: a thread's log line must not come before the line break.
                with SIGNALS_DEFERRED:
                    print(f"{message}\n", end="")
        except AirbyteTracedException as error:
            print(AirbyteEntrypoint.airbyte_message_to_string(error_message(error)))
            return 1
    return 0


class _Entrypoint(AirbyteEntrypoint):
    """The CDK's entry point; `check` gets our own words for a bad config, not jsonschema's."""

    @staticmethod
    def validate_connection(source_spec: airbyte.ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Leave it to `check`."""


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
        yield message_of(name, event)


def _told(connection: Connection, reached: Permissions) -> str:
    """What `check` says: whose account, what can be read, what cannot and why, and a list to paste."""
    whose = f"the account {connection.account_name}" if connection.account_name else "an account that it may not name"
    closed = [
        f"Cannot be read: {', '.join(reached.streams_in(access))} (needs {access.needs}): {refusal}"
        for access, refusal in reached.closed.items()
    ]
    scope = "one team's key, which sees that team only" if connection.is_team_key else "a key"
    paste = f"In PyAirbyte: source.select_streams({reached.readable})" if closed and reached.readable else ""
    told = [
        f"This is {scope} for {whose}, at {connection.config.base_url}.",
        f"Can be read: {', '.join(reached.readable) or 'nothing'}.",
        *closed,
        paste,
    ]
    return " ".join(filter(None, told))


def _summary(failures: Mapping[str, OpsgenieError], *, asked: list[str], not_read: list[str]) -> AirbyteTracedException:
    """What is not whole, and why: one reason for each kind of error, since each stream has told its own."""
    alike: dict[type[OpsgenieError], list[str]] = {}
    for name, problem in failures.items():
        alike.setdefault(type(problem), []).append(name)
    told = [
        # Of a wrong catalog nothing is incomplete.
        str(failures[names[0]]) if kind is CatalogError else f"Incomplete: {', '.join(names)}. {failures[names[0]]}"
        for kind, names in alike.items()
    ]
    if not_read:
        told.append(f"Not read at all: {', '.join(not_read)}.")
    if len(asked) > len(failures) + len(not_read):
        told.append("What else was asked for is whole.")
    return AirbyteTracedException(
        message=" ".join(told),
        internal_message="; ".join(f"{kind.__name__}: {', '.join(names)}" for kind, names in alike.items()),
        failure_type=failure_type(next(iter(failures.values()))),
    )
