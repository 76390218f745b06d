"""The command `opsgenie-archive verify`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from source_opsgenie.archive.reporting import report_errors
from source_opsgenie.archive.sync_options import SAME_ACCOUNT, load_config, with_account_options
from source_opsgenie.archive.verbs import FILE
from source_opsgenie.archive.wording import words_typed

HELP = """Check that an archive is complete and unchanged.

Without an option, nothing is requested: every row, column, key, parent and digest is checked, and the records of the
syncs. With --online, everything is counted again in Opsgenie, and a sample of rows is compared field by field. With
--repair, the file is repaired, and what differs or is incomplete is read again as far as Opsgenie still has it.
Both need the key and the options of the sync.

\b
Exit codes:
  0    complete and unchanged
  1    unchanged, but something is incomplete, or Opsgenie has changed since; or the file cannot be read
  10   differences were found, or rows are lost for good

\b
Examples:
  opsgenie-archive verify acme.duckdb
  opsgenie-archive verify acme.duckdb --online --sample 10%
  opsgenie-archive verify acme.duckdb --repair
"""


def _parse_percent(_: click.Context, parameter: click.Parameter, text: str) -> float:
    """The number of *text*, with or without a percent sign."""
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if 0 <= percent <= 100:  # noqa: PLR2004 -- percent
        return percent
    raise click.BadParameter(f"{text} is not a share from 0% to 100%.", param=parameter)


@click.command("verify", help=HELP, short_help="Check that an archive is complete and unchanged.")
@FILE
@click.option("--online", "is_online", is_flag=True, help="Compare with Opsgenie as well.")
@click.option(
    "--sample",
    "percent",
    callback=_parse_percent,
    default="5%",
    show_default=True,
    metavar="PERCENT",
    help="With --online, compare this share of alerts, incidents and child records; all other lists in full.",
)
@click.option("--repair", "is_repaired", is_flag=True, help="Repair the file, and read what differs or is incomplete.")
@SAME_ACCOUNT
@with_account_options
def verify_command(path: Path, **options: Any) -> None:
    """Verify the archive at *path*."""
    is_quiet, words = options["as_json"], words_typed(options)
    with report_errors(verbose=options["verbose"], quiet=is_quiet, words=words):
        # Slow to import; --help needs none of them.
        from source_opsgenie.archive.display import Display  # noqa: PLC0415
        from source_opsgenie.archive.verify.online import check_online  # noqa: PLC0415
        from source_opsgenie.archive.verify.repair import repair  # noqa: PLC0415
        from source_opsgenie.archive.verify.run import print_verified, to_json, verify  # noqa: PLC0415

        display = Display(is_quiet=is_quiet, is_verbose=options["verbose"], words=words)
        config = load_config(options) if options["is_repaired"] or options["is_online"] else None
        is_same = options["is_same_account"]
        lost = []
        if config and options["is_repaired"]:
            lost = repair(path, display, config=config, is_same_account=is_same)
        verified = verify(path, lost=lost, quiet=is_quiet)
        if config and options["is_online"]:
            share = options["percent"] / 100
            found, compared = check_online(path, display, config=config, share=share, is_same_account=is_same)
            verified = replace(verified, findings=[*verified.findings, *found], compared=compared)
        if options["as_json"]:
            click.echo(to_json(verified))
        else:
            print_verified(verified)
    raise SystemExit(verified.exit_code)
