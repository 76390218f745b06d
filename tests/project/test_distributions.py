"""The files that a release consists of: what is in them, and that anyone can build the same."""

import os
import re
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from hatch_build import with_links
from tests.support.leaks import run_process

ROOT = Path(__file__).parents[2]
# Each folder with a pyproject.toml is a distribution.
FOLDERS = {
    tomllib.loads(path.read_text())["project"]["name"]: path.parent
    for path in (ROOT / "pyproject.toml", *ROOT.glob("*/pyproject.toml"))
}
PACKAGES = {
    "source-opsgenie": "source_opsgenie",
    "opsgenie-archive": "source_opsgenie",
    "opsgenie-simulator": "opsgenie_simulator",
}
LEFT_OUT = {"opsgenie-archive": "source_opsgenie/airbyte/"}
# Hatch adds the last two to each sdist.
IN_EVERY_SDIST = {"README.md", "LICENSE", "pyproject.toml", ".gitignore", "PKG-INFO"}
IN_THE_ROOTS_SDIST = {"CHANGELOG.md", "SECURITY.md", "hatch_build.py"} | {
    f"docs/{page.name}" for page in ROOT.glob("docs/*.*") if page.suffix in {".md", ".svg", ".png"}
}
IN_EVERY_WHEEL = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def build(folder: Path, to: Path, *targets: str, **environment: str) -> dict[str, bytes]:
    """Build the distributions of the project in *folder*; returns their contents by name."""
    to.mkdir(parents=True)
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(to), *(f"-t{target}" for target in targets)]
    done = run_process(*command, cwd=folder, env=os.environ | environment)

    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in to.iterdir()}


def unpack(sdist: Path, to: Path) -> Path:
    """Write the files of an sdist below the folder *to*; returns the folder of the project."""
    with tarfile.open(sdist) as files:
        for member in files.getmembers():
            content = files.extractfile(member)
            path = to / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read() if content else b"")
    return next(to.iterdir())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of both distributions."""
    folder = tmp_path_factory.mktemp("distributions")
    for name, project in FOLDERS.items():
        build(project, folder / name, "sdist", "wheel")
    return folder


def modules(name: str) -> set[str]:
    """The files of the package in the distribution *name*, from the folder above it."""
    source = FOLDERS[name] / "src"
    found = (path for path in (source / PACKAGES[name]).rglob("*") if path.is_file() and path.suffix != ".pyc")
    paths = (path.relative_to(source).as_posix() for path in found)
    return {path for path in paths if not path.startswith(LEFT_OUT.get(name, "nothing"))}


def wheel(built: Path, name: str) -> zipfile.ZipFile:
    """The wheel of *name*."""
    return zipfile.ZipFile(next((built / name).glob("*.whl")))


def metadata(built: Path, name: str) -> Message:
    """The metadata of the wheel of *name*."""
    with wheel(built, name) as files:
        return message_from_bytes(files.read(next(path for path in files.namelist() if path.endswith("/METADATA"))))


@pytest.mark.parametrize("name", FOLDERS)
def test_sdist_has_what_belongs_in_it(built: Path, name: str) -> None:
    """The sdist has the package, the documents and what a build needs, and no test and no other distribution."""
    with tarfile.open(next((built / name).glob("*.tar.gz"))) as files:
        actual = {path.split("/", 1)[1] for path in files.getnames()}
    documents = IN_EVERY_SDIST | (IN_THE_ROOTS_SDIST if name == "source-opsgenie" else set())

    assert documents | {f"src/{path}" for path in modules(name)} == actual


@pytest.mark.parametrize("name", FOLDERS)
def test_wheel_has_what_belongs_in_it(built: Path, name: str) -> None:
    """The wheel has the package, its metadata and its licence."""
    with wheel(built, name) as files:
        actual = {re.sub(r"^[^/]+\.dist-info/", "", path) for path in files.namelist()}

    assert IN_EVERY_WHEEL | modules(name) == actual


@pytest.mark.parametrize("name", FOLDERS)
def test_another_build_has_the_same_bytes(built: Path, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Built from the sdist, elsewhere and in another time zone, the wheel has the same bytes, and so has the sdist."""
    expected = {path.name: path.read_bytes() for path in (built / name).iterdir()}
    folder = unpack(next((built / name).glob("*.tar.gz")), tmp_path_factory.mktemp("unpacked"))
    again = build(folder, folder.parent / "again", "sdist", "wheel", TZ="Asia/Kathmandu", PYTHONHASHSEED="1")

    assert expected == again


@pytest.mark.parametrize("name", FOLDERS)
def test_metadata_has_a_licence_and_addresses(built: Path, name: str) -> None:
    """An index page shows the licence, a description in Markdown and links to https pages."""
    shown = metadata(built, name)
    addresses = [url.split(", ")[1] for url in shown.get_all("Project-URL", [])]

    assert "MIT" == shown["License-Expression"]
    assert "text/markdown" == shown["Description-Content-Type"]
    assert addresses
    assert all(address.startswith("https://") for address in addresses)


@pytest.mark.parametrize("name", FOLDERS)
def test_links_work_on_an_index_page(built: Path, name: str) -> None:
    """The description has no link to a file or heading, which an index page does not have."""
    description = str(metadata(built, name).get_payload())

    assert len(description) > 500
    assert [] == re.findall(r"\]\((?!https://)[^)]*\)", description)


def test_links_lead_to_a_public_repository() -> None:
    """With a repository, relative links lead to its files as of the release."""
    text = "[key](#the-key), [docs/errors.md](docs/errors.md#timeouts), [DuckDB](https://duckdb.org)"
    pages = "https://example.org/blob/v1"
    expected = f"[key]({pages}/README.md#the-key), [docs/errors.md]({pages}/docs/errors.md#timeouts), [DuckDB](https://duckdb.org)"

    assert expected == with_links(text, pages)


@pytest.mark.parametrize("pages", ["", "https://example.org/blob/v1"])
def test_an_index_page_has_no_pictures(pages: str) -> None:
    """A picture of the repository is left out, with its words; a badge of another site stays."""
    text = "One.\n\n![The page](docs/page.png)\n\n![badge](https://example.org/badge.svg) Two."

    assert "One.\n\n![badge](https://example.org/badge.svg) Two." == with_links(text, pages)


def test_all_distributions_have_the_same_version_and_licence(built: Path) -> None:
    """They are released together."""
    versions = {metadata(built, name)["Version"] for name in FOLDERS}
    licences = {(folder / "LICENSE").read_bytes() for folder in FOLDERS.values()}

    assert 1 == len(versions)
    assert 1 == len(licences)


def test_readme_installs_the_wheel(built: Path) -> None:
    """The README installs the wheel that is built, which has the command that it starts then."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"^\$ uv tool install dist/(\S+)", readme, flags=re.MULTILINE)
    (command,) = re.findall(r"^\$ (\S+) plan", readme, flags=re.MULTILINE)
    with wheel(built, "opsgenie-archive") as files:
        name = next(path for path in files.namelist() if path.endswith("/entry_points.txt"))
        scripts = files.read(name).decode()

    assert [Path(str(files.filename))] == list((built / "opsgenie-archive").glob(pattern))
    assert f"{command} = " in scripts
