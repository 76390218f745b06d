import io
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.support.archive_command import Command
from tests.support.fakes import Wire, client_of, connection_of
from tests.support.leaks import record_output

from opsgenie_simulator import Account
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import RESUMES, Estimate
from source_opsgenie.archive.progress import Progress
from source_opsgenie.archive.summary import Summary
from source_opsgenie.archive.writing import Written
from source_opsgenie.streams import STREAMS

NAMES = ("user_notification_rule_steps", "alert_logs")


def requests_in(output: str) -> dict[str, int]:
    """The requests of each line in the plan's table, 0 if unknown."""
    lines = output.splitlines()[1:]
    end = lines[0].index("requests") + len("requests")
    table = [line for line in lines[1:] if line.split(" ")[0] in STREAMS or line.startswith("total ")]
    cells = {line.split("  ")[0]: line[end - len("requests") : end].strip().replace(",", "") for line in table}
    return {name: int(cell) if cell.isdecimal() else 0 for name, cell in cells.items()}


def test_verbose_prints_the_proofs(archive: Command) -> None:
    """With --verbose, a table and the proof of each stream come before the summary, and nothing is cut off."""
    names = ("alerts", "user_notification_rule_steps", "service_incident_templates")
    lines = archive("sync", "--to", str(archive.path), "--verbose", "--streams", ",".join(names)).stdout.splitlines()
    header = next(line for line in lines if line.startswith("stream") and "held" in line)

    assert ["stream", "new", "changed", "deleted", "held", "requests", "s"] == header.split()
    assert not [line for line in lines if "\N{HORIZONTAL ELLIPSIS}" in line]
    assert any(line.startswith("alerts: 120 counted, 120 read, 0 unexplained; everything that") for line in lines)
    assert set(names) == {line.partition(":")[0] for line in lines if "everything that this key may see" in line}


def test_a_large_plan_fits_80_columns() -> None:
    """With millions of rows, the plan folds stream names and cuts off no number."""
    console = Console(file=io.StringIO(), width=80)
    Display(console, console).print_plan(
        [Estimate(STREAMS[name], 12_345_678, "alerts", 23_456_789, 1e5) for name in NAMES]
    )

    assert max(map(len, printed(console).splitlines())) <= 80
    assert len(NAMES) == printed(console).count("of 12,345,678 alerts  23,456,789  1 d 3 h  expensive")


def test_a_large_closing_table_fits_80_columns(tmp_path: Path) -> None:
    """With millions of rows, the closing table folds stream names and cuts off no number."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    outcomes = [Outcome(STREAMS[name], Written(12_345_678, 1_234_567), 23_456_789, 1e5) for name in NAMES]
    path = tmp_path / "acme.duckdb"
    path.write_bytes(b"")
    summary = Summary(path, "acme", outcomes, dict.fromkeys(NAMES, 34_567_890), 46_913_578, 2e5)
    Display(console, console, is_verbose=True).print_summary(summary)
    numbers = "12,345,678  1,234,567        0  34,567,890  23,456,789  100,000.0"
    *lines, example = printed(console).splitlines()

    assert max(map(len, lines)) <= 80
    assert str(path) in example
    assert len(NAMES) == printed(console).count(numbers)


def test_a_resumed_stream_is_not_called_expensive() -> None:
    """The plan shows that a stream resumes, even if it is expensive."""
    console = Console(file=io.StringIO(), width=80)
    resumed = Estimate(STREAMS["alert_logs"], 9_000, "alerts", 9_115, 10.0, RESUMES)
    Display(console, console).print_plan([resumed])

    assert "of 9,000 alerts     9,115  10 s  resumes" in printed(console)


def test_the_plan_names_expensive_streams(archive: Command, account: Account) -> None:
    """The plan sends a handful of requests, fits 80 columns, and has rows and requests of each stream."""
    for number in range(1_000):
        account.create_alert(message=f"crowd {number}")
    output = archive("plan").stdout

    assert len(archive.simulator.requests) <= 12
    assert all(name in output for name in STREAMS)
    assert max(map(len, output.splitlines())) <= 80
    assert "of 1,120 alerts" in output
    assert 6_000 < requests_in(output)["total"] == sum(requests_in(output)[name] for name in STREAMS)
    assert "the\ntime is that of the busiest domain (alert)." in output
    assert (
        "  --without alert_logs,alert_recipients,alert_details,alert_notes\n  --without alert_attachments\n" in output
    )


def test_the_example_can_be_pasted(archive: Command) -> None:
    """The last line is a command that lists the views of the file."""
    example = archive.sync("--streams", "teams").output.splitlines()[-1].removeprefix("Query it with: ")
    program, *arguments = shlex.split(example.partition(" (")[0])

    assert "opsgenie-archive" == program
    assert "on_call_hours" in archive(*arguments).stdout


@pytest.mark.parametrize("arguments", [(), ("sync",), ("plan",)])
def test_the_help_fits_80_columns(archive: Command, arguments: Sequence[str]) -> None:
    """No line of the help is longer than 80 columns, and no sentence in the list of commands is cut off."""
    output = archive(*arguments, "--help").output

    assert max(map(len, output.splitlines())) <= 80
    assert "..." not in output.partition("Commands:")[2]


def printed(console: Console) -> str:
    """Everything that was printed to *console*."""
    assert isinstance(console.file, io.StringIO)
    return record_output(console.file.getvalue())


def test_the_progress_names_an_unknown_limit() -> None:
    """Without a known limit the time left is a lower bound, followed by that at common limits, within 80 columns."""
    connection = connection_of(Wire(Account.seeded(alerts=0)))
    progress = Progress(Estimate(STREAMS["alert_logs"], requests=2_345_678), connection)
    connection.client.get("/v2/account", domain=Domain.CONFIGURATION)
    connection.clock.sleep(1.0)
    line, unknown = progress.lines()
    known = Pacer([Limit(600, 60.0)])
    limited = replace(connection, client=client_of(Wire(Account.seeded()), pacers=dict.fromkeys(Domain, known)))

    assert "at least 27 d 3 h left" in line
    assert "limit unknown: 100/min 20 d 8 h, 600/min 3 d 9 h, 3,000/min 16 h 17 min" == unknown
    assert 1 == len(Progress(progress.estimate, limited).lines())


def test_the_plan_names_unknown_limits() -> None:
    """Where a rate limit is unknown, the plan says that its times are a lower bound, and has those of common limits."""
    console = Console(file=io.StringIO(), width=80)
    unknown = Estimate(STREAMS["alert_logs"], 1000, "alerts", 4000, 2.0, seconds_at=(3000.0, 500.0, 100.0))
    known = [Estimate(STREAMS[name], requests=1, seconds=200.0) for name in ("teams", "users")]
    Display(console, console).print_plan([unknown, *known])
    text = " ".join(printed(console).split())

    assert "rate limits are unknown until a request is throttled (alert). The times are a lower bound." in text
    assert "100 requests per minute in each domain: 50 min 0 s 600 requests per minute" in text
    assert "600 requests per minute in each domain: 8 min 20 s 3,000 requests" in text
    assert "3,000 requests per minute in each domain: 6 min 40 s" in text
    assert "total 4,002 6 min 40 s at least" in text
    assert "so the time is that of the busiest domain (configuration)." in text


def test_a_plan_without_limits_from_the_api_has_common_ones(archive: Command) -> None:
    """An account whose limits the API does not report gets its total time at three common limits."""
    output = archive("plan", "--streams", "alerts").stdout

    assert "The account's rate limits are unknown" in output
    assert len([line for line in output.splitlines() if "requests per minute in each domain: " in line]) == 3
