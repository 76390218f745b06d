"""Render what a pull request to Airbyte's repository contains: `make airbyte-pr PR=12345`.

The connector there is a Poetry project with the package at its root, and its documentation is in another folder.
Their changelog names the pull request, which has no number before it is open: `PR=draft` renders the files until then.
With `INTO=../airbyte`, they are written into a checkout of the repository, and its changelog keeps its earlier rows.

`python -m tools.airbyte_pr lock` locks the rendered project again, with Poetry of the environment `airbyte-pr`.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from source_opsgenie.streams import STREAMS, is_incremental

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "airbyte"
CONNECTOR = Path("airbyte-integrations/connectors/source-opsgenie")
DOCUMENTATION = Path("docs/integrations/sources")
LOCK = ROOT / "requirements" / "poetry.lock"
POETRY = ROOT / ".venv-airbyte-pr" / "bin" / "poetry"
# The tests that need neither the simulator nor an account.
UNIT_TESTS = (
    *("airbyte/test_output.py", "api/test_estimates.py", "api/test_learner.py"),
    *("reading/test_lanes.py", "reading/test_parsing.py", "reading/test_recent.py"),
)
NOTICE = datetime.timedelta(days=7)
PULL_REQUEST = "[{0}](https://github.com/airbytehq/airbyte/pull/{0})"
# What a reviewer expects to find.
CONFIGS = {
    "invalid_config.json": {"api_token": "0badc0de-0000-4000-8000-000000000001", "endpoint": "api.opsgenie.com"},
    "sample_config.json": {"api_token": "<your API key>", "endpoint": "api.opsgenie.com"},
}
ACCEPTANCE = """\
# Drives the CDK's standard tests. secrets/config.json has the key of a test account.
connector_image: airbyte/source-opsgenie:dev
test_strictness_level: high
acceptance_tests:
  spec:
    tests:
      - config_path: secrets/config.json
  connection:
    tests:
      - config_path: secrets/config.json
        status: succeed
      - config_path: integration_tests/invalid_config.json
        status: failed
  discovery:
    tests:
      - config_path: secrets/config.json
  basic_read:
    tests:
      - config_path: secrets/config.json
"""
README = """\
# Opsgenie source connector

This is the repository for the Opsgenie source connector, written in Python.
For information about how to use it within Airbyte, see [the documentation](https://docs.airbyte.com/integrations/sources/opsgenie).

```bash
poetry install --with dev
poetry run pytest unit_tests
poetry run source-opsgenie spec
poetry run source-opsgenie check --config secrets/config.json
poetry run source-opsgenie discover --config secrets/config.json
poetry run source-opsgenie read --config secrets/config.json --catalog integration_tests/configured_catalog.json
```

The code has five layers, and `source_opsgenie/airbyte` is the only one that imports the CDK.
`integration_tests` runs the CDK's standard tests with the key in `secrets/config.json`.
"""
STANDARD_TESTS = '''\
"""The CDK's standard tests, as configured in acceptance-test-config.yml."""

from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

from source_opsgenie import SourceOpsgenie

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


class TestAirbyteStandards(SourceTestSuiteBase):
    """Spec, check, discover and read, as Airbyte requires them from every source."""

    connector = SourceOpsgenie
'''


def main() -> None:
    """Render the folder, or lock the project that it would hold."""
    parser = argparse.ArgumentParser("python -m tools.airbyte_pr")
    parser.add_argument("verb", nargs="?", choices=("render", "lock"), default="render")
    parser.add_argument("--pr", default="", metavar="NUMBER", help="number of the pull request, or draft")
    parser.add_argument("--into", type=Path, default=FOLDER, help="checkout of Airbyte's repository")
    arguments = parser.parse_args()
    if arguments.verb == "lock":
        lock()
        return
    if not re.fullmatch(r"[1-9]\d*|draft", arguments.pr):
        raise SystemExit(
            "The changelog needs the number of the pull request: make airbyte-pr PR=12345. "
            "Before there is one: make airbyte-pr PR=draft."
        )
    if arguments.into != FOLDER and not (arguments.into / DOCUMENTATION).is_dir():
        raise SystemExit(f"{arguments.into} is not a checkout of Airbyte's repository: it has no {DOCUMENTATION}.")
    today = datetime.datetime.now(datetime.UTC).date()
    if problem := find_late_deadline(today):
        raise SystemExit(problem)
    render(arguments.into, number=arguments.pr, date=today)
    print(f"Rendered {CONNECTOR} and {DOCUMENTATION}/opsgenie*.md in {arguments.into}.")


def find_late_deadline(today: datetime.date) -> str:
    """What is wrong with the day until which users must act on what this version breaks; empty if nothing is."""
    releases = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]["releases"]
    deadline = releases["breakingChanges"].get(_project()["version"], {}).get("upgradeDeadline", "9999-12-31")
    if datetime.date.fromisoformat(deadline) - today >= NOTICE:
        return ""
    return f"upgradeDeadline in metadata.yaml is {deadline}: Airbyte requires {NOTICE.days} days from now."


def render(folder: Path, *, number: str, date: datetime.date) -> None:
    """Write the connector's folder and its documentation below *folder*, in the place of what is there.

    The changelog gets a row of the pull request *number* and *date* above the rows that the page in *folder* has.
    """
    connector, documentation = folder / CONNECTOR, folder / DOCUMENTATION
    shutil.rmtree(connector, ignore_errors=True)
    ignored = shutil.ignore_patterns("archive", "__pycache__")
    shutil.copytree(ROOT / "src" / "source_opsgenie", connector / "source_opsgenie", ignore=ignored)
    shutil.copy(ROOT / "icon.svg", connector)
    for name, text in _texts():
        (connector / name).parent.mkdir(exist_ok=True)
        (connector / name).write_text(text, encoding="utf-8")
    documentation.mkdir(parents=True, exist_ok=True)
    for page in sorted((ROOT / "docs" / "airbyte").glob("*.md")):
        path = documentation / page.name
        path.write_text(_page(page, before=path, number=number, date=date), encoding="utf-8")


def _page(page: Path, *, before: Path, number: str, date: datetime.date) -> str:
    """The text of *page* with all that is generated; *before* is what it replaces."""
    text, version = page.read_text(encoding="utf-8"), _project()["version"]
    for name, value in {
        "{version}": version,
        "{date}": str(date),
        "{pull request}": PULL_REQUEST.format(number),
        "<!-- streams -->\n": _lines(_streams_table()),
        "<!-- earlier versions -->\n": _lines(_earlier_versions(before, version)),
    }.items():
        text = text.replace(name, value)
    return text


def _texts() -> Iterator[tuple[str, str]]:
    """The name and the text of each file that is made for Airbyte's repository."""
    metadata = (ROOT / "metadata.yaml").read_text(encoding="utf-8")
    # Its comments are about this repository.
    yield "metadata.yaml", re.sub(r"^ *#.*\n", "", metadata, flags=re.MULTILINE)
    yield "pyproject.toml", pyproject()
    yield "poetry.lock", LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    yield "README.md", README
    yield "acceptance-test-config.yml", ACCEPTANCE
    yield "integration_tests/configured_catalog.json", json.dumps(_catalog(), indent=2) + "\n"
    yield "integration_tests/test_airbyte_standards.py", STANDARD_TESTS
    for name in UNIT_TESTS:
        yield f"unit_tests/{Path(name).name}", (ROOT / "tests" / name).read_text(encoding="utf-8")
    for name, config in CONFIGS.items():
        yield f"integration_tests/{name}", json.dumps(config, indent=2) + "\n"


def pyproject() -> str:
    """The project in Poetry's tables, which Airbyte's checks read, with the requirements of our own."""
    project = _project()
    requirements = [re.fullmatch(r"([\w-]+)(\S+)", text) for text in project["dependencies"]]
    lines = [f'{found[1]} = "{found[2]}"' for found in requirements if found]
    return "\n".join(
        [
            *("[build-system]", 'requires = ["poetry-core>=1.0.0"]', 'build-backend = "poetry.core.masonry.api"', ""),
            *("[tool.poetry]", f'name = "{project["name"]}"', f'version = "{project["version"]}"'),
            *('description = "Source implementation for Opsgenie."', f'license = "{project["license"]}"'),
            *('authors = ["Airbyte <contact@airbyte.io>"]', 'readme = "README.md"'),
            'documentation = "https://docs.airbyte.com/integrations/sources/opsgenie"',
            'homepage = "https://airbyte.com"',
            'repository = "https://github.com/airbytehq/airbyte"',
            *('packages = [{ include = "source_opsgenie" }]', ""),
            *("[tool.poetry.dependencies]", f'python = "{project["requires-python"]}"', *lines, ""),
            *("[tool.poetry.scripts]", f'source-opsgenie = "{project["scripts"]["source-opsgenie"]}"', ""),
            *("[tool.poetry.group.dev.dependencies]", 'pytest = ">=8"', ""),
            *("[tool.poe]", 'include = ["${POE_GIT_DIR}/poe-tasks/poetry-connector-tasks.toml"]', ""),
        ]
    )


def _project() -> dict[str, Any]:
    """The metadata of our own project."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def _catalog() -> dict[str, Any]:
    """A configured catalog of all streams, each in the mode that people choose for it."""
    return {
        "streams": [
            {
                "stream": {
                    "name": stream.name,
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh", "incremental"][: 1 + is_incremental(stream)],
                },
                "sync_mode": "incremental" if is_incremental(stream) else "full_refresh",
                "destination_sync_mode": "append_dedup" if is_incremental(stream) else "overwrite",
            }
            for stream in STREAMS.values()
        ]
    }


def _streams_table() -> Iterator[str]:
    yield "| Stream | Primary key | Incremental | API |"
    yield "|---|---|---|---|"
    for stream in STREAMS.values():
        mode = "yes" if is_incremental(stream) else "no"
        # Their pages are MDX: braces are code unless they are in backticks.
        yield f"| {stream.name} | {', '.join(stream.key)} | {mode} | [`{stream.path}`]({stream.docs_url}) |"


def _earlier_versions(page: Path, version: str) -> Iterator[str]:
    """The rows of the changelog of *page*, if it exists, but that of *version*."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    rows = re.finditer(r"^\| *(\d+\.\d+\.\d+) .*$", text, re.MULTILINE)
    return (row[0] for row in rows if row[1] != version)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def lock() -> None:
    """Lock the rendered project with Poetry, and keep the lock in requirements/."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(pyproject(), encoding="utf-8")
        if LOCK.exists():
            shutil.copy(LOCK, folder)
        environment = os.environ | {"POETRY_VIRTUALENVS_CREATE": "false"}
        subprocess.run([POETRY, "lock", "--no-interaction"], cwd=folder, env=environment, check=True)
        shutil.copy(Path(folder) / "poetry.lock", LOCK)


if __name__ == "__main__":
    main()
