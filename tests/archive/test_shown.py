import shlex

from tests.support.archive_command import Command
from tests.support.leaks import run_process

from opsgenie_simulator import Account
from source_opsgenie.streams import STREAMS


def requests_in(output: str) -> dict[str, int]:
    """The column of requests in the plan's table, by the name that its line begins with; 0 where none is told."""
    lines = output.splitlines()[1:]
    end = lines[0].index("requests") + len("requests")
    table = [line for line in lines[1:] if line.split(" ")[0] in STREAMS or line.startswith("in all ")]
    cells = {line.split("  ")[0]: line[end - len("requests") : end].strip().replace(",", "") for line in table}
    return {name: int(cell) if cell.isdecimal() else 0 for name, cell in cells.items()}


def test_the_closing_table_fits_80_columns(archive: Command) -> None:
    """Neither a name nor a number of the closing table is cut off, and no header."""
    output = archive.sync("--streams", "alerts,user_notification_rule_steps,service_incident_templates").output
    lines = output.splitlines()
    header = next(line for line in lines if line.startswith("stream") and "gone" in line)

    assert ["stream", "new", "changed", "gone", "held", "requests", "s"] == header.split()
    assert not [line for line in lines if "\N{HORIZONTAL ELLIPSIS}" in line]


def test_the_plan_tells_what_is_expensive(archive: Command, account: Account) -> None:
    """The plan costs a handful of requests, fits 80 columns, and names rows and requests of each stream."""
    for number in range(1_000):
        account.create_alert(message=f"crowd {number}")
    output = archive("plan").stdout

    assert len(archive.simulator.requests) <= 12
    assert all(name in output for name in STREAMS)
    assert max(map(len, output.splitlines())) <= 80
    assert "of 1,300 alerts" in output
    assert 7_000 < requests_in(output)["in all"] == sum(requests_in(output)[name] for name in STREAMS)
    assert "in all: streams are read one after the other" in output
    assert (
        "  --without alert_logs,alert_recipients,alert_details,alert_notes\n  --without alert_attachments\n" in output
    )


def test_the_closing_lines_can_be_pasted(archive: Command) -> None:
    """The line of Python prints rows; the DuckDB shell's holds a query that DuckDB answers."""
    lines = archive.sync("--streams", "teams").output.splitlines()
    python, shell = (shlex.split(line) for line in lines[lines.index("Look into the file:") + 1 :])
    shown = run_process(*python).stdout

    assert "Payments" in shown
    assert ["duckdb", "-readonly", str(archive.path)] == shell[:-1]
    assert 4 == len(archive.query(shell[-1]))


def test_the_list_of_commands_is_not_cut(archive: Command) -> None:
    """The help says of each command in a whole sentence what it does."""
    output = archive("--help").output

    assert "plan  Say what a first sync would cost.\n" in output
    assert "..." not in output.partition("Commands:")[2]
