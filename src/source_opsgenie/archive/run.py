"""Starts `opsgenie-archive`, or names the libraries that it needs."""

import io
import sys

from source_opsgenie.distribution import require


def main() -> None:
    """Run the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name with characters that the terminal's encoding lacks is shown with escapes.
            stream.reconfigure(errors="backslashreplace")
    require("click", "duckdb", "jinja2", "rich", "xlsxwriter", install="'source-opsgenie[archive]'")
    from source_opsgenie.archive.cli import main as start  # noqa: PLC0415 -- it needs click

    start()
