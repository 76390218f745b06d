import ast
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from tests.support.leaks import run_process

from source_opsgenie.streams import STREAMS, is_incremental

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
CODE = [path for folder in ("src", "simulator/src") for path in sorted((ROOT / folder).rglob("*.py"))]


def anchors(page: Path) -> set[str]:
    """The anchors that are generated from the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> list[str]:
    """The commands in the console blocks of the README."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_have_a_target(page: Path) -> None:
    """Each link to a file of the project has an existing file and heading as target."""
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8"))
    targets = [((page.parent / path).resolve() if path else page, anchor) for path, anchor in links]

    assert [] == [path for path, _ in targets if not path.exists()]
    assert [] == [(path.name, anchor) for path, anchor in targets if anchor and anchor not in anchors(path)]


def test_anchors_in_the_code_exist() -> None:
    """Each anchor of docs/opsgenie-api.md in the code is a heading of that page."""
    used = {
        anchor for path in CODE for anchor in re.findall(r"opsgenie-api\.md#([\w-]+)", path.read_text(encoding="utf-8"))
    }

    assert set() == used - anchors(ROOT / "docs" / "opsgenie-api.md")
    assert len(used) > 10


def test_the_changelog_starts_with_the_current_version() -> None:
    """The newest entry of the changelog is the version of the project."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[0]

    assert version == newest


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("make")])
def test_make_targets_in_the_readme_exist(command: str) -> None:
    """The Makefile has each target that the README uses."""
    assert 0 == run_process(*shlex.split(command, comments=True), "--dry-run", cwd=ROOT).returncode


@pytest.mark.parametrize("command", [line for line in commands() if "opsgenie-archive " in line])
def test_archive_commands_in_the_readme_are_valid(command: str) -> None:
    """`opsgenie-archive` has each subcommand and option that the README uses."""
    name, *args = shlex.split(command, comments=True)
    done = run_process(Path(sys.executable).parent / Path(name).name, *args, "--help")
    options = [word for word in args if word.startswith("--")]

    assert done.returncode == 0
    assert [] == [option for option in options if option not in done.stdout]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_paths_exist(page: Path) -> None:
    """Each path of the project that a document names exists."""
    paths = re.findall(r"`((?:docs|simulator|src|tests)/[\w./-]+)`", page.read_text(encoding="utf-8"))

    assert [] == [path for path in paths if not (ROOT / path).exists()]


def test_the_recipe_replaces_what_is_read_in_full() -> None:
    """The README's recipe merges and replaces the streams that have to be."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    merged, replaced = re.findall(r"^for stream in (\(.*\)):$", text, flags=re.MULTILINE)

    assert [] == [name for name in ast.literal_eval(merged) if not is_incremental(STREAMS[name])]
    assert [] == [name for name in ast.literal_eval(replaced) if is_incremental(STREAMS[name])]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.yaml")), ids=lambda path: path.name)
def test_example_settings_are_yaml(path: Path) -> None:
    """Each file of settings is a mapping, and a page names it."""
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)
    assert f"(../{path.relative_to(ROOT)})" in pages
