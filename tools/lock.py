"""Lock the dependencies, with hashes and without an index URL: `make lock` and `make upgrade`.

It needs no installed environment: uv is installed by its own hash into .venv-lock.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"
UV_ENVIRONMENT = ROOT / ".venv-lock"
PROJECTS = ("pyproject.toml", "simulator/pyproject.toml")
# The programs that `make test-clients` tests, and what is locked besides the dependency group of that name.
ARCHIVE = ("archive/pyproject.toml", "--group", "build")
CLIENTS: dict[str, tuple[str, ...]] = {
    "pyairbyte": (),
    "pyairbyte-next": (),
    "dlt": ARCHIVE,
    "dagster": ARCHIVE,
    "airbyte-pr": (),
    "public": (),
}
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-strip-extras", "--no-annotate"),
)

Pins = dict[str, list[str]]


def main() -> None:
    """Write every lock, and print what changed; pins move only with `--upgrade`."""
    uv = install_uv()
    before = {path.name: read_pins(path.read_text()) for path in sorted(LOCKS.glob("*.txt"))}
    with tempfile.TemporaryDirectory() as folder:
        locks = resolve_all(uv, folder=Path(folder), options=sys.argv[1:])
    for name, text in locks.items():
        (LOCKS / name).write_text(text)
        print(*describe_changes(name, before.get(name, {}), after=read_pins(text)), sep="\n")


def install_uv() -> Path:
    """Install uv by its lock, and return its path."""
    python = UV_ENVIRONMENT / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--clear", UV_ENVIRONMENT], check=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    subprocess.run([python, "-m", "pip", "install", *options, "-r", LOCKS / "uv.txt"], check=True)
    return python.with_name("uv")


def resolve_all(uv: Path, *, folder: Path, options: list[str]) -> dict[str, str]:
    """The text of each lock; what is run decides first, and the archive and the tests follow it."""

    def resolve(name: str, *arguments: str | Path) -> str:
        output = folder / name
        output.write_text(locked(name))
        command = [uv, *COMPILE, *options, *arguments, "--output-file", output]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        return output.read_text()

    project = (*PROJECTS, "--extra", "archive")
    run = resolve("run.txt", *project, "--group", "build")
    same = ("--constraint", folder / "run.txt")
    test = resolve("test.txt", *project, "--group", "dev", *same)
    lowest = folder / "lowest.in"
    lowest.write_text("".join(f"{bound}\n" for bound in lowest_bounds()))
    return {
        "run.txt": run,
        "archive.txt": resolve("archive.txt", "archive/pyproject.toml", "--group", "build", *same),
        "test.txt": subtract(test, run),
        "lowest.txt": resolve("lowest.txt", *project, "--group", "build", "--group", "test", "--constraint", lowest),
        "uv.txt": resolve("uv.txt", "--group", "lock"),
        "materials.txt": resolve("materials.txt", "--group", "materials", *same),
        **{f"{name}.txt": resolve(f"{name}.txt", *inputs, "--group", name) for name, inputs in CLIENTS.items()},
    }


def locked(name: str) -> str:
    """The present lock, whose pins uv keeps where it can; that of the tests continues the one of what is run."""
    names = ("run.txt", name) if name == "test.txt" else (name,)
    return "".join((LOCKS / part).read_text() for part in names if (LOCKS / part).exists())


def lowest_bounds() -> Iterator[str]:
    """The lowest declared version of each direct dependency, as `name==version`."""
    bounds: dict[str, str] = {}
    for path in PROJECTS:
        project = tomllib.loads((ROOT / path).read_text())["project"]
        optional = project.get("optional-dependencies", {}).get("archive", [])
        for requirement in (*project["dependencies"], *optional):
            name, version = re.fullmatch(r"([\w-]+)>=([\d.]+),<\d+", requirement).groups()  # type: ignore[union-attr]
            bounds[name] = version
    return (f"{name}=={version}" for name, version in bounds.items())


def blocks(lock: str) -> list[str]:
    """Each requirement of *lock* with its hashes and comments."""
    return re.findall(r"^[a-zA-Z0-9].*\n(?:[ \t]+.*\n)*", lock, re.MULTILINE)


def subtract(lock: str, other: str) -> str:
    """The requirements of *lock* whose distributions are not in *other*."""
    known = read_pins(other)
    return "".join(block for block in blocks(lock) if not read_pins(block).keys() & known.keys())


def read_pins(lock: str) -> Pins:
    """The pinned versions of each distribution in *lock*."""
    pins: Pins = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[.*?\])?==([^\s;\\]+)", lock, re.MULTILINE):
        pins.setdefault(name, []).append(version)
    return pins


def describe_changes(name: str, before: Pins, *, after: Pins) -> Iterator[str]:
    """One line per distribution that was added, removed or moved."""
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    yield f"requirements/{name}: {len(changed) or 'no'} changes"
    for key in changed:
        old, new = (", ".join(pins.get(key, ["-"])) for pins in (before, after))
        yield f"  {key} {old} -> {new}"


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"No lock was written: {error.cmd[0]} failed, see above.")
