"""`source-opsgenie`: runs one of Airbyte's verbs."""

import gc
import io
import json
import logging
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from source_opsgenie.airbyte.cli import parse_arguments
from source_opsgenie.airbyte.output import open_output
from source_opsgenie.airbyte.spec import spec_message
from source_opsgenie.config import read_json
from source_opsgenie.distribution import require
from source_opsgenie.errors import ConfigError
from source_opsgenie.signals import end_on_signals, report_unwritable_output

OBJECTS_BETWEEN_COLLECTIONS = 20_000


def main() -> None:
    """Run one verb; the exit code is 0 only if every requested stream is complete."""
    # Parse before the CDK is imported, so that --help is fast.
    arguments = parse_arguments(sys.argv[1:])
    require("airbyte_cdk", install="source-opsgenie")
    # What the CDK prints after an error in this program is UTF-8 too, whatever the locale.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    # A log line that cannot be written is reported once, together with the messages.
    logging.raiseExceptions = False
    end_on_signals()
    try:
        code = _run(arguments)
    except OSError as error:
        code = 1
        report_unwritable_output(error)
    sys.exit(code)


def _run(arguments: Namespace) -> int:
    """Run the verb, without the CDK if its message depends on nothing but this program."""
    if arguments.command == "spec":
        return _print(spec_message())
    if arguments.command == "discover" and _is_object(arguments.config):
        from source_opsgenie.airbyte.catalog import catalog_message  # noqa: PLC0415 -- --help does not wait for it

        return _print(catalog_message())
    return _launch(arguments)


def _is_object(config: str) -> bool:
    """Whether the file is a JSON object; `launch` reports what else it is."""
    try:
        return isinstance(read_json(config, what="config"), dict)
    except ConfigError:
        return False


def _print(message: Mapping[str, Any]) -> int:
    output = open_output()
    output.write_lines([f"{json.dumps(message)}\n".encode()])
    output.flush()
    return 0


def _launch(arguments: Namespace) -> int:
    # Imported objects are never freed: scanning them again and again for garbage would cost a third of the CPU time of
    # a read. The rows under way are too few for a scan, which would cost a twentieth.
    gc.disable()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from source_opsgenie.airbyte.launch import launch  # noqa: PLC0415 -- the other verbs do not wait for the CDK

    gc.freeze()
    gc.enable()
    return launch(arguments)
