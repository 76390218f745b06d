"""A terminal of 80 columns: run a program in it, and see the lines that stay on its screen."""

import os
import pty
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.support.leaks import record_output

COLUMNS = 80
# A line break, a control sequence, or text.
TOKEN = re.compile(r"\r|\n|\x1b\[\??(?P<count>\d*)[\d;]*(?P<action>[A-Za-z])|[^\r\n\x1b]+")


def run_in_terminal(program: Sequence[str], environment: Mapping[str, str], *, folder: Path) -> tuple[int, list[str]]:
    """The exit code of *program*, run in *folder*, and what it leaves on the screen."""
    main, end = pty.openpty()
    size = {"COLUMNS": str(COLUMNS), "LINES": "50", "TERM": "xterm"}
    variables = {**os.environ, **environment, **size}
    process = subprocess.Popen(program, env=variables, cwd=folder, stdout=end, stderr=end)
    os.close(end)
    output = record_output(b"".join(_read(main)).decode())
    os.close(main)
    return process.wait(), screen(output)


def screen(output: str) -> list[str]:
    """The lines that *output* leaves on a screen without an end."""
    lines, row = [""], 0
    for token in TOKEN.finditer(output):
        count, action = int(token["count"] or 1), token["action"]
        if token[0] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif action == "A":
            row -= count
        elif action == "K":
            lines[row] = ""
        elif token[0] != "\r" and not action:
            lines[row] += token[0]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            read = os.read(descriptor, 65_536)
        except OSError:
            # Linux reports the end of the other side as an error.
            return
        if not read:
            return
        yield read
