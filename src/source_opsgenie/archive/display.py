"""What a person sees of a sync, within 80 columns: the plan, a line for each stream, and how it ended."""

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from source_opsgenie.archive.causes import cause_of, join_names
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.plan import Estimate
from source_opsgenie.archive.plan_table import describe_total, find_expensive, notes_below, plan_table, unreadable
from source_opsgenie.archive.progress import Overview, format_duration
from source_opsgenie.archive.summary import Summary
from source_opsgenie.archive.wording import TYPED, as_typed

# Without a terminal, the least seconds between two lines about the stream under way.
SECONDS_BETWEEN_LINES = 30.0


@dataclass(slots=True)
class Display:
    """Shows one sync: live at a terminal, otherwise in plain lines; if *is_quiet*, only what is wrong, on stderr.

    Messages are in the *words* of the command line. If *is_verbose*, the summary has a table and every proof.
    """

    console: Console = field(default_factory=lambda: Console(highlight=False))
    errors: Console = field(default_factory=lambda: Console(highlight=False, stderr=True))
    is_quiet: bool = False
    is_verbose: bool = False
    words: Mapping[str, str] = field(default_factory=lambda: TYPED)
    _is_live: bool = field(init=False)
    _shown_at: float = 0.0
    # The streams of each warning, by its cause; the first of them was named in it.
    _warned: dict[str, list[str]] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._is_live = self.console.is_terminal and not self.is_quiet

    def info(self, text: str) -> None:
        """Show *text*."""
        if not self.is_quiet:
            self._print(text, self.console)

    def warn(self, text: str) -> None:
        """Show *text*, which begins with the name of a stream, as a warning; the same of more streams is shown once."""
        name = text.partition(" ")[0].rstrip(":")
        streams = self._warned.setdefault(cause_of(text.removeprefix(name)), [])
        streams.append(name)
        if len(streams) == 1:
            self._print_warning(text)

    @contextmanager
    def track(self, overview: Overview) -> Iterator[None]:
        """Show *overview* while the block runs."""
        self._shown_at = time.monotonic()
        if not self._is_live:
            yield
            return
        with Live(_Lines(overview), console=self.console, refresh_per_second=4, transient=True):
            yield

    def advance(self, overview: Overview) -> None:
        """Print the lines of *overview* from time to time; a terminal refreshes without this."""
        if self._is_live or self.is_quiet or time.monotonic() - self._shown_at < SECONDS_BETWEEN_LINES:
            return
        self._shown_at = time.monotonic()
        for lines in overview.lines():
            self.info(", ".join(lines))

    def print_outcome(self, outcome: Outcome) -> None:
        """Print a line about a stream that was just read, unless it has no news."""
        written, cause = outcome.written, cause_of(outcome.error)
        is_news = any((written.new, written.changed, written.deleted)) or not (
            outcome.is_complete or outcome.is_interrupted or cause in self._failed
        )
        self._failed.add(cause)
        if is_news:
            deleted = f", {written.deleted:,} deleted" if written.deleted else ""
            rows = f"{written.new:,} new, {written.changed:,} changed{deleted}"
            self.info(f"{outcome.stream.name}: {outcome.status}, {rows}, {format_duration(outcome.seconds)}")

    def show_cost(self, estimates: Sequence[Estimate], *, is_first: bool) -> None:
        """Print the plan of a sync if it matters: of the first one, and of one with an expensive stream."""
        if not is_first and not find_expensive(estimates):
            return
        if self._is_live:
            self.print_plan(estimates)
        else:
            self.info(describe_total(estimates))

    def print_plan(self, estimates: Sequence[Estimate]) -> None:
        """Print what each stream is estimated to cost, and how to leave out the expensive ones."""
        self.info("Estimated cost:")
        self.console.print(plan_table(estimates))
        for line in notes_below(estimates):
            self.info(line)
        for line in unreadable(estimates):
            self._print_warning(line)
        self.info("")

    def print_summary(self, summary: Summary) -> None:
        """Print how many streams are complete, why the others are not, what was written, and where to go from here."""
        self._print_repeated_warnings()
        if self.is_verbose and not self.is_quiet:
            self._print_details(summary)
        failures = list(summary.failures())
        if failures or not self.is_quiet:
            self._print(summary.headline(), self.errors if failures else self.console)
        for failure in failures:
            self._print(f"  {failure}", self.errors)
        for line in summary.closing_lines():
            self.info(line)
        example = f"opsgenie-archive sql {shlex.quote(str(summary.path))}"
        if not self.is_quiet:
            # The terminal wraps it, so that it can be pasted.
            self.console.print(Text(f"Query it with: {example} (also: show, status, export)"), soft_wrap=True)

    def _print_details(self, summary: Summary) -> None:
        self.console.print(_details_table(summary))
        for outcome in summary.outcomes:
            if outcome.proof:
                self.info(f"{outcome.stream.name}: {outcome.proof}")

    def _print_repeated_warnings(self) -> None:
        for first, *more in self._warned.values():
            if more:
                self._print_warning(f"the warning about {first} applies to {join_names(more)}, too.")

    def _print_warning(self, text: str) -> None:
        self._print(f"Warning: {text}", self.errors if self.is_quiet else self.console, style="yellow")

    def _print(self, text: str, console: Console, *, style: str = "") -> None:
        """Print *text*, wrapped between words at a terminal only: elsewhere, one message is one line."""
        console.print(Text(as_typed(text, self.words), style=style), soft_wrap=not console.is_terminal)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What *overview* is at each refresh."""

    overview: Overview

    def __rich__(self) -> RenderableType:
        lines = ("\n  ".join(lines) for lines in self.overview.lines())
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


def _details_table(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stream", overflow="fold")
    for header in ("new", "changed", "deleted", "held", "requests", "s"):
        table.add_column(header, justify="right", no_wrap=True)
    for outcome in summary.outcomes:
        written, name = outcome.written, outcome.stream.name
        counts = (written.new, written.changed, written.deleted, summary.held[name], outcome.requests)
        table.add_row(name, *(f"{count:,}" for count in counts), f"{outcome.seconds:,.1f}")
    return table
