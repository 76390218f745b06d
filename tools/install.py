"""Install locked dependencies and the commands into a virtual environment: `python3 tools/install.py run`.

It needs the standard library only. An environment is complete once it has its record; any other is made again: after an
interruption, after its folder was moved, and when a lock changed.

Packages are installed by uv, which takes a tenth of pip's time and is itself pinned with its hashes, or by pip if uv
cannot: without a wheel for the system, or with an index that only pip can reach. Neither of them resolves anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PIP_OPTIONS = ("--quiet", "--disable-pip-version-check", "--no-deps")
# Nothing is resolved: each version of pip would choose differently, and some ask for what the lock does not hold.
LOCKED = (*PIP_OPTIONS, "--require-hashes")
# Compiled, as by pip: where Python may not write, or PYTHONDONTWRITEBYTECODE is set, each start would compile what it
# imports, which takes a second for the CDK.
UV_OPTIONS = ("--quiet", "--no-deps", "--require-hashes", "--compile-bytecode")
EDITABLE = (*PIP_OPTIONS, "--no-build-isolation")

# The environment, its locks and its projects, by the name of the argument.
INSTALLATIONS = {
    "run": (".venv", ("run.txt",), (".", "simulator")),
    "test": (".venv", ("run.txt", "test.txt"), (".", "simulator")),
    "archive": (".venv-archive", ("archive.txt",), ("archive",)),
    "lowest": (".venv-lowest", ("lowest.txt",), (".", "simulator")),
    # What `make release` makes the bill of materials with.
    "materials": (".venv-materials", ("materials.txt",), ()),
    # Programs that people use together with ours; `make test-clients` tests them.
    "pyairbyte": (".venv-pyairbyte", ("pyairbyte.txt",), ()),
    "pyairbyte-next": (".venv-pyairbyte-next", ("pyairbyte-next.txt",), ()),
    "dlt": (".venv-dlt", ("dlt.txt",), ("archive",)),
    "dagster": (".venv-dagster", ("dagster.txt",), ("archive",)),
    "airbyte-pr": (".venv-airbyte-pr", ("airbyte-pr.txt",), ()),
    "public": (".venv-public", ("public.txt",), ()),
}


def main(name: str) -> None:
    """Bring one environment up to date; nothing is written if it is."""
    folder, locks, projects = INSTALLATIONS[name]
    environment = ROOT / folder
    found = read_record(environment)
    kept = [lock for lock in found.get("locks", {}) if lock not in locks]
    wanted = {
        "folder": str(environment),
        "locks": fingerprints("requirements/{}", sorted([*locks, *kept])),
        "projects": fingerprints("{}/pyproject.toml", projects),
    }
    if found == wanted and python_in(environment).exists():
        return
    reason = reason_to_start_over(environment, found, wanted)
    if reason:
        found = {"locks": {}}
        create(environment, reason)
    missing = [lock for lock in wanted["locks"] if lock not in found["locks"]]
    install(environment, missing, projects)
    record_of(environment).write_text(json.dumps(wanted, indent=1))


def reason_to_start_over(environment: Path, found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Why *environment* cannot be completed as it is; empty if it can."""
    if not environment.exists():
        return "new"
    if not found:
        return "an earlier installation was interrupted"
    if found["folder"] != wanted["folder"]:
        return "its folder was moved"
    if not python_in(environment).exists():
        return "its Python was removed"
    if any(wanted["locks"][lock] != fingerprint for lock, fingerprint in found["locks"].items()):
        return "a lock changed"
    return ""


def create(environment: Path, reason: str) -> None:
    """Make an empty virtual environment in the place of what is there."""
    print("Making {} ({}) with Python {}.{}.{} ...".format(environment.name, reason, *sys.version_info[:3]), flush=True)
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        sys.exit("Python 3.11 to 3.14 is needed. Name one that you have: make demo PYTHON=python3.12")
    try:
        from ensurepip import bootstrap  # noqa: F401, PLC0415 -- Debian has it in a package of its own
    except ImportError:
        sys.exit(
            f"{sys.executable} cannot make virtual environments, since it lacks the module ensurepip. "
            "On Debian and Ubuntu, run 'apt-get install python3-venv', then this command again."
        )
    python = python_outside()
    shutil.rmtree(environment, ignore_errors=True)
    run(python, "-m", "venv", environment, quiet=True)


def python_outside() -> Path:
    """This Python outside of virtual environments: the active one may be that which is made again."""
    found = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))
    return found if found.exists() else Path(sys.executable)


def install(environment: Path, locks: list[str], projects: tuple[str, ...]) -> None:
    """Install *locks* and *projects*, and check that all requirements are met."""
    record_of(environment).unlink(missing_ok=True)
    pip = (python_in(environment), "-m", "pip")
    print(f"Installing into {environment.name} ...", flush=True)
    files = [f"--requirement=requirements/{lock}" for lock in locks]
    if files and not install_with_uv(environment, files):
        run(*pip, "install", *LOCKED, *files)
    if projects:
        run(*pip, "install", *EDITABLE, *(f"--editable={ROOT / project}" for project in projects))
    run(*pip, "check", "--disable-pip-version-check", quiet=True)


def install_with_uv(environment: Path, files: list[str]) -> bool:
    """Install *files* with uv, kept for no longer than that; False, with a sentence that says so, if it cannot."""
    if os.environ.get("INSTALLER") == "pip":
        return False
    with tempfile.TemporaryDirectory() as folder:
        problem = run_uv(str(python_in(environment)), files, folder=folder)
    if problem:
        print(f"{problem}: installing with pip, which takes a minute longer.", flush=True)
    return not problem


def run_uv(python: str, files: list[str], *, folder: str) -> str:
    """Download uv into *folder* and install *files* with it; returns what failed, empty if nothing did."""
    # Where uv has no wheel for the system, pip would compile it.
    target = ["--only-binary=:all:", "--target", folder, "--requirement=requirements/uv.txt"]
    if not succeeds([python, "-m", "pip", "install", *LOCKED, *target]):
        return "uv cannot be downloaded"
    uv = [f"{folder}/bin/uv", "pip", "install", *UV_OPTIONS, "--python", python, *files]
    if not succeeds(uv, env={**uv_settings(python), **os.environ}):
        return "uv cannot install the packages"
    return ""


def uv_settings(python: str) -> dict[str, str]:
    """What makes uv use the index and the certificates that pip uses."""
    listed = subprocess.check_output([python, "-m", "pip", "config", "list"], text=True)
    indexes = re.findall(r"\.index-url='(.+)'$", listed, re.MULTILINE)
    certificates = re.findall(r"\.cert='(.+)'$", listed, re.MULTILINE)
    settings = {"UV_SYSTEM_CERTS": "true", "UV_LINK_MODE": "copy"}
    if indexes:
        settings["UV_DEFAULT_INDEX"] = indexes[-1]
    if certificates:
        settings["SSL_CERT_FILE"] = certificates[-1]
    return settings


def succeeds(command: list[str], env: dict[str, str] | None = None) -> bool:
    """Run *command* without a word, and return whether it could be started and succeeded."""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.call(command, cwd=ROOT, env=env, stdout=quiet, stderr=quiet) == 0
    except OSError:  # a folder for temporary files from which nothing can be started
        return False


def run(*command: str | Path, quiet: bool = False) -> None:
    """Run *command*; its failure ends this program, with its output."""
    output = (subprocess.PIPE, subprocess.STDOUT) if quiet else (None, None)
    done = subprocess.run([str(part) for part in command], cwd=ROOT, stdout=output[0], stderr=output[1], check=False)
    if done.returncode:
        print((done.stdout or b"").decode(), end="")
        sys.exit("The installation failed, see above. Run the same command again to start over.")


def read_record(environment: Path) -> dict[str, Any]:
    """What was installed into *environment*; empty unless the installation was completed."""
    try:
        record: dict[str, Any] = json.loads(record_of(environment).read_text())
    except (OSError, ValueError):
        return {}
    return record


def record_of(environment: Path) -> Path:
    """The file that is written last."""
    return environment / "installed.json"


def python_in(environment: Path) -> Path:
    """The interpreter of *environment*."""
    return environment / "bin" / "python"


def fingerprints(pattern: str, names: Iterable[str]) -> dict[str, str]:
    """The digest of each file, by name."""
    return {name: hashlib.sha256((ROOT / pattern.format(name)).read_bytes()).hexdigest() for name in names}


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again to start over.", file=sys.stderr)
        sys.exit(130)
