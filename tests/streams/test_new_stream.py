"""A stream that is added as CONTRIBUTING.md says passes every test of the table, without a fifth step."""

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
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAME = "sirens"
# Tests that read every stream, or count them, beside those with a case per stream.
ABOUT_ALL = (
    "tests/streams",
    "tests/project/test_docs.py",
    "tests/project/test_metadata.py",
    "tests/archive/test_display.py",
    "tests/airbyte/test_check.py",
    "tests/airbyte/test_permissions.py",
    "tests/simulator/test_docs.py",
)
# Runs these tests, and those whose case is the stream; cases of other streams are left to the suite itself.
RUN_TESTS = """
import sys
import pytest
from source_opsgenie.streams import STREAMS, Stream

name, *about_all = sys.argv[1:]

def streams_of(item):
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return {value.name if isinstance(value, Stream) else value for value in values if isinstance(value, Stream | str)}

def is_chosen(item):
    named = streams_of(item) & set(STREAMS)
    return name in named or (not named and item.nodeid.startswith(tuple(about_all)))

class Chosen:
    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if is_chosen(item) and "test_new_stream" not in item.nodeid]

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--tb", "short", "tests"], plugins=[Chosen()]))
"""
ARCHIVE = """
import json, sys, duckdb
from pathlib import Path
from opsgenie_simulator import Account, Simulator
from source_opsgenie.archive.cli import main

account = Account.seeded(alerts=1, users=5)
name, path = sys.argv[1:]
with Simulator(account) as simulator:
    config = Path(path).with_name("config.json")
    config.write_text(json.dumps({"endpoint": simulator.url, "api_token": account.full_key}))
    try:
        main(["sync", "--config", str(config), "--to", path, "--streams", name])
    except SystemExit as ended:
        print("exit code", ended.code)
file = duckdb.connect(path, read_only=True)
print(file.sql(f"SELECT name, createdAt FROM {name} ORDER BY name").fetchall())
"""
DISCOVER = "from source_opsgenie.airbyte.run import main; main()"
# A numbered step with code: its folder, its file and the code.
STEP = re.compile(r"^\d\. (?:(?!^\d\. ).)*?in `([\w/]+)/` \(here `(\w+\.py)`\).*?```python\n(.*?) +```", re.S | re.M)
# A file, the tuple at its end, and that tuple's names.
WITH_TUPLE = re.compile(r"(.*\n)(\w+(?:: [^=\n]+)? = \(\n.*)\)\n", re.DOTALL)


@dataclass(frozen=True)
class Copy:
    """A copy of the project."""

    folder: Path

    def run(self, *args: str) -> str:
        """Run a module or script with the copy's code, and return what it printed; it must succeed."""
        paths = os.pathsep.join([str(self.folder / "src"), str(self.folder / "simulator" / "src")])
        outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = run_process(sys.executable, *args, env=outer | {"PYTHONPATH": paths}, cwd=self.folder)

        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add(self, file: str, code: str) -> None:
        """Put *code* above the tuple at the end of *file*, and the name that it defines into that tuple."""
        path = self.folder / file
        found = WITH_TUPLE.fullmatch(path.read_text(encoding="utf-8"))
        assert found
        *_, name = re.findall(r"^([A-Z_]+) = ", code, flags=re.MULTILINE)
        blank = "\n" if code.startswith("def ") else ""
        path.write_text(f"{found[1]}{blank}{code}\n{found[2]}    {name},\n)\n", encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the project in which the four steps were taken to the letter."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    left_out = shutil.ignore_patterns(".*", "demo", "build", "dist")
    shutil.copytree(ROOT, folder, symlinks=True, ignore=left_out)
    copy = Copy(folder)
    for where, file, code in STEP.findall(CONTRIBUTING):
        copy.add(f"{where}/{file}", dedent(code))
    copy.run("docs/generate.py")
    with (folder / "CHANGELOG.md").open("a", encoding="utf-8") as changelog:
        changelog.write(f"- The stream `{NAME}` was added.\n")
    return copy


def test_the_steps_are_found() -> None:
    """CONTRIBUTING.md shows two steps with code; their files exist, and so do the tests named above."""
    files = [f"{folder}/{file}" for folder, file, _ in STEP.findall(CONTRIBUTING)]

    assert len(files) == 2
    assert [file for file in (*files, *ABOUT_ALL) if not (ROOT / file).exists()] == []


def test_the_shown_code_is_clean(copy: Copy) -> None:
    """The linter and the formatter find nothing to change in the code that CONTRIBUTING.md shows."""
    copy.run("-m", "ruff", "check", "--no-cache", "--quiet", ".")
    copy.run("-m", "ruff", "format", "--no-cache", "--quiet", "--check", ".")


def test_the_stream_is_documented(copy: Copy) -> None:
    """`make docs` writes a section about the stream, and no page is stale after it."""
    copy.run("docs/generate.py", "--check")

    assert f"## {NAME}" in (copy.folder / "docs" / "streams.md").read_text(encoding="utf-8")


def test_the_stream_is_in_the_catalog(copy: Copy) -> None:
    """Discover returns the key and the schema of the row."""
    config = copy.folder / "config.json"
    config.write_text(json.dumps({"api_token": "0badc0de-0000-4000-8000-000000000001"}))
    *_, catalog = copy.run("-c", DISCOVER, "discover", "--config", str(config)).splitlines()
    streams = {stream["name"]: stream for stream in json.loads(catalog)["catalog"]["streams"]}

    assert [["id"]] == streams[NAME]["source_defined_primary_key"]
    assert {"id", "name", "createdAt"} == set(streams[NAME]["json_schema"]["properties"])


def test_the_stream_is_archived(copy: Copy) -> None:
    """The archive has a table of the stream, with typed columns."""
    output = copy.run("-c", ARCHIVE, NAME, str(copy.folder.parent / "new.duckdb"))

    assert "exit code 0" in output
    assert "[('Siren 1', datetime.datetime(2026, 1, 1, 0, 0)), ('Siren 2'" in output


def test_the_stream_passes_every_test(copy: Copy) -> None:
    """Every test with a case per stream passes for the new one, and so do those that read or count all streams."""
    copy.run("-c", RUN_TESTS, NAME, *ABOUT_ALL)
