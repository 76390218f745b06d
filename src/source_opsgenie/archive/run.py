"""Starts `opsgenie-archive`, or names the libraries that it needs."""

from source_opsgenie.distribution import require


def main() -> None:
    """Run the command."""
    require("click", "duckdb", "jinja2", "rich", "xlsxwriter", install="'source-opsgenie[archive]'")
    from source_opsgenie.archive.cli import main as start  # noqa: PLC0415 -- it needs click

    start()
