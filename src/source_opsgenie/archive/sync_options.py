"""The options of `opsgenie-archive sync` and `plan`: which account, which streams, and since when."""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from source_opsgenie.archive.wording import KEY_VARIABLE
from source_opsgenie.clock import OLDEST_MS, format_timestamp
from source_opsgenie.config import Config, read_json
from source_opsgenie.errors import ConfigError
from source_opsgenie.options import ENDPOINTS, override_notice
from source_opsgenie.streams import STREAMS

REGIONS = dict(zip(("us", "eu"), ENDPOINTS, strict=True))


def _parse_names(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in ",".join(values).split(",") if name.strip())
    if unknown := [name for name in names if name not in STREAMS]:
        message = f"{' '.join(map(_describe_unknown, unknown))} Streams: {', '.join(STREAMS)}."
        raise click.BadParameter(message, param=parameter)
    return names


def _describe_unknown(name: str) -> str:
    similar = " or ".join(difflib.get_close_matches(name, STREAMS, n=3))
    return f"There is no stream {name!r}." + (f" Did you mean {similar}?" if similar else "")


def check_stream(_: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """Reject a *name* that no stream has."""
    if name and name not in STREAMS:
        raise click.BadParameter(f"{_describe_unknown(name)} Streams: {', '.join(STREAMS)}.", param=parameter)
    return name


def check_folder(_: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Reject a *path* that cannot be written before hours of reading, not after."""
    if path and (path.is_dir() or not path.parent.is_dir()):
        raise click.BadParameter(f"{path} is not a file in a folder that exists.", param=parameter)
    return path


MISSING_KEY = (
    f"The API key is missing. Set {KEY_VARIABLE}, or pass a file with --config. Create a key in Opsgenie under "
    "Settings > API key management, with the permissions Read and Configuration Access."
)
REPORT_HELP = "Write a report for machines to FILE, as JSON: status, reason and rows of each stream."
OF_STREAMS = (
    click.option("--streams", callback=_parse_names, multiple=True, metavar="A,B", help="Read only these streams."),
    click.option("--without", callback=_parse_names, multiple=True, metavar="A,B", help="Skip these streams."),
)
OF_ACCOUNT = (
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="A JSON file with the connector's options."
    ),
    click.option("--region", type=click.Choice(list(REGIONS)), help="The account's region.  [default: us]"),
    click.option(
        "--since",
        metavar="DATE",
        help="Skip alerts and incidents last updated before this date (2026-01-01 is midnight UTC), and their child "
        "records.",
    ),
    click.option(
        "--timeline-since",
        metavar="DATE",
        help="Read who was on call since this date, in whole months.  [default: the full history]",
    ),
    click.option(
        "--query",
        metavar="QUERY",
        help="Read only alerts that match this Opsgenie search query, and their child records.",
    ),
    click.option("--verbose", is_flag=True, help="Log every request to stderr, and print the proof of each stream."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON instead."),
)

ATTACHMENTS_HELP = (
    "Download the files attached to alerts, up to 64 MiB each, into the folder files next to the archive."
)
SAME_ACCOUNT = click.option(
    "--same-account",
    "is_same_account",
    is_flag=True,
    help="Accept a file that names another account or another key, and record this one: the account was renamed, or "
    "its key could not read its name and was replaced.",
)


def with_options(command: Any) -> Any:
    """Add the options of an account and of its streams to a *command*."""
    return with_account_options(_add(OF_STREAMS, command))


def with_account_options(command: Any) -> Any:
    """Add the options that `load_config` needs to a *command*."""
    return _add(OF_ACCOUNT, command)


def _add(options: Sequence[Any], command: Any) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


def load_config(options: Mapping[str, Any]) -> Config:
    """The options of the --config file, overridden by those of the command line."""
    given = read_json(options["config"], what="config") if options["config"] else {}
    if not isinstance(given, dict):
        raise ConfigError(f'The config {options["config"]} is not a JSON object. Write {{"api_token": ...}}.')
    arguments = {
        "endpoint": REGIONS.get(options["region"]),
        "start_date": options["since"],
        "alert_query": options["query"],
        "timeline_since": options["timeline_since"],
    }
    history = {} if "timeline_days" in given else {"timeline_since": format_timestamp(OLDEST_MS)}
    merged = {"api_token": os.environ.get(KEY_VARIABLE)} | history | given
    merged |= {name: value for name, value in arguments.items() if value}
    if not merged["api_token"]:
        raise ConfigError(MISSING_KEY)
    config = Config.from_mapping(merged, environment=os.environ)
    if notice := override_notice(os.environ, config.base_url):
        click.echo(notice, err=True)
    return config
