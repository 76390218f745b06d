"""Run one verb: the CDK's entry point, without its temporary folder and its print buffer."""

import logging
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import airbyte_cdk.models as airbyte
from airbyte_cdk import AirbyteTracedException
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER, is_platform_debug_log_enabled

from source_opsgenie.airbyte.output import Output, open_output
from source_opsgenie.airbyte.protocol import Message, Records, to_error_message, to_lines
from source_opsgenie.airbyte.source import SourceOpsgenie


def launch(arguments: Namespace) -> int:
    """Run one verb and print its messages; returns 0 only if every requested stream is complete."""
    output = open_output()
    entrypoint = _Entrypoint(SourceOpsgenie())
    with _log_to(output):
        try:
            for message in entrypoint.messages(arguments):
                output.write_lines(to_lines(message))
                if not isinstance(message, Records):
                    output.flush()
        except AirbyteTracedException as error:
            output.write_lines(to_lines(to_error_message(error)))
            return 1
        finally:
            output.flush()
    return 0


@contextmanager
def _log_to(output: Output) -> Iterator[None]:
    """Send the lines that the CDK logs to *output*."""
    consoles = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is PRINT_BUFFER
    ]
    for console in consoles:
        console.setStream(output)
    try:
        yield
    finally:
        for console in consoles:
            console.setStream(PRINT_BUFFER)


class _Entrypoint(AirbyteEntrypoint):
    """The CDK's entry point without its temporary folder, which no signal may leave behind."""

    source: SourceOpsgenie

    def messages(self, arguments: Namespace) -> Iterator[Message]:
        """Run one verb; yields its messages."""
        if arguments.debug or is_platform_debug_log_enabled():
            self.logger.setLevel(logging.DEBUG)
        specification = self.source.spec(self.logger)
        if arguments.command == "spec":
            yield airbyte.AirbyteMessage(type=airbyte.Type.SPEC, spec=specification)
            return
        config = self.source.read_config(arguments.config)
        match arguments.command:
            case "check":
                yield from self.check(specification, config)
            case "discover":
                yield from self.discover(specification, config)
            case "read":
                catalog, state = self.source.read_catalog(arguments.catalog), self.source.read_state(arguments.state)
                self.set_up_secret_filter(config, specification.connectionSpecification)
                yield from _add_row_counts(self.source.read_together(self.logger, config, catalog, state))

    @staticmethod
    def validate_connection(source_spec: airbyte.ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Do nothing: `check` validates the config, with our own messages instead of jsonschema's."""


def _add_row_counts(messages: Iterator[Message]) -> Iterator[Message]:
    """Add to each state among *messages* the number of rows of its stream since the last one.

    https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol#airbytestatemessage
    """
    counts: Counter[str] = Counter()
    for message in messages:
        if isinstance(message, Records):
            counts[message.stream] += len(message.rows)
        elif message.state and message.state.stream:
            rows = counts.pop(message.state.stream.stream_descriptor.name, 0)
            message.state.sourceStats = airbyte.AirbyteStateStats(recordCount=float(rows))
        yield message
