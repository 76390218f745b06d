"""`source-opsgenie`: Airbyte's verbs, nothing else."""

import os
import sys

from source_opsgenie.signals import Ended, listening


def main() -> None:
    """Run the verb that the arguments name; the exit code is 0 only if everything asked for is whole."""
    try:
        with listening():
            # The CDK takes a second: Ctrl-C may come in it.
            from source_opsgenie.source import launch  # noqa: PLC0415

            code = launch(sys.argv[1:] or ["--help"])
    except Ended as ended:
        code = ended.exit_code
    except OSError as problem:
        code = 1
        _give_up_output(problem)
    sys.exit(code)


def _give_up_output(problem: OSError) -> None:
    """Say that nobody can read what is printed; what is left in a buffer must not fail once more."""
    if sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    if not isinstance(problem, BrokenPipeError) and sys.__stderr__:
        remedy = "make room or mend that, then run again with the last state that was stored."
        sys.__stderr__.write(f"The output cannot be written ({problem.strerror}): {remedy}\n")
