"""Copy a simulated Opsgenie account into a local DuckDB file: more alerts than the API lists for one search."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import duckdb
from rich.console import Console
from rich.table import Table

BIN = Path(sys.executable).parent
FILE = Path("demo") / "acme.duckdb"
ACCOUNT = ["--port", "0", "--alerts", "22000", "--incidents", "400", "--users", "40", "--teams", "6"]
# Each of these costs one more request per alert, and the demo does not need them.
LEFT_OUT = "alert_details,alert_notes,alert_recipients,alert_attachments"
CONSOLE = Console(highlight=False)

CHANGED_ALERTS = """
    SELECT tinyId AS alert, message, status, updatedAt AS "updated (UTC)"
    FROM alerts WHERE _synced_at > ? ORDER BY updatedAt
"""
LAST_MONTH = "SELECT (date_trunc('month', max(createdAt)) - INTERVAL 1 MONTH)::DATE FROM alerts"
REPORT = Path("demo") / "report"
PAGE = Path("demo") / "acme.html"
# These columns fit a terminal of 80 characters.
ANSWER = "team, on_call_hours, off_hours, alerts, acknowledged, median_ack_minutes"
VIEWS = "team_months,on_call_hours_by_team,mtta_mttr,noisy_integrations"
AFTERWORD = f"""
Open {PAGE} in a browser, and {REPORT / "opsgenie.xlsx"} in a spreadsheet program.

To copy your own account, create a key in Opsgenie under Settings > API key
management, with the permissions Read and Configuration Access, and run
(with `--region eu` for an account in Europe):
  export OPSGENIE_API_TOKEN=...
  {os.path.relpath(BIN / "opsgenie-archive")} plan
  {os.path.relpath(BIN / "opsgenie-archive")} sync --to my-account.duckdb
"""


def main() -> None:
    """Run the demo."""
    started = time.monotonic()
    FILE.parent.mkdir(exist_ok=True)
    for old in FILE.parent.glob(f"{FILE.name}*"):
        old.unlink()
    shutil.rmtree(REPORT, ignore_errors=True)
    heading("An account with 22,000 alerts: the API lists at most 20,000 of a search")
    with simulator() as environment:
        heading("The first sync: one request per alert, less than a minute")
        sync(environment)
        before = fetch("SELECT max(_synced_at) FROM alerts")
        heading("Three alerts are closed")
        close_three(environment["OPSGENIE_API_URL"])
        heading("The same command again: it reads only what changed")
        sync(environment)
    heading("What changed")
    show(CHANGED_ALERTS, [before])
    heading("Last month by team: hours on call, alerts, and minutes to acknowledge")
    run("opsgenie-archive", "sql", str(FILE), f"SELECT {ANSWER} FROM team_months WHERE month = '{fetch(LAST_MONTH)}'")
    heading("The same and more as a spreadsheet")
    run("opsgenie-archive", "export", str(FILE), "--to", str(REPORT), "--format", "xlsx", "--views", VIEWS)
    heading("And as a page for a browser, with charts and the alerts to search")
    run("opsgenie-archive", "show", str(FILE), "--to", str(PAGE))
    CONSOLE.print(f"\nThe demo took {time.monotonic() - started:.0f} s.\n{AFTERWORD}", markup=False, soft_wrap=True)


@contextmanager
def simulator() -> Iterator[dict[str, str]]:
    """Start a simulated account; yields the environment in which `opsgenie-archive` reads it."""
    CONSOLE.print(f"$ opsgenie-simulator {shlex.join(ACCOUNT)}", markup=False, soft_wrap=True)
    process = subprocess.Popen([BIN / "opsgenie-simulator", *ACCOUNT], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        output = ""
        # It prints its address and then its keys; the first key has every permission.
        while not (found := re.search(r"(http://localhost:\d+).*?([0-9a-f-]{36})", output, re.DOTALL)):
            line = process.stdout.readline()
            if not line:
                sys.exit("The simulator did not start.")
            output += line
        CONSOLE.print(f"It listens at {found[1]}", markup=False)
        yield {"OPSGENIE_API_URL": found[1], "OPSGENIE_API_TOKEN": found[2]}
    finally:
        process.terminate()
        process.communicate()


def sync(environment: dict[str, str]) -> None:
    """Run `opsgenie-archive sync` as a user types it."""
    CONSOLE.print("$ export OPSGENIE_API_TOKEN=...  # the simulator's key")
    CONSOLE.print(f"$ export OPSGENIE_API_URL={environment['OPSGENIE_API_URL']}")
    run("opsgenie-archive", "sync", "--to", str(FILE), "--without", LEFT_OUT, environment=environment)


def run(*command: str, environment: Mapping[str, str] = MappingProxyType({})) -> None:
    """Print a command, and run it; end the demo if it fails."""
    # A query has quotes of its own.
    words = (f'"{word}"' if "'" in word else shlex.quote(word) for word in command)
    CONSOLE.print(f"$ {' '.join(words)}\n", markup=False, soft_wrap=True)
    done = subprocess.run([BIN / command[0], *command[1:]], env={**os.environ, **environment}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def close_three(url: str) -> None:
    """Close three alerts through the simulator's control API."""
    with duckdb.connect(str(FILE), read_only=True) as database:
        rows = database.execute("SELECT id FROM alerts WHERE status = 'open' ORDER BY createdAt DESC LIMIT 3")
        ids = [alert_id for (alert_id,) in rows.fetchall()]
    for alert_id in ids:
        alert_url, change = f"{url}/_simulator/alerts/{alert_id}", {"status": "closed"}
        CONSOLE.print(f"$ curl -X PATCH {alert_url} -d '{json.dumps(change)}'", markup=False, soft_wrap=True)
        request = urllib.request.Request(alert_url, data=json.dumps(change).encode(), method="PATCH")
        urllib.request.urlopen(request).close()


def fetch(query: str) -> object:
    """The single value that *query* returns."""
    with duckdb.connect(str(FILE), read_only=True) as database:
        return database.execute(query).fetchall()[0][0]


def show(query: str, parameters: list[object]) -> None:
    """Print the result of *query* as a table."""
    with duckdb.connect(str(FILE), read_only=True) as database:
        result = database.execute(query, parameters)
        table = Table(*(column[0] for column in result.description or ()))
        for row in result.fetchall():
            table.add_row(*map(str, row))
    CONSOLE.print(table)


def heading(text: str) -> None:
    """Print the heading of a part."""
    CONSOLE.print(f"\n== {text}\n", style="bold", markup=False)


if __name__ == "__main__":
    main()
