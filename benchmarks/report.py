"""What a benchmark says in the end: tables, targets and whether they hold, and how noisy the machine was."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Tell = Callable[[str], None]
# Some tenths of a second of one core.
FIXED_WORK = 300_000


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that must be at least, or at most, its bound."""

    what: str
    measured: float
    bound: float
    at_most: bool = False
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure keeps to its bound."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound

    @property
    def row(self) -> list[str]:
        """The line of this target in a table of targets."""
        bound = f"at {'most' if self.at_most else 'least'} {number(self.bound)}{self.unit}"
        return [self.what, f"{number(self.measured)}{self.unit}", bound, "holds" if self.holds else "MISSED"]


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of a benchmark's tables, and its targets."""

    lines: list[str]
    targets: list[Target]

    def __iter__(self) -> Iterator[str]:
        """All lines: the tables, and the targets below them."""
        yield from self.lines
        if self.targets:
            yield from ("", *table(("target", "measured", "bound", ""), [target.row for target in self.targets]))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table that is easy to read as it stands, and is Markdown; numbers to the right."""
    cells = [list(headings), *([one if isinstance(one, str) else number(one) for one in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    are_numbers = [
        all(isinstance(cell, int | float) for cell in column) and bool(rows) for column in zip(*rows, strict=True)
    ] or [False] * len(headings)
    rules = ["-" * (width + 1) + (":" if right else "-") for width, right in zip(widths, are_numbers, strict=True)]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, are_numbers, strict=True)
        )
        + " |"
        for row in cells
    ]
    return [lines[0], f"|{'|'.join(rules)}|", *lines[1:]]


def number(figure: object) -> str:
    """A figure with three digits that say something, and thousands apart."""
    if not isinstance(figure, float):
        return f"{figure:,}" if isinstance(figure, int) else str(figure)
    size = abs(figure)
    digits = 0 if size >= 100 or figure == 0 else 1 if size >= 10 else 2 if size >= 1 else 3  # noqa: PLR2004 -- tens
    return f"{figure:,.{digits}f}"


def ratio(one: float, other: float) -> float:
    """How many times *other* goes into *one*; 0 if there is nothing to compare."""
    return one / other if other else 0.0


def fixed_work() -> float:
    """The seconds that a fixed piece of work takes just now."""
    started = time.perf_counter()
    digest = b""
    for _ in range(FIXED_WORK):
        digest = hashlib.blake2b(digest, digest_size=16).digest()
    return time.perf_counter() - started


def noise(before: float, after: float) -> str:
    """How steady the machine was, in a line."""
    load = os.getloadavg()[0]
    return (
        f"Machine: a fixed piece of work took {before:.2f} s before and {after:.2f} s after; load average {load:.1f}."
    )


def machine() -> str:
    """What this runs on, in a line."""
    cpus = Path("/proc/cpuinfo")
    named = cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else []
    models = (line.partition(":")[2].strip() for line in named if line.startswith("model name"))
    model = next(models, platform.processor() or platform.machine())
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{os.cpu_count()} cores of {model}, {system}, Python {platform.python_version()}"


def tell(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
