"""The commands of `opsgenie-archive` that answer from a file, without a key and without the API."""

from pathlib import Path
from typing import Any

import click

from source_opsgenie.archive.reporting import ExitCode, report_errors
from source_opsgenie.archive.sync_options import check_folder, check_stream

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
EXPORT_HELP = """Export answers or tables in the formats that people open.

Without --views and --tables, all views are exported. The folder must be new or empty; it appears complete or not at
all, with SHA256SUMS next to the files.

\b
Forms:
  opsgenie-csv  finalAlertData.csv, as Opsgenie's own export writes it
  config        the configuration as JSON, one file for each entity, for git
  evidence      all alerts with logs, counts and proof, and a page for an auditor

\b
Examples:
  opsgenie-archive export acme.duckdb --to report --format xlsx
  opsgenie-archive export acme.duckdb --to hours --views on_call_hours
  opsgenie-archive export acme.duckdb --to all --tables all --format parquet
  opsgenie-archive export acme.duckdb --to evidence --as evidence --redact
"""
COMPACT_HELP = """Make an archive smaller that many syncs have written to.

The file is written again, compared, and replaced in one step. It needs free space for the new file in the same folder.
If it is interrupted, the file stays as it was. The --json report has bytes_before and bytes_after.

\b
Example:
  opsgenie-archive compact acme.duckdb
"""
COMPARE_HELP = f"""Show what differs between an archive and another one, or a table of another tool.

OTHER is a later archive of the same account: what was added, changed and deleted since, the configuration first. Or it
is a table of another tool, as DuckDB, Parquet or CSV: which rows are missing there, by month, and which only it has.
Neither file is changed.

\b
Exit codes:
  0    there is no difference
  1    a file cannot be read, or the archives are of different accounts
  2    the options are invalid, or no table or column can be compared
  {ExitCode.DIFFERENT:<4} {ExitCode.DIFFERENT.meaning}

\b
Examples:
  opsgenie-archive compare january.duckdb acme.duckdb
  opsgenie-archive compare acme.duckdb airbyte.duckdb --table alerts
  opsgenie-archive compare acme.duckdb alert_logs.parquet --stream alert_logs
  opsgenie-archive compare acme.duckdb alerts.csv.gz --id alert_id --to missing.csv
"""
SHOW_HELP = """Write an archive as one HTML page, for a browser and without any network.

The page has the account at a glance, charts of alerts, response times, noise and hours on call, incidents with their
story, the newest 10,000 alerts to search, and every stream with its proof. An existing page is replaced.

\b
Example:
  opsgenie-archive show acme.duckdb --to acme.html
"""
FORMATS = ("csv", "xlsx", "jsonl", "parquet", "sqlite")
FORMS = ("opsgenie-csv", "config", "evidence")


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
            list_views(path, output=output)


@click.command("status", help=STATUS_HELP, short_help="Show how old, complete and large an archive is.")
@FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status_command(path: Path, as_json: bool) -> None:
    """Print the status of the archive at *path*."""
    with report_errors():
        from source_opsgenie.archive.status import print_status, read_status  # noqa: PLC0415 -- slow to import

        status = read_status(path)
        print_status(status, as_json=as_json)
    raise SystemExit(ExitCode.INCOMPLETE if status.incomplete or not status.streams else ExitCode.COMPLETE)


def _parse_names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The names in comma-separated *values*; whether they exist is known once the views are loaded."""
    return tuple(name.strip() for name in ",".join(values).split(",") if name.strip())


@click.command("export", help=EXPORT_HELP, short_help="Export answers or tables as CSV, XLSX and other formats.")
@FILE
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The new folder.")
@click.option("--format", "file_format", type=click.Choice(FORMATS), help="The format of the files.  [default: csv]")
@click.option("--views", callback=_parse_names, multiple=True, metavar="A,B", help="Export only these views, or all.")
@click.option("--tables", callback=_parse_names, multiple=True, metavar="A,B", help="Export these tables, or all.")
@click.option("--as", "form", type=click.Choice(FORMS), help="Export in a form of its own; see above.")
@click.option("--redact", is_flag=True, help="Replace names, e-mail addresses and phone numbers by hashes.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON instead of progress.")
def export_command(**options: Any) -> None:
    """Export the archive to a new folder."""
    if options["form"] and (options["file_format"] or options["views"] or options["tables"]):
        raise click.UsageError("--as decides what is exported and how. Omit --format, --views and --tables.")
    with report_errors():
        from source_opsgenie.archive.export.run import Export, run_export  # noqa: PLC0415 -- slow to import

        export = Export(
            path=options["path"],
            target=options["target"],
            file_format=options["file_format"] or FORMATS[0],
            form=options["form"] or "",
            views=options["views"],
            tables=options["tables"],
            is_redacted=options["redact"],
        )
        run_export(export, as_json=options["as_json"])


@click.command("compact", help=COMPACT_HELP, short_help="Make an archive smaller that many syncs have written to.")
@FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compact_command(path: Path, as_json: bool) -> None:
    """Rewrite the archive at *path* if that makes it smaller."""
    with report_errors():
        from source_opsgenie.archive.compact import compact, print_compaction  # noqa: PLC0415 -- slow to import

        print_compaction(compact(path), as_json=as_json)


@click.command("compare", help=COMPARE_HELP, short_help="Show what differs from another archive or table.")
@FILE
@click.argument("other", type=click.Path(path_type=Path), metavar="OTHER")
@click.option("--stream", callback=check_stream, metavar="NAME", help="Compare only this stream.")
@click.option("--table", metavar="NAME", help="The table of another tool.  [default: that with the stream's name]")
@click.option("--id", "key_column", metavar="COLUMN", help="Its column with the id.  [default: by name]")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    callback=check_folder,
    metavar="FILE",
    help="Write all ids as CSV.",
)
@click.option(
    "--same-account", "is_same_account", is_flag=True, help="Compare archives whose accounts have different names."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def compare_command(as_json: bool, **options: Any) -> None:
    """Compare the archive with another file."""
    with report_errors():
        from source_opsgenie.archive.compare.run import Choice, run_compare  # noqa: PLC0415 -- slow to import

        is_different = run_compare(Choice(**options), as_json=as_json)
    raise SystemExit(ExitCode.DIFFERENT if is_different else ExitCode.COMPLETE)


@click.command("show", help=SHOW_HELP, short_help="Write an archive as one page for a browser.")
@FILE
@click.option(
    "--to", "target", type=click.Path(path_type=Path), required=True, metavar="PAGE", help="The HTML file to write."
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON instead of progress.")
def show_command(path: Path, target: Path, as_json: bool) -> None:
    """Write the archive at *path* as the page *target*."""
    with report_errors():
        from source_opsgenie.archive.page.run import run_show  # noqa: PLC0415 -- slow to import

        run_show(path, target, as_json=as_json)


VERBS = (compact_command, compare_command, export_command, show_command, sql_command, status_command)
