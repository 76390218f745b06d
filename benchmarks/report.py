"""The output of a benchmark: tables, targets that must be met, and how noisy the machine was."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Log = Callable[[str], None]
# Takes some tenths of a second on one core.
FIXED_WORK_ROUNDS = 300_000


@dataclass(frozen=True, slots=True)
class Target:
    """A measured value with a lower bound, or with an upper bound if *at_most*."""

    what: str
    measured: float
    bound: float
    at_most: bool = False
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the value is within its bound."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound

    @property
    def row(self) -> list[str]:
        """The row of this target in the table of targets."""
        bound = f"at {'most' if self.at_most else 'least'} {format_number(self.bound)}{self.unit}"
        return [self.what, f"{format_number(self.measured)}{self.unit}", bound, "met" if self.is_met else "MISSED"]


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of a benchmark's tables, and its targets."""

    lines: list[str]
    targets: list[Target]

    def __iter__(self) -> Iterator[str]:
        """All lines: the tables, and the targets below them."""
        yield from self.lines
        if self.targets:
            yield from ("", *format_table(("target", "measured", "bound", ""), [target.row for target in self.targets]))


def format_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Format a Markdown table with aligned columns, numbers on the right."""
    cells = [list(headings), *([format_number(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    are_numbers = [
        all(isinstance(cell, int | float) for cell in column) and bool(rows) for column in zip(*rows, strict=True)
    ] or [False] * len(headings)
    rules = [
        "-" * (width + 1) + (":" if is_number else "-") for width, is_number in zip(widths, are_numbers, strict=True)
    ]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, are_numbers, strict=True)
        )
        + " |"
        for row in cells
    ]
    return [lines[0], f"|{'|'.join(rules)}|", *lines[1:]]


def format_number(value: object) -> str:
    """Format a number with three significant digits and thousands separators; a text stays as it is."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    size = abs(value)
    digits = 0 if size >= 100 or value == 0 else 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004 -- tens
    return f"{value:,.{digits}f}"


def ratio(numerator: float, denominator: float) -> float:
    """Divide, and return 0 if the denominator is 0."""
    return numerator / denominator if denominator else 0.0


def time_fixed_work() -> float:
    """Return the seconds that a fixed workload takes now."""
    started = time.perf_counter()
    digest = b""
    for _ in range(FIXED_WORK_ROUNDS):
        digest = hashlib.blake2b(digest, digest_size=16).digest()
    return time.perf_counter() - started


def describe_noise(before: float, after: float) -> str:
    """Describe how steady the machine was, from two measurements of the fixed workload."""
    load = os.getloadavg()[0]
    return f"Machine: a fixed workload took {before:.2f} s before and {after:.2f} s after; load average {load:.1f}."


def describe_machine() -> str:
    """Describe the processor, the system and the Python version."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    model = next(models, platform.processor() or platform.machine())
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{os.cpu_count()} cores of {model}, {system}, Python {platform.python_version()}"


def print_line(line: str) -> None:
    """Print *line* without buffering."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
