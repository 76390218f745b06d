"""The commands of `opsgenie-archive` that answer from a file, without a key and without the API."""

from pathlib import Path

import click

from source_opsgenie.archive.reporting import INCOMPLETE, report_errors

FILE = click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
SQL_HELP = """Query an archive with SQL, or list its ready views.

The file is opened read-only. Views can be named without their schema `report`.

\b
Examples:
  opsgenie-archive sql acme.duckdb
  opsgenie-archive sql acme.duckdb "FROM mtta_mttr"
  opsgenie-archive sql acme.duckdb "FROM on_call_at('2026-10-31 03:00')"
  opsgenie-archive sql acme.duckdb "FROM on_call_hours" --format csv
"""
STATUS_HELP = """Show whose archive a file is, how old, how complete and how large.

\b
Exit codes:
  0    every stream that was chosen is complete
  1    a stream is incomplete, or the file cannot be read

\b
Example:
  opsgenie-archive status acme.duckdb
"""


@click.command("sql", help=SQL_HELP, short_help="Query an archive, or list its ready views.")
@FILE
@click.argument("query", required=False)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How rows are printed.",
)
def sql_command(path: Path, query: str | None, output: str) -> None:
    """Run *query* on the archive at *path*, or list its views."""
    with report_errors():
        from source_opsgenie.archive.query import list_views, run_query  # noqa: PLC0415 -- slow to import

        if query:
            run_query(path, query, output=output)
        else:
            list_views(output=output)


@click.command("status", help=STATUS_HELP, short_help="Show how old, complete and large an archive is.")
@FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status_command(path: Path, as_json: bool) -> None:
    """Print the status of the archive at *path*."""
    with report_errors():
        from source_opsgenie.archive.status import print_status, read_status  # noqa: PLC0415 -- slow to import

        status = read_status(path)
        print_status(status, as_json=as_json)
    raise SystemExit(INCOMPLETE if status.incomplete or not status.streams else 0)


VERBS = (sql_command, status_command)
