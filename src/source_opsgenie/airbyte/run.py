"""`source-opsgenie`: runs one of Airbyte's verbs."""

import gc
import io
import logging
import sys

from source_opsgenie.airbyte.cli import parse_arguments
from source_opsgenie.distribution import require
from source_opsgenie.signals import Terminated, discard_unread_output, handle_signals, report_unwritable_output


def main() -> None:
    """Run one verb; the exit code is 0 only if every requested stream is complete."""
    # Parse before the CDK is imported, so that --help is fast.
    arguments = parse_arguments(sys.argv[1:])
    require("airbyte_cdk", install="source-opsgenie")
    # Airbyte reads UTF-8, whatever the locale.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    # A log line that cannot be written is reported once, together with the messages.
    logging.raiseExceptions = False
    try:
        with discard_unread_output(seconds=1), handle_signals():
            # Importing the CDK takes a second, and Ctrl-C must work during it. Imported objects are never freed:
            # scanning them again and again for garbage would cost a third of the CPU time of a read.
            gc.disable()
            from source_opsgenie.airbyte.source import launch  # noqa: PLC0415

            gc.freeze()
            gc.enable()
            code = launch(arguments)
    except Terminated as terminated:
        code = terminated.exit_code
    except OSError as error:
        code = 1
        report_unwritable_output(error)
    sys.exit(code)
