"""A stream that is added as CONTRIBUTING.md says passes every test of the table, without a fifth step."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from tests.support.leaks import ran

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAME = "sirens"
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
        done = ran(sys.executable, *args, env=os.environ | {"PYTHONPATH": paths}, cwd=self.folder)

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
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "demo", "build", "dist"))
    copy = Copy(folder)
    for where, file, code in STEP.findall(CONTRIBUTING):
        copy.add(f"{where}/{file}", dedent(code))
    copy.run("docs/generate.py")
    with (folder / "CHANGELOG.md").open("a", encoding="utf-8") as changelog:
        changelog.write(f"- The stream `{NAME}` was added.\n")
    return copy


def test_the_steps_are_found() -> None:
    """CONTRIBUTING.md shows two steps with code, each with its file."""
    files = [f"{folder}/{file}" for folder, file, _ in STEP.findall(CONTRIBUTING)]

    assert len(files) == 2
    assert [file for file in files if not (ROOT / file).exists()] == []
