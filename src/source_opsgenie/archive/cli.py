"""`opsgenie-archive`: its commands, options and exit codes."""

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from source_opsgenie.archive.reporting import INCOMPLETE, report_errors
from source_opsgenie.archive.verbs import VERBS
from source_opsgenie.config import Config, read_json
from source_opsgenie.distribution import VERSION
from source_opsgenie.errors import ConfigError
from source_opsgenie.options import ENDPOINTS, override_notice
from source_opsgenie.signals import (
    SIGNALS_DEFERRED,
    end_by_signal,
)
from source_opsgenie.streams import STREAMS, Stream

if TYPE_CHECKING:
    from source_opsgenie.archive.outcome import Outcome

REGIONS = dict(zip(("us", "eu"), ENDPOINTS, strict=True))
KEY_VARIABLE = "OPSGENIE_API_TOKEN"
MISSING_KEY = (
    f"The API key is missing. Set {KEY_VARIABLE}, or pass a file with --config. Create a key in Opsgenie under "
    "Settings > API key management, with the permissions Read and Configuration Access."
)

HELP = f"""Copy an Opsgenie account into one local DuckDB file, and answer questions from it.

The API key is read from the environment variable {KEY_VARIABLE} or from the --config file, never from an argument,
which other users of the machine could see. Create the key in Opsgenie under Settings > API key management, with the
permissions Read and Configuration Access. Without Configuration Access, only alerts, incidents and saved searches can
be read.
"""
SYNC_HELP = """Create or update a DuckDB file with the account.

The first sync reads everything. It sends one request per hundred alerts, and one request per alert for each child
stream (alert_logs, alert_notes and so on), at the pace of the account's rate limit. Stop it at any time with Ctrl-C;
the same command resumes. Later syncs read only what changed.

\b
Exit codes:
  0    every stream is complete
  1    a stream is incomplete, or an error ended the sync
  2    the options or the config are invalid
  130  stopped by Ctrl-C
  143  stopped by SIGTERM

\b
Examples:
  opsgenie-archive sync --to acme.duckdb
  opsgenie-archive sync --to acme.duckdb --region eu
  opsgenie-archive sync --to acme.duckdb --since 2026-01-01
  opsgenie-archive sync --to acme.duckdb --without alert_logs,alert_notes
"""
PLAN_HELP = """Estimate the cost of a first sync, stream by stream.

The estimate takes a handful of requests and stores nothing.

\b
Example:
  opsgenie-archive plan --region eu
"""


def _parse_names(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in ",".join(values).split(",") if name.strip())
    if unknown := [name for name in names if name not in STREAMS]:
        message = f"{' '.join(map(_describe_unknown, unknown))} Streams: {', '.join(STREAMS)}."
        raise click.BadParameter(message, param=parameter)
    return names


def _describe_unknown(name: str) -> str:
    similar = " or ".join(difflib.get_close_matches(name, STREAMS, n=3))
    return f"There is no stream {name!r}." + (f" Did you mean {similar}?" if similar else "")


OPTIONS = (
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="A JSON file with the connector's options."
    ),
    click.option("--region", type=click.Choice(list(REGIONS)), help="The account's region.  [default: us]"),
    click.option("--streams", callback=_parse_names, multiple=True, metavar="A,B", help="Read only these streams."),
    click.option("--without", callback=_parse_names, multiple=True, metavar="A,B", help="Skip these streams."),
    click.option(
        "--since",
        metavar="DATE",
        help="Skip alerts and incidents last updated before this date (2026-01-01 is midnight UTC), and their child "
        "records.",
    ),
    click.option(
        "--query",
        metavar="QUERY",
        help="Read only alerts that match this Opsgenie search query, and their child records.",
    ),
    click.option("--verbose", is_flag=True, help="Log every request to stderr."),
)


def _with_options(command: Any) -> Any:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


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
@click.option(
    "--same-account",
    "is_same_account",
    is_flag=True,
    help="Accept a file that names another account or another key, and record this one: the account was renamed, or "
    "its key could not read its name and was replaced.",
)
@_with_options
def sync_command(path: Path, deleted_row_requests: int, is_same_account: bool, **options: Any) -> None:
    """Create or update the file at *path*."""
    with report_errors(verbose=options["verbose"]):
        from source_opsgenie.archive.sync import run_sync  # noqa: PLC0415 -- slow to import; --help does not need it

        config, streams = _load_config(options), _select_streams(options)
        outcomes = run_sync(
            path,
            config=config,
            streams=streams,
            deleted_row_requests=deleted_row_requests,
            is_same_account=is_same_account,
        )
    raise SystemExit(_exit_code(outcomes))


@main.command("plan", help=PLAN_HELP, short_help="Estimate the cost of a first sync.")
@_with_options
def plan_command(**options: Any) -> None:
    """Estimate the cost of a first sync."""
    with report_errors(verbose=options["verbose"]):
        from source_opsgenie.archive.sync import run_plan  # noqa: PLC0415 -- slow to import; --help does not need it

        run_plan(config=_load_config(options), streams=_select_streams(options))


def _load_config(options: dict[str, Any]) -> Config:
    """The options of the --config file, overridden by those of the command line."""
    given = read_json(options["config"], what="config") if options["config"] else {}
    if not isinstance(given, dict):
        raise ConfigError(f'The config {options["config"]} is not a JSON object. Write {{"api_token": ...}}.')
    arguments = {
        "endpoint": REGIONS.get(options["region"]),
        "start_date": options["since"],
        "alert_query": options["query"],
    }
    merged = {"api_token": os.environ.get(KEY_VARIABLE)} | given
    merged |= {name: value for name, value in arguments.items() if value}
    if not merged["api_token"]:
        raise ConfigError(MISSING_KEY)
    config = Config.from_mapping(merged, environment=os.environ)
    if notice := override_notice(os.environ, config.base_url):
        click.echo(notice, err=True)
    return config


def _select_streams(options: dict[str, Any]) -> list[Stream]:
    names = dict.fromkeys(options["streams"] or STREAMS)
    selected = [STREAMS[name] for name in names if name not in options["without"]]
    if not selected:
        raise click.UsageError("--without leaves no stream to read. Skip fewer streams.")
    return selected


def _exit_code(outcomes: "list[Outcome]") -> int:
    """0 only if every stream is complete; after Ctrl-C the process ends by that signal, and a script does not go on."""
    if any(outcome.is_interrupted for outcome in outcomes):
        end_by_signal(SIGNALS_DEFERRED.last)
    return 0 if all(outcome.is_complete for outcome in outcomes) else INCOMPLETE


for verb in VERBS:
    main.add_command(verb)
