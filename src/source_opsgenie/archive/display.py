"""What a person sees: the cost beforehand, how far it is, and the closing table, all within 80 columns."""

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

from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.progress import Progress, duration

# Without a terminal, a line about the stream under way at most this often.
SECONDS_BETWEEN_LINES = 5.0
# A stream that takes so much of all requests, and so many, is called expensive.
EXPENSIVE_SHARE = 0.1
EXPENSIVE_REQUESTS = 1_000
# A note that is longer goes below the table.
NOTE_WIDTH = 20
LEGEND = """
not told, ?: Opsgenie tells no number before the stream is read.
at least: more hangs on rows that are not known yet.
in all: streams are read one after the other, so their times add up. Each one
that hangs on alerts or incidents lists these for itself; that is counted in."""
# So wide may names be in a line that is to be pasted.
NAMES_WIDTH = 66


@dataclass(slots=True)
class Display:
    """Shows one sync: live at a terminal, else in plain lines."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    errors: Console = field(default_factory=lambda: Console(highlight=False, stderr=True))
    _said_at: float = 0.0

    def say(self, text: str) -> None:
        """Show *text*, as it is."""
        self.console.print(Text(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Show that something is missing."""
        self.console.print(Text(f"Warning: {text}", style="yellow"), soft_wrap=True)

    @contextmanager
    def shown(self, progress: Progress) -> Iterator[None]:
        """Show how far *progress* is for as long as the block lasts."""
        if not self.console.is_terminal:
            self.say(f"{progress.stream.name}: begins")
            self._said_at = time.monotonic()
            yield
            return
        with Live(_Lines(progress), console=self.console, refresh_per_second=4, transient=True):
            yield

    def moved(self, progress: Progress) -> None:
        """A row came: without a terminal, say so now and then; at a terminal, the line refreshes by itself."""
        if not self.console.is_terminal and time.monotonic() - self._said_at >= SECONDS_BETWEEN_LINES:
            self._said_at = time.monotonic()
            self.say(", ".join(progress.lines()))

    def ended(self, outcome: Outcome) -> None:
        """One stream is done with, whole or not."""
        written, problem = outcome.written, outcome.problem
        end = "whole" if not problem else "stopped" if outcome.is_stopped else "NOT WHOLE"
        seconds = duration(outcome.seconds)
        gone = f", {written.gone:,} gone" if written.gone else ""
        self.say(f"{outcome.stream.name}: {end}, {written.new:,} new, {written.changed:,} changed{gone}, {seconds}")

    def cost(self, estimates: Sequence[Estimate]) -> None:
        """The table of what each stream will cost, and which are the expensive ones."""
        expensive = _expensive(estimates)
        table = _table("stream", "rows", "requests", "time", "")
        for one in estimates:
            seconds = "" if one.seconds is None else duration(max(1, math.ceil(one.seconds)))
            requests = "?" if one.requests is None else f"{one.requests:,}"
            note = one.note if len(one.note) <= NOTE_WIDTH else "cannot be read"
            mark = "expensive" if one in expensive else note
            table.add_row(one.stream.name, _rows(one), requests if not one.note or one.requests else "", seconds, mark)
        requests, seconds = (sum(some) for some in zip(*map(_known, estimates), strict=True))
        table.add_row("in all", "", f"{requests:,}", duration(math.ceil(seconds)), "at least")
        self.say("What each stream will cost:")
        self.console.print(table)
        self.say(LEGEND)
        for one in estimates:
            if len(one.note) > NOTE_WIDTH:
                self.warn(f"{one.stream.name}: {one.note}")
        if expensive:
            self.say(_advice(expensive))
        self.say("")

    def closing(self, outcomes: Sequence[Outcome], *, totals: Mapping[str, int], path: Path) -> None:
        """The closing table, what was proven, and how to look into the file."""
        table = _table("stream", "new", "changed", "gone", "held", "requests", "s", left=1)
        for one in outcomes:
            written = one.written
            counts = (written.new, written.changed, written.gone, totals[one.stream.name], one.requests)
            table.add_row(one.stream.name, *(f"{count:,}" for count in counts), f"{one.seconds:,.1f}")
        self.say("")
        self.console.print(table)
        self.say("")
        for one in outcomes:
            is_failure = one.problem and not one.is_stopped
            said = f"NOT WHOLE: {one.problem}" if one.problem else one.proof
            (self.errors if is_failure else self.console).print(Text(f"{one.stream.name}: {said}"), soft_wrap=True)
        self.say("\nLook into the file:")
        for line in snippets(path, max(totals, key=lambda name: totals[name])):
            self.say(f"  {line}")


def snippets(path: Path, stream: str) -> list[str]:
    """Lines to paste into a shell, that show what is in the file at *path*: in Python, and in DuckDB's own shell."""
    python = Path(sys.executable)
    here = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    file, query = shlex.quote(str(path)), f"FROM {stream} LIMIT 5"
    # In DuckDB 1.4 an answer does not outlive its connection: that needs a name.
    look = f"import duckdb, sys; archive = duckdb.connect(sys.argv[1], read_only=True); print(archive.sql('{query}'))"
    return [f'{shlex.quote(str(here))} -c "{look}" {file}', f'duckdb -readonly {file} "{query}"']


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of *progress*, made anew whenever they are drawn."""

    progress: Progress

    def __rich__(self) -> RenderableType:
        return Text("\n  ".join(self.progress.lines()), no_wrap=True, overflow="ellipsis")


def _table(*headers: str, left: int = 2) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, header in enumerate(headers):
        is_left = place < left or not header
        table.add_column(header, justify="left" if is_left else "right", no_wrap=True)
    return table


def _known(estimate: Estimate) -> tuple[int, float]:
    return estimate.requests or 0, estimate.seconds or 0.0


def _rows(estimate: Estimate) -> str:
    if estimate.rows is None:
        return "" if estimate.note else "not told"
    return f"of {estimate.rows:,} {estimate.hangs_on}" if estimate.hangs_on else f"{estimate.rows:,}"


def _expensive(estimates: Sequence[Estimate]) -> list[Estimate]:
    least = max(EXPENSIVE_REQUESTS, EXPENSIVE_SHARE * sum(one.requests or 0 for one in estimates))
    return [one for one in estimates if (one.requests or 0) >= least]


def _advice(expensive: Sequence[Estimate]) -> str:
    names = textwrap.wrap(", ".join(one.stream.name for one in expensive), NAMES_WIDTH)
    options = [f"  --without {some.rstrip(',').replace(' ', '')}" for some in names]
    return "\n".join(["To have the rest first, add:", *options, "The same file takes them later, without that."])
