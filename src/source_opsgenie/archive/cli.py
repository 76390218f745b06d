"""`opsgenie-archive`: the command, its options, and what its exit code says."""

import difflib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from source_opsgenie.config import Config, read_json
from source_opsgenie.errors import ConfigError, OpsgenieError
from source_opsgenie.options import ENDPOINTS, override_notice
from source_opsgenie.signals import SIGNALS_DEFERRED, Terminated, exit_code, handle_signals, report_unwritable_output
from source_opsgenie.streams import STREAMS, Stream

if TYPE_CHECKING:
    from source_opsgenie.archive.outcome import Outcome

REGIONS = dict(zip(("us", "eu"), ENDPOINTS, strict=True))
KEY = "OPSGENIE_API_TOKEN"
NO_KEY = (
    f"There is no key: set {KEY}, or name a file with --config. Make a key in Opsgenie under Settings, "
    "API key management, with the rights Read and Configuration Access."
)
NOT_WHOLE, UNUSABLE_INPUT = 1, 2

HELP = f"""Put everything that an Opsgenie account will give into one local DuckDB file.

The key is taken from the environment variable {KEY}, or from the file of --config; never from an argument, which
others could see. Make it in Opsgenie under Settings, API key management, with the rights Read and Configuration
Access: without the second, nothing but alerts and incidents can be read.
"""
SYNC_HELP = """Bring the file up to date, and make it if it is not there.

The first sync reads everything; it costs a request for each hundred alerts, and one more for each alert and each
stream that hangs on alerts (alert_logs, alert_notes and so on), at the pace that the account's rate limit allows.
It may be stopped at any time with Ctrl-C: the same command goes on where it was. Later syncs read what changed.

Exit code: 0 if every stream is whole, 1 if one is not, 2 if the options are wrong, 130 after Ctrl-C, 143
after SIGTERM.

\b
Examples:
  opsgenie-archive sync --to acme.duckdb
  opsgenie-archive sync --to acme.duckdb --region eu
  opsgenie-archive sync --to acme.duckdb --without alert_logs,alert_recipients
  opsgenie-archive sync --to acme.duckdb --since 2026-01-01 --streams alerts,incidents
"""
PLAN_HELP = """Say what a first sync would cost, stream by stream, and read nothing else.

\b
Example:
  opsgenie-archive plan --region eu
"""


def _names(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in ",".join(values).split(",") if name.strip())
    unknown = [name for name in names if name not in STREAMS]
    if unknown:
        raise click.BadParameter(" ".join(map(_unknown, unknown)) + f" Streams: {', '.join(STREAMS)}.", param=parameter)
    return names


def _unknown(name: str) -> str:
    near = " or ".join(difflib.get_close_matches(name, STREAMS, n=3))
    return f"There is no stream {name!r}" + (f": did you mean {near}?" if near else ".")


OPTIONS = (
    click.option("--config", type=click.Path(path_type=Path), help="A JSON file with the options of the connector."),
    click.option("--region", type=click.Choice(list(REGIONS)), help="Where the account lives.  [default: us]"),
    click.option("--streams", callback=_names, multiple=True, metavar="A,B", help="Only these streams."),
    click.option("--without", callback=_names, multiple=True, metavar="A,B", help="All streams but these."),
    click.option(
        "--since",
        metavar="DATE",
        help="Only alerts and incidents updated since, and what hangs on them; 2026-01-01 is in UTC.",
    ),
    click.option("--query", metavar="QUERY", help="Only alerts that this search finds, and what hangs on them."),
    click.option("--verbose", is_flag=True, help="Say on stderr what is asked of the API."),
)


def _with_options(command: Any) -> Any:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="source-opsgenie")
def main() -> None:
    """Start `opsgenie-archive`."""


@main.command(help=SYNC_HELP, short_help="Bring the file up to date, and make it if need be.")
@click.option("--to", "path", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The DuckDB file.")
@click.option(
    "--look-for-deleted",
    "requests_for_deleted",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="REQUESTS",
    help="The most requests that finding deleted rows may cost, for alerts and again for incidents; 0 for none.",
)
@_with_options
def sync(path: Path, requests_for_deleted: int, **options: Any) -> None:
    """Bring the file at *path* up to date."""
    with _told(verbose=options["verbose"]):
        from source_opsgenie.archive.sync import bring_up_to_date  # noqa: PLC0415 -- --help shall not wait for it

        outcomes = bring_up_to_date(
            path, config=_config(options), streams=_chosen(options), requests_for_deleted=requests_for_deleted
        )
    raise SystemExit(_exit_code(outcomes))


@main.command("plan", help=PLAN_HELP, short_help="Say what a first sync would cost.")
@_with_options
def plan_command(**options: Any) -> None:
    """Say what a first sync would cost."""
    with _told(verbose=options["verbose"]):
        from source_opsgenie.archive.sync import show_cost  # noqa: PLC0415 -- --help shall not wait for it

        show_cost(config=_config(options), streams=_chosen(options))


def _config(options: dict[str, Any]) -> Config:
    """What the file of --config says, and over it what the other options say."""
    given = read_json(options["config"], what="config") if options["config"] else {}
    if not isinstance(given, dict):
        raise ConfigError(f'The config {options["config"]} is not a JSON object: write {{"api_token": ...}}.')
    said = {
        "endpoint": REGIONS.get(options["region"]),
        "start_date": options["since"],
        "alert_query": options["query"],
    }
    merged = {"api_token": os.environ.get(KEY)} | given | {name: value for name, value in said.items() if value}
    if not merged["api_token"]:
        raise ConfigError(NO_KEY)
    config = Config.from_mapping(merged, environment=os.environ)
    if stands_in := override_notice(os.environ, config.base_url):
        click.echo(stands_in, err=True)
    return config


def _chosen(options: dict[str, Any]) -> list[Stream]:
    names = dict.fromkeys(options["streams"] or STREAMS)
    chosen = [STREAMS[name] for name in names if name not in options["without"]]
    if not chosen:
        raise click.UsageError("--without leaves no stream: name fewer.")
    return chosen


def _exit_code(outcomes: "list[Outcome]") -> int:
    """Not 0 after Ctrl-C either: a script shall not go on as if it had the whole."""
    if any(one.is_stopped for one in outcomes):
        return exit_code(SIGNALS_DEFERRED.last)
    return NOT_WHOLE if any(one.problem for one in outcomes) else 0


class _ToStderr(logging.Handler):
    """Writes to what is stderr at the moment, which is another one while a line is drawn anew."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


@contextmanager
def _told(*, verbose: bool) -> Iterator[None]:
    """Say in one message what cannot be gone on with, and log what the core logs."""
    logger = logging.getLogger("source_opsgenie")
    # At a terminal, the line that is drawn anew says what the sync waits for.
    logger.setLevel(logging.DEBUG if verbose else logging.ERROR if sys.stdout.isatty() else logging.WARNING)
    logger.addHandler(handler := _ToStderr())
    try:
        with handle_signals():
            yield
    except OpsgenieError as problem:
        click.echo(f"Error: {problem}", err=True)
        raise SystemExit(UNUSABLE_INPUT if isinstance(problem, ConfigError) else NOT_WHOLE) from problem
    except Terminated as ended:
        click.echo("Stopped; what was stored stands.", err=True)
        raise SystemExit(ended.exit_code) from ended
    except OSError as problem:
        report_unwritable_output(problem)
        raise SystemExit(NOT_WHOLE) from problem
    finally:
        logger.removeHandler(handler)
