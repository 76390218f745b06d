"""Render what a pull request to Airbyte's repository contains: `make airbyte-pr`.

The connector there is a Poetry project with the package at its root, and its documentation is in another folder.
`python -m tools.airbyte_pr lock` locks the rendered project again, with Poetry of the environment `airbyte-pr`.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from source_opsgenie.streams import STREAMS, is_incremental

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "airbyte"
CONNECTOR = Path("airbyte-integrations/connectors/source-opsgenie")
DOCUMENTATION = Path("docs/integrations/sources")
LOCK = ROOT / "requirements" / "poetry.lock"
POETRY = ROOT / ".venv-airbyte-pr" / "bin" / "poetry"
COPIED = ("metadata.yaml", "icon.svg")
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
poetry run source-opsgenie spec
poetry run source-opsgenie check --config secrets/config.json
poetry run source-opsgenie discover --config secrets/config.json
poetry run source-opsgenie read --config secrets/config.json --catalog integration_tests/configured_catalog.json
```

The code has five layers, and `source_opsgenie/airbyte` is the only one that imports the CDK.
"""


def main() -> None:
    """Render the folder, or lock the project that it would hold."""
    if sys.argv[1:] == ["lock"]:
        lock()
    else:
        render(FOLDER)
        print(f"rendered {FOLDER.relative_to(ROOT)}")


def render(folder: Path) -> None:
    """Write the connector's folder and its documentation below *folder*, in the place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    connector, documentation = folder / CONNECTOR, folder / DOCUMENTATION
    ignored = shutil.ignore_patterns("archive", "__pycache__")
    shutil.copytree(ROOT / "src" / "source_opsgenie", connector / "source_opsgenie", ignore=ignored)
    for name in COPIED:
        shutil.copy(ROOT / name, connector)
    for name, text in _texts():
        (connector / name).parent.mkdir(exist_ok=True)
        (connector / name).write_text(text, encoding="utf-8")
    documentation.mkdir(parents=True)
    for page in sorted((ROOT / "docs" / "airbyte").glob("*.md")):
        text = page.read_text(encoding="utf-8").replace("<!-- streams -->", "\n".join(_streams_table()))
        (documentation / page.name).write_text(text, encoding="utf-8")


def _texts() -> Iterator[tuple[str, str]]:
    """The name and the text of each file that is made for Airbyte's repository."""
    yield "pyproject.toml", pyproject()
    yield "poetry.lock", LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    yield "README.md", README
    yield "acceptance-test-config.yml", ACCEPTANCE
    yield "integration_tests/configured_catalog.json", json.dumps(_catalog(), indent=2) + "\n"
    for name, config in CONFIGS.items():
        yield f"integration_tests/{name}", json.dumps(config, indent=2) + "\n"


def pyproject() -> str:
    """The project in Poetry's tables, which Airbyte's checks read, with the requirements of our own."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [re.fullmatch(r"([\w-]+)(\S+)", text) for text in project["dependencies"]]
    lines = [f'{found[1]} = "{found[2]}"' for found in requirements if found]
    return "\n".join(
        [
            *("[build-system]", 'requires = ["poetry-core>=1.0.0"]', 'build-backend = "poetry.core.masonry.api"', ""),
            *("[tool.poetry]", f'name = "{project["name"]}"', f'version = "{project["version"]}"'),
            *(f'description = "{project["description"]}"', f'license = "{project["license"]}"'),
            *('authors = ["Airbyte <contact@airbyte.io>"]', 'readme = "README.md"'),
            'documentation = "https://docs.airbyte.com/integrations/sources/opsgenie"',
            'homepage = "https://airbyte.com"',
            'repository = "https://github.com/airbytehq/airbyte"',
            *('packages = [{ include = "source_opsgenie" }]', ""),
            *("[tool.poetry.dependencies]", f'python = "{project["requires-python"]}"', *lines, ""),
            *("[tool.poetry.scripts]", f'source-opsgenie = "{project["scripts"]["source-opsgenie"]}"', ""),
            *("[tool.poetry.group.dev.dependencies]", 'pytest = ">=8"', ""),
        ]
    )


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
        yield f"| {stream.name} | {', '.join(stream.key)} | {mode} | [{stream.path}]({stream.docs_url}) |"


def lock() -> None:
    """Lock the rendered project with Poetry, and keep the lock in requirements/."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(pyproject(), encoding="utf-8")
        if LOCK.exists():
            shutil.copy(LOCK, folder)
        subprocess.run([POETRY, "lock", "--no-interaction"], cwd=folder, check=True)
        shutil.copy(Path(folder) / "poetry.lock", LOCK)


if __name__ == "__main__":
    main()
