"""Errors and logs of `opsgenie-archive`: each error that ends a command is one message and one exit code."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from source_opsgenie.errors import ConfigError, OpsgenieError
from source_opsgenie.signals import Terminated, end_by_signal, handle_signals, report_unwritable_output

INCOMPLETE, INVALID_INPUT = 1, 2


class _ToStderr(logging.Handler):
    """Writes to the current sys.stderr, which changes while rich redraws the progress lines."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


@contextmanager
def report_errors(*, verbose: bool = False) -> Iterator[None]:
    """Print an error that ends the command as one message, and log to stderr."""
    logger = logging.getLogger("source_opsgenie")
    # At a terminal, the progress lines already show what the sync waits for.
    logger.setLevel(logging.DEBUG if verbose else logging.ERROR if sys.stdout.isatty() else logging.WARNING)
    logger.addHandler(handler := _ToStderr())
    try:
        with handle_signals():
            yield
    except OpsgenieError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(INVALID_INPUT if isinstance(error, ConfigError) else INCOMPLETE) from error
    except Terminated as signal:
        click.echo("Stopped. Everything stored so far is kept.", err=True)
        end_by_signal(signal.number)
    except OSError as error:
        report_unwritable_output(error)
        raise SystemExit(INCOMPLETE) from error
    finally:
        logger.removeHandler(handler)
