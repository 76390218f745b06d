"""A whole Opsgenie account arrives in a local DuckDB file: invented, but larger than the API lists at once."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

BIN = Path(sys.executable).parent
FILE = Path("demo") / "acme.duckdb"
ACCOUNT = ["--port", "0", "--alerts", "22000", "--incidents", "400", "--users", "40", "--teams", "6"]
# These cost one request more for each alert, and the story does without them.
LEFT_OUT = "alert_details,alert_notes,alert_attachments"
CONSOLE = Console(highlight=False)

WHAT_CAME = """
    SELECT tinyId AS alert, message, status, updatedAt AS "updated (UTC)"
    FROM alerts WHERE _synced_at > ? ORDER BY updatedAt
"""
# An alert that was closed without an acknowledgement may have an ackTime all the same: only acknowledgedBy tells.
TIME_TO_ACKNOWLEDGE = """
    WITH answered AS (
        SELECT *, CASE WHEN report->>'acknowledgedBy' <> '' THEN (report->>'ackTime')::BIGINT END AS ms
        FROM alerts
        WHERE createdAt > (SELECT max(createdAt) - INTERVAL 90 DAYS FROM alerts)
    )
    SELECT
        teams.name AS team,
        count(*) AS alerts,
        count(ms) AS acknowledged,
        round(median(ms) / 60000, 1) AS "median minutes"
    FROM answered JOIN teams ON teams.id = ownerTeamId
    GROUP BY teams.name
    ORDER BY "median minutes" DESC
"""
AFTERWORD = f"""
To point it at your own account, make a key in Opsgenie under Settings, API key management,
with the rights Read and Configuration Access, and then (`--region eu` for an account in Europe):
  export OPSGENIE_API_TOKEN=...
  {os.path.relpath(BIN / "opsgenie-archive")} plan
  {os.path.relpath(BIN / "opsgenie-archive")} sync --to my-account.duckdb
"""


def main() -> None:
    """Tell the story."""
    began = time.monotonic()
    FILE.parent.mkdir(exist_ok=True)
    for old in FILE.parent.glob(f"{FILE.name}*"):
        old.unlink()
    heading("An account with 22,000 alerts: the API lists 20,000 at most of a search")
    with simulator() as environment:
        heading("Nearly everything, once: two requests for each alert, about a minute")
        sync(environment)
        before = newest()
        heading("Somebody closes three alerts")
        close_three(environment["OPSGENIE_API_URL"])
        heading("The same command again: now only what changed is read")
        sync(environment)
    heading("What came")
    show(WHAT_CAME, [before])
    heading("Median time to acknowledge, by team, over the last 90 days")
    CONSOLE.print(TIME_TO_ACKNOWLEDGE, style="dim", markup=False, soft_wrap=True)
    show(TIME_TO_ACKNOWLEDGE, [])
    CONSOLE.print(f"\nAll of this took {time.monotonic() - began:.0f} s.\n{AFTERWORD}", markup=False, soft_wrap=True)


@contextmanager
def simulator() -> Iterator[dict[str, str]]:
    """Start a simulated account; yields what points `opsgenie-archive` at it."""
    CONSOLE.print(f"$ opsgenie-simulator {shlex.join(ACCOUNT)}", markup=False, soft_wrap=True)
    process = subprocess.Popen([BIN / "opsgenie-simulator", *ACCOUNT], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        said = ""
        while not (found := re.search(r"Listening on (\S+).*?(\S+)  all permissions", said, re.DOTALL)):
            line = process.stdout.readline()
            if not line:
                sys.exit("The simulator did not start.")
            said += line
        CONSOLE.print(f"It stands at {found[1]}", markup=False)
        yield {"OPSGENIE_API_URL": found[1], "OPSGENIE_API_TOKEN": found[2]}
    finally:
        process.terminate()
        process.communicate()


def sync(environment: dict[str, str]) -> None:
    """Run `opsgenie-archive sync` as one would type it."""
    command = ["opsgenie-archive", "sync", "--to", str(FILE), "--without", LEFT_OUT]
    CONSOLE.print("$ export OPSGENIE_API_TOKEN=...  # the simulator's key")
    CONSOLE.print(f"$ export OPSGENIE_API_URL={environment['OPSGENIE_API_URL']}")
    CONSOLE.print(f"$ {shlex.join(command)}\n", markup=False)
    done = subprocess.run([BIN / command[0], *command[1:]], env=os.environ | environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def close_three(url: str) -> None:
    """Change three alerts behind the archive's back."""
    with duckdb.connect(str(FILE), read_only=True) as database:
        found = database.execute("SELECT id FROM alerts WHERE status = 'open' ORDER BY createdAt DESC LIMIT 3")
        ids = [alert_id for (alert_id,) in found.fetchall()]
    for alert_id in ids:
        address, change = f"{url}/_simulator/alerts/{alert_id}", {"status": "closed"}
        CONSOLE.print(f"$ curl -X PATCH {address} -d '{json.dumps(change)}'", markup=False, soft_wrap=True)
        request = urllib.request.Request(address, data=json.dumps(change).encode(), method="PATCH")
        urllib.request.urlopen(request).close()


def newest() -> object:
    """When the newest row of the file was stored."""
    with duckdb.connect(str(FILE), read_only=True) as database:
        return database.execute("SELECT max(_synced_at) FROM alerts").fetchall()[0][0]


def show(query: str, parameters: list[object]) -> None:
    """Print the answer to *query* as a table."""
    with duckdb.connect(str(FILE), read_only=True) as database:
        answer = database.execute(query, parameters)
        table = Table(*(column[0] for column in answer.description or ()))
        for row in answer.fetchall():
            table.add_row(*map(str, row))
    CONSOLE.print(table)


def heading(text: str) -> None:
    """Begin a chapter."""
    CONSOLE.print(f"\n== {text}\n", style="bold", markup=False)


if __name__ == "__main__":
    main()
