"""Make the archives of every format and DuckDB version that tests open: `python tests/archive/files/make.py`.

It needs the history of this repository and a package index: each file is written by the version of the code that first
had its format, with the DuckDB that its name says, from the account that its simulator makes. A file that exists is
kept: remove it to make it again. When a new format comes, add a line to FILES.
"""

import lzma
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
# By the name of the file, without the version of DuckDB: the revision that writes it, and those versions.
FILES = {
    "format-1": ("ad30e7d", ("1.4.3",)),
    "format-2": ("8998ffd", ("1.4.3",)),
    "format-3": ("v1.0.0rc1", ("1.4.3",)),
    "format-4": ("7a39c96", ("1.4.3",)),
    "format-5": ("c50deba", ("1.4.3", "1.5.6", "2.0.1")),
    "format-6": ("5f5da39", ("1.4.3", "1.5.6", "2.0.1")),
}
STREAMS = "alerts,alert_logs,users,teams,schedules,schedule_timelines,heartbeats"
SYNC = """
import json, os, pathlib, sys
from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.cli import main

account = Account.seeded(seed=7, alerts=8, users=5, teams=2)
account.clock = lambda: 1_796_000_000_000
with Simulator(account) as simulator:
    os.environ |= {"OPSGENIE_API_TOKEN": account.full_key, "OPSGENIE_API_URL": simulator.url}
    config = pathlib.Path(sys.argv[1]).with_suffix(".json")
    config.write_text(json.dumps({"timeline_days": 28}))
    main(["sync", "--to", sys.argv[1], "--streams", sys.argv[2], "--config", str(config)])
"""


def make(name: str, revision: str, *, duckdb: str, folder: Path) -> None:
    """Write one file, compressed: most of its blocks are empty."""
    code, library, path = folder / name, folder / f"duckdb-{duckdb}", folder / f"{name}.duckdb"
    if not code.exists():
        subprocess.check_call(["git", "-C", str(ROOT), "worktree", "add", "--detach", str(code), revision])
    if not library.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(library), f"duckdb=={duckdb}"]
        subprocess.check_call(install)
    paths = (library, code / "src", code / "simulator" / "src")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    subprocess.check_call(
        [sys.executable, "-c", SYNC, path, STREAMS], env=environment, cwd=code, stdout=subprocess.DEVNULL
    )
    target = FOLDER / f"{name}-duckdb-{duckdb}.xz"
    target.write_bytes(lzma.compress(path.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    path.unlink()
    sys.stdout.write(f"{target.name}: {target.stat().st_size:,} bytes\n")


def main() -> None:
    """Make the files that are missing."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (revision, versions) in FILES.items():
            for duckdb in versions:
                if not (FOLDER / f"{name}-duckdb-{duckdb}.xz").exists():
                    make(name, revision, duckdb=duckdb, folder=Path(folder))
    subprocess.check_call(["git", "-C", ROOT, "worktree", "prune"])


if __name__ == "__main__":
    main()
