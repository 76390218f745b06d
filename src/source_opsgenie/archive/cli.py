"""`opsgenie-archive`: its commands, options and exit codes."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from source_opsgenie.archive.reporting import SIGNAL_CODES, ExitCode, report_errors
from source_opsgenie.archive.sync_options import (
    ATTACHMENTS_HELP,
    REPORT_HELP,
    SAME_ACCOUNT,
    check_folder,
    load_config,
    with_options,
)
from source_opsgenie.archive.verbs import VERBS
from source_opsgenie.archive.verify.command import verify_command
from source_opsgenie.archive.wording import KEY_VARIABLE, as_typed, words_typed
from source_opsgenie.distribution import VERSION
from source_opsgenie.signals import (
    SIGNALS_DEFERRED,
    end_by_signal,
)
from source_opsgenie.streams import STREAMS, Stream

HELP = f"""Copy an Opsgenie account into one local DuckDB file, and answer questions from it.

The API key is read from the environment variable {KEY_VARIABLE} or from the --config file, never from an argument,
which other users of the machine could see. Create the key in Opsgenie under Settings > API key management, with the
permissions Read and Configuration Access. Without Configuration Access, only alerts, incidents and saved searches can
be read.
"""
CODES = {int(code): code.meaning for code in ExitCode} | SIGNAL_CODES
EXIT_CODES = "\n".join(f"  {code:<4} {meaning}" for code, meaning in CODES.items())
SYNC_HELP = f"""Create or update a DuckDB file with the account.

The first sync reads everything. It sends one request per hundred alerts, and one request per alert for each child
stream (alert_logs, alert_notes and so on), at the pace of the account's rate limit. Stop it at any time with Ctrl-C;
the same command resumes. Later syncs read only what changed.

Before the account is switched off, wait until it has gone quiet, and run the command once more: a stream is complete as
of the time that the last lines name.

\b
Exit codes:
{EXIT_CODES}

\b
Examples:
  opsgenie-archive sync --to acme.duckdb
  opsgenie-archive sync --to acme.duckdb --region eu
  opsgenie-archive sync --to acme.duckdb --since 2026-01-01
  opsgenie-archive sync --to acme.duckdb --without alert_logs,alert_notes
  opsgenie-archive sync --to acme.duckdb --quiet --report acme.json
"""
PLAN_HELP = """Estimate the cost of a first sync, or of the next one, stream by stream.

With --to, the estimate is that of the next sync into that file: changes only, or the rest of an interrupted one. It
takes a handful of requests and stores nothing.

\b
Examples:
  opsgenie-archive plan --region eu
  opsgenie-archive plan --to acme.duckdb
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def main() -> None:
    """Start `opsgenie-archive`."""


@main.command("sync", help=SYNC_HELP, short_help="Create or update a DuckDB file with the account.")
@click.option("--to", "path", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The DuckDB file.")
@click.option(
    "--deleted-row-requests",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="Spend at most N requests on finding deleted alerts, and N on finding deleted incidents; 0 skips both.",
)
@click.option("--attachments", "with_attachments", is_flag=True, help=ATTACHMENTS_HELP)
@click.option(
    "--postmortem-ids", type=click.Path(path_type=Path), metavar="FILE", help="Read the postmortems with these ids too."
)
@SAME_ACCOUNT
@click.option("--quiet", is_flag=True, help="Print nothing but what is wrong, on stderr, as cron expects.")
@click.option("--report", type=click.Path(path_type=Path), callback=check_folder, metavar="FILE", help=REPORT_HELP)
@with_options
def sync_command(
    path: Path,
    deleted_row_requests: int,
    is_same_account: bool,
    with_attachments: bool,
    postmortem_ids: Path | None,
    **options: Any,
) -> None:
    """Create or update the file at *path*."""
    is_quiet, words = options["quiet"] or options["as_json"], words_typed(options)
    write_report = partial(_write_report, options)
    with report_errors(verbose=options["verbose"], quiet=is_quiet, words=words, write_report=write_report):
        # Slow to import; --help needs neither.
        from source_opsgenie.archive.display import Display  # noqa: PLC0415
        from source_opsgenie.archive.postmortems import read_ids  # noqa: PLC0415
        from source_opsgenie.archive.steps import Steps  # noqa: PLC0415
        from source_opsgenie.archive.sync import run_sync  # noqa: PLC0415

        config, streams = load_config(options), _select_streams(options)
        display = Display(is_quiet=is_quiet, is_verbose=options["verbose"], words=words)
        summary = run_sync(
            path,
            display,
            config=config,
            streams=streams,
            deleted_row_requests=deleted_row_requests,
            is_same_account=is_same_account,
            steps=Steps(with_attachments, read_ids(postmortem_ids) if postmortem_ids else ()),
        )
        write_report(summary.to_mapping(partial(as_typed, words=words)))
    if summary.is_stopped:
        # So a script does not go on.
        end_by_signal(SIGNALS_DEFERRED.last)
    raise SystemExit(summary.exit_code)


@main.command("plan", help=PLAN_HELP, short_help="Estimate the cost of a first sync, or of the next one.")
@click.option("--to", "path", type=click.Path(path_type=Path), metavar="FILE", help="The DuckDB file, if it exists.")
@SAME_ACCOUNT
@with_options
def plan_command(path: Path | None, is_same_account: bool, **options: Any) -> None:
    """Estimate the cost of a sync."""
    words = words_typed(options)
    with report_errors(verbose=options["verbose"], words=words):
        # Slow to import; --help needs none of them.
        from source_opsgenie.archive.display import Display  # noqa: PLC0415
        from source_opsgenie.archive.plan_table import plan_rows  # noqa: PLC0415
        from source_opsgenie.archive.sync import run_plan  # noqa: PLC0415

        display = Display(is_quiet=options["as_json"], words=words)
        config, streams = load_config(options), _select_streams(options)
        estimates = run_plan(path, display, config=config, streams=streams, is_same_account=is_same_account)
        if options["as_json"]:
            click.echo(_to_json(plan_rows(estimates)))
        else:
            display.print_plan(estimates)


def _write_report(options: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Print *report* with --json, and write it to the --report file."""
    if options["as_json"]:
        click.echo(_to_json(report))
    if options["report"]:
        try:
            options["report"].write_text(f"{_to_json(report)}\n", encoding="utf-8")
        except OSError as error:
            click.echo(f"Error: The report {options['report']} cannot be written: {error.strerror}.", err=True)
            raise SystemExit(ExitCode.INCOMPLETE) from error


def _to_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _select_streams(options: dict[str, Any]) -> list[Stream]:
    names = dict.fromkeys(options["streams"] or STREAMS)
    selected = [STREAMS[name] for name in names if name not in options["without"]]
    if not selected:
        raise click.UsageError("--without leaves no stream to read. Skip fewer streams.")
    return selected


for verb in (*VERBS, verify_command):
    main.add_command(verb)
