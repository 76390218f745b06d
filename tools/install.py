"""Install locked dependencies and the commands into a virtual environment: `python3 tools/install.py run`.

It needs the standard library only. Packages are installed by uv, at the version and with the hash of its own lock, since
it takes a tenth of pip's time, and by pip where uv cannot: without a wheel of uv, or without the way to the index that
only pip knows. Neither resolves anything. An environment is complete once it has its record; any other is made again: after an
interruption, after its folder was moved, and when a lock changed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUPPORTED = "Python 3.11 to 3.14 is needed"
PIP_OPTIONS = ("--quiet", "--disable-pip-version-check", "--no-deps")
# Nothing is resolved: each version of pip would choose differently, and some ask for what the lock does not hold.
LOCKED = (*PIP_OPTIONS, "--require-hashes")
UV_OPTIONS = ("--quiet", "--no-deps", "--require-hashes")
EDITABLE = (*PIP_OPTIONS, "--no-build-isolation")

# The environment, its locks and its projects, by the name of the argument.
INSTALLATIONS = {
    "run": (".venv", ("run.txt",), (".", "simulator")),
    "test": (".venv", ("run.txt", "test.txt"), (".", "simulator")),
    "archive": (".venv-archive", ("archive.txt",), ("archive",)),
    "lowest": (".venv-lowest", ("lowest.txt",), (".", "simulator")),
}


def main(name):
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


def reason_to_start_over(environment, found, wanted):
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


def create(environment, reason):
    """Make an empty virtual environment in the place of what is there."""
    print("Making {} ({}) with Python {}.{}.{} ...".format(environment.name, reason, *sys.version_info[:3]), flush=True)
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        sys.exit(f"{SUPPORTED}, and this is {sys.version.split()[0]}. Name another one: make PYTHON=python3.12")
    try:
        import ensurepip  # noqa: F401, PLC0415 -- Debian has it in a package of its own
    except ImportError:
        sys.exit(
            f"{sys.executable} cannot make virtual environments, since it lacks the module ensurepip. "
            "On Debian and Ubuntu, run 'apt-get install python3-venv', then this command again."
        )
    shutil.rmtree(environment, ignore_errors=True)
    run(sys.executable, "-m", "venv", environment)


def install(environment, locks, projects):
    """Install *locks* and *projects*, and check that all requirements are met."""
    record_of(environment).unlink(missing_ok=True)
    pip = (python_in(environment), "-m", "pip")
    print(f"Installing into {environment.name} ...", flush=True)
    files = [f"--requirement=requirements/{lock}" for lock in locks]
    if files and not install_with_uv(environment, files):
        run(*pip, "install", *LOCKED, *files)
    run(*pip, "install", *EDITABLE, *(f"--editable={ROOT / project}" for project in projects))
    run(*pip, "check", "--disable-pip-version-check", quiet=True)


def install_with_uv(environment, files):
    """Install *files* with uv, kept for no longer than that; False if it cannot."""
    if os.environ.get("INSTALLER") == "pip":
        return False
    python = python_in(environment)
    with tempfile.TemporaryDirectory() as folder:
        pip = [python, "-m", "pip", "install", *LOCKED, "--target", folder, "--requirement=requirements/uv.txt"]
        uv = [Path(folder) / "bin" / "uv", "pip", "install", *UV_OPTIONS, "--python", python, *files]
        return succeeds(pip) and succeeds(uv, env={**uv_settings(python), **os.environ})


def uv_settings(python):
    """What makes uv use the index and the certificates that pip uses."""
    listed = subprocess.run([str(python), "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True).stdout
    indexes = re.findall(r"\.index-url='(.+)'$", listed, re.MULTILINE)
    certificates = re.findall(r"\.cert='(.+)'$", listed, re.MULTILINE)
    settings = {"UV_SYSTEM_CERTS": "true", "UV_LINK_MODE": "copy"}
    settings.update({"UV_DEFAULT_INDEX": url for url in indexes[-1:]})
    settings.update({"SSL_CERT_FILE": path for path in certificates[-1:]})
    return settings


def succeeds(command, env=None):
    """Run *command* without a word, and return whether it succeeded."""
    quiet = subprocess.DEVNULL
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, stdout=quiet, stderr=quiet)
    return done.returncode == 0


def run(*command, quiet=False):
    """Run *command*; its failure ends this program, with its output."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, stdout=subprocess.PIPE if quiet else None)
    if done.returncode:
        print((done.stdout or b"").decode(), end="")
        sys.exit("The installation failed, see above. Run the same command again to start over.")


def read_record(environment):
    """What was installed into *environment*; empty unless the installation was completed."""
    try:
        return json.loads(record_of(environment).read_text())
    except (OSError, ValueError):
        return {}


def record_of(environment):
    """The file that is written last."""
    return environment / "installed.json"


def python_in(environment):
    """The interpreter of *environment*."""
    return environment / "bin" / "python"


def fingerprints(pattern, names):
    """The digest of each file, by name."""
    return {name: hashlib.sha256((ROOT / pattern.format(name)).read_bytes()).hexdigest() for name in names}


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
