import io
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console
from tests.support.archive_command import Command
from tests.support.leaks import heard, ran

from opsgenie_simulator import Account
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.store import Written
from source_opsgenie.streams import STREAMS

NAMES = ("user_notification_rule_steps", "alert_logs")


def requests_in(output: str) -> dict[str, int]:
    """The requests of each line in the plan's table, 0 if unknown."""
    lines = output.splitlines()[1:]
    end = lines[0].index("requests") + len("requests")
    table = [line for line in lines[1:] if line.split(" ")[0] in STREAMS or line.startswith("total ")]
    cells = {line.split("  ")[0]: line[end - len("requests") : end].strip().replace(",", "") for line in table}
    return {name: int(cell) if cell.isdecimal() else 0 for name, cell in cells.items()}


def test_the_closing_table_fits_80_columns(archive: Command) -> None:
    """The closing table cuts off no name, number or header."""
    output = archive.sync("--streams", "alerts,user_notification_rule_steps,service_incident_templates").output
    lines = output.splitlines()
    header = next(line for line in lines if line.startswith("stream") and "held" in line)

    assert ["stream", "new", "changed", "deleted", "held", "requests", "seconds"] == header.split()
    assert not [line for line in lines if "\N{HORIZONTAL ELLIPSIS}" in line]


@pytest.mark.parametrize("kind", ["plan", "summary"])
def test_a_large_account_fits_80_columns(kind: str) -> None:
    """With millions of rows, stream names are folded; no number is cut off."""
    console = Console(file=io.StringIO(), width=80)
    display = Display(console, console)
    if kind == "plan":
        parents = [Estimate(STREAMS[name], 12_345_678, "alerts", 23_456_789, 1e5) for name in NAMES]
        display.print_plan(parents)
    else:
        outcomes = [Outcome(STREAMS[name], Written(12_345_678, 1_234_567), 23_456_789, 1e5) for name in NAMES]
        display.print_summary(outcomes, totals=dict.fromkeys(NAMES, 12_345_678), path=Path("acme.duckdb"))
    output = display_text(console)

    assert max(map(len, output.splitlines())) <= 80
    assert 2 == output.count("12,345,678") / (1 if kind == "plan" else 2)
    assert 2 == output.count(" 23,456,789")


def test_the_plan_names_expensive_streams(archive: Command, account: Account) -> None:
    """The plan sends a handful of requests, fits 80 columns, and has rows and requests of each stream."""
    for number in range(1_000):
        account.create_alert(message=f"crowd {number}")
    output = archive("plan").stdout

    assert len(archive.simulator.requests) <= 12
    assert all(name in output for name in STREAMS)
    assert max(map(len, output.splitlines())) <= 80
    assert "of 1,300 alerts" in output
    assert 7_000 < requests_in(output)["total"] == sum(requests_in(output)[name] for name in STREAMS)
    assert "total: streams are read one after another" in output
    assert (
        "  --without alert_logs,alert_recipients,alert_details,alert_notes\n  --without alert_attachments\n" in output
    )


def test_the_examples_can_be_pasted(archive: Command) -> None:
    """The Python example prints rows, and DuckDB accepts the query of the other one; both fit 80 columns."""
    output = archive.sync("--streams", "teams").output
    *python, shell = output.partition("Query the file:\n")[2].splitlines()
    shown = ran("sh", "-c", "\n".join(python)).stdout

    assert "Payments" in shown
    assert ["duckdb", "-readonly", str(archive.path)] == shlex.split(shell)[:-1]
    assert 4 == len(archive.query(shlex.split(shell)[-1]))


@pytest.mark.parametrize("arguments", [(), ("sync",), ("plan",)])
def test_the_help_fits_80_columns(archive: Command, arguments: Sequence[str]) -> None:
    """No line of the help is longer than 80 columns, and no sentence in the list of commands is cut off."""
    output = archive(*arguments, "--help").output

    assert max(map(len, output.splitlines())) <= 80
    assert "..." not in output.partition("Commands:")[2]


def display_text(console: Console) -> str:
    """Everything that was printed to *console*."""
    assert isinstance(console.file, io.StringIO)
    return heard(console.file.getvalue())
