"""`source-opsgenie`: Airbyte's verbs, nothing else."""

import gc
import logging
import sys

from source_opsgenie.arguments import parsed
from source_opsgenie.ending import Ended, give_up_output, listening


def main() -> None:
    """Run the verb that the arguments name; the exit code is 0 only if everything asked for is whole."""
    # Before the CDK is imported: a help shall not wait for it.
    arguments = parsed(sys.argv[1:])
    # A line of log that cannot be written is told once, with the messages that cannot.
    logging.raiseExceptions = False
    try:
        with listening():
            # The CDK takes a second: Ctrl-C may come in it. All that it makes stays to the end, and to walk through
            # it in search of garbage, again and again, would cost a third of the processor time of a read.
            gc.disable()
            from source_opsgenie.source import launch  # noqa: PLC0415

            gc.freeze()
            gc.enable()
            code = launch(arguments)
    except Ended as ended:
        code = ended.exit_code
    except OSError as problem:
        code = 1
        give_up_output(problem)
    sys.exit(code)
