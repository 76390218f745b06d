"""Measure the connector and compare it with others on this machine: `make bench`, or `make bench ONLY=children`.

Arguments are benchmarks (or parts of their names) to run only these. `--write` updates the tables in
docs/performance.md. To compare two versions of the connector with each other, see benchmarks/reader.py.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.accounts import accounts
from benchmarks.archive import archive
from benchmarks.clients import clients
from benchmarks.comparison import again, alerts, children, small
from benchmarks.domains import domains
from benchmarks.exports import exports
from benchmarks.growth import growth
from benchmarks.pace import pace
from benchmarks.rate_limits import limits
from benchmarks.report import Log, Report, describe_machine, describe_noise, print_line, time_fixed_work
from benchmarks.scale import scale
from benchmarks.startup import startup

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BENCHMARKS: dict[str, Callable[[Log], Report]] = {
    "startup": startup,
    "clients": clients,
    "alerts": alerts,
    "small": small,
    "again": again,
    "children": children,
    "limits": limits,
    "domains": domains,
    "accounts": accounts,
    "pace": pace,
    "scale": scale,
    "archive": archive,
    "growth": growth,
    "exports": exports,
}


def run_benchmark(name: str) -> list[str]:
    """Run one benchmark, print its report, and return the lines."""
    print_line(f"\n== {name}")
    started, before = time.monotonic(), time_fixed_work()
    report = BENCHMARKS[name](lambda line: print_line(f"  {line}"))
    noise = describe_noise(before, time_fixed_work())
    lines = [f"{time.strftime('%Y-%m-%d', time.gmtime())}, {describe_machine()}.", noise, "", *report]
    print_line("\n" + "\n".join(lines))
    print_line(f"\n({time.monotonic() - started:.0f} s)")
    return lines


def replace_measured(page: str, name: str, lines: list[str]) -> str:
    """Replace the *lines* between the markers of the benchmark *name* in *page*."""
    pattern = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
    text = "\n".join(lines)
    return re.sub(pattern, lambda match: f"{match[1]}{text}\n{match[2]}", page, flags=re.DOTALL)


def main() -> None:
    """Run all benchmarks, or those in the arguments."""
    parts = [arg for arg in sys.argv[1:] if not arg.startswith("--")]
    names = [name for name in BENCHMARKS if not parts or any(part in name for part in parts)]
    if not names:
        sys.exit(f"Unknown benchmark. Choose from {', '.join(BENCHMARKS)}.")
    for name in names:
        lines = run_benchmark(name)
        if "--write" in sys.argv:
            PAGE.write_text(replace_measured(PAGE.read_text(encoding="utf-8"), name, lines), encoding="utf-8")


if __name__ == "__main__":
    main()
