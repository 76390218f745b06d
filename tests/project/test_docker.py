"""docker/Dockerfile, as far as it can be checked without docker."""

import json
import re
import shlex
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker" / "Dockerfile").read_text()
KNOWN = {"ARG", "COPY", "ENTRYPOINT", "ENV", "FROM", "LABEL", "RUN", "USER", "WORKDIR"}
COMMANDS = {"archive": "opsgenie-archive", "connector": "source-opsgenie"}


@dataclass(frozen=True)
class Stage:
    """A stage of the build: its base and its instructions, as (name, argument)."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def arguments(self, instruction: str) -> list[str]:
        """The arguments of all instructions of this kind."""
        return [argument for name, argument in self.instructions if name == instruction]


def parse(text: str) -> dict[str, Stage]:
    """The stages of a Dockerfile by name; each has one."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    stages: dict[str, Stage] = {}
    for line in filter(None, map(str.strip, joined.splitlines())):
        instruction, argument = line.split(maxsplit=1)
        assert instruction in KNOWN
        if instruction == "FROM":
            base, name = argument.split(" AS ")
            stages[name] = Stage(name, base)
        elif stages:
            list(stages.values())[-1].instructions.append((instruction, argument))
    return stages


STAGES = parse(TEXT)


def copies(stage: Stage) -> list[tuple[str, list[str]]]:
    """The stage that files are copied from, empty for the repository, and the files."""
    words = (shlex.split(argument) for argument in stage.arguments("COPY"))
    return [
        (parts[0].removeprefix("--from="), parts[1:-1]) if parts[0].startswith("--from=") else ("", parts[:-1])
        for parts in words
    ]


COPIED = sorted({path for stage in STAGES.values() for origin, paths in copies(stage) for path in paths if not origin})


@pytest.mark.parametrize("path", COPIED)
def test_copied_files_exist(path: str) -> None:
    """Each file that is copied into an image is in the repository and is sent to the builder."""
    sent = re.findall(r"^!(.+)$", (ROOT / "docker" / "Dockerfile.dockerignore").read_text(), flags=re.MULTILINE)

    assert (ROOT / path).exists()
    assert path.split("/", maxsplit=1)[0] in sent


def test_stages_build_on_earlier_ones() -> None:
    """The base of a stage is the official image of Python or an earlier stage, and so is what it copies from."""
    earlier: set[str] = set()
    for stage in STAGES.values():
        assert stage.base in earlier | {"python:${PYTHON}-slim"}
        assert {origin for origin, _ in copies(stage) if origin} <= earlier
        earlier.add(stage.name)


def test_python_is_supported() -> None:
    """The images have a version of Python that the project declares."""
    version = re.findall(r"^ARG PYTHON=(.+)$", TEXT, flags=re.MULTILINE)
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]

    assert [f"Programming Language :: Python :: {number}" in classifiers for number in version] == [True]


@pytest.mark.parametrize("name", COMMANDS)
def test_image_is_not_run_by_root(name: str) -> None:
    """The last user of an image is a number other than 0, which Kubernetes can check."""
    user = STAGES[name].arguments("USER")[-1]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert "USER" == [instruction for instruction, _ in STAGES[name].instructions][-2]


@pytest.mark.parametrize("name", COMMANDS)
def test_image_starts_an_installed_command(name: str) -> None:
    """The entry point is a command of the project that the image installs."""
    (entry_point,) = STAGES[name].arguments("ENTRYPOINT")
    (command,) = json.loads(entry_point)
    built = STAGES[f"build-{name}"].arguments("RUN")[-1]
    folder = re.search(r"--no-build-isolation (\S+)", built)

    assert folder
    scripts = tomllib.loads((ROOT / folder[1] / "pyproject.toml").read_text())["project"]["scripts"]
    assert COMMANDS[name] == Path(command).name
    assert COMMANDS[name] in scripts
    assert str(Path(command).parent) in {".", "/opt/opsgenie/bin"}


@pytest.mark.parametrize("name", COMMANDS)
def test_packages_are_locked(name: str) -> None:
    """Packages are installed with their hashes, and nothing is resolved."""
    installations = [run for run in STAGES[f"build-{name}"].arguments("RUN") if "pip install" in run]

    assert 2 == len(installations)
    assert "--require-hashes" in installations[0]
    assert all("--no-deps" in run for run in installations)
    assert installations[1].endswith("&& pip check")


def test_connector_is_labelled_as_its_metadata_says() -> None:
    """The name of the connector's image is the one in metadata.yaml."""
    repository = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]["dockerRepository"]

    assert [f"io.airbyte.name={repository}"] == STAGES["connector"].arguments("LABEL")
