"""The options of `opsgenie-archive sync` and `plan`: which account, which streams, and since when."""

import difflib
from pathlib import Path
from typing import Any

import click

from source_opsgenie.options import ENDPOINTS
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


def check_folder(_: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Reject a *path* that cannot be written before hours of reading, not after."""
    if path and (path.is_dir() or not path.parent.is_dir()):
        raise click.BadParameter(f"{path} is not a file in a folder that exists.", param=parameter)
    return path


REPORT_HELP = "Write a report for machines to FILE, as JSON: status, reason and rows of each stream."
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
    """Add these options to a *command*."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
