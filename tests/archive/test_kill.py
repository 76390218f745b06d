"""A process that writes an archive is killed at any time: what the file holds is complete, and others can read it."""

import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from tests.support.leaks import wait_for_exit

from source_opsgenie.archive.database import ROW_GROUP_ROWS
from source_opsgenie.archive.store import Store
from source_opsgenie.streams import STREAMS

# Stores rows in writes of all sizes, with the number of rows so far as the state, and reports each.
WRITER = """
import sys
from pathlib import Path
from source_opsgenie.archive.store import Store
from source_opsgenie.streams import STREAMS

path, stored, sizes = Path(sys.argv[1]), int(sys.argv[2]), [int(size) for size in sys.argv[3:]]
store = Store(path, "acme", print)
while True:
    for size in sizes:
        rows = ['{"id":"%d","name":"%s"}' % (number, "x" * 500) for number in range(stored, stored + size)]
        print(stored, flush=True)
        store.write(STREAMS["teams"], rows, state={"stored": stored + size})
        stored += size
"""
SIZES = (ROW_GROUP_ROWS // 50, 2 * ROW_GROUP_ROWS + 500, 1, ROW_GROUP_ROWS)
KILLS = 3
LONGEST_SECONDS = 0.4


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_loses_nothing(tmp_path: Path, seed: int) -> None:
    """After kill -9 at a random time the file holds exactly the rows that its state covers, and writing resumes."""
    randomness, seen = random.Random(seed), [0]
    store = Store(tmp_path / "acme.duckdb", "acme", print)
    store.prepare()
    store.begin_run([STREAMS["teams"]])
    for _ in range(KILLS):
        sizes = randomness.sample(SIZES, len(SIZES))
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.path), str(seen[-1]), *map(str, sizes)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout
        for _ in range(randomness.randint(1, 4)):
            reported = int(writer.stdout.readline())
        with suppress(subprocess.TimeoutExpired):
            writer.wait(randomness.uniform(0, LONGEST_SECONDS))
        writer.kill()
        wait_for_exit(writer)
        state = store.states().get("teams", {"stored": 0})
        with duckdb.connect(str(store.path), read_only=True) as database:
            ((rows, distinct),) = database.execute("SELECT count(*), count(DISTINCT id) FROM teams").fetchall()

        assert (state["stored"], state["stored"]) == (rows, distinct)
        assert reported <= rows
        seen.append(rows)

    assert sorted(seen) == seen
    assert seen[-1] > 0
