"""`source-opsgenie`: Airbyte's verbs, nothing else."""

import os
import sys


def main() -> None:
    """Run the verb that the arguments name; the exit code is 0 only if everything asked for is whole."""
    try:
        from source_opsgenie.source import launch  # noqa: PLC0415 -- the CDK takes a second: Ctrl-C may come in it

        sys.exit(launch(sys.argv[1:] or ["--help"]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever listened is gone; what is left in the buffer must not raise once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
