"""The installer of the Makefile, up to the point where it would need the network."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.support.leaks import run_process
from tools.install import reason_to_start_over, uv_settings
from tools.newer import VERSION, write_wheel

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("requirements/run.txt", "requirements/uv.txt")
FILES = ("tools/install.py", "pyproject.toml", "simulator/pyproject.toml", *REQUIREMENTS)
# A Python without it, as of Debian without the package python3-venv; it comes before the standard library.
NO_ENSUREPIP = "raise ImportError('no ensurepip')"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that the installer needs, in a folder of their own."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "ensurepip.py").write_text(NO_ENSUREPIP)
    for file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def install(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the installer with a Python that cannot make virtual environments."""
    return run_process(sys.executable, checkout / "tools/install.py", "run", env={"PYTHONPATH": f"{checkout}/modules"})


@pytest.mark.parametrize("module", [NO_ENSUREPIP, ""])
def test_python_without_ensurepip_is_one_sentence(checkout: Path, module: str) -> None:
    """The message says what to install, and nothing is left half made; an empty module is as good as none."""
    (checkout / "modules" / "ensurepip.py").write_text(module)
    done = install(checkout)

    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (checkout / ".venv").exists()


def test_interrupted_installation_is_made_again(checkout: Path) -> None:
    """An environment without a record is not used."""
    (checkout / ".venv").mkdir()

    assert "Making .venv (an earlier installation was interrupted)" in install(checkout).stdout


def install_offline(checkout: Path, python: str | Path = sys.executable) -> subprocess.CompletedProcess[str]:
    """Run the installer with a folder of wheels for an index."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout), "INSTALLER": "uv"}
    return run_process(python, checkout / "tools/install.py", "run", env=os.environ | offline)


@pytest.mark.parametrize("has_uv", [False, True])
def test_pip_replaces_uv(checkout: Path, has_uv: bool) -> None:
    """If uv cannot be downloaded, or fails, one sentence says that pip is used."""
    if has_uv:
        write_wheel(checkout, "uv")  # an empty one
        digest = sha256(next(checkout.glob("uv-*.whl")).read_bytes()).hexdigest()
        (checkout / "requirements/uv.txt").write_text(f"uv=={VERSION} --hash=sha256:{digest}\n")
    done = install_offline(checkout)
    problem = "uv cannot install the packages" if has_uv else "uv cannot be downloaded"

    assert f"{problem}: installing with pip, which takes a minute longer." == done.stdout.splitlines()[-1]
    assert "The installation failed, see above." in done.stderr


def test_the_active_environment_is_made_again(checkout: Path) -> None:
    """Started with the Python of the environment that is out of date, as `make` is after `activate`."""
    run_process(sys.executable, "-m", "venv", "--without-pip", checkout / ".venv")
    done = install_offline(checkout, checkout / ".venv/bin/python")

    assert "Installing into .venv ..." in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, ""),
        ({"folder": "/elsewhere/.venv"}, "its folder was moved"),
        ({"locks": {"run.txt": "old"}}, "a lock changed"),
        ({"locks": {}}, ""),
    ],
)
def test_reasons_to_start_over(tmp_path: Path, found: dict[str, Any], reason: str) -> None:
    """A moved folder and a changed lock start over; a set of locks that is only missing is added."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    wanted = {"folder": str(tmp_path), "locks": {"run.txt": "new"}, "projects": {}}

    assert reason == reason_to_start_over(tmp_path, {**wanted, **found}, wanted)


def test_removed_python_starts_over(tmp_path: Path) -> None:
    """The interpreter of an environment is a link, which is broken when its Python was removed."""
    record = {"folder": str(tmp_path), "locks": {}, "projects": {}}

    assert reason_to_start_over(tmp_path, record, record) == "its Python was removed"


def test_uv_uses_the_index_of_pip(tmp_path: Path) -> None:
    """The index of pip's settings, and not an additional one, is handed on to uv."""
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://mirror.example/simple\nextra-index-url = https://more.example/simple\n"
    )
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import json; " + (
        "from tools.install import uv_settings; print(json.dumps(uv_settings(sys.executable)))"
    )
    settings = json.loads(run_process(sys.executable, "-c", program, env={"PIP_CONFIG_FILE": str(config)}).stdout)

    assert uv_settings(sys.executable).keys() <= settings.keys()
    assert settings["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
