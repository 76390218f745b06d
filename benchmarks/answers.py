"""Check that a large archive answers right: `python -m benchmarks.answers`, or with the parts of names to check.

It syncs a simulated account of 50,000 alerts with everything that belongs to them, and two years of schedules. Then
every view whose truth the tests compute is compared with it, and every export with the archive. It prints a line for
each, and exits with 1 if any differs.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.support.answers import Answers, Compared, create_account, settle
from tests.support.archive_command import Command
from tests.support.exports import FORMATS
from tests.support.truths import TRUTHS

from benchmarks.report import print_line
from opsgenie_simulator import Account, Simulator, Switches
from source_opsgenie.archive import views
from source_opsgenie.streams import STREAMS

SIZES = {"alerts": 50_000, "incidents": 200, "users": 40, "teams": 8, "services": 12, "integrations": 8, "days": 730}
ON_CALL_SINCE = "2024-11-01T00:00:00Z"
VIEWS = [view.name for view in views.all_views() if view.is_table]
# Reading more sheets back would take an hour.
IN_WORKBOOK = ["alerts", "alert_notes", "users", "schedule_timelines"]
# Of a difference, so many characters are shown.
SHOWN = 300
Check = Callable[[], Iterator[Compared]]


def sync(account: Account, path: Path) -> None:
    """Copy the *account* into a new file at *path*, as the command does."""
    with Simulator(account, switches=Switches(timeline_years=3), request_log_size=1_000) as simulator:
        process = Command(simulator, account.full_key, path).begin("--timeline-since", ON_CALL_SINCE)
        output, errors = process.communicate()
    print_line("\n".join(output.splitlines()[-6:]))
    if process.returncode:
        raise SystemExit(errors)


def check_export(answers: Answers, folder: Path, *, file_format: str) -> Iterator[Compared]:
    """Export all views and tables, but only some of these to a workbook, and compare what is read back."""
    tables = IN_WORKBOOK if file_format == "xlsx" else [*STREAMS]
    target = folder / file_format
    chosen = ("--views", "all", "--tables", ",".join(tables))
    result = answers.run("export", "--to", str(target), *chosen, "--format", file_format)
    yield Compared("exit code", 0, result.exit_code)
    yield from FORMATS[file_format](answers, target, [*VIEWS, *tables])


def checks(answers: Answers, folder: Path) -> dict[str, Check]:
    """Every check by its name."""
    of_views: dict[str, Check] = {truth.__name__: partial(truth, answers) for truth in TRUTHS}
    return of_views | {
        f"export as {name}": partial(check_export, answers, folder, file_format=name) for name in FORMATS
    }


def run(name: str, check: Check) -> bool:
    """Run one check and print what it found; returns whether everything is equal."""
    started = time.monotonic()
    compared = [(one.view, one.expected == one.found, describe(one)) for one in check()]
    wrong = [f"{view}: {text}" for view, is_equal, text in compared if not is_equal]
    print_line(f"{'WRONG' if wrong else 'right'}  {name}, {len(compared)} compared, {time.monotonic() - started:.0f} s")
    for line in wrong:
        print_line(f"       {line[:SHOWN]}")
    return not wrong


def describe(compared: Compared) -> str:
    """The first difference, in a few words; nothing if there is none."""
    expected, found = compared.expected, compared.found
    if expected == found:
        return ""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
        first = f"{keys[0]}: {expected.get(keys[0])}, not {found.get(keys[0])}"
        return f"{len(keys):,} of {len(expected):,} differ, such as {first}"
    if isinstance(expected, set) and isinstance(found, set):
        return f"{len(expected - found):,} missing, {len(found - expected):,} too many: {next(iter(expected ^ found))}"
    if isinstance(expected, list) and isinstance(found, list):
        pairs = [pair for pair in zip(expected, found, strict=False) if pair[0] != pair[1]]
        return f"{len(expected):,} expected, {len(found):,} found, {len(pairs):,} differ: {pairs[:1]}"
    return f"{expected}, not {found}"


def main() -> None:
    """Sync the account, and run all checks, or those in the arguments."""
    with tempfile.TemporaryDirectory(prefix="answers.") as name:
        folder, account = Path(name), create_account(**SIZES)
        sync(account, folder / "acme.duckdb")
        settle(folder / "acme.duckdb")
        found = checks(Answers(account, folder / "acme.duckdb", ON_CALL_SINCE), folder)
        chosen = [one for one in found if not sys.argv[1:] or any(part in one for part in sys.argv[1:])]
        results = [run(one, found[one]) for one in chosen]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
