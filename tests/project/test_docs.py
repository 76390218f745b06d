import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
from tests.support.leaks import run_process

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
CODE = [path for folder in ("src", "simulator/src") for path in sorted((ROOT / folder).rglob("*.py"))]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made from their words."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> list[str]:
    """The commands that the README tells a reader to type."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link to another file of the project names one that exists, and a heading that it has."""
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8"))
    targets = [((page.parent / path).resolve() if path else page, anchor) for path, anchor in links]

    assert [] == [path for path, _ in targets if not path.exists()]
    assert [] == [(path.name, anchor) for path, anchor in targets if anchor and anchor not in anchors(path)]


def test_facts_that_the_code_names_are_on_their_page() -> None:
    """Each anchor that a comment names stands in docs/opsgenie-api.md."""
    named = {
        anchor for path in CODE for anchor in re.findall(r"opsgenie-api\.md#([\w-]+)", path.read_text(encoding="utf-8"))
    }

    assert set() == named - anchors(ROOT / "docs" / "opsgenie-api.md")
    assert len(named) > 10


def test_the_changelog_begins_with_this_version() -> None:
    """The newest entry of the changelog is the version that the project has."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[0]

    assert version == newest


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("make")])
def test_the_readmes_make_targets_exist(command: str) -> None:
    """`make` knows each target that the README names."""
    assert 0 == run_process(*shlex.split(command), "--dry-run", cwd=ROOT).returncode


@pytest.mark.parametrize("command", [line for line in commands() if "opsgenie-archive" in line])
def test_the_readmes_archive_commands_are_understood(command: str) -> None:
    """`opsgenie-archive` knows each subcommand and option that the README shows."""
    name, *args = shlex.split(command, comments=True)
    done = run_process(Path(sys.executable).parent / Path(name).name, *args, "--help")
    options = [word for word in args if word.startswith("--")]

    assert done.returncode == 0
    assert [] == [option for option in options if option not in done.stdout]
