import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from tests.support.leaks import run_process

ROOT = Path(__file__).parents[2]
AREA = "configuration.py"
ARCHIVE = """
import json, sys, duckdb
from pathlib import Path
from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.cli import main

account = Account.seeded(alerts=1, users=5)
with Simulator(account) as simulator:
    config = Path(sys.argv[1]).with_name("config.json")
    config.write_text(json.dumps({"endpoint": simulator.url, "api_token": account.full_key}))
    try:
        main(["sync", "--config", str(config), "--to", sys.argv[1], "--streams", "pagers"])
    except SystemExit as ended:
        print("exit code", ended.code)
file = duckdb.connect(sys.argv[1], read_only=True)
print(file.sql("SELECT name, createdAt FROM pagers ORDER BY name").fetchall())
"""


@dataclass(frozen=True)
class House:
    """A copy of the project, and Python run in it."""

    folder: Path

    def python(self, *args: str) -> str:
        """Run Python with the copy's code, and return what it printed."""
        paths = os.pathsep.join([str(self.folder / "src"), str(self.folder / "simulator" / "src")])
        environment = os.environ | {"PYTHONPATH": paths}
        done = run_process(sys.executable, *args, env=environment, cwd=self.folder)

        assert "" == done.stderr
        return done.stdout

    def append(self, path: str, code: str) -> None:
        """Add *code* at the end of a file."""
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{code}\n")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A copy of the project in which the steps of CONTRIBUTING.md were taken, as it shows them."""
    for part in ("src", "simulator", "docs"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", tmp_path)
    row, route = (dedent(code) for code in re.findall(r" +```python\n(.*?) +```", CONTRIBUTING, flags=re.DOTALL))
    copy = House(tmp_path)
    copy.append(f"src/source_opsgenie/streams/{AREA}", "from source_opsgenie.streams.fields import timestamp\n" + row)
    copy.append(f"src/source_opsgenie/streams/{AREA}", "CONFIGURATION_STREAMS = (*CONFIGURATION_STREAMS, PAGERS)")
    copy.append(f"simulator/src/opsgenie_simulator/routes/{AREA}", f"{route}\nROUTES = (*ROUTES, PAGERS_ROUTE)")
    copy.python("docs/generate.py")
    return copy


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_a_stream_added_by_the_shown_steps_is_everywhere(house: House) -> None:
    """A row and a route are all it takes: discover, the docs and the archive know the stream."""
    config = house.folder / "config.json"
    config.write_text(json.dumps({"api_token": "0badc0de-0000-4000-8000-000000000001"}))
    verbs = "from source_opsgenie.airbyte.run import main; main()"
    *_, catalog = house.python("-c", verbs, "discover", "--config", str(config)).splitlines()
    archived = house.python("-c", ARCHIVE, str(house.folder / "new.duckdb"))
    streams = {stream["name"]: stream for stream in json.loads(catalog)["catalog"]["streams"]}

    assert [["id"]] == streams["pagers"]["source_defined_primary_key"]
    assert {"id", "name", "createdAt"} == set(streams["pagers"]["json_schema"]["properties"])
    assert "## pagers" in (house.folder / "docs" / "streams.md").read_text()
    assert "[pagers](docs/streams.md#pagers)" in (house.folder / "README.md").read_text()
    assert "exit code 0" in archived
    assert "[('Pager 1', datetime.datetime(2026, 1, 1, 0, 0)), ('Pager 2'" in archived
