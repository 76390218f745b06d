"""The public connector as the platform runs it: its manifest, run by source-declarative-manifest."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import yaml

from benchmarks.ran import Program

VERSION = "0.3.16"
FOLDER = Path(__file__).parent / ".public"
UV = Path(sys.executable).with_name("uv")
COMMAND = FOLDER / "bin" / "source-declarative-manifest"
MANIFEST = FOLDER / f"manifest-{VERSION}.yaml"
# Every alert of a simulated account is younger.
START_DATE = "2020-01-01T00:00:00Z"


def public(tell: Callable[[str], None], environment: Mapping[str, str]) -> Program:
    """The public connector, installed first where it is not there yet."""
    if not MANIFEST.exists():
        tell(f"installing airbyte-source-opsgenie {VERSION} into {FOLDER.name}")
        _install()
    return Program((COMMAND,), ("--manifest-path", str(MANIFEST)), environment)


def _install() -> None:
    """Put the same CDK that we use into an environment of its own, and the manifest of the connector's wheel."""
    subprocess.run([UV, "venv", "--quiet", "--clear", FOLDER], check=True)
    _uv_pip(f"airbyte-cdk=={version('airbyte-cdk')}")
    # Its dependencies name a CDK that is long gone; the platform runs its manifest on the current one.
    _uv_pip("--no-deps", f"airbyte-source-opsgenie=={VERSION}")
    (package,) = FOLDER.glob("lib/python*/site-packages/source_opsgenie")
    manifest = yaml.safe_load((package / "manifest.yaml").read_text(encoding="utf-8"))
    specification = yaml.safe_load((package / "spec.yaml").read_text(encoding="utf-8"))
    shown = {"type": "Spec", "connection_specification": specification["connectionSpecification"]}
    MANIFEST.write_text(yaml.safe_dump(manifest | {"spec": shown}), encoding="utf-8")


def _uv_pip(*args: str) -> None:
    subprocess.run([UV, "pip", "install", "--quiet", "--python", FOLDER / "bin" / "python", *args], check=True)
