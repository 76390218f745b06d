import re
import tomllib
from pathlib import Path

import pytest
from tests.clients.conftest import PROGRAMS, Run, python_of
from tests.support.leaks import run_process
from tools.airbyte_pr import CONNECTOR, DOCUMENTATION, render

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


def test_the_folder_has_what_a_reviewer_expects(tmp_path: Path) -> None:
    """The package, a Poetry project with its lock, the catalog, and the pages with every stream."""
    render(tmp_path)
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


@pytest.mark.clients
def test_the_lock_is_that_of_the_project(tmp_path: Path) -> None:
    """Poetry finds that the lock matches the requirements; otherwise: python -m tools.airbyte_pr lock."""
    poetry = python_of("airbyte-pr").with_name("poetry")
    render(tmp_path)
    done = run_process(poetry, "check", "--lock", "--no-interaction", cwd=tmp_path / CONNECTOR)

    assert "Error" not in done.stdout + done.stderr


@pytest.mark.clients
def test_airbyte_checks_pass(run: Run, tmp_path: Path) -> None:
    """Each check of Airbyte's wheel for a Python source passes, also those that our level of support does not need."""
    python_of("airbyte-pr")
    render(tmp_path / "repository")
    run_process("git", "init", "--quiet", tmp_path / "repository")
    found = run("airbyte-pr", PROGRAMS / "check_pr.py", cwd=tmp_path / "repository", left_out=LEFT_OUT)

    assert {} == {name: problem for name, problem in found.items() if problem}
    assert len(found) > 20
