import os
import re
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from tests.clients.conftest import PROGRAMS, ROOT, Run, python_of
from tests.support.leaks import run_process
from tools.airbyte_pr import CONNECTOR, DOCUMENTATION, find_late_deadline, render

from source_opsgenie.streams import STREAMS

# Checks that need Airbyte's registry or Docker Hub, and one that depends on the date.
LEFT_OUT = [
    "CheckDocumentationLinks",
    "CheckVersionIncrement",
    "ValidateBreakingChangesDeadlines",
    "ValidateMetadata",
    "validate_docker_image_tag_is_not_decremented",
    "validate_metadata_base_images_in_dockerhub",
]
DAY = date(2026, 12, 1)


def test_the_folder_has_what_a_reviewer_expects(tmp_path: Path) -> None:
    """The package, a Poetry project with its lock, the catalog, and the pages with every stream."""
    render(tmp_path, number="12345", date=DAY)
    connector, pages = tmp_path / CONNECTOR, tmp_path / DOCUMENTATION
    page = (pages / "opsgenie.md").read_text()
    lock = tomllib.loads((connector / "poetry.lock").read_text())

    assert ["__init__.py", "airbyte", "api"] == sorted(path.name for path in (connector / "source_opsgenie").iterdir())[
        :3
    ]
    assert not (connector / "source_opsgenie" / "archive").exists()
    assert not (connector / "Dockerfile").exists()
    assert [] == [name for name in STREAMS if f"| {name} |" not in page]
    assert [] == [package["name"] for package in lock["package"] if "source" in package]
    assert not re.search("https?:", (connector / "poetry.lock").read_text())
    assert {"airbyte-cdk", "orjson", "truststore", "urllib3"} <= {package["name"] for package in lock["package"]}


def test_the_changelog_continues_that_of_the_repository(tmp_path: Path) -> None:
    """The row of this version has the number and the date, once, above the rows that were there."""
    page = tmp_path / DOCUMENTATION / "opsgenie.md"
    earlier = "| 0.5.13 | 2025-10-14 | [61020](https://github.com/airbytehq/airbyte/pull/61020) | Update dependencies |"
    page.parent.mkdir(parents=True)
    page.write_text(f"## Changelog\n\n| Version | Date |\n{earlier}\n")
    for number in ("draft", "12345"):
        render(tmp_path, number=number, date=DAY)
    *_, ours, last = (row for row in page.read_text().splitlines() if re.match(r"\| \d", row))

    assert "| 2026-12-01 | [12345](https://github.com/airbytehq/airbyte/pull/12345) | " in ours
    assert earlier == last
    assert not re.search("draft|<!--", page.read_text())


def test_the_pages_are_mdx(tmp_path: Path) -> None:
    """Braces outside of backticks would be code, which fails when Airbyte's documentation is built."""
    render(tmp_path, number="12345", date=DAY)
    pages = [path.read_text() for path in (tmp_path / DOCUMENTATION).iterdir()]

    assert 2 == len(pages)
    assert ["", ""] == ["".join(re.findall("[{}]", re.sub("`[^`\n]*`", "", page))) for page in pages]


@pytest.mark.parametrize("number", ["", "0", "#12"])
def test_a_pull_request_without_a_number_is_one_line(number: str) -> None:
    """Without a number, the command says what is missing and writes nothing."""
    done = run_process(sys.executable, "-m", "tools.airbyte_pr", "--pr", number, "--into", "/dev/null/x", cwd=ROOT)

    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("The changelog needs the number of the pull request: make airbyte-pr PR=12345.")
    assert 1 == done.stderr.count("\n")


def test_a_late_deadline_is_found() -> None:
    """Users must have a week to act on a breaking change, counted from the day of the pull request."""
    assert "" == find_late_deadline(date(2026, 12, 1))
    assert "upgradeDeadline in metadata.yaml is 20" in find_late_deadline(date(2999, 1, 1))


def test_the_rendered_connector_passes_its_unit_tests(tmp_path: Path) -> None:
    """The rendered package works without the archive, as its own tests find."""
    render(tmp_path, number="12345", date=DAY)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / CONNECTOR)}
    options = ("-q", "-p", "no:cacheprovider", "unit_tests")
    done = run_process(sys.executable, "-m", "pytest", *options, cwd=tmp_path / CONNECTOR, env=environment)

    assert " passed" in done.stdout
    assert 0 == done.returncode


@pytest.mark.clients
def test_the_lock_is_that_of_the_project(tmp_path: Path) -> None:
    """Poetry finds that the lock matches the requirements; otherwise: python -m tools.airbyte_pr lock."""
    poetry = python_of("airbyte-pr").with_name("poetry")
    render(tmp_path, number="12345", date=DAY)
    done = run_process(poetry, "check", "--lock", "--no-interaction", cwd=tmp_path / CONNECTOR)

    assert "Error" not in done.stdout + done.stderr


@pytest.mark.clients
def test_airbyte_checks_pass(run: Run, tmp_path: Path) -> None:
    """Each check of Airbyte's wheel for a Python source passes, also those that our level of support does not need."""
    python_of("airbyte-pr")
    render(tmp_path / "repository", number="12345", date=DAY)
    run_process("git", "init", "--quiet", tmp_path / "repository")
    found = run("airbyte-pr", PROGRAMS / "check_pr.py", cwd=tmp_path / "repository", left_out=LEFT_OUT)

    assert {} == {name: problem for name, problem in found.items() if problem}
    assert len(found) > 20
