"""Errors and logs of `opsgenie-archive`: each error that ends a command is one message and one exit code."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import click

from source_opsgenie import errors
from source_opsgenie.archive.wording import TYPED, as_typed
from source_opsgenie.signals import Terminated, end_by_signal, handle_signals, report_unwritable_output


class ExitCode(IntEnum):
    """The exit codes of every command, each with its meaning."""

    COMPLETE = (0, "every stream is complete")
    INCOMPLETE = (1, "a stream is incomplete, or another error ended the command")
    INVALID_INPUT = (2, "the options, the config or the query are invalid")
    WRONG_KEY = (3, "Opsgenie does not accept the key")
    UNREACHABLE = (4, "Opsgenie cannot be reached, or something else responds in its place")
    DIFFERENT = (10, "differences were found")
    LOCKED = (11, "another sync or another program has the file open")

    meaning: str

    def __new__(cls, code: int, meaning: str) -> "ExitCode":
        """The exit code *code* with its *meaning*."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


# The exit codes of a process that a signal ended, as a shell reports them.
SIGNAL_CODES = {130: "stopped by Ctrl-C", 143: "stopped by SIGTERM"}
CODES: Mapping[type[errors.OpsgenieError], ExitCode] = {
    errors.ConfigError: ExitCode.INVALID_INPUT,
    errors.Unauthorized: ExitCode.WRONG_KEY,
    errors.Unreachable: ExitCode.UNREACHABLE,
    errors.WrongHost: ExitCode.UNREACHABLE,
    errors.ArchiveLocked: ExitCode.LOCKED,
}


def exit_code_of(error: errors.OpsgenieError) -> ExitCode:
    """The exit code of a command that *error* ended."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), ExitCode.INCOMPLETE)


class _ToStderr(logging.Handler):
    """Writes to the current sys.stderr, which changes while rich redraws the progress lines."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


@contextmanager
def report_errors(
    *,
    verbose: bool = False,
    quiet: bool = False,
    words: Mapping[str, str] = TYPED,
    write_report: Callable[[Mapping[str, Any]], None] | None = None,
) -> Iterator[None]:
    """Print an error that ends the command as one message, in the *words* of the command line, and log to stderr.

    `write_report` receives the same for machines.
    """
    logger = logging.getLogger("source_opsgenie")
    # At a terminal, the progress line already shows what the sync waits for.
    is_shown = sys.stdout.isatty() or quiet
    logger.setLevel(logging.DEBUG if verbose else logging.ERROR if is_shown else logging.WARNING)
    logger.addHandler(handler := _ToStderr())
    try:
        with handle_signals():
            yield
    except errors.OpsgenieError as error:
        reason, code = as_typed(str(error), words), exit_code_of(error)
        click.echo(f"Error: {reason}", err=True)
        if write_report:
            write_report({"status": "failed", "reason": reason, "exit_code": int(code), "streams": []})
        raise SystemExit(code) from error
    except Terminated as signal:
        click.echo("Stopped. Everything stored so far is kept.", err=True)
        end_by_signal(signal.number)
    except OSError as error:
        report_unwritable_output(error)
        raise SystemExit(ExitCode.INCOMPLETE) from error
    finally:
        logger.removeHandler(handler)
