"""`source-opsgenie`: Airbyte's verbs, nothing else."""

import gc
import logging
import sys

from source_opsgenie.airbyte.cli import parse_arguments
from source_opsgenie.signals import Terminated, handle_signals, report_unwritable_output


def main() -> None:
    """Run the verb that the arguments name; the exit code is 0 only if everything asked for is whole."""
    # Before the CDK is imported: a help shall not wait for it.
    arguments = parse_arguments(sys.argv[1:])
    # A line of log that cannot be written is told once, with the messages that cannot.
    logging.raiseExceptions = False
    try:
        with handle_signals():
            # The CDK takes a second: Ctrl-C may come in it. All that it makes stays to the end, and to walk through
            # it in search of garbage, again and again, would cost a third of the processor time of a read.
            gc.disable()
            from source_opsgenie.airbyte.source import launch  # noqa: PLC0415

            gc.freeze()
            gc.enable()
            code = launch(arguments)
    except Terminated as ended:
        code = ended.exit_code
    except OSError as problem:
        code = 1
        report_unwritable_output(problem)
    sys.exit(code)
