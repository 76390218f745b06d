"""Measure the connector side by side with others on this machine: `make bench`, or `make bench ONLY=children`.

Name benchmarks (or parts of their names) to run only these. With `--write`, the tables in docs/performance.md
are written anew.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.against import again, alerts, children, small
from benchmarks.limited import limits
from benchmarks.report import Report, Tell, fixed_work, machine, noise, tell
from benchmarks.scale import scale
from benchmarks.startup import startup

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BENCHMARKS: dict[str, Callable[[Tell], Report]] = {
    "startup": startup,
    "alerts": alerts,
    "small": small,
    "again": again,
    "children": children,
    "limits": limits,
    "scale": scale,
}


def measured(name: str) -> list[str]:
    """Run one benchmark, print what it found, and return it."""
    tell(f"\n== {name}")
    started, before = time.monotonic(), fixed_work()
    report = BENCHMARKS[name](lambda line: tell(f"  {line}"))
    steadiness = noise(before, fixed_work())
    lines = [f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine()}.", steadiness, "", *report]
    tell("\n" + "\n".join(lines))
    tell(f"\n({time.monotonic() - started:.0f} s)")
    return lines


def with_measured(page: str, name: str, lines: list[str]) -> str:
    """The *page* with *lines* between the marks of the benchmark *name*."""
    pattern = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
    text = "\n".join(lines)
    return re.sub(pattern, lambda match: f"{match[1]}{text}\n{match[2]}", page, flags=re.DOTALL)


def main() -> None:
    """Run all benchmarks, or those that are named."""
    asked = [arg for arg in sys.argv[1:] if not arg.startswith("--")]
    names = [name for name in BENCHMARKS if not asked or any(part in name for part in asked)]
    if not names:
        sys.exit(f"There is no such benchmark; there are {', '.join(BENCHMARKS)}.")
    for name in names:
        lines = measured(name)
        if "--write" in sys.argv:
            PAGE.write_text(with_measured(PAGE.read_text(encoding="utf-8"), name, lines), encoding="utf-8")


if __name__ == "__main__":
    main()
