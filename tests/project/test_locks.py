"""The locks: complete for each supported Python and system, hashed, and installed as they are."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools.lock import CLIENTS

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
SOURCE, SIMULATOR, ARCHIVE = (
    tomllib.loads((ROOT / folder / "pyproject.toml").read_text()) for folder in ("", "simulator", "archive")
)
BASE = SOURCE["project"]["dependencies"]
EXTRA = SOURCE["project"]["optional-dependencies"]["archive"]
Environment = dict[str, str]
Pins = dict[str, tuple[str, str]]


def group(name: str) -> list[str]:
    """The requirements of a dependency group, with those of the groups that it includes."""
    entries: list[Any] = SOURCE["dependency-groups"][name]
    return [
        text for entry in entries for text in ([entry] if isinstance(entry, str) else group(entry["include-group"]))
    ]


RUN = [*BASE, *EXTRA, *SIMULATOR["project"]["dependencies"], *group("build")]
# What each set of locks is for: its files and its direct requirements.
SETS = {
    "run": (["run.txt"], RUN),
    "test": (["run.txt", "test.txt"], [*RUN, *group("dev")]),
    "archive": (["archive.txt"], [*ARCHIVE["project"]["dependencies"], *group("build")]),
    "lowest": (["lowest.txt"], [*RUN, *group("test")]),
    "uv": (["uv.txt"], group("lock")),
    "materials": (["materials.txt"], group("materials")),
    # What is tested with `make test-clients`; its distributions are not installed here, so only the pins are compared.
    **{
        name: ([f"{name}.txt"], [*group(name), *(ARCHIVE["project"]["dependencies"] if inputs else [])])
        for name, inputs in CLIENTS.items()
    },
}
FILES = sorted({file for files, _ in SETS.values() for file in files})


def environments() -> Iterator[Environment]:
    """The markers of each supported Python on each system."""
    for python, (platform, system, name) in product(PYTHONS, SYSTEMS):
        yield {
            "python_version": python,
            "python_full_version": f"{python}.9",
            "sys_platform": platform,
            "platform_system": system,
            "os_name": name,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "platform_machine": "x86_64",
            "extra": "",
        }


def requirement_lines(file: str) -> list[str]:
    """Each requirement of a lock in one line, with its hashes."""
    text = (ROOT / "requirements" / file).read_text()
    return [line for line in re.sub(r"\\\n\s+", "", text).splitlines() if line.strip() and line.strip()[0] != "#"]


def read_pins(files: list[str], environment: Environment) -> Pins:
    """The version of each distribution that is installed in *environment*, and its line in the lock."""
    pins: Pins = {}
    for line in (line for file in files for line in requirement_lines(file)):
        requirement = Requirement(line.split(" --hash")[0].split("--hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            assert requirement.name not in pins, f"{requirement.name} is pinned twice"
            pins[requirement.name] = (pin.version, line)
    return pins


def required(requirement: Requirement, environment: Environment) -> Iterator[Requirement]:
    """What the distribution requires with the extras that were requested; nothing if it is not installed here."""
    try:
        texts = requires(requirement.name) or []
    except PackageNotFoundError:
        return
    for needed in map(Requirement, texts):
        extras = requirement.extras or {""}
        if needed.marker is None or any(needed.marker.evaluate({**environment, "extra": e}) for e in ("", *extras)):
            yield needed


def find_gaps(pins: Pins, direct: list[str], environment: Environment) -> Iterator[str]:
    """Each requirement in the closure of *direct* that *pins* do not meet."""
    waiting = [(Requirement(text), "pyproject.toml") for text in direct]
    seen = set()
    while waiting:
        requirement, parent = waiting.pop()
        if (key := (str(requirement), parent)) in seen:
            continue
        seen.add(key)
        version, _ = pins.get(canonicalize_name(requirement.name), ("", ""))
        if not version or not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} (of {parent}): {version or 'missing'}"
        waiting += [(needed, requirement.name) for needed in required(requirement, environment)]


def applies(text: str, environment: Environment) -> bool:
    """Whether a direct requirement is for *environment*."""
    marker = Requirement(text).marker
    return marker is None or marker.evaluate(environment)


@pytest.mark.parametrize("name", sorted(SETS.keys() - {"lowest"}))
def test_locks_are_complete_for_each_python_and_system(name: str) -> None:
    """Each requirement, also of an extra and also for another system, is pinned at a version that meets it."""
    files, direct = SETS[name]
    gaps = {
        (environment["python_version"], environment["sys_platform"], gap)
        for environment in environments()
        for gap in find_gaps(read_pins(files, environment), direct, environment)
    }

    assert set() == gaps


@pytest.mark.parametrize("file", FILES)
def test_no_lock_depends_on_the_machine_that_made_it(file: str) -> None:
    """A lock, its comments included, names no folder and no URL."""
    text = (ROOT / "requirements" / file).read_text()

    assert [] == [line for line in text.splitlines() if re.search(r"[ =]/|file:|https?:", line)]


@pytest.mark.parametrize("file", FILES)
def test_each_line_is_a_pin_with_hashes(file: str) -> None:
    """A lock has no options, such as an index, and pins each requirement with a hash."""
    pattern = r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9, -]+\])?==[^ ]+( ; [^-]*(-[^-][^-]*)*)? *(--hash=sha256:[0-9a-f]{64} *)+"
    loose = [line for line in requirement_lines(file) if not re.fullmatch(pattern, line)]

    assert [] == loose


@pytest.mark.parametrize("file", ["archive.txt", "test.txt"])
def test_what_is_run_has_the_same_versions_everywhere(file: str) -> None:
    """The archive's own lock has the versions of the run lock, and the test lock only adds to it."""
    for environment in environments():
        run, other = read_pins(["run.txt"], environment), read_pins([file], environment)
        shared = run.keys() & other.keys()

        assert {name: run[name][0] for name in shared} == {name: other[name][0] for name in shared}
        assert file == "archive.txt" or not shared


def test_lowest_lock_has_the_declared_bounds() -> None:
    """The lowest lock has the lowest declared version of each direct dependency."""
    pins = read_pins(["lowest.txt"], next(environments()))
    for requirement in map(Requirement, [*BASE, *EXTRA, *SIMULATOR["project"]["dependencies"]]):
        (bound,) = (specifier for specifier in requirement.specifier if specifier.operator == ">=")

        assert re.fullmatch(rf"{re.escape(bound.version)}(\.0)*", pins[requirement.name][0])


def test_distributions_declare_the_same_requirements() -> None:
    """`opsgenie-archive` requires what `source-opsgenie[archive]` does, without the CDK, and for the same Pythons."""
    without_cdk = {text for text in (*BASE, *EXTRA) if not text.startswith("airbyte-cdk")}

    assert without_cdk == set(ARCHIVE["project"]["dependencies"])
    for project in (SOURCE, SIMULATOR, ARCHIVE):
        classifiers = [text for text in project["project"]["classifiers"] if "Python :: " in text]

        assert project["project"]["requires-python"] == ">=3.11,<3.15"
        assert [f"Programming Language :: Python :: {python}" for python in PYTHONS] == classifiers


def test_archive_lock_is_small() -> None:
    """Neither the CDK nor pandas is locked for the archive alone."""
    pins = read_pins(["archive.txt"], next(environments()))

    assert set() == pins.keys() & {"airbyte-cdk", "pandas", "numpy", "requests"}
