"""`source-opsgenie`: runs one of Airbyte's verbs."""

import gc
import io
import json
import logging
import sys
from argparse import Namespace

from source_opsgenie.airbyte.cli import parse_arguments
from source_opsgenie.airbyte.output import open_output
from source_opsgenie.airbyte.spec import spec_message
from source_opsgenie.distribution import require
from source_opsgenie.signals import end_on_signals, report_unwritable_output


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
        code = _print_spec() if arguments.command == "spec" else _launch(arguments)
    except OSError as error:
        code = 1
        report_unwritable_output(error)
    sys.exit(code)


def _print_spec() -> int:
    output = open_output()
    output.write_line(f"{json.dumps(spec_message())}\n".encode())
    output.flush()
    return 0


def _launch(arguments: Namespace) -> int:
    # Imported objects are never freed: scanning them again and again for garbage would cost a third of the CPU time of
    # a read.
    gc.disable()
    from source_opsgenie.airbyte.launch import launch  # noqa: PLC0415 -- --help and spec do not wait for the CDK

    gc.freeze()
    gc.enable()
    return launch(arguments)
