"""What a person sees, within 80 columns: the estimated cost, the progress, and the closing table."""

import math
import shlex
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from source_opsgenie.archive.outcome import NOT_STARTED, Outcome
from source_opsgenie.archive.plan import COMMON_LIMITS, RESUMES, Estimate
from source_opsgenie.archive.progress import Progress, format_duration

# Without a terminal, the least seconds between two lines about the stream under way.
SECONDS_BETWEEN_LINES = 5.0
# A stream is called expensive from this share and this number of requests on.
EXPENSIVE_SHARE = 0.1
EXPENSIVE_REQUESTS = 1_000
# A longer note goes below the table.
NOTE_WIDTH = 20
LEGEND = """
?: unknown until the stream is read.
at least: rows that are not known yet will need more requests.
total: streams are read one after another, so their times add up. Child streams
of alerts and incidents list these again, which is included."""
UNKNOWN_LIMITS = (
    "The account's rate limits are unknown until a request is throttled ({domains}). "
    "The times are a lower bound. In total, they would be at"
)
LINE_WIDTH = 79
# The width of stream names in a line to paste.
NAMES_WIDTH = 66


@dataclass(slots=True)
class Display:
    """Shows one sync: live at a terminal, otherwise in plain lines."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    errors: Console = field(default_factory=lambda: Console(highlight=False, stderr=True))
    _shown_at: float = 0.0

    def info(self, text: str) -> None:
        """Show *text*."""
        _print(Text(text), self.console)

    def warn(self, text: str) -> None:
        """Show *text* as a warning."""
        _print(Text(f"Warning: {text}", style="yellow"), self.console)

    @contextmanager
    def track(self, progress: Progress) -> Iterator[None]:
        """Show *progress* while the block runs."""
        if not self.console.is_terminal:
            self.info(f"{progress.stream.name}: started")
            self._shown_at = time.monotonic()
            yield
            return
        with Live(_Lines(progress), console=self.console, refresh_per_second=4, transient=True):
            yield

    def advance(self, progress: Progress) -> None:
        """Print a line about *progress* every few seconds; a terminal refreshes without this."""
        if not self.console.is_terminal and time.monotonic() - self._shown_at >= SECONDS_BETWEEN_LINES:
            self._shown_at = time.monotonic()
            self.info(", ".join(progress.lines()))

    def print_outcome(self, outcome: Outcome) -> None:
        """Print a line about a stream that was just read."""
        written = outcome.written
        end = "complete" if outcome.is_complete else "stopped" if outcome.is_interrupted else "INCOMPLETE"
        deleted = f", {written.deleted:,} deleted" if written.deleted else ""
        rows = f"{written.new:,} new, {written.changed:,} changed{deleted}"
        self.info(f"{outcome.stream.name}: {end}, {rows}, {format_duration(outcome.seconds)}")

    def print_plan(self, estimates: Sequence[Estimate]) -> None:
        """Print what each stream is estimated to cost, and how to leave out the expensive ones."""
        expensive = _find_expensive(estimates)
        self.info("Estimated cost:")
        self.console.print(_plan_table(estimates, expensive))
        self.info(LEGEND)
        if text := _unknown_limits(estimates):
            self.info(text)
        for estimate in estimates:
            if len(estimate.note) > NOTE_WIDTH:
                self.warn(f"{estimate.stream.name}: {estimate.note}")
        if expensive:
            self.info(_advise(expensive))
        self.info("")

    def print_summary(self, outcomes: Sequence[Outcome], *, totals: Mapping[str, int], path: Path) -> None:
        """Print the closing table, what was proven of each stream, and how to query the file."""
        self.info("")
        self.console.print(_summary_table(outcomes, totals))
        self.info("")
        for outcome in outcomes:
            if outcome.error != NOT_STARTED:
                self._print_proof(outcome)
        if names := [outcome.stream.name for outcome in outcomes if outcome.error == NOT_STARTED]:
            _print(Text(f"{', '.join(names)}: INCOMPLETE: {NOT_STARTED}"), self.errors)
        self.info("\nQuery the file:")
        for example in query_examples(path, max(totals, key=lambda name: totals[name])):
            self.console.print(Text(textwrap.indent(example, "  ")), soft_wrap=True)

    def _print_proof(self, outcome: Outcome) -> None:
        proof = outcome.proof if outcome.is_complete else f"INCOMPLETE: {outcome.error}"
        console = self.console if outcome.is_complete or outcome.is_interrupted else self.errors
        _print(Text(f"{outcome.stream.name}: {proof}"), console)


def query_examples(path: Path, stream: str) -> list[str]:
    """Commands to paste into a shell that query the file at *path*, with Python and with DuckDB's own shell."""
    python = Path(sys.executable)
    program = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    file, query = shlex.quote(str(path)), f"FROM {stream} LIMIT 5"
    # In DuckDB 1.4, a result does not outlive its connection, so the connection needs a name.
    script = (
        "import duckdb, sys; \\\n"
        "  archive = duckdb.connect(sys.argv[1], read_only=True); \\\n"
        f"  print(archive.sql('{query}'))"
    )
    return [f'{shlex.quote(str(program))} -c "{script}" {file}', f'duckdb -readonly {file} "{query}"']


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of *progress*, as they are at each refresh."""

    progress: Progress

    def __rich__(self) -> RenderableType:
        return Text("\n  ".join(self.progress.lines()), no_wrap=True, overflow="ellipsis")


def _print(text: Text, console: Console) -> None:
    """Print *text*, wrapped between words at a terminal only: elsewhere, one message is one line."""
    console.print(text, soft_wrap=not console.is_terminal)


def _table(*headers: str, left: int) -> Table:
    """A table whose first *left* columns are aligned left; only stream names are folded if it is too wide."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(headers[0], overflow="fold")
    for position, header in enumerate(headers[1:], start=1):
        is_left = position < left or not header
        table.add_column(header, justify="left" if is_left else "right", no_wrap=True)
    return table


def _plan_table(estimates: Sequence[Estimate], expensive: Sequence[Estimate]) -> Table:
    table = _table("stream", "rows", "requests", "time", "", left=2)
    for estimate in estimates:
        note = estimate.note if len(estimate.note) <= NOTE_WIDTH else "cannot be read"
        mark = "expensive" if estimate in expensive and note != RESUMES else note
        table.add_row(estimate.stream.name, *_cells(estimate), mark)
    requests = sum(estimate.requests or 0 for estimate in estimates)
    seconds = sum(estimate.seconds or 0.0 for estimate in estimates)
    table.add_row("total", "", f"{requests:,}", format_duration(math.ceil(seconds)), "at least")
    return table


def _unknown_limits(estimates: Sequence[Estimate]) -> str:
    """That the rate limits of some of *estimates* are unknown, and what the total is at common limits."""
    unknown = [estimate for estimate in estimates if estimate.seconds_at]
    if not unknown:
        return ""
    domains = ", ".join(sorted({estimate.stream.domain.value for estimate in unknown}))
    times = [
        f"  {limit:,} requests per minute in each domain: {format_duration(math.ceil(_total_at(estimates, position)))}"
        for position, limit in enumerate(COMMON_LIMITS)
    ]
    lines = textwrap.wrap(UNKNOWN_LIMITS.format(domains=domains), LINE_WIDTH)
    return "\n".join(["", *lines, *times])


def _total_at(estimates: Sequence[Estimate], position: int) -> float:
    return sum(each.seconds_at[position] if each.seconds_at else each.seconds or 0.0 for each in estimates)


def _cells(estimate: Estimate) -> tuple[str, str, str]:
    """The rows, requests and time of *estimate*: empty if its note says why, `?` if they are unknown."""
    unknown = "" if estimate.note else "?"
    rows = unknown if estimate.rows is None else f"{estimate.rows:,}"
    if estimate.rows is not None and estimate.parent:
        rows = f"of {rows} {estimate.parent}"
    requests = unknown if estimate.requests is None else f"{estimate.requests:,}"
    seconds = "" if estimate.seconds is None else format_duration(max(1, math.ceil(estimate.seconds)))
    return rows, requests, seconds


def _find_expensive(estimates: Sequence[Estimate]) -> list[Estimate]:
    total = sum(estimate.requests or 0 for estimate in estimates)
    least = max(EXPENSIVE_REQUESTS, EXPENSIVE_SHARE * total)
    return [estimate for estimate in estimates if (estimate.requests or 0) >= least]


def _advise(expensive: Sequence[Estimate]) -> str:
    lines = textwrap.wrap(", ".join(estimate.stream.name for estimate in expensive), NAMES_WIDTH)
    options = [f"  --without {names.rstrip(',').replace(' ', '')}" for names in lines]
    return "\n".join(
        ["To sync everything else first, add:", *options, "Omit it from a later sync to add these streams to the file."]
    )


def _summary_table(outcomes: Sequence[Outcome], totals: Mapping[str, int]) -> Table:
    table = _table("stream", "new", "changed", "deleted", "held", "requests", "s", left=1)
    for outcome in outcomes:
        written, name = outcome.written, outcome.stream.name
        counts = (written.new, written.changed, written.deleted, totals[name], outcome.requests)
        table.add_row(name, *(f"{count:,}" for count in counts), f"{outcome.seconds:,.1f}")
    return table
