"""Make a release, as `make release VERSION=1.0.0` does: set the version, and after the tests build what is published.

`prepare` writes the version and the date into the files; `finish` builds, checks, commits and tags. Nothing is
published: docs/release.md says how a person does that, and how to undo what this did.
"""

import datetime
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from packaging.version import InvalidVersion, Version

DIST = Path("dist")
# What is installed to run the programs; the bill of materials lists it.
LOCK = Path("requirements/run.txt")
# What makes it has an environment of its own: `tools/install.py materials`.
MATERIALS = Path(".venv-materials/bin/python")
# Each folder with a pyproject.toml is a distribution; all of them are released together.
PROJECTS = (Path(), *sorted(path.parent for path in Path().glob("*/pyproject.toml")))
# The line that holds the version, by file.
VERSION_LINES = dict.fromkeys(
    (str(folder / "pyproject.toml") for folder in PROJECTS), r'^version = "(?P<version>.*)"$'
) | {
    "metadata.yaml": r"^  dockerImageTag: (?P<version>.*)$",
    "CHANGELOG.md": r"^## (?P<version>.*)$",
}


def main() -> None:
    """Do the given step for the given version."""
    step, version = sys.argv[1:]
    {"prepare": prepare, "finish": finish}[step](version)


def prepare(text: str) -> None:
    """Write the version *text* into the files, and today's date into the changelog."""
    version = parse(text)
    if run("git", "status", "--porcelain"):
        sys.exit("There are uncommitted files. Commit or remove them first.")
    if run("git", "tag", "--list", tag(version)):
        sys.exit(f"{tag(version)} was released already.")
    current, unreleased = (version_line(path)["version"] for path in ("pyproject.toml", "CHANGELOG.md"))
    if not unreleased.endswith(" (unreleased)"):
        sys.exit(f"CHANGELOG.md starts with {unreleased}: begin an entry '## {version} (unreleased)' first.")
    if version < Version(current):
        sys.exit(f"{version} is older than {current}.")
    # The commit comes after the tests: without a name and an address it would fail only then.
    run("git", "var", "GIT_COMMITTER_IDENT")
    today = datetime.datetime.now(datetime.UTC).date()
    values = dict.fromkeys(VERSION_LINES, str(version))
    for path, value in (
        values | {"metadata.yaml": version.base_version, "CHANGELOG.md": f"{version} ({today})"}
    ).items():
        write(path, value)


def finish(text: str) -> None:
    """Build everything that is published, check it, then commit and tag what it was built from."""
    version = parse(text)
    if str(version) != version_line("pyproject.toml")["version"]:
        sys.exit(f"The files are not prepared for {version}. Run 'make release VERSION={version}'.")
    build(version)
    run("git", "commit", "--quiet", "--message", f"Release {version}", "--", *VERSION_LINES)
    run("git", "tag", "--annotate", tag(version), "--message", f"Release {version}")
    print(f"Tagged {tag(version)}. docs/release.md says how to publish it and dist/:")
    print((DIST / "SHA256SUMS").read_text(), end="")


def parse(text: str) -> Version:
    """Return the version that *text* names, in its normal form."""
    try:
        version = Version(text)
    except InvalidVersion:
        sys.exit(f"{text!r} is not a version, such as 1.0.0 or 1.0.0rc1.")
    if version.is_devrelease or version.local or str(version) != text:
        sys.exit(f"{text!r} cannot be released. Use a version such as 1.0.0 or 1.0.0rc1.")
    return version


def tag(version: Version) -> str:
    """Return the name of the tag of *version*."""
    return f"v{version}"


def version_line(path: str) -> re.Match[str]:
    """Return the line with the version in the file *path*."""
    line = re.search(VERSION_LINES[path], Path(path).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return line or sys.exit(f"{path} has no line with a version.")


def write(path: str, value: str) -> None:
    """Replace the version in the file *path* by *value*."""
    text, (start, end) = Path(path).read_text(encoding="utf-8"), version_line(path).span("version")
    Path(path).write_text(text[:start] + value + text[end:], encoding="utf-8")


def build(version: Version) -> None:
    """Build all distributions, the bill of materials and the checksums, into a new dist/."""
    for path in DIST.glob("*"):
        path.unlink()
    # The timestamps in the files are hatchling's own, so that anyone who builds the tag gets the same bytes.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    for folder in PROJECTS:
        python("hatchling", "build", "-d", str(DIST.resolve()), cwd=folder, environment=environment)
    python("twine", "check", "--strict", *sorted(map(str, DIST.iterdir())))
    materials = DIST / f"source_opsgenie-{version}.cdx.json"
    options = ("--pyproject", "pyproject.toml", "--short-PURLs", "--output-reproducible", "-o", str(materials))
    run(str(MATERIALS), "-m", "cyclonedx_py", "requirements", *options, str(LOCK))
    sums = [f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(DIST.iterdir())]
    (DIST / "SHA256SUMS").write_text("".join(sums))


def python(module: str, *args: str, cwd: Path = Path(), environment: Mapping[str, str] = os.environ) -> None:
    """Run *module* with this Python."""
    run(sys.executable, "-m", module, *args, cwd=cwd, environment=environment)


def run(*command: str, cwd: Path = Path(), environment: Mapping[str, str] = os.environ) -> str:
    """Return what *command* prints, or end with what it printed."""
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
